package manifest

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
)

// addValues makes objects of a text that is JSON: of one value, or of several one behind
// another, as kubectl reads them. An array stands for the objects in it. It returns false
// if the text must be read as YAML.
func (t *Text) addValues() (ok bool, err error) {
	text := t.lines.Text
	if start := strings.TrimLeft(text, " \t\r\n"); start == "" || start[0] != '{' && start[0] != '[' {
		return false, nil
	}
	all, ok := positioned.ReadJSON(t.lines, 0, len(text))
	if !ok {
		return false, nil
	}
	for _, n := range all {
		if n.Field("kind").TypeName() == "ResourceList" {
			return false, nil
		}
	}
	for _, n := range all {
		if err := n.Check(t.lines); err != nil {
			return true, err
		}
		if err := t.addValue(n, len(all) == 1); err != nil {
			return true, err
		}
		t.json = append(t.json, [2]int{n.Start, n.End})
	}
	return true, nil
}

// addValue makes objects of one JSON value.
func (t *Text) addValue(n *positioned.Node, single bool) error {
	if n.Kind == positioned.Sequence {
		if !holdsObjects("", n) {
			if len(n.Values) > 0 {
				t.strays = append(t.strays, n.Start)
			}
			return nil
		}
		_, err := t.addAll(n, "", "List", single)
		return err
	}
	before := len(t.Objects)
	err := t.addReadDocument(n, single)
	if len(t.Objects) == before+1 && t.Objects[before].node == n {
		o := t.Objects[before]
		o.from, o.to = n.Start, n.End
		o.noteMeta()
		if o.unsure = o.hidesWords(); !o.mayMention("containers") {
			o.Release()
		}
	}
	return err
}

// valueBounds returns the bounds of a JSON value. It begins with the line break in front of
// it, but the first one ends where the next one begins.
func (t *Text) valueBounds(i int) (from, to int) {
	text, own := t.lines.Text, t.json[i]
	switch {
	case i == 0 && len(t.json) == 1:
		return 0, len(text)
	case i == 0:
		return 0, t.json[1][0]
	}
	stop := t.json[i-1][1]
	from = stop + len(strings.TrimRight(text[stop:own[0]], " \t"))
	from = stop + len(strings.TrimSuffix(text[stop:from], "\n"))
	return stop + len(strings.TrimSuffix(text[stop:from], "\r")), own[1]
}

// ownBounds returns the bounds of the document of an object that is no list's member.
func (o *Object) ownBounds() (from, to int) {
	for i, v := range o.text.json {
		if v[0] == o.from {
			return o.text.valueBounds(i)
		}
	}
	return (&editor{Lines: o.text.lines}).documentBounds(o.rootNode())
}

// insertDocument writes a new document at the end of the text, in the form of an object.
func (l *Layer) insertDocument(o *Object, m values.Map) {
	t, st := o.text, o.textStyle()
	end := len(t.lines.Text) - t.lines.LastBreak() // the last one stays the last, whatever it is
	switch {
	case t.json != nil:
		l.insertText(t, end, st.Newline+values.FormatFlow(m, true))
	case o.list == nil && o.rootNode().Flow && o.rootNode().IsJSON():
		l.insertText(t, end, st.Newline+"---"+st.Newline+values.FormatFlow(m, true))
	default:
		l.insertText(t, end, st.Newline+"---"+st.Newline+st.FormatMapping(m, 0))
	}
}

// SplitJSON returns the values of a text that is JSON, each as a text of its own.
func SplitJSON(text string) (all []string, ok bool) {
	t := &Text{lines: positioned.NewLines(text)}
	if ok, err := t.addValues(); !ok || err != nil {
		return nil, false
	}
	for _, v := range t.json {
		all = append(all, text[v[0]:v[1]])
	}
	return all, true
}

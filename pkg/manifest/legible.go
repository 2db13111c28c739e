package manifest

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// legible refuses a text that can't be YAML, or that kubectl would cut into
// documents in another way than a reader of YAML does.
func (t *Text) legible() error {
	if i := strings.IndexByte(t.text, 0); i >= 0 {
		return fmt.Errorf("line %d: holds a NUL byte; this is no YAML", t.line(i))
	}
	if i := invalid(t.text); i >= 0 {
		return fmt.Errorf("line %d: isn't valid UTF-8; save the file in that encoding", t.line(i))
	}
	if i := t.lateMark(); i >= 0 {
		return fmt.Errorf("line %d: begins with a byte order mark, which may only stand at the top of a file; take it out", t.line(i))
	}
	for at := 0; ; {
		if !strings.HasPrefix(t.text[at:], "---") {
			i := strings.Index(t.text[at:], "\n---")
			if i < 0 {
				return nil
			}
			at += i + 1
		}
		at += len("---")
		line, _, _ := strings.Cut(t.text[at:], "\n")
		if cut(line) && !marker("---"+line) {
			return fmt.Errorf("line %d: kubectl takes this line for a document marker, and others don't; write --- alone", t.line(at))
		}
	}
}

// NoResourceList tells why the text isn't what a KRM function gets.
func (t *Text) NoResourceList() string {
	if t.nearly {
		return "line 1: the apiVersion of a ResourceList must be config.kubernetes.io/v1"
	}
	return "line 1: is no ResourceList"
}

// cut reports whether kubectl begins a document after a line of three dashes and this.
func cut(rest string) bool {
	rest = strings.TrimSpace(rest)
	return rest == "" || rest[0] == '#'
}

// invalid is where a text is no UTF-8, or -1.
func invalid(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i, r := range text {
		if _, n := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && n == 1 {
			return i
		}
	}
	return -1
}

// lateMark is where a line other than the first begins with a byte order mark, or -1.
// One reader drops it, another takes it for a part of the word behind it.
func (t *Text) lateMark() int {
	for at := len(bom); at < len(t.text); at++ {
		i := strings.Index(t.text[at:], bom)
		if i < 0 {
			return -1
		}
		if at += i; breakBefore(t.text, at) > 0 {
			return at
		}
	}
	return -1
}

// spelled refuses an object of which it can't be told without doubt what it is.
func (t *Text) spelled(n *node) error {
	for _, v := range []*node{n.field("apiVersion"), n.field("kind"), n.at("metadata", "name"), n.at("metadata", "namespace")} {
		if v = v.resolve(); v != nil && v.tag == tagBinary {
			return t.refuse(v.start, "is tagged !!binary, which kubectl decodes and others don't; write it as text")
		}
	}
	return nil
}

// member names the object that a member of a list is.
func (t *Text) member(o *Object, n *node, api, kind string) error {
	if err := t.spelled(n); err != nil {
		return err
	}
	if items := n.field("items"); holdsObjects(n.field("kind").typeName(), items) {
		return t.refuse(n.start, "is a list in a list, which kubectl and others read differently; write its items one by one")
	}
	o.name(n)
	if own := n.field("apiVersion").typeName(); own == "" && o.Ref.Kind == "" && kind != "List" && kind != "ResourceList" {
		o.head(api, strings.TrimSuffix(kind, "List"), o.Ref.Namespace, o.Ref.Name) // as kubectl does
	}
	return nil
}

// holdsObjects reports whether a field items makes a list of its object: kubectl
// asks for the field alone, others for the kind.
func holdsObjects(kind string, items *node) bool {
	if items = items.resolve(); items == nil || items.kind != sequenceNode {
		return false
	}
	if listKind(kind) {
		return true
	}
	for _, v := range items.vals {
		if v = v.resolve(); v.field("kind") != nil || v.field("apiVersion") != nil || v.field("metadata") != nil {
			return true
		}
	}
	return false
}

// typeName is what a reader of YAML 1.1 too takes for the text of an apiVersion or
// a kind, or "".
func (n *node) typeName() string {
	if n = n.resolve(); n == nil || n.kind != scalarNode {
		return ""
	}
	switch n.tag {
	case tagNull, tagBool, tagInt, tagFloat:
		return ""
	}
	if n.style == 0 {
		switch strings.ToLower(n.value) {
		case "y", "n", "yes", "no", "on", "off":
			return ""
		}
	}
	return n.text()
}

// placed is an error of the YAML reader's with the line that it is about. The reader
// leaves it out on the first line, and for characters that it doesn't take.
func (l *lines) placed(message string, from, to int) error {
	message = sidecar.OneLine(strings.TrimPrefix(message, "yaml: "))
	if strings.HasSuffix(message, "<document start>") {
		message += "; write --- between documents"
	}
	if strings.HasPrefix(message, "line ") {
		return errors.New(l.moved(message, from))
	}
	at := from
	if _, name, ok := strings.Cut(message, "unknown anchor '"); ok { // may be a password that begins with a star
		at += max(0, strings.Index(l.text[from:to], "*"+strings.TrimSuffix(name, "' referenced")))
		message = "has an alias to nothing; put it into quotes if it's a text that begins with a star"
	}
	if message == "control characters are not allowed" {
		at += max(0, strings.IndexFunc(l.text[from:to], func(r rune) bool {
			return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' && r != 0x85 || r == 0xfffe || r == 0xffff
		}))
	}
	return fmt.Errorf("line %d: %s", l.line(at), message)
}

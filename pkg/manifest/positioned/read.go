package positioned

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/directive"
)

// ReadDocuments reads the documents between two offsets at the start or end of lines, with
// kyaml's reader.
func ReadDocuments(l *Lines, from, to int) (docs []*Node, ys []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // the reader has panicked on hostile input before
			err = fmt.Errorf("line %d: can't be read as YAML: %v", l.LineNumber(from), r)
		}
	}()
	if n := countValues(l.Text[from:to]); n > maxFull {
		return nil, nil, fmt.Errorf("line %d: about %d values have to be read at once from here on, and %d can be; "+
			"split the text, or leave out brackets, anchors, tags and directives", l.LineNumber(from), n, maxFull)
	}
	var starts []int
	for d := yaml.NewDecoder(strings.NewReader(directive.LowerVersions(l.Text[from:to]))); ; {
		var y yaml.Node
		switch err := d.Decode(&y); {
		case err == io.EOF:
			return docs, ys, nil
		case err != nil:
			return nil, nil, l.locateError(err.Error(), from, to)
		case y.Kind != yaml.DocumentNode || len(y.Content) == 0:
			continue
		}
		if starts == nil {
			starts = l.lineStarts(from, to)
		}
		b := builder{Lines: l, starts: starts, seen: map[*yaml.Node]*Node{}}
		docs, ys = append(docs, b.buildNode(y.Content[0], -1, false)), append(ys, y.Content[0])
	}
}

// ReadAny reads documents with the fast reader, or else with the full one. The second result
// returns a field of a document as a node of the full reader.
func (l *Lines) ReadAny(from, to int, name string) ([]*Node, func(i int) *yaml.Node, error) {
	if n, ok := ReadFast(l, from, to, false); ok && l.Plain && !n.Field(name).hasTags() {
		return []*Node{n}, func(int) *yaml.Node { return l.convertField(n, from, name) }, nil
	}
	docs, ys, err := ReadDocuments(l, from, to)
	return docs, func(i int) *yaml.Node {
		y := findField(ys[i], name)
		if from > 0 {
			shiftLines(y, l.LineNumber(from)-1, map[*yaml.Node]bool{})
		}
		return y
	}, err
}

// lineStarts returns the starts of the lines between two offsets.
func (l *Lines) lineStarts(from, to int) []int {
	starts := []int{max(from, l.firstOffset())}
	for i := from; i < to; {
		if n := breakAt(l.Text, i); n > 0 {
			i += n
			starts = append(starts, i)
			continue
		}
		i++
	}
	return starts
}

// maxFull is the largest number of values that the full reader reads at once. It needs about
// 400 bytes for each.
const maxFull = 700_000

// countValues estimates the number of values in a text from above: two on each line that
// isn't blank or a comment, and more for commas, dashes and brackets.
func countValues(text string) (n int) {
	for line := range strings.Lines(text) {
		if line = strings.TrimLeft(line, " \t"); line == "" || line[0] == '#' || line[0] == '\n' || line[0] == '\r' {
			continue
		}
		n += 2
		for i := range len(line) {
			switch line[i] {
			case ',', '[':
				n += 2
			case '{':
				n++
			case '-':
				if i+1 < len(line) && line[i+1] == ' ' {
					n++
				}
			}
		}
	}
	return n
}

// isControl reports whether the full reader refuses a character.
func isControl(r rune) bool {
	switch r {
	case '\t', '\n', '\r', 0x85:
		return false
	case 0xfffe, 0xffff:
		return true
	}
	return unicode.IsControl(r)
}

// shiftLine changes the line number at the start of a message to that in the whole text.
func (l *Lines) shiftLine(message string, from int) string {
	var line int
	if n, err := fmt.Sscanf(message, "line %d:", &line); n == 1 && err == nil && from > 0 {
		_, rest, _ := strings.Cut(message, ":")
		return fmt.Sprintf("line %d:%s", line+l.LineNumber(from)-1, rest)
	}
	return message
}

// ReadObject reads one object; a list's member has a dash in front.
func ReadObject(l *Lines, from, to int, member bool) (*Node, error) {
	return new(Arena).ReadObject(l, from, to, member)
}

// ReadObject is the same with nodes of the arena, as far as the fast reader can.
func (a *Arena) ReadObject(l *Lines, from, to int, member bool) (*Node, error) {
	if n, ok := a.ReadFast(l, from, to, member); ok {
		return n, nil
	}
	return readFully(l, from, to, member)
}

// readFully is readObject with kyaml's reader alone.
func readFully(l *Lines, from, to int, member bool) (*Node, error) {
	docs, _, err := ReadDocuments(l, from, to)
	switch {
	case err != nil:
		return nil, err
	case len(docs) != 1:
		return nil, fmt.Errorf("line %d: is no object", l.LineNumber(from))
	case !member:
		return docs[0], nil
	case docs[0].Kind != Sequence || len(docs[0].Values) != 1:
		return nil, fmt.Errorf("line %d: is no member of a list", l.LineNumber(from))
	}
	return docs[0].Values[0], nil
}

// EndsInBlockScalar reports whether the document between two offsets ends in a block scalar that a
// line break at the end of the text would change.
func (l *Lines) EndsInBlockScalar(from, to int) bool {
	if strings.HasSuffix(l.Text, "\n") || from == to {
		return false
	}
	docs, _, err := ReadDocuments(l, from, to)
	if err != nil || len(docs) == 0 {
		return err != nil
	}
	n := docs[len(docs)-1]
	for len(n.Values) > 0 && !n.Flow {
		n = n.Values[len(n.Values)-1]
	}
	return n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 &&
		n.End == len(l.Text) && !strings.HasSuffix(n.Value, "\n") &&
		!strings.Contains(l.Text[n.Start:l.LineEnd(n.Start)], "-")
}

// locateError returns an error of the YAML reader with its line. The reader doesn't name the
// first line, and none for characters that it refuses.
func (l *Lines) locateError(message string, from, to int) error {
	message = strings.TrimPrefix(message, "yaml: ")
	if strings.HasSuffix(message, "<document start>") {
		message += "; write --- between documents"
	}
	if directive.RefusesVersion(message) { // the reader has no line, or that of the start
		at := from + max(0, strings.Index(l.Text[from:to], "%YAML"))
		return fmt.Errorf("line %d: %s", l.LineNumber(at), directive.OtherVersion)
	}
	if strings.HasPrefix(message, "line ") {
		return errors.New(l.shiftLine(message, from))
	}
	at := from
	if _, name, ok := strings.Cut(message, "unknown anchor '"); ok { // may be a password that begins with a star
		at += max(0, strings.Index(l.Text[from:to], "*"+strings.TrimSuffix(name, "' referenced")))
		message = "has an alias to nothing; put it into quotes if it's a text that begins with a star"
	}
	if message == "control characters are not allowed" {
		at += max(0, strings.IndexFunc(l.Text[from:to], isControl))
	}
	return fmt.Errorf("line %d: %s", l.LineNumber(at), message)
}

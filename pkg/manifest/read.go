package manifest

import (
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// readDocuments reads the documents between two offsets, which begin and end
// lines, with kyaml's reader.
func readDocuments(l *lines, from, to int) (docs []*node, ys []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // the reader has panicked on hostile input before
			err = fmt.Errorf("line %d: can't be read as YAML: %v", l.line(from), r)
		}
	}()
	if n := values(l.text[from:to]); n > maxFull {
		return nil, nil, fmt.Errorf("line %d: about %d values have to be read at once from here on, and %d can be; "+
			"split the text, or leave out brackets, anchors, tags and directives", l.line(from), n, maxFull)
	}
	var starts []int
	for d := yaml.NewDecoder(strings.NewReader(l.text[from:to])); ; {
		var y yaml.Node
		switch err := d.Decode(&y); {
		case err == io.EOF:
			return docs, ys, nil
		case err != nil:
			return nil, nil, l.placed(err.Error(), from, to)
		case y.Kind != yaml.DocumentNode || len(y.Content) == 0:
			continue
		}
		if starts == nil {
			starts = l.startsOf(from, to)
		}
		b := builder{lines: l, starts: starts, seen: map[*yaml.Node]*node{}}
		docs, ys = append(docs, b.build(y.Content[0], -1, false)), append(ys, y.Content[0])
	}
}

// read reads documents: by the fast reader, where it can, else by the full one. The
// second value gives the function's config in a ResourceList among them.
func (t *Text) read(from, to int) ([]*node, func(i int) *yaml.Node, error) {
	if n, ok := readBlocks(t.lines, from, to, false); ok && t.plain && !n.field("functionConfig").hasTags() {
		return []*node{n}, func(int) *yaml.Node { return t.configOf(n, from) }, nil
	}
	docs, ys, err := readDocuments(t.lines, from, to)
	return docs, func(i int) *yaml.Node {
		y := yamlField(ys[i], "functionConfig")
		if from > 0 {
			moveDown(y, t.line(from)-1, map[*yaml.Node]bool{})
		}
		return y
	}, err
}

// startsOf is where the lines between two offsets begin.
func (l *lines) startsOf(from, to int) []int {
	starts := []int{max(from, l.top())}
	for i := from; i < to; {
		if n := breakAt(l.text, i); n > 0 {
			i += n
			starts = append(starts, i)
			continue
		}
		i++
	}
	return starts
}

// maxFull is how many values the full reader is given at once: it takes about 400
// bytes for each.
const maxFull = 700_000

// values is about how many a text holds at most: two on each line that isn't blank
// or a comment, and more behind commas, dashes and brackets.
func values(text string) (n int) {
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

// moved makes the line that a message of the reader's begins with one of the
// whole text.
func (l *lines) moved(message string, from int) string {
	var line int
	if n, err := fmt.Sscanf(message, "line %d:", &line); n == 1 && err == nil && from > 0 {
		_, rest, _ := strings.Cut(message, ":")
		return fmt.Sprintf("line %d:%s", line+l.line(from)-1, rest)
	}
	return message
}

// readObject reads one object; a list's member has a dash in front.
func readObject(l *lines, from, to int, member bool) (*node, error) {
	if n, ok := readBlocks(l, from, to, member); ok {
		return n, nil
	}
	return readFully(l, from, to, member)
}

// readFully is readObject with kyaml's reader alone.
func readFully(l *lines, from, to int, member bool) (*node, error) {
	docs, _, err := readDocuments(l, from, to)
	switch {
	case err != nil:
		return nil, err
	case len(docs) != 1:
		return nil, fmt.Errorf("line %d: is no object", l.line(from))
	case !member:
		return docs[0], nil
	case docs[0].kind != sequenceNode || len(docs[0].vals) != 1:
		return nil, fmt.Errorf("line %d: is no member of a list", l.line(from))
	}
	return docs[0].vals[0], nil
}

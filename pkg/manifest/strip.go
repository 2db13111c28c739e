package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// stripper undoes the marks of one object.
type stripper struct {
	editor
	root  *node
	gone  map[*node]map[int]bool // entries to take out, by collection
	empty map[*node]string       // how a collection was written before it had entries
	back  map[*node]bool         // collections that get an entry back
	kept  []string               // what a person has changed since; nothing is stripped then
	rows  map[int]int            // lines that go, from the break before them, to where they end
}

// strip turns marks into splices that give back what stood there before. What a
// person changed since is never taken: it's reported in kept.
func (s *stripper) strip(records []record) error {
	s.gone, s.empty, s.back = map[*node]map[int]bool{}, map[*node]string{}, map[*node]bool{}
	for _, r := range records {
		for _, m := range r.Marks {
			if err := s.undo(m); err != nil {
				return err
			}
		}
	}
	s.sweep(s.root)
	s.rows = s.goneRows()
	for _, r := range records { // when it's known what else goes
		for _, m := range r.Marks {
			if m.After != nil && m.Was != nil && m.Empty == nil {
				path, _ := parsePath(m.At)
				s.putBack(path, m, r.Compact)
			}
		}
	}
	return nil
}

// undo undoes one mark, but for what was taken out.
func (s *stripper) undo(m mark) error {
	path, err := parsePath(m.At)
	if err != nil {
		return err
	}
	switch {
	case m.Empty != nil:
		s.emptied(path, m)
	case m.Was == nil:
		s.added(path, m)
	case m.After == nil:
		s.replaced(path, m)
	default:
		s.back[locate(s.root, path[:len(path)-1]).resolve()] = true
	}
	return nil
}

// emptied is a collection that was there without entries. With a hash it was filled
// as a whole.
func (s *stripper) emptied(path sidecar.Path, m mark) {
	v := locate(s.root, path).resolve()
	switch {
	case v == nil:
	case m.Is == "":
		s.empty[v] = *m.Empty
	case s.unchanged(v, m, path):
		if s.remarked(v) {
			s.kept = append(s.kept, path.String())
			return
		}
		s.restore(v, *m.Empty)
	}
}

func (s *stripper) added(path sidecar.Path, m mark) {
	parent := locate(s.root, path[:len(path)-1]).resolve()
	i := find(parent, path[len(path)-1])
	if i < 0 {
		return // somebody took it out already
	}
	if m.Is != "" && !s.unchanged(parent.vals[i], m, path) {
		return
	}
	if s.commented(parent, i) {
		s.kept = append(s.kept, path.String())
		return
	}
	if s.gone[parent] == nil {
		s.gone[parent] = map[int]bool{}
	}
	s.gone[parent][i] = true
}

func (s *stripper) unchanged(v *node, m mark, path sidecar.Path) bool {
	have, err := valueOfNode(v)
	if err == nil && hash(have) == m.Is {
		return true
	}
	s.kept = append(s.kept, path.String())
	return false
}

func (s *stripper) replaced(path sidecar.Path, m mark) {
	v := locate(s.root, path)
	if v == nil || !s.unchanged(v, m, path) {
		return
	}
	s.splice(v.start, v.end-v.start, *m.Was)
}

// putBack puts back what was taken out, where it stood.
func (s *stripper) putBack(path sidecar.Path, m mark, compact bool) {
	parent := locate(s.root, path[:len(path)-1]).resolve()
	if parent == nil || len(parent.vals) == 0 {
		s.kept = append(s.kept, path[:len(path)-1].String())
		return
	}
	text := s.restyled(*m.Was, compact)
	i := -1
	if *m.After != "" {
		i = find(parent, parseStep(*m.After))
	}
	_, end := s.entry(parent, max(i, 0))
	start, _ := s.entry(parent, 0)
	switch {
	case parent.flow && i >= 0:
		s.splice(end, 0, text)
	case parent.flow:
		s.splice(start, 0, text)
	case i < 0 && !strings.HasPrefix(text, "\r") && !strings.HasPrefix(text, "\n"): // the first key of a list entry
		s.splice(start, 0, text)
	default:
		var at int
		if i >= 0 {
			at = s.end(s.left(parent, i))
		} else { // from the line of the collection's own key
			at = s.lines.before(start)
			for range s.comments(at) {
				at = s.lines.before(at)
			}
		}
		for skip := m.Skip; skip > 0; skip-- {
			for to, ok := s.rows[at]; ok && to > at; to, ok = s.rows[at] {
				at = to
			}
			next := s.next(at)
			if next < 0 || next >= len(s.text) || !s.comment(next) {
				break
			}
			at = s.end(next)
		}
		s.splice(at, 0, text)
	}
}

// left is the end of the entry i of n without what goes.
func (s *stripper) left(n *node, i int) int {
	v := n.vals[i]
	if v.flow || len(v.vals) == 0 || len(s.gone[v]) == 0 && !s.holdsGone(v) {
		_, end := s.entry(n, i)
		return end
	}
	for j := len(v.vals) - 1; j >= 0; j-- {
		if !s.gone[v][j] {
			return s.left(v, j)
		}
	}
	_, end := s.entry(n, i)
	return end
}

func (s *stripper) holdsGone(n *node) bool {
	return len(s.gone[n]) > 0 || slices.ContainsFunc(n.vals, s.holdsGone)
}

// goneRows are the lines of what goes.
func (s *stripper) goneRows() map[int]int {
	rows := map[int]int{}
	for n, gone := range s.gone {
		for i := range gone {
			if from, to, ok := s.extent(n, i); ok && !n.flow {
				rows[from] = max(rows[from], to)
			}
		}
	}
	return rows
}

// restyled writes a list under a key as the object writes its lists now: kpt
// hands functions all lists compact, and writes them back as they were.
func (s *stripper) restyled(text string, was bool) string {
	if was == s.compact {
		return text
	}
	rows := strings.SplitAfter(text, "\n")
	if len(rows) < 3 || strings.Trim(rows[0], "\r\n") != "" || !strings.HasSuffix(strings.TrimRight(rows[1], " \r\n"), ":") { // the break, the key, the list
		return text
	}
	col := len(rows[1]) - len(strings.TrimLeft(rows[1], " "))
	step := strings.Repeat(" ", s.style.indent)
	compact, wide := strings.HasPrefix(rows[2], strings.Repeat(" ", col)+"- "), strings.HasPrefix(rows[2], strings.Repeat(" ", col)+step+"- ")
	for i := 2; i < len(rows); i++ {
		switch {
		case strings.TrimSpace(rows[i]) == "":
		case compact && !s.compact:
			rows[i] = step + rows[i]
		case wide && s.compact:
			rows[i] = strings.TrimPrefix(rows[i], step)
		}
	}
	return strings.Join(rows, "")
}

// sweep takes out what is gone. A collection of which nothing is left goes too:
// the manifest had none there, or an empty one.
func (s *stripper) sweep(n *node) bool {
	if n == nil || n.kind != mappingNode && n.kind != sequenceNode {
		return false
	}
	left := 0
	if s.back[n] {
		left++
	}
	mark := len(s.splices)
	gone := s.gone[n]
	for i, v := range n.vals {
		if !gone[i] && s.sweep(v) {
			if gone == nil {
				gone = map[int]bool{}
			}
			gone[i] = true
		}
		if !gone[i] {
			left++
		}
	}
	if len(gone) == 0 {
		return false
	}
	s.gone[n] = gone
	if left == 0 {
		if _, ok := s.empty[n]; !ok {
			s.splices = s.splices[:mark]
			return true
		}
	}
	s.cut(n, gone, left)
	return false
}

// cut takes entries out of a collection.
func (s *stripper) cut(n *node, gone map[int]bool, left int) {
	if was, ok := s.empty[n]; ok && left == 0 {
		s.restore(n, was)
		return
	}
	if n.flow {
		s.cutFlow(n, gone)
		return
	}
	for i := range n.vals {
		if !gone[i] {
			continue
		}
		from, to, ok := s.extent(n, i)
		if !ok {
			s.kept = append(s.kept, fmt.Sprintf("line %d", s.line(n.start)))
			return
		}
		s.splice(from, to-from, "")
	}
}

// cutFlow takes runs of entries out of brackets. A run goes with the comma that
// came with it: the one behind it where it was put in front of an entry, which
// shows in what a person wrote before it.
func (s *stripper) cutFlow(n *node, gone map[int]bool) {
	for i := 0; i < len(n.vals); i++ {
		if !gone[i] {
			continue
		}
		k := i
		for k+1 < len(n.vals) && gone[k+1] {
			k++
		}
		from, _ := s.entry(n, i)
		_, to := s.entry(n, k)
		before := from
		if i > 0 {
			_, before = s.entry(n, i-1)
		}
		switch {
		case k+1 < len(n.vals) && (i == 0 || s.text[before:from] != ", "):
			to, _ = s.entry(n, k+1)
		case i > 0:
			from = before
		default:
			from, to = n.start+1, n.end-1
		}
		s.splice(from, to-from, "")
		i = k
	}
}

// restore writes a collection that has lost all entries as it was without them.
func (s *stripper) restore(n *node, was string) {
	from, to := n.start, n.end
	if !n.flow { // on lines of its own, or behind "key:"
		for from > 0 && s.text[from-1] != ':' {
			from--
		}
		to = s.end(n.end)
		if was != "" {
			was = " " + was
		} else {
			from = s.end(from) // a comment behind the colon stays
		}
	} else if was == " " {
		was = ""
	} else if was == "" {
		for from > 0 && s.text[from-1] == ' ' {
			from--
		}
	}
	s.splice(from, to-from, was)
}

package manifest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// stripper undoes the marks of one object.
type stripper struct {
	editor
	root          *positioned.Node
	key           string                            // of the record
	containers    []string                          // those that the record names itself
	gone          map[*positioned.Node]map[int]bool // entries to take out, by collection
	empty         map[*positioned.Node]string       // how a collection was written before it had entries
	back          map[*positioned.Node]bool         // collections that get an entry back
	changedByHand []string                          // what a person has changed since; nothing is stripped then
	images        map[string]int                    // containers by image; nil: not counted yet
	rows          map[int]int                       // lines that go, from the break before them, to where they end
	comes         []comeback
}

// A comeback is a restored text, which must be found at its path afterwards.
type comeback struct {
	path sidecar.Path
	was  string // text of a replaced value
	out  bool   // it was removed
}

// stripRecord turns marks into splices that give back what stood there before. What a
// person changed since is never taken: it's reported in changedByHand.
func (s *stripper) stripRecord(r record) error {
	s.fitLines(r)
	if s.key == recordKey { // no patch of an overlay renames one
		s.followRenamed(r.Marks)
	}
	s.gone = map[*positioned.Node]map[int]bool{}
	s.empty, s.back = map[*positioned.Node]string{}, map[*positioned.Node]bool{}
	done := map[string]bool{} // what was taken out comes back once
	for _, m := range r.Marks {
		if err := s.undoMark(m, r.Marks); err != nil {
			return err
		}
	}
	s.takeOut(sidecar.Fields("metadata", "annotations", s.key))
	s.removeGone(s.root)
	s.rows = s.goneRows()
	for _, m := range r.Marks { // when it's known what else goes
		if m.isTakenOut() && !done[m.At] {
			path, _ := parsePath(m.At)
			s.putBack(path, m, r)
			s.comes = append(s.comes, comeback{path: path, out: true})
			done[m.At] = true
		}
	}
	return nil
}

// undoMark undoes one mark of a record, unless it's of a removed value.
func (s *stripper) undoMark(m mark, record []mark) error {
	path, err := parsePath(m.At)
	if err != nil {
		return err
	}
	switch {
	case m.Empty != nil:
		s.undoFilled(path, m)
	case m.isTakenOut():
		return s.undoTakenOut(path, m, record)
	case m.Was == nil:
		s.undoAdded(path, m)
	default:
		s.undoReplaced(path, m)
	}
	return nil
}

// undoTakenOut restores a removed value. The value that replaced it must exist.
func (s *stripper) undoTakenOut(path sidecar.Path, m mark, record []mark) error {
	i := slices.IndexFunc(record, func(o mark) bool {
		return o.At == m.By && !o.isTakenOut() && o.Is != ""
	})
	if i < 0 {
		return errors.New("is damaged: it doesn't say what took the place of " + path.String())
	}
	by, err := parsePath(m.By)
	if err != nil {
		return err
	}
	v := locateNode(s.root, by)
	if !s.holds(v, record[i]) {
		s.changedByHand = append(s.changedByHand, by.String())
	}
	if parent := locateNode(s.root, path[:len(path)-1]).Resolve(); parent != nil {
		s.back[parent] = true
	}
	return nil
}

func orNull(n *positioned.Node) *positioned.Node {
	if n == nil {
		return &positioned.Node{Tag: positioned.TagNull}
	}
	return n
}

// undoFilled undoes a mark of a collection that had no entries. With a hash, it was filled as
// a whole.
func (s *stripper) undoFilled(path sidecar.Path, m mark) {
	v := locateNode(s.root, path).Resolve()
	switch {
	case v == nil:
	case m.Is == "":
		s.empty[v] = *m.Empty
	case s.isUnchanged(v, m, path):
		if s.hasInnerComment(v) {
			s.changedByHand = append(s.changedByHand, path.String())
			return
		}
		s.restoreEmpty(v, *m.Empty)
	}
}

func (s *stripper) undoAdded(path sidecar.Path, m mark) {
	parent := locateNode(s.root, path[:len(path)-1]).Resolve()
	i := findEntry(parent, path[len(path)-1])
	if i < 0 && s.key == carriedKey { // a patch of an overlay has removed it, and means it
		s.changedByHand = append(s.changedByHand, path.String())
	}
	if i < 0 {
		return // it was removed already
	}
	if s.isUnchanged(parent.Values[i], m, path) {
		s.takeOut(path)
	}
}

// takeOut removes an entry, unless it has a comment that a person wrote.
func (s *stripper) takeOut(path sidecar.Path) {
	parent := locateNode(s.root, path[:len(path)-1]).Resolve()
	i := findEntry(parent, path[len(path)-1])
	if i < 0 {
		return
	}
	if s.hasComment(parent, i) {
		s.changedByHand = append(s.changedByHand, path.String())
		return
	}
	if s.gone[parent] == nil {
		s.gone[parent] = map[int]bool{}
	}
	s.gone[parent][i] = true
}

func (s *stripper) isUnchanged(v *positioned.Node, m mark, path sidecar.Path) bool {
	if s.holds(v, m) {
		return true
	}
	s.changedByHand = append(s.changedByHand, path.String())
	return false
}

func (s *stripper) undoReplaced(path sidecar.Path, m mark) {
	v := locateNode(s.root, path)
	if v == nil || !s.isUnchanged(v, m, path) {
		return
	}
	s.comeBack(v, path, *m.Was)
}

// comeBack restores the text before a value was replaced.
func (s *stripper) comeBack(v *positioned.Node, path sidecar.Path, was string) {
	s.addSplice(v.Start, v.End-v.Start, was)
	s.comes = append(s.comes, comeback{path: path, was: was})
}

// removeGone removes the entries in gone. It also removes a collection without remaining
// entries: the manifest had none there, or an empty one.
func (s *stripper) removeGone(n *positioned.Node) bool {
	if n == nil || n.Kind != positioned.Mapping && n.Kind != positioned.Sequence {
		return false
	}
	left := 0
	if s.back[n] {
		left++
	}
	mark := len(s.splices)
	gone := s.gone[n]
	for i, v := range n.Values {
		if !gone[i] && s.removeGone(v) {
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
	s.removeEntries(n, gone, left)
	return false
}

// removeEntries removes entries from a collection.
func (s *stripper) removeEntries(n *positioned.Node, gone map[int]bool, left int) {
	if was, ok := s.empty[n]; ok && left == 0 {
		s.restoreEmpty(n, was)
		return
	}
	if n.Flow {
		s.cutFlow(n, gone)
		return
	}
	for i := range n.Values {
		if !gone[i] {
			continue
		}
		from, to, ok := s.entryExtent(n, i)
		if !ok {
			s.changedByHand = append(s.changedByHand, fmt.Sprintf("line %d", s.LineNumber(n.Start)))
			return
		}
		s.addSplice(from, to-from, "")
	}
}

// cutFlow removes runs of entries between brackets, each with its comma. That is the comma
// behind the run if the run was inserted in front of an entry, as the text before it shows.
func (s *stripper) cutFlow(n *positioned.Node, gone map[int]bool) {
	for i := 0; i < len(n.Values); i++ {
		if !gone[i] {
			continue
		}
		k := i
		for k+1 < len(n.Values) && gone[k+1] {
			k++
		}
		from, _ := s.entryBounds(n, i)
		_, to := s.entryBounds(n, k)
		before := from
		if i > 0 {
			_, before = s.entryBounds(n, i-1)
		}
		switch {
		case k+1 < len(n.Values) && (i == 0 || s.Text[before:from] != ", "):
			to, _ = s.entryBounds(n, k+1)
		case i > 0:
			from = before
		default:
			from, to = n.Start+1, n.End-1
		}
		s.addSplice(from, to-from, "")
		i = k
	}
}

// restoreEmpty restores the text of a collection that had no entries.
func (s *stripper) restoreEmpty(n *positioned.Node, was string) {
	from, to := n.Start, n.End
	if !n.Flow && was != "" && positioned.NewLines(was).LineEnd(0) == 0 { // on a line of its own
		from, to = s.PreviousEnd(n.Start), s.LineEnd(n.End)
	} else if !n.Flow { // behind "key:"
		for from > 0 && s.Text[from-1] != ':' {
			from--
		}
		to = s.LineEnd(n.End)
		if was != "" {
			was = " " + was
		} else {
			from = s.LineEnd(from) // a comment behind the colon stays
		}
	} else if was == " " {
		was = ""
	} else if was == "" {
		for from > 0 && s.Text[from-1] == ' ' {
			from--
		}
	}
	s.addSplice(from, to-from, was)
}

package manifest

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// crlf ends lines on Windows.
const crlf = "\r\n"

// fitLines gives the texts of a record the line breaks of the file, where Git or an editor has changed those since.
func (s *stripper) fitLines(r record) {
	if now := s.Lines.Break; (now == crlf) != r.CRLF {
		for i := range r.Marks {
			for _, text := range r.Marks[i].texts() {
				if text != nil {
					*text = strings.ReplaceAll(strings.ReplaceAll(*text, crlf, "\n"), "\n", now)
				}
			}
		}
	}
}

// putBack restores a removed text at its place.
func (s *stripper) putBack(path sidecar.Path, m mark, r record) {
	parent := locateNode(s.root, path[:len(path)-1]).Resolve()
	if parent == nil || len(parent.Values) == 0 {
		s.changedByHand = append(s.changedByHand, path[:len(path)-1].String())
		return
	}
	text := *m.Was
	if !parent.Flow {
		text = alignRows(s.restyleList(indentLines(text, s.root.Column-r.Column), r.Compact), parent.Column)
	}
	i := -1
	if *m.After != "" {
		i = findEntry(parent, parseStep(*m.After))
	}
	_, end := s.entryBounds(parent, max(i, 0))
	start, _ := s.entryBounds(parent, 0)
	switch {
	case parent.Flow && i >= 0:
		s.addSplice(end, 0, text)
	case parent.Flow:
		s.addSplice(start, 0, text)
	case i < 0 && !strings.HasPrefix(text, "\r") && !strings.HasPrefix(text, "\n"): // the first key of a list entry
		s.addSplice(s.behindDash(start), 0, text)
	default:
		var at int
		if i >= 0 {
			at = s.LineEnd(s.endOfKept(parent, i))
		} else { // from the line of the collection's own key
			at = s.Lines.PreviousEnd(start)
			for range s.CountComments(at) {
				at = s.Lines.PreviousEnd(at)
			}
		}
		for skip := m.Skip; skip > 0; skip-- {
			for to, ok := s.rows[at]; ok && to > at; to, ok = s.rows[at] {
				at = to
			}
			next := s.NextLine(at)
			if next < 0 || next >= len(s.Text) || !s.IsComment(next) {
				break
			}
			at = s.LineEnd(next)
		}
		s.addSplice(at, 0, text)
	}
}

// alignRows moves the lines of an entry so that it begins at a column: a tool may have indented the text otherwise
// since.
func alignRows(text string, column int) string {
	head := strings.TrimLeft(text, "\r\n")
	if head == text { // it's the first key of a list entry
		return text
	}
	return indentLines(text, column-(len(head)-len(strings.TrimLeft(head, " "))))
}

// indentLines indents the lines of a text, except the first one, by more or fewer blanks.
func indentLines(text string, by int) string {
	if by == 0 {
		return text
	}
	rows := strings.SplitAfter(text, "\n")
	for i, row := range rows[1:] {
		switch {
		case strings.Trim(row, "\r\n") == "":
		case by > 0:
			rows[i+1] = values.Indentation(by) + row
		default:
			rows[i+1] = row[min(-by, len(row)-len(strings.TrimLeft(row, " "))):]
		}
	}
	return strings.Join(rows, "")
}

// behindDash returns the offset of the first key of a list entry: behind the dash, to which a
// comment may have moved up.
func (s *stripper) behindDash(key int) int {
	for line := s.Lines.LineStart(key); strings.Trim(s.Text[line:key], " ") == "" || s.IsComment(line); {
		end := s.Lines.PreviousEnd(line)
		above := s.Lines.LineStart(end)
		if rest := strings.TrimLeft(s.Text[above:end], " "); strings.HasPrefix(rest, "-") {
			if c := strings.TrimLeft(rest, "- "); strings.HasPrefix(c, "#") {
				return end - len(c)
			}
			return key
		}
		if s.IsFirstLine(above) || !s.IsComment(above) {
			return key
		}
		line = above
	}
	return key
}

// endOfKept returns the end of the entry i of n without removed lines.
func (s *stripper) endOfKept(n *positioned.Node, i int) int {
	v := n.Values[i]
	if v.Flow || len(v.Values) == 0 || len(s.gone[v]) == 0 && !s.holdsGone(v) {
		_, end := s.entryBounds(n, i)
		return end
	}
	for j := len(v.Values) - 1; j >= 0; j-- {
		if !s.gone[v][j] {
			return s.endOfKept(v, j)
		}
	}
	_, end := s.entryBounds(n, i)
	return end
}

func (s *stripper) holdsGone(n *positioned.Node) bool {
	return len(s.gone[n]) > 0 || slices.ContainsFunc(n.Values, s.holdsGone)
}

// goneRows returns the removed lines.
func (s *stripper) goneRows() map[int]int {
	rows := map[int]int{}
	for n, gone := range s.gone {
		for i := range gone {
			if from, to, ok := s.entryExtent(n, i); ok && !n.Flow {
				rows[from] = max(rows[from], to)
			}
		}
	}
	return rows
}

// restyleList indents a list under a key like the object's other lists: kpt gives functions
// compact lists, and restores the original form when it writes them back.
func (s *stripper) restyleList(text string, was bool) string {
	if was == s.Compact {
		return text
	}
	rows := strings.SplitAfter(text, "\n")
	isKey := func(row string) bool { return strings.HasSuffix(strings.TrimRight(row, " \r\n"), ":") }
	if len(rows) < 3 || strings.Trim(rows[0], "\r\n") != "" || !isKey(rows[1]) { // the break, the key, the list
		return text
	}
	col := len(rows[1]) - len(strings.TrimLeft(rows[1], " "))
	step := strings.Repeat(" ", s.Style.Indent)
	compact := strings.HasPrefix(rows[2], values.Indentation(col)+"- ")
	wide := strings.HasPrefix(rows[2], values.Indentation(col)+step+"- ")
	for i := 2; i < len(rows); i++ {
		switch {
		case strings.TrimSpace(rows[i]) == "":
		case compact && !s.Compact:
			rows[i] = step + rows[i]
		case wide && s.Compact:
			rows[i] = strings.TrimPrefix(rows[i], step)
		}
	}
	return strings.Join(rows, "")
}

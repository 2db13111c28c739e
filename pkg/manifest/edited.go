package manifest

import (
	"bufio"
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
)

// An Edited text is a text with its edits. It's written in pieces, since most of it is the
// original text.
type Edited struct {
	Name    string // of the file
	text    *Text
	splices []splice // in their order
	again   *Text    // the new text, if it was read again
}

// Reread returns the new text, read again.
func (e Edited) Reread() *Text {
	if e.again == nil {
		return e.text
	}
	e.again.patchedBy = e.text.patchedBy
	return e.again
}

// newEdited sorts the splices of a text. Those at one place keep their order,
// insertions before what is deleted there.
func newEdited(t *Text, splices []splice) Edited {
	withdrawn := func(s splice) bool { return s == splice{} }
	splices = slices.DeleteFunc(slices.Clone(splices), withdrawn)
	slices.SortStableFunc(splices, func(a, b splice) int { return cmp.Compare(a.at, b.at) })
	return Edited{Name: t.Name, text: t, splices: splices}
}

// findCrossing returns the offset of a splice inside of text that another one deletes, or
// -1. Its insertion would lose the text around it.
func (e Edited) findCrossing() int {
	from, end := 0, 0
	for _, s := range e.splices {
		switch {
		case s.at < end && s.at > from:
			return s.at
		case s.at+s.del > end:
			from, end = s.at, s.at+s.del
		}
	}
	return -1
}

// Unchanged returns a text without edits.
func Unchanged(t *Text) Edited { return Edited{Name: t.Name, text: t} }

// Changed reports whether the text has edits.
func (e Edited) Changed() bool { return len(e.splices) > 0 }

// WriteTo writes the text.
func (e Edited) WriteTo(w io.Writer) (int64, error) {
	b := bufio.NewWriterSize(w, 1<<16)
	var n int64
	err := e.eachPiece(func(piece string) error {
		n += int64(len(piece))
		_, err := b.WriteString(piece)
		return err
	})
	return n, cmp.Or(err, b.Flush())
}

// String returns the whole new text.
func (e Edited) String() string {
	if len(e.splices) == 0 {
		return e.text.lines.Text
	}
	size := len(e.text.lines.Text)
	for _, s := range e.splices {
		size += len(s.ins) - s.del
	}
	var b strings.Builder
	b.Grow(max(size, 0))
	_ = e.eachPiece(func(piece string) error {
		b.WriteString(piece)
		return nil
	})
	return b.String()
}

func (e Edited) eachPiece(write func(string) error) error {
	at := 0
	for _, s := range e.splices {
		if s.at > at {
			if err := write(e.text.lines.Text[at:s.at]); err != nil {
				return err
			}
			at = s.at
		}
		if err := write(s.ins); err != nil {
			return err
		}
		at = max(at, s.at+s.del)
	}
	return write(e.text.lines.Text[at:])
}

// A splice replaces bytes of a text.
type splice struct {
	at, del int
	ins     string
}

// joinSplices applies splices to a text.
func joinSplices(text string, splices []splice) string {
	return newEdited(&Text{lines: &positioned.Lines{Text: text}}, splices).String()
}

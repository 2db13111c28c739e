package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/editable"
	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// undoParts removes the parts of some documents from a value that documents share. The
// parts of others stay.
func (s *stripper) undoParts(at string, mine []mark) error {
	path, err := parsePath(at)
	if err != nil {
		return err
	}
	var theirs []mark
	for _, m := range s.others {
		if m.At == at && m.Part != "" {
			theirs = append(theirs, m)
		}
	}
	v := locateNode(s.root, path)
	field := s.fieldAt(path)
	switch {
	case field == nil || field.Share == editable.Unshared:
		return fmt.Errorf("is damaged: documents don't share %s", path)
	case v == nil:
		return nil // it was removed already
	case v.Kind != positioned.Scalar:
		s.changedByHand = append(s.changedByHand, path.String())
		return nil
	case field.Share == editable.Names:
		s.undoNames(v, path, mine, theirs)
		return nil
	}
	return s.undoLargest(v, path, mine, theirs)
}

// undoNames removes names from a list with commas.
func (s *stripper) undoNames(v *positioned.Node, path sidecar.Path, mine, theirs []mark) {
	have := splitNames(v.ScalarText())
	left := have
	for _, m := range mine {
		for _, name := range splitNames(m.Part) {
			if !slices.Contains(have, name) {
				s.changedByHand = append(s.changedByHand, path.String())
				return
			}
			if !slices.ContainsFunc(theirs, func(o mark) bool { return slices.Contains(splitNames(o.Part), name) }) {
				left = withoutNames(left, []string{name})
			}
		}
	}
	was := mine[0].Was
	switch {
	case len(left) == len(have):
	case was == nil && len(left) == 0:
		s.takeOut(path)
	case was != nil && slices.Equal(left, splitNames(plainText(*was))):
		s.comeBack(v, path, *was)
	default:
		s.rewriteScalar(v, path, strings.Join(left, ","))
	}
}

// undoLargest removes numbers from those of which the largest is used.
func (s *stripper) undoLargest(v *positioned.Node, path sidecar.Path, mine, theirs []mark) error {
	const least = 30 // the default of terminationGracePeriodSeconds
	was := int64(least)
	var err error
	if mine[0].Was != nil {
		if was, err = strconv.ParseInt(plainText(*mine[0].Was), 10, 64); err != nil {
			return fmt.Errorf("is damaged: %s wasn't a number", path)
		}
	}
	of := func(marks []mark) int64 {
		all := was
		for _, m := range marks {
			n, e := strconv.ParseInt(m.Part, 10, 64)
			if e != nil {
				err = fmt.Errorf("is damaged: the part of %s isn't a number", path)
			}
			all = max(all, n)
		}
		return all
	}
	have, left := of(append(slices.Clone(mine), theirs...)), of(theirs)
	switch {
	case err != nil:
		return err
	case v.ScalarText() != strconv.FormatInt(have, 10):
		s.changedByHand = append(s.changedByHand, path.String())
	case left == have && len(theirs) > 0:
	case left == was && mine[0].Was == nil:
		s.takeOut(path)
	case left == was:
		s.comeBack(v, path, *mine[0].Was)
	default:
		s.addSplice(v.Start, v.End-v.Start, strconv.FormatInt(left, 10))
	}
	return nil
}

// rewriteScalar replaces a scalar.
func (s *stripper) rewriteScalar(v *positioned.Node, path sidecar.Path, text string) {
	if parent := locateNode(s.root, path[:len(path)-1]).Resolve(); parent.Flow {
		s.addSplice(v.Start, v.End-v.Start, values.FormatFlow(text, s.json))
	} else {
		s.addSplice(v.Start, v.End-v.Start, values.FormatScalar(text))
	}
}

// plainText returns the value of a scalar's text; "" if it isn't a scalar.
func plainText(text string) string {
	docs, _, err := positioned.ReadDocuments(positioned.NewLines(text), 0, len(text))
	if err != nil || len(docs) != 1 {
		return ""
	}
	return docs[0].ScalarText()
}

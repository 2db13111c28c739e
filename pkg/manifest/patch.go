package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A patch is the edits of one object as a tree: those at one step of a path, and below it.
type patch struct {
	step   sidecar.Step
	set    bool
	value  any
	shared *values.Shared // has the value, if it's that of an edit
	delete bool
	before string
	by     sidecar.Path // what takes the place of what is deleted
	below  []*patch
}

// hash returns the hash of the value.
func (p *patch) hash() string {
	if p.shared == nil {
		return hashValue(p.value)
	}
	if p.shared.Hash == "" {
		p.shared.Hash = hashValue(p.value)
	}
	return p.shared.Hash
}

// planEdits makes a tree of edits and keeps their order.
func planEdits(edits []sidecar.Edit, known values.Cache) (*patch, error) {
	root := &patch{}
	for _, e := range edits {
		p := root
		for _, s := range e.Path {
			p = p.childAt(s)
		}
		v, err := known.Share(e.Value)
		if err != nil {
			return nil, err
		}
		p.set, p.value, p.shared, p.delete, p.before, p.by = !e.Delete, v.Value, v, e.Delete, e.Before, e.By
	}
	return root, nil
}

func (p *patch) childAt(s sidecar.Step) *patch {
	for _, c := range p.below {
		if c.step == s {
			return c
		}
	}
	c := &patch{step: s}
	p.below = append(p.below, c)
	return c
}

// takenBy returns the path of the value that replaces what p deletes: an entry, or all
// entries of a list.
func (p *patch) takenBy() sidecar.Path {
	for _, c := range p.below {
		if by := c.takenBy(); by != nil {
			return by
		}
	}
	return p.by
}

// findOrphan returns the first list entry on the paths of p that p doesn't set. It must exist
// already.
func (p *patch) findOrphan() *patch {
	if p.set || p.delete {
		return nil
	}
	if p.step.Field == "" && p.step.Key != "" {
		return p
	}
	for _, c := range p.below {
		if o := c.findOrphan(); o != nil {
			return o
		}
	}
	return nil
}

// wholeValue returns the value of a patch at a path that has none, and false if it only
// deletes.
func (p *patch) wholeValue() (v any, some bool) {
	if p.set {
		return p.value, true
	}
	var m values.Map
	var list []any
	for _, c := range p.below {
		v, some := c.wholeValue()
		switch {
		case !some:
		case c.step.Field != "":
			m = append(m, values.Entry{Key: c.step.Field, Value: v})
		default:
			list = append(list, v)
		}
	}
	if list != nil {
		return list, true
	}
	return m, m != nil
}

// sharedValue returns the value of a patch at a path that has none. It's that of the edit, if there's one alone.
func (p *patch) sharedValue() *values.Shared {
	if p.set && p.shared != nil {
		return p.shared
	}
	v, _ := p.wholeValue()
	return &values.Shared{Value: v}
}

// usualDepth is more than most paths have steps.
const usualDepth = 12

// eachLeaf calls f for each value set in the tree, with a path that is another one afterwards.
func (p *patch) eachLeaf(path sidecar.Path, f func(sidecar.Path, *patch)) {
	if p.set && len(p.below) == 0 {
		f(path, p)
		return
	}
	p.visitLeaves(append(make(sidecar.Path, 0, usualDepth), path...), f)
}

func (p *patch) visitLeaves(path sidecar.Path, f func(sidecar.Path, *patch)) {
	if p.set {
		f(path, p)
	}
	for _, c := range p.below {
		c.visitLeaves(append(path, c.step), f)
	}
}

// findEntry returns the index of a step's entry in a collection, or -1.
func findEntry(n *positioned.Node, s sidecar.Step) int {
	n = n.Resolve()
	if n == nil {
		return -1
	}
	if s.Field != "" {
		return n.FieldIndex(s.Field)
	}
	if n.Kind != positioned.Sequence {
		return -1
	}
	if s.Key == sidecar.Position {
		return positionIn(len(n.Values), s)
	}
	for i, v := range n.Values {
		if have, ok := keyOf(v, s.Key); ok && have == s.Value {
			return i
		}
	}
	return -1
}

// positionIn returns the index that a step by position means in a list with n entries, or -1.
func positionIn(n int, s sidecar.Step) int {
	if i, err := strconv.Atoi(s.Value); err == nil && i >= 0 && i < n {
		return i
	}
	return -1
}

// keyOf returns the value of a list entry's key. Ports of several protocols may have one
// number, so those that aren't TCP have the protocol behind it, as in 53/UDP.
func keyOf(v *positioned.Node, key string) (string, bool) {
	v = v.Resolve()
	if key == "." {
		return v.ScalarText(), v != nil && v.Kind == positioned.Scalar
	}
	k := v.Field(key).Resolve()
	if k == nil {
		return "", false
	}
	if protocol := v.Field("protocol").ScalarText(); sidecar.IsPortKey(key) && protocol != "" && protocol != "TCP" {
		return k.ScalarText() + "/" + protocol, true
	}
	return k.ScalarText(), true
}

// reachNode follows a path, through merge keys, too. It returns nil if there is no value. The
// node may be elsewhere in the text: it's for reading, not for editing.
func reachNode(n *positioned.Node, path sidecar.Path) *positioned.Node {
	for _, s := range path {
		switch n = n.Resolve(); {
		case n == nil:
			return nil
		case s.Field != "":
			n = n.Field(s.Field)
		default:
			i := findEntry(n, s)
			if i < 0 {
				return nil
			}
			n = n.Values[i]
		}
	}
	return n
}

// locateNode follows a path to its node, or returns nil.
func locateNode(n *positioned.Node, path sidecar.Path) *positioned.Node {
	for _, s := range path {
		i := findEntry(n, s)
		if i < 0 {
			return nil
		}
		n = n.Resolve().Values[i]
	}
	return n
}

// applyTo applies a patch to a value that is written out.
func (p *patch) applyTo(v any) (any, error) {
	if p.set {
		return p.value, nil
	}
	if len(p.below) == 0 {
		return v, nil
	}
	switch v := v.(type) {
	case nil:
		if o := p.findOrphan(); o != nil {
			return nil, fmt.Errorf("has no entry whose %s is %s", o.step.Key, o.step.Value)
		}
		if whole, some := p.wholeValue(); some {
			return whole, nil
		}
		return nil, nil
	case values.Map:
		return p.applyMapping(slices.Clone(v))
	case []any:
		return p.applyList(slices.Clone(v))
	}
	return nil, errors.New("is a plain value, where a list or mapping should be")
}

func (p *patch) applyMapping(m values.Map) (any, error) {
	for _, c := range p.below {
		if c.step.Field == "" {
			return nil, errors.New("is a mapping where a list should be")
		}
		i := m.IndexOf(c.step.Field)
		if c.delete {
			if i >= 0 {
				m = slices.Delete(m, i, i+1)
			}
			continue
		}
		v, err := c.applyTo(m.Get(c.step.Field))
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", c.step.Field, err)
		case i >= 0:
			m[i].Value = v
		case v != nil:
			m = append(m, values.Entry{Key: c.step.Field, Value: v})
		}
	}
	return slices.DeleteFunc(m, func(e values.Entry) bool {
		edited := func(c *patch) bool { return c.step.Field == e.Key && len(c.below) > 0 }
		list, ok := e.Value.([]any)
		return ok && len(list) == 0 && slices.ContainsFunc(p.below, edited)
	}), nil
}

func (p *patch) applyList(list []any) (any, error) {
	for _, c := range p.below {
		if c.step.Field != "" {
			return nil, errors.New("is a list where a mapping should be")
		}
		i := slices.IndexFunc(list, func(v any) bool { return isEntry(v, c.step) })
		if c.step.Key == sidecar.Position {
			i = positionIn(len(list), c.step)
		}
		switch {
		case c.delete && i >= 0:
			list = slices.Delete(list, i, i+1)
		case c.delete:
		case i >= 0:
			v, err := c.applyTo(list[i])
			if err != nil {
				return nil, err
			}
			list[i] = v
		default:
			if o := c.findOrphan(); o != nil {
				return nil, fmt.Errorf("has no entry whose %s is %s", o.step.Key, o.step.Value)
			}
			v, _ := c.wholeValue()
			at := slices.IndexFunc(list, func(v any) bool {
				return c.before != "" && isEntry(v, sidecar.Step{Key: c.step.Key, Value: c.before})
			})
			if at < 0 {
				at = len(list)
			}
			list = slices.Insert(list, at, v)
		}
	}
	return list, nil
}

// isEntry reports whether a value is the entry of a step.
func isEntry(v any, s sidecar.Step) bool {
	m, ok := v.(values.Map)
	if ok != (s.Key != ".") {
		return false
	}
	if !ok {
		return v != nil && fmt.Sprint(v) == s.Value
	}
	have := m.Get(s.Key)
	if protocol := m.Get("protocol"); sidecar.IsPortKey(s.Key) && protocol != nil && protocol != "TCP" {
		have = fmt.Sprintf("%v/%v", have, protocol)
	}
	return have != nil && fmt.Sprint(have) == s.Value
}

package manifest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// apply lays a patch on a value, where that is written out anyway.
func (p *patch) apply(v any) (any, error) {
	if p.set {
		return p.value, nil
	}
	if len(p.below) == 0 {
		return v, nil
	}
	switch v := v.(type) {
	case nil:
		if o := p.orphan(); o != nil {
			return nil, fmt.Errorf("has no entry whose %s is %s", o.step.Key, o.step.Value)
		}
		if whole, some := p.whole(); some {
			return whole, nil
		}
		return nil, nil
	case ordered:
		return p.applyMapping(slices.Clone(v))
	case []any:
		return p.applyList(slices.Clone(v))
	}
	return nil, errors.New("is a plain value, where a list or mapping should be")
}

func (p *patch) applyMapping(m ordered) (any, error) {
	for _, c := range p.below {
		if c.step.Field == "" {
			return nil, errors.New("is a mapping where a list should be")
		}
		i := m.index(c.step.Field)
		if c.delete {
			if i >= 0 {
				m = slices.Delete(m, i, i+1)
			}
			continue
		}
		v, err := c.apply(m.get(c.step.Field))
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", c.step.Field, err)
		case i >= 0:
			m[i].value = v
		case v != nil:
			m = append(m, entry{c.step.Field, v})
		}
	}
	return slices.DeleteFunc(m, func(e entry) bool {
		list, ok := e.value.([]any)
		return ok && len(list) == 0 && slices.ContainsFunc(p.below, func(c *patch) bool { return c.step.Field == e.key && len(c.below) > 0 })
	}), nil
}

func (p *patch) applyList(list []any) (any, error) {
	for _, c := range p.below {
		if c.step.Field != "" {
			return nil, errors.New("is a list where a mapping should be")
		}
		i := slices.IndexFunc(list, func(v any) bool { return keyed(v, c.step) })
		switch {
		case c.delete && i >= 0:
			list = slices.Delete(list, i, i+1)
		case c.delete:
		case i >= 0:
			v, err := c.apply(list[i])
			if err != nil {
				return nil, err
			}
			list[i] = v
		default:
			if o := c.orphan(); o != nil {
				return nil, fmt.Errorf("has no entry whose %s is %s", o.step.Key, o.step.Value)
			}
			v, _ := c.whole()
			at := slices.IndexFunc(list, func(v any) bool {
				return c.before != "" && keyed(v, sidecar.Step{Key: c.step.Key, Value: c.before})
			})
			if at < 0 {
				at = len(list)
			}
			list = slices.Insert(list, at, v)
		}
	}
	return list, nil
}

// keyed reports whether a value is the entry that a step leads to.
func keyed(v any, s sidecar.Step) bool {
	m, ok := v.(ordered)
	if ok != (s.Key != ".") {
		return false
	}
	if !ok {
		return v != nil && fmt.Sprint(v) == s.Value
	}
	have := m.get(s.Key)
	if protocol := m.get("protocol"); sidecar.IsPortKey(s.Key) && protocol != nil && protocol != "TCP" {
		have = fmt.Sprintf("%v/%v", have, protocol)
	}
	return have != nil && fmt.Sprint(have) == s.Value
}

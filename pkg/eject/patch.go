package eject

import (
	"fmt"
	"slices"
	"strconv"
)

// An operation is one of a JSON patch (RFC 6902).
type operation struct {
	op    string // add, remove, replace, test, move
	at    place
	value any
}

// A patch changes one object. All tests stand before the first change, so they are about the object as it was.
type patch struct {
	tests   []operation
	changes []operation
}

// addTests adds tests that aren't there yet.
func (p *patch) addTests(tests ...operation) {
	for _, t := range tests {
		if !slices.ContainsFunc(p.tests, func(have operation) bool { return equalValues(have, t) }) {
			p.tests = append(p.tests, t)
		}
	}
}

func (p *patch) change(op string, at place, value any) {
	p.changes = append(p.changes, operation{op, at, value})
}

// isEmpty reports whether the patch needs no file.
func (p *patch) isEmpty() bool { return len(p.tests) == 0 && len(p.changes) == 0 }

// requireValue tests that a value is what it was.
func requireValue(at place, value any) operation { return operation{"test", at, value} }

// requireAbsence tests that there is no value: a test for null passes where nothing is.
func requireAbsence(at place) operation { return operation{"test", at, nil} }

// requirePresence tests that there is a value, whatever it is: what isn't there can't be moved to itself.
func requirePresence(at place) operation { return operation{"move", at, nil} }

// lastEntry is added to a list for a moment, to see at which index it lands.
const lastEntry = "outrigger.dev/last"

// requireLength tests how many entries a list has.
func requireLength(list place, n int) []operation {
	return []operation{{"add", list.to("-"), lastEntry}, {"test", list.toIndex(n), lastEntry},
		{"remove", list.toIndex(n), nil}}
}

// apply applies the patch to an object, as kustomize does.
func (p *patch) apply(o Object) (Object, error) {
	o = cloneValue(o).(Object)
	if meta, ok := o["metadata"].(map[string]any); ok && meta["annotations"] == nil {
		meta["annotations"] = map[string]any{} // see passing
	}
	for _, step := range slices.Concat(p.tests, p.changes) {
		if err := step.apply(o); err != nil {
			return nil, fmt.Errorf("%s %s: %w", step.op, step.at.pointer(), err)
		}
	}
	return o, nil
}

func (s operation) apply(o Object) error {
	parent, there := valueAt(o, s.at[:len(s.at)-1])
	if !there {
		return fmt.Errorf("its parent is missing")
	}
	last := s.at[len(s.at)-1]
	switch parent := parent.(type) {
	case map[string]any:
		return s.applyToField(parent, last)
	case []any:
		changed, err := s.applyToList(parent, last)
		if err != nil || changed == nil {
			return err
		}
		return operation{"add", s.at[:len(s.at)-1], changed}.apply(o)
	}
	return fmt.Errorf("its parent has no fields")
}

func (s operation) applyToField(parent map[string]any, key string) error {
	have, there := parent[key]
	switch s.op {
	case "test":
		if !equalValues(have, s.value) {
			return fmt.Errorf("it has another value")
		}
		return nil
	case "add":
		parent[key] = cloneValue(s.value)
		return nil
	}
	switch {
	case !there:
		return fmt.Errorf("it's missing")
	case s.op == "remove":
		delete(parent, key)
	case s.op == "replace":
		parent[key] = cloneValue(s.value)
	}
	return nil
}

// applyToList returns the new list, or nil if it stays as it is.
func (s operation) applyToList(list []any, step string) ([]any, error) {
	i, err := strconv.Atoi(step)
	if step == "-" {
		i, err = len(list), nil
	}
	switch {
	case err != nil || i > len(list) || i == len(list) && s.op != "add":
		return nil, fmt.Errorf("the list has %d entries", len(list))
	case s.op == "test" && !equalValues(list[i], s.value):
		return nil, fmt.Errorf("it has another value")
	case s.op == "add":
		return slices.Insert(slices.Clone(list), i, cloneValue(s.value)), nil
	case s.op == "remove":
		return slices.Delete(slices.Clone(list), i, i+1), nil
	case s.op == "replace":
		list[i] = cloneValue(s.value)
	}
	return nil, nil
}

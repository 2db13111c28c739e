package eject

import (
	"errors"
	"slices"
)

// guard adds tests of all that the function's answer depends on: for each variant of the base for which the function's
// answer isn't the variant with the patches, a patch must fail.
func (c *component) guard(run Function, known []map[string]string) {
	ports := portsOf(c.base)
	for _, withPods := range []bool{true, false} { // a workload may come out different for the sake of a Service
		variants := make([][]variant, len(c.base))
		rounds := 0
		for i, o := range c.base {
			if textAt(o, "metadata", "name") != "" && hasPods(o) == withPods {
				variants[i] = vary(o, known, ports)
				rounds = max(rounds, len(variants[i]))
			}
		}
		for n := range rounds { // one variant of each object at a time
			changed := map[int]variant{}
			for i, all := range variants {
				if n < len(all) {
					changed[i] = all[n]
				}
			}
			c.guardAgainst(run, changed)
		}
	}
}

// fewObjects is how many variants are tried apart, if they come out different together. Of more, those that came out
// different themselves are taken to be why, which takes fewer runs, and adds a test now and then that isn't needed.
const fewObjects = 8

// hasPods reports whether a value has the containers of a pod somewhere.
func hasPods(v any) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	if _, ok := m["containers"].([]any); ok {
		return true
	}
	for _, field := range m {
		if hasPods(field) {
			return true
		}
	}
	return false
}

// guardAgainst adds tests against variants of some objects, by their indexes.
func (c *component) guardAgainst(run Function, changed map[int]variant) {
	base := slices.Clone(c.base)
	patched := slices.Clone(c.base)
	var which []int
	for i, o := range c.base {
		v, varied := changed[i]
		if varied {
			o = v.object
		}
		now, err := c.patches[i].apply(o)
		if err != nil { // it's guarded against already
			delete(changed, i)
			now, err = c.patches[i].apply(c.base[i])
			o, varied = c.base[i], false
			if err != nil {
				panic(err) // a patch that doesn't fit the object of which it was made
			}
		}
		if varied {
			which = append(which, i)
		}
		base[i], patched[i] = o, now
	}
	if len(which) == 0 {
		return
	}
	different, ok := c.compareRun(run, base, patched)
	switch {
	case ok && len(different) == 0:
		return
	case len(which) == 1:
		for name := range different {
			c.owners[name] = which[0]
		}
		c.patches[which[0]].addTests(changed[which[0]].tests...)
		return
	}
	if len(which) > fewObjects && c.guardDifferent(changed, which, different) {
		c.guardAgainst(run, changed)
		return
	}
	for _, half := range [][]int{which[:len(which)/2], which[len(which)/2:]} {
		part := map[int]variant{}
		for _, i := range half {
			part[i] = changed[i]
		}
		c.guardAgainst(run, part)
	}
}

// guardDifferent adds tests against the variants of objects that came out different, or made others different before,
// and takes them from the variants. found says that there were some.
func (c *component) guardDifferent(changed map[int]variant, which []int, different map[string]bool) (found bool) {
	blamed := map[int]bool{}
	for name := range different {
		if i, known := c.owners[name]; known {
			blamed[i] = true
		}
	}
	for _, i := range which {
		if blamed[i] || different[nameObject(c.base[i])] {
			c.patches[i].addTests(changed[i].tests...)
			delete(changed, i)
			found = true
		}
	}
	return found
}

// compareRun returns the names of objects that the function refuses, or makes otherwise than the patches.
// ok says that it ran.
func (c *component) compareRun(run Function, base, patched []Object) (different map[string]bool, ok bool) {
	different = map[string]bool{}
	after, err := run(cloneObjects(base))
	if refused, ok := errors.AsType[*Refused](err); ok {
		for _, name := range refused.Objects {
			different[name] = true
		}
	}
	if err != nil {
		return different, false
	}
	want := map[string]Object{}
	for _, o := range after {
		want[nameObject(o)] = tidyObject(o)
	}
	for _, o := range slices.Concat(patched, c.added) {
		name := nameObject(o)
		if w, there := want[name]; !there || !equalValues(w, tidyObject(o)) {
			different[name] = true
		}
		delete(want, name)
	}
	for name := range want {
		different[name] = true
	}
	return different, true
}

package eject

import "slices"

// diffObjects returns the patch that makes after of before, with tests of what it replaces and adds.
func diffObjects(before, after Object) *patch {
	p := &patch{}
	p.diffMaps(nil, before, after)
	return p
}

func (p *patch) diffValues(at place, before, after any) {
	switch after := after.(type) {
	case map[string]any:
		if m, ok := before.(map[string]any); ok {
			p.diffMaps(at, m, after)
			return
		}
	case []any:
		if list, ok := before.([]any); ok {
			p.diffLists(at, list, after)
			return
		}
	}
	if !equalValues(before, after) {
		p.addTests(requireValue(at, before))
		p.change("replace", at, after)
	}
}

func (p *patch) diffMaps(at place, before, after map[string]any) {
	for _, key := range sortedKeys(before) {
		if _, kept := after[key]; !kept {
			p.addTests(requireValue(at.to(key), before[key]))
			p.change("remove", at.to(key), nil)
		}
	}
	for _, key := range sortedKeys(after) {
		was, there := before[key]
		switch field := at.to(key); {
		case there:
			p.diffValues(field, was, after[key])
		case slices.Equal(field, notesPlace):
			p.diffMaps(field, nil, after[key].(map[string]any))
		default:
			p.addTests(requireAbsence(field))
			p.change("add", field, after[key])
		}
	}
}

// diffLists goes from the last entry to the first, so that indexes stay what they were in before.
func (p *patch) diffLists(at place, before, after []any) {
	pairs := pairEntries(before, after)
	i, j := len(before), len(after)
	for n := len(pairs); n >= 0; n-- {
		from, to := -1, -1
		if n > 0 {
			from, to = pairs[n-1][0], pairs[n-1][1]
		}
		p.replaceEntries(at, before, after, [2]int{from + 1, i}, [2]int{to + 1, j})
		if n == 0 {
			return
		}
		if i, j = from, to; !equalValues(before[from], after[to]) {
			p.diffValues(at.toIndex(from), before[from], after[to])
		}
	}
}

// replaceEntries puts entries of one list in the place of those of another that have no counterpart.
func (p *patch) replaceEntries(at place, before, after []any, old, fresh [2]int) {
	for i := old[1] - 1; i >= old[0]; i-- {
		p.addTests(requireValue(at.toIndex(i), before[i]))
		p.change("remove", at.toIndex(i), nil)
	}
	if old[1] == len(before) {
		for _, v := range after[fresh[0]:fresh[1]] {
			p.change("add", at.to("-"), v)
		}
		return
	}
	for j := fresh[1] - 1; j >= fresh[0]; j-- {
		p.change("add", at.toIndex(old[0]), after[j])
	}
}

// pairEntries finds the entries that two lists share, in their order: a longest common subsequence.
func pairEntries(a, b []any) (pairs [][2]int) {
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if isSameEntry(a[i], b[j]) {
				longest[i][j] = max(longest[i][j], 1+longest[i+1][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case isSameEntry(a[i], b[j]) && longest[i][j] == 1+longest[i+1][j+1]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

// keys are the fields by which entries of lists are told apart.
var keys = []string{"name", "mountPath", "containerPort", "port", "host", "ip", "key", "path"}

// isSameEntry reports whether two entries are the same one, which may have other content.
func isSameEntry(a, b any) bool {
	m, ok := a.(map[string]any)
	n, ok2 := b.(map[string]any)
	if !ok || !ok2 {
		return equalValues(a, b)
	}
	for _, key := range keys {
		if m[key] != nil && n[key] != nil {
			return equalValues(m[key], n[key])
		}
	}
	return equalValues(a, b)
}

// requireEntry tests that an entry of a list is the one that it was, by its key if it has one.
func requireEntry(at place, list []any, i int) operation {
	if m, ok := list[i].(map[string]any); ok {
		for _, key := range keys {
			if m[key] != nil {
				return requireValue(at.toIndex(i).to(key), m[key])
			}
		}
	}
	return requireValue(at.toIndex(i), list[i])
}

package generate

import "slices"

// Shrink makes a pair smaller as long as it fails: it leaves out one object,
// field, list entry, comment or style after the other.
func (p *Pair) Shrink(fails func() bool) {
	for tries, shrunk := 0, true; shrunk && tries < 4000; {
		shrunk = false
		for _, cut := range p.listCuts() {
			if tries++; tries > 4000 {
				return
			}
			if back := cut(); back != nil {
				if fails() {
					shrunk = true
				} else {
					back()
				}
			}
		}
	}
}

// listCuts are the ways to make it smaller. Each gives back the way to undo it, or
// nil where it has nothing to cut any more.
func (p *Pair) listCuts() []func() func() {
	var all []func() func()
	for _, o := range p.objects {
		all = append(all, func() func() { return p.withoutEntry(o) })
	}
	all = append(all, func() func() { return put(&p.file, file{}) }, func() func() { return put(&p.file.tail, "") },
		func() func() { return put(&p.file.crlf, false) }, func() func() { return put(&p.file.bom, false) },
		func() func() { return put(&p.file.open, false) }, func() func() { return put(&p.layout, layout{2, false, 1}) },
		func() func() { return put(&p.layout.gap, 1) }, func() func() { return put(&p.form, stream) })
	for i, o := range p.objects {
		plain := "---\n"
		if i == 0 {
			plain = ""
		}
		all = append(all, func() func() { return put(&o.between, plain) })
	}
	roots := []*Node{p.config}
	for _, o := range p.objects {
		roots = append(roots, o.Node)
	}
	for _, root := range roots {
		root.walk(func(n *Node) { all = append(all, n.listCuts()...) })
	}
	return all
}

func (n *Node) listCuts() []func() func() {
	var all []func() func()
	for _, e := range n.entries {
		all = append(all,
			func() func() { return n.withoutChild(e) },
			func() func() {
				was := *e
				if e.quote == "" && e.behind == "" && len(e.above)+len(e.below) == 0 {
					return nil
				}
				e.quote, e.behind, e.above, e.below = "", "", nil, nil
				return func() { *e = was }
			},
			func() func() { return put(&e.quote, "") },
			func() func() { return put(&e.behind, "") },
			func() func() { return put(&e.own, false) },
			func() func() { return put(&e.low, false) },
			func() func() { return clear(&e.over) },
			func() func() { return clear(&e.above) },
			func() func() { return clear(&e.below) },
		)
	}
	if n.broken {
		all = append(all, func() func() { return put(&n.broken, false) })
	}
	if n.flow {
		all = append(all, func() func() { return put(&n.flow, false) })
	}
	return all
}

func (p *Pair) withoutEntry(o *Object) func() {
	if len(p.objects) < 2 {
		return nil
	}
	return without(&p.objects, o)
}

// without takes an item out of a list, and returns how to put it back; nil if it isn't there.
func without[T any](list *[]*T, item *T) (undo func()) {
	was := *list
	i := slices.Index(was, item)
	if i < 0 {
		return nil
	}
	*list = slices.Concat(was[:i], was[i+1:])
	return func() { *list = was }
}

// kept are fields without which a manifest or config would be none.
var kept = map[string]bool{"apiVersion": true, "kind": true, "name": true, "containerPort": true}

func (n *Node) withoutChild(e *Entry) func() {
	if kept[e.key] {
		return nil
	}
	return without(&n.entries, e)
}

// put sets what isn't so already.
func put[T comparable](at *T, v T) func() {
	was := *at
	if was == v {
		return nil
	}
	*at = v
	return func() { *at = was }
}

// clear takes comments away.
func clear(at *[]comment) func() {
	was := *at
	if len(was) == 0 {
		return nil
	}
	*at = nil
	return func() { *at = was }
}

package manifest

import "github.com/outrigger-dev/outrigger/pkg/manifest/positioned"

// arenas are those of a text's objects that aren't read any more.
type arenas struct {
	free   []*positioned.Arena
	parked []*positioned.Arena // of objects that were released: whoever released one may still have its nodes
}

// mostArenas is how many are kept. More objects are hardly ever read at one time.
const mostArenas = 8

// ownArena returns the arena for the object's nodes.
func (o *Object) ownArena() *positioned.Arena {
	if all := &o.text.arenas; o.arena == nil {
		if n := len(all.free); n > 0 {
			o.arena, all.free = all.free[n-1], all.free[:n-1]
		} else {
			o.arena = &positioned.Arena{}
		}
	}
	return o.arena
}

// Release drops the nodes. They are read again if they are needed.
func (o *Object) Release() {
	if o.from == o.to || o.err != nil {
		return
	}
	if all := &o.text.arenas; o.arena != nil && len(all.parked) < mostArenas {
		all.parked = append(all.parked, o.arena)
	}
	o.node, o.part, o.arena = nil, nil, nil
}

// Recycle lets the memory of objects that were released be used for others. Nobody may be looking at an object
// meanwhile: it's for the end of a round of a loop over all objects.
func (t *Text) Recycle() {
	all := &t.arenas
	for _, a := range all.parked {
		if a.Clear(); len(all.free) < mostArenas {
			all.free = append(all.free, a)
		}
	}
	clear(all.parked)
	all.parked = all.parked[:0]
}

// Glance looks at an object and releases it. Its memory is used again without [Text.Recycle], as nobody else can have
// the nodes, unless it was read before.
func (o *Object) Glance(look func()) {
	wasRead := o.node != nil || o.part != nil
	look()
	if wasRead || o.from == o.to || o.err != nil || o.arena == nil {
		o.Release()
		return
	}
	if o.arena.Clear(); len(o.text.arenas.free) < mostArenas {
		o.text.arenas.free = append(o.text.arenas.free, o.arena)
	}
	o.node, o.part, o.arena = nil, nil, nil
}

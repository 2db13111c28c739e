package positioned

// An Arena has room for the nodes of what is read, and takes it back for what is read next. Nodes are most of what a
// run allocates, and nearly all are needed for a moment. The zero value is ready.
type Arena struct {
	nodes pool[Node]
	lists pool[*Node]
	open  []*Node // keys and values of the collections that aren't read to their ends yet
}

// Clear takes back all nodes that were read into the arena. They are empty then.
func (a *Arena) Clear() {
	a.nodes.clear()
	a.lists.clear()
	clear(a.open[:cap(a.open)])
	a.open = a.open[:0]
}

// A pool gives out parts of its chunks, and takes them back all at once.
type pool[T any] struct {
	chunks [][]T
	at     int // the chunk from which parts are cut
	used   int // how much of it is given out
}

// mostChunks is how many chunks a pool keeps. They have room for all but huge objects.
const mostChunks = 32

// take returns a part with n zero values. A new chunk has room for so many more.
func (p *pool[T]) take(n, more int) []T {
	for p.at < len(p.chunks) && p.used+n > len(p.chunks[p.at]) {
		p.at, p.used = p.at+1, 0
	}
	if p.at == len(p.chunks) {
		p.chunks = append(p.chunks, make([]T, max(n, more)))
	}
	part := p.chunks[p.at][p.used : p.used+n : p.used+n]
	p.used += n
	return part
}

func (p *pool[T]) clear() {
	for i := range min(p.at, len(p.chunks)) {
		clear(p.chunks[i])
	}
	if p.at < len(p.chunks) {
		clear(p.chunks[p.at][:p.used])
	}
	if len(p.chunks) > mostChunks {
		clear(p.chunks[mostChunks:])
		p.chunks = p.chunks[:mostChunks]
	}
	p.at, p.used = 0, 0
}

func (b *fastReader) newNode(kind Kind, start int) *Node {
	if b.count++; b.count > maxValues {
		b.no = true
	}
	n := &b.nodes.take(1, min(max((b.to-b.at)/20, 4), 64))[0] // about the number of nodes
	n.Kind, n.Start = kind, start
	return n
}

// cutLists returns the values, or the keys and the values, that were read since there were from open nodes. Most
// collections are small and there are many, so each list has just its size.
func (b *fastReader) cutLists(from int, keys bool) (ks, vs []*Node) {
	read := b.open[from:]
	list := b.lists.take(len(read), min(max((b.to-b.at)/16, 8), 128))
	b.open = b.open[:from]
	if !keys {
		copy(list, read)
		return nil, list
	}
	half := len(read) / 2
	ks, vs = list[:half:half], list[half:]
	for i := range half {
		ks[i], vs[i] = read[2*i], read[2*i+1]
	}
	return ks, vs
}

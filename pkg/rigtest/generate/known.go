package generate

// known are shapes that don't work yet: none is generated while its switch is on.
// Each says what goes wrong; a fault that is mended takes its line along.
var known = struct {
	emptyInBrackets bool // {annotations: }: stripping takes the blank away, and {annotations:} isn't read again as it was
	samePortUDP     bool // a takeover of 8000 takes 8000/UDP out, too: the address has no protocol
	nullPreStop     bool // preStop: null: stripping writes the null on a line of its own
	emitsAtOpenEnd  bool // no last line break: what is emitted there ends in a block scalar, which the next run refuses
	adjacentPorts   bool // 8001 and 8002 taken over, 8000 left: stripping puts 8002 in front of 8000
	commentAtPorts  bool // a comment at the end of the entry before ports, which leave: with env added there, the record counts it one time too many
	aliases         bool // in a touched pod template, they're refused: "not-editable"
	brokenInits     bool // initContainers: [ on several lines ]: stripping what went in between joins two lines
	nameless        bool // a config without a name: with a record, every object is taken for one of its own and pruned
}{
	emptyInBrackets: true,
	samePortUDP:     true,
	nullPreStop:     true,
	emitsAtOpenEnd:  true,
	adjacentPorts:   true,
	commentAtPorts:  true,
	brokenInits:     true,
	nameless:        true,
	aliases:         true,
}

// avoid mends how things are written where it doesn't work yet.
func (p *Pair) avoid() {
	for _, o := range p.objects {
		o.walk(func(n *Node) {
			for i, e := range n.entries {
				if known.commentAtPorts && i > 0 && e.key == "ports" {
					n.entries[i-1].bareEnd()
				}
				if known.brokenInits && e.key == "initContainers" {
					e.value.walk(func(n *Node) { n.broken = false })
				}
			}
		})
	}
}

// bareEnd takes the comments below an entry away.
func (e *Entry) bareEnd() {
	e.below = nil
	if n := len(e.value.entries); n > 0 {
		e.value.entries[n-1].bareEnd()
	}
}

package merge

// A graph has an edge from each node to those that must come after it.
type graph struct {
	follows [][]int // follows[a]: nodes that come after a
	waits   []int   // waits[a]: number of nodes that come before a
}

func newGraph(n int) *graph { return &graph{make([][]int, n), make([]int, n)} }

// addEdge adds an edge: a comes before b.
func (g *graph) addEdge(a, b int) {
	g.follows[a] = append(g.follows[a], b)
	g.waits[b]++
}

// sortStable returns all nodes in order. Among nodes that could come next it takes the
// first by less, and among equal ones the lowest number. It breaks each cycle at
// one place, and returns the members of the cycles.
func (g *graph) sortStable(less func(a, b int) bool) (order []int, cycles [][]int) {
	n := len(g.waits)
	waits, done := append([]int(nil), g.waits...), make([]bool, n)
	order = make([]int, 0, n)
	for len(order) < n {
		next := -1
		for i := range n {
			if !done[i] && waits[i] <= 0 && (next < 0 || less(i, next)) {
				next = i
			}
		}
		if next < 0 {
			cycle := g.findCycle(done)
			cycles = append(cycles, cycle)
			next = cycle[0]
		}
		done[next] = true
		order = append(order, next)
		for _, j := range g.follows[next] {
			waits[j]--
		}
	}
	return order, cycles
}

// findCycle returns a cycle among nodes that aren't done, each of which waits for another
// one. It begins with its lowest member.
func (g *graph) findCycle(done []bool) []int {
	before := make([]int, len(done)) // a node that it waits for
	for a := range done {
		before[a] = -1
	}
	at := -1
	for a, follows := range g.follows {
		if done[a] {
			continue
		}
		if at < 0 {
			at = a
		}
		for _, b := range follows {
			if before[b] < 0 {
				before[b] = a
			}
		}
	}
	for range done { // after that many steps it is in the cycle
		at = before[at]
	}
	cycle := []int{at}
	for b := before[at]; b != at; b = before[b] {
		cycle = append(cycle, b)
	}
	low := 0
	for i := range cycle {
		if cycle[i] < cycle[low] {
			low = i
		}
	}
	out := make([]int, 0, len(cycle))
	for i := range cycle { // cycle is in backward order
		out = append(out, cycle[(low-i+len(cycle))%len(cycle)])
	}
	return out
}

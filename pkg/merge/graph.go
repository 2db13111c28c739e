package merge

// A graph is of things, told apart by number, some of which come before others.
type graph struct {
	follows [][]int // follows[a]: those that come after a
	waits   []int   // how many come before
}

func newGraph(n int) *graph { return &graph{make([][]int, n), make([]int, n)} }

// edge says that a comes before b.
func (g *graph) edge(a, b int) {
	g.follows[a] = append(g.follows[a], b)
	g.waits[b]++
}

// sort puts all in order. Of those that could come next, the first by less comes,
// and of equal ones the one with the lowest number: the order is stable. Cycles
// are broken at one place, and told with just their members.
func (g *graph) sort(less func(a, b int) bool) (order []int, cycles [][]int) {
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
			cycle := g.cycle(done)
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

// cycle finds one among those that aren't done, each of which waits for another
// one of them. It begins with its lowest member.
func (g *graph) cycle(done []bool) []int {
	before := make([]int, len(done)) // somebody for whom it waits
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
	for range done { // after as many steps it goes round
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
	for i := range cycle { // before leads backwards
		out = append(out, cycle[(low-i+len(cycle))%len(cycle)])
	}
	return out
}

package generate

import "fmt"

// A hand is somebody's way to write: how often there are comments, brackets and
// quotes, and whether keys are in any order.
type hand struct {
	random
	comments int // one line in so many has one; 0: none
	brackets int // one collection in so many stands in brackets; 0: none
	sorted   bool
	said     *int // how many comments there are; each is another one
}

// A comment has its number at the end.
var remarks = []string{
	"# why", "#", "#no blank", "# ünïcode … 日本語 🚢", "# - name: not an entry", "# key: value", "# ---", "#\t tab",
	"# \"quote' {[",
	"# outrigger.dev/patterns: none",
	"# a very long remark that goes on and on, well past the width at which many programs would break a line " +
		"of text into two of them",
}

var behinds = []string{" # why ", "   #", "  # ünï 🚢 ", " # key: value ", "\t# tab ", " # ] } \" "}

// drawStyle decides how everything below n is written.
func (h hand) drawStyle(n *Node) { h.styleNode(n, false) }

// drawBrackets reports whether a collection stands in brackets.
func (h hand) drawBrackets(n *Node) bool {
	often := len(n.entries) > 0 && h.brackets > 0 && h.one(h.brackets)
	return often && !n.useBlocks() && n.size() < 14
}

func (h hand) styleNode(n *Node, brackets bool) {
	if n.fixed {
		h.fixStyle(n)
		return
	}
	if !h.sorted && n.kind == mapKind && h.one(4) {
		h.Shuffle(len(n.entries), func(i, j int) { n.entries[i], n.entries[j] = n.entries[j], n.entries[i] })
	}
	switch {
	case n.kind == stringKind:
		n.text = h.quoteScalar(n.value, brackets)
	case brackets:
		n.flow = true
	case n.isCollection() && h.drawBrackets(n):
		n.flow, brackets = true, true
		n.broken = h.one(5)
	}
	for i, e := range n.entries {
		if n.kind == mapKind && h.one(50) {
			e.quote = pick(h.random, "'", "\"")
		}
		h.styleNode(e.value, brackets)
		if !brackets {
			h.addComment(e, n.kind == listKind, i == 0)
		}
	}
}

// fixStyle writes strings that have no text yet, in double quotes.
func (h hand) fixStyle(n *Node) {
	n.walk(func(n *Node) {
		if n.kind == stringKind {
			n.text = double(n.value)
		}
	})
}

// useBlocks reports whether there is a block scalar below n.
func (n *Node) useBlocks() (found bool) {
	n.walk(func(n *Node) { found = found || len(n.body) > 0 || n.prefix != "" || n.fixed })
	return found
}

func (n *Node) size() (size int) {
	n.walk(func(*Node) { size++ })
	return size
}

// addComment puts comments around an entry.
func (h hand) addComment(e *Entry, item, first bool) {
	if item && e.value.isCollection() && len(e.value.entries) > 0 && !e.value.flow {
		e.own = h.one(20)
	}
	e.low = !item && h.drawLow(e.value)
	if h.comments == 0 {
		return
	}
	if e.low && h.one(3) {
		e.over = append(e.over, comment{h.drawComment(remarks), h.one(6)})
	}
	if h.one(h.comments) {
		for range 1 + h.IntN(2) {
			e.above = append(e.above, comment{h.drawComment(remarks), h.one(6)})
		}
		if h.one(4) {
			e.above = append(e.above, comment{})
		}
	}
	if h.one(h.comments) && !(item && e.value.isCollection() && !e.value.flow && !e.own) {
		if e.behind = "  "; !h.one(6) {
			e.behind = h.drawComment(behinds)
		}
		if e.own && e.behind[0] == '\t' {
			e.behind = " " + e.behind[1:] // readers want no tab behind a dash
		}
	}
	if h.one(4 * h.comments) {
		e.below = append(e.below, comment{h.drawComment(remarks), h.one(6)})
	}
}

// drawLow reports whether a value stands on the line below its key, as empty ones often do.
func (h hand) drawLow(n *Node) bool {
	switch {
	case len(n.body) > 0 || n.prefix != "":
		return false
	case n.isEmpty():
		return h.one(4)
	}
	return n.text != "" && h.one(80)
}

func (h hand) drawComment(from []string) string {
	*h.said++
	return fmt.Sprintf("%s%d;", pick(h.random, from...), *h.said) // none is the beginning of another
}

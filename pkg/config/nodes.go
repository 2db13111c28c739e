package config

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	maxDepth    = 100     // of nested values; nothing in Kubernetes is nearly as deep
	aliasBudget = 1 << 20 // bytes that aliases may add to a document
	maxFindings = 1000    // nobody reads more
)

// A reader walks YAML nodes and collects mistakes. Its work is bounded, whatever aliases and nesting the document has.
type reader struct {
	findings sidecar.Findings
	lines    map[string]int  // of each field that was read, by path
	silent   map[string]bool // paths that need no further findings
	flat     bool            // values of all types are texts, as in a ConfigMap
	partial  bool            // required fields may be missing, and null removes a field
	over     string          // the path of the partial value that is read
	trail    []string        // the fields and positions below it that lead to what is read
	moved    bool            // a runner has written the text anew, so that lines say nothing
	budget   int             // bytes that may still be read
	depth    int
	stopped  bool
	above    []above // the structs around, outermost first

	nulls map[string]sidecar.Nulls // what partial values remove, by their paths
}

// newReader returns a reader for n and the nodes below it.
func newReader(n *yaml.Node) *reader {
	r := &reader{lines: map[string]int{}, silent: map[string]bool{}, nulls: map[string]sidecar.Nulls{},
		budget: aliasBudget}
	var weigh func(*yaml.Node)
	weigh = func(n *yaml.Node) {
		r.budget += 2 * nodeWeight(n) // some nodes are read twice
		for _, c := range n.Content {
			weigh(c)
		}
	}
	weigh(n)
	return r
}

func nodeWeight(n *yaml.Node) int { return 16 + len(n.Value) + 8*len(n.Content) }

// enter must be called before a node is read, and leave after that. It reports whether the node can be read.
func (r *reader) enter(n *yaml.Node, at string) bool {
	r.depth++
	r.budget -= nodeWeight(n)
	switch {
	case r.stopped:
	case r.depth > maxDepth:
		r.stopReading(n, at, "too-deep", fmt.Sprintf("is nested more than %d levels deep", maxDepth))
	case r.budget < 0:
		r.stopReading(n, at, "alias-bomb", "aliases make the document too large")
	case !isKnownTag(n.ShortTag()) && n.Kind != yaml.AliasNode:
		r.addFinding(n.Line, at, "wrong-type", "the tag "+quoteWord(n.Tag)+" isn't known here", "remove the tag")
		return false
	}
	return !r.stopped
}

func (r *reader) leave() { r.depth-- }

func isKnownTag(tag string) bool {
	switch tag {
	case yaml.NodeTagNull, yaml.NodeTagString, yaml.NodeTagBool, yaml.NodeTagInt, yaml.NodeTagFloat,
		yaml.NodeTagMap, yaml.NodeTagSeq, yaml.MergeTag, timestampTag, "":
		return true
	}
	return false
}

const timestampTag = "!!timestamp"

// stopReading reports a mistake and stops: the rest of the document isn't read.
func (r *reader) stopReading(n *yaml.Node, at, code, message string) {
	r.addFinding(n.Line, at, code, message, "")
	r.stopped = true
}

// addFinding appends an error.
func (r *reader) addFinding(line int, at, code, message, hint string) {
	if r.stopped {
		return
	}
	r.findings = append(
		r.findings,
		sidecar.Finding{Severity: sidecar.Error, Code: code, Line: line, Field: at, Message: message, Hint: hint},
	)
	if len(r.findings) == maxFindings {
		r.findings = append(r.findings, sidecar.Finding{Severity: sidecar.Error, Code: "too-many-errors",
			Message: "there are more errors, which aren't printed"})
		r.stopped = true
	}
}

// lineOfField returns the line of a field, or of the nearest one above that was read.
func (r *reader) lineOfField(at string) int { return lineIn(r.lines, at) }

func lineIn(lines map[string]int, at string) int {
	for at != "" {
		if n, ok := lines[at]; ok {
			return n
		}
		at = parentPath(at)
	}
	return lines[""]
}

// describeFirst returns what is wrong with the second of two fields, whose first one is in a line.
func (r *reader) describeFirst(line int, what, without string) string {
	if r.moved {
		return without
	}
	return fmt.Sprintf(what, line)
}

// parentPath returns the path above another.
func parentPath(at string) string { return at[:max(strings.LastIndexAny(at, ".["), 0)] }

// A pair is one field of a mapping.
type pair struct {
	name  string
	line  int
	value *yaml.Node
}

// listPairs returns the fields of a mapping in their order, and then those of its merge keys (<<). It reports a
// duplicate field, and uses its first value. If a person chooses the names, findings don't contain them: in a Secret,
// they may be secret.
func (r *reader) listPairs(n *yaml.Node, at string, chosen bool) []pair {
	var out []pair
	seen := map[string]int{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch tag := key.ShortTag(); {
		case key.Kind != yaml.ScalarNode:
			r.addFinding(key.Line, at, "wrong-type", "a field's name must be a string, not "+describeNode(key), "")
		case tag == yaml.MergeTag:
			merges = append(merges, value)
		case tag != yaml.NodeTagString:
			r.addFinding(
				key.Line,
				joinPath(at, key.Value),
				"wrong-type",
				"a field's name must be a string, not "+describeNode(key),
				"quote it",
			)
		case seen[key.Value] > 0 && chosen:
			r.addFinding(
				key.Line,
				at,
				"duplicate-field",
				r.describeFirst(seen[key.Value], "has one name twice, first in line %d", "has one name twice"),
				"remove one of them",
			)
		case seen[key.Value] > 0:
			r.addFinding(
				key.Line,
				joinPath(at, key.Value),
				"duplicate-field",
				r.describeFirst(seen[key.Value], "is in line %d already", "is there twice"),
				"remove one of them",
			)
		default:
			seen[key.Value] = max(key.Line, 1)
			out = append(out, pair{key.Value, key.Line, value})
		}
	}
	for _, m := range merges {
		out = r.mergePairs(m, at, seen, out)
	}
	return out
}

// mergePairs appends the fields of one or several mappings that aren't in the list yet.
func (r *reader) mergePairs(n *yaml.Node, at string, seen map[string]int, out []pair) []pair {
	defer r.leave()
	if !r.enter(n, at) {
		return out
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.mergePairs(n.Alias, at, seen, out)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			out = r.mergePairs(item, at, seen, out)
		}
	case yaml.MappingNode:
		for _, p := range r.listPairs(n, at, true) {
			if seen[p.name] == 0 {
				seen[p.name] = max(p.line, 1)
				out = append(out, p)
			}
		}
	default:
		r.addFinding(n.Line, joinPath(at, "<<"), "wrong-type", "wanted a mapping to merge, got "+describeNode(n), "")
	}
	return out
}

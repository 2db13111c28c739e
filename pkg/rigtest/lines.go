package rigtest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"
)

// commentsStay checks that comments stay in their order. Comments among ports that a takeover moves go with them, and
// the record holds them.
func (c Case) commentsStay(t T, input, plain, laid string) {
	t.Helper()
	rest, taken := plain, ""
	for _, line := range splitLines(input) {
		text := findComment(line)
		if text == "" {
			continue
		}
		at := strings.Index(rest, text)
		if at < 0 {
			if taken == "" {
				taken = findRecords(c.readAnnotations(t, laid))
			}
			require.Contains(t, taken, text, "law 4: the comment is gone or has moved")
			continue
		}
		rest = rest[at+len(text):]
	}
}

// findComment is the comment on a line, or "": quotes before it must be closed.
func findComment(line string) string {
	for i := range line {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') &&
			strings.Count(line[:i], "'")%2 == 0 && strings.Count(line[:i], `"`)%2 == 0 {
			return line[i:]
		}
	}
	return ""
}

// findRecords are the texts that records hold.
func findRecords(annotations string) string {
	var b strings.Builder
	for _, line := range strings.Split(annotations, "\n") {
		var record struct{ Marks []struct{ Was string } }
		if json.Unmarshal([]byte(line), &record) == nil {
			for _, m := range record.Marks {
				b.WriteString(m.Was + "\n")
			}
		}
	}
	return b.String()
}

var (
	// filled are lines of collections that may have been written as empty, stand in brackets, or are aliases.
	filled = regexp.MustCompile(`: *,|[{}\[\]]|[:-] \*|^ +\*|: *(null|Null|~)|^ +(null|Null|~)\s*$` +
		`|outrigger.dev/(patterns|phases)`)
	// bareKey is a line with a key whose value stands below it, and bareValue one with nothing but such a value.
	bareKey   = regexp.MustCompile(`:\s*(#.*)?$`)
	bareValue = regexp.MustCompile(`^ +[^\s#-][^:#]*\s*$`)
	// portly are lines that a takeover may change or take away, with the comments among them.
	portly = regexp.MustCompile(`(?i)port|tcpSocket|host|gracePeriod|scheme|protocol|services|(http|ws)://|name` +
		`|^\s*#|^\s*$|^\s*-\s*(#.*)?$`)
)

// linesStay checks that lines stay in their order, but for those that may change.
func linesStay(t T, input, plain string, moved moves) {
	t.Helper()
	takeover := len(moved.to) > 0
	rest := splitLines(plain)
	mayChange := false // the value below a key
	for _, line := range splitLines(input) {
		if mayChange && bareValue.MatchString(line) {
			continue
		}
		comment := strings.HasPrefix(strings.TrimSpace(line), "#") // the value may stand below it
		mayChange = mayChange && comment || !comment && bareKey.MatchString(line)
		if filled.MatchString(line) ||
			(moved.appends || moved.rewrites || len(moved.values) > 0) && strings.Contains(line, "value") ||
			takeover && portly.MatchString(line) ||
			moved.grace && strings.Contains(line, "GracePeriod") ||
			moved.inCommand(line) ||
			strings.Contains(line, "safe-to-evict-local-volumes") {
			continue
		}
		mayChange = mayChange && comment
		i := slices.IndexFunc(rest, func(l string) bool {
			return l == line || raisesQuantity(line, l) || strings.HasPrefix(l, line+", ") || // the last one between brackets
				takeover && strings.Replace(l, "- ", "  ", 1) == line || // the first one has left a list's entry
				takeover && strings.HasSuffix(line, ",") &&
					strings.HasPrefix(l, strings.TrimSuffix(line, ",")) // or the last one brackets
		})
		require.GreaterOrEqual(t, i, 0, "law 4: a line is gone or has changed: %q", line)
		rest = rest[i+1:]
	}
}

// quantity matches a line with a quantity of a resource, which a pod's own resources may raise.
var quantity = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\s*(?:cpu|memory|hugepages-\w+): *)(['"]?)([0-9.]+[A-Za-z0-9]*)(['"]?)(.*)$`)
})

// raisesQuantity reports whether two lines are equal, except that the second has a larger quantity of a resource.
func raisesQuantity(line, raised string) bool {
	a, b := quantity().FindStringSubmatch(line), quantity().FindStringSubmatch(raised)
	return a != nil && b != nil && a[1] == b[1] && a[5] == b[5] && isMoreOf(a[3], b[3])
}

// inCommand reports whether a line has a port that is moved in commands of probes.
func (m moves) inCommand(line string) bool {
	for port := range m.commands {
		if strings.Contains(line, port) {
			return true
		}
	}
	return false
}

func splitLines(text string) []string {
	all := strings.Split(text, "\n")
	for i := range all {
		all[i] = strings.TrimSuffix(all[i], "\r")
	}
	return all
}

// findLost are the lines of a that aren't in the longest common subsequence of both.
func findLost(a, b []string) []string {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	w := len(b) + 1
	common := make([]int32, (len(a)+1)*w)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*w+j] = common[(i+1)*w+j+1] + 1
			} else {
				common[i*w+j] = max(common[(i+1)*w+j], common[i*w+j+1])
			}
		}
	}
	var out []string
	for i, j := 0, 0; i < len(a); {
		switch {
		case j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j < len(b) && common[i*w+j+1] >= common[(i+1)*w+j]:
			j++
		default:
			out, i = append(out, a[i]), i+1
		}
	}
	return out
}

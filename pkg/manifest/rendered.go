package manifest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// longestShown is how much of a line of somebody else's output an error shows, in bytes.
const longestShown = 120

// FindStray looks for what a renderer printed among its manifests that is no object, such as
// a line of a log. It describes the first one; "" if there is none.
func (t *Text) FindStray() string {
	first, what := len(t.lines.Text), ""
	for _, at := range t.strays {
		first = min(first, at)
	}
	for _, o := range t.Objects {
		at := o.startsAt()
		if at >= first {
			continue
		}
		if o.Ref.Kind == "" || o.Version == "" || o.list == nil && !beginsWithField(t.firstLine(at)) {
			first, what = at, ""
		} else if stray, name := o.findStrayField(); name != "" && stray < first {
			first, what = stray, "a field that no "+o.Ref.Kind+" has: "+name
		}
	}
	if first == len(t.lines.Text) {
		return ""
	}
	at := t.skipToContent(first)
	if what == "" {
		what = describeLine(t.firstLine(first), t.lines.Text, at)
	}
	return fmt.Sprintf("line %d: %s", t.lines.LineNumber(at), what)
}

// DescribeBroken shows a line that is no manifest of a text that can't be read: the one of the
// error, the one before it, or the first. It's "" where none of them is plainly that.
func DescribeBroken(text string, broken error) string {
	lines, numbers := strings.Split(text, "\n"), []int{1}
	if m := lineNumber().FindStringSubmatch(broken.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		numbers = []int{n, n - 1, 1}
	}
	starts := make([]int, len(lines))
	for i := 1; i < len(lines); i++ {
		starts[i] = starts[i-1] + len(lines[i-1]) + 1
	}
	for _, n := range numbers {
		if n < 1 || n > len(lines) {
			continue
		}
		line := strings.TrimRight(lines[n-1], "\r")
		inside := line == "" || strings.ContainsAny(line[:1], " \t#-\"]}") || fieldLine().MatchString(line)
		inside = inside || strings.Trim(line, "[{ ") == "" || strings.Contains(line, `"apiVersion"`) // meant JSON
		if !inside || logWord().MatchString(line) {
			return fmt.Sprintf("line %d: %s", n, describeLine(line, text, starts[n-1]))
		}
	}
	return ""
}

// startsAt is where an object begins.
func (o *Object) startsAt() int {
	if o.from == o.to {
		return o.rootNode().Start
	}
	return o.from
}

// firstLine returns the first line with content from a place on.
func (t *Text) firstLine(at int) string {
	at = t.skipToContent(at)
	return strings.TrimSpace(t.lines.Text[at:t.lines.LineEnd(at)])
}

// skipToContent returns the beginning of the first line, from a place on, that is neither
// blank nor a comment nor the marker of a document.
func (t *Text) skipToContent(at int) int {
	for next := at; next >= 0 && next < len(t.lines.Text); next = t.lines.NextLine(t.lines.LineEnd(next)) {
		line := strings.TrimSpace(t.lines.Text[next:t.lines.LineEnd(next)])
		if rest, ok := strings.CutPrefix(line, "---"); ok {
			line = strings.TrimSpace(rest)
		}
		if line != "" && line[0] != '#' && line[0] != '%' {
			return next
		}
	}
	return at
}

var (
	fieldLine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^["']?([a-z][A-Za-z0-9]*)["']?\s*:(\s|$)`)
	})
	lineNumber = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`line ([0-9]+)`) })
	logWord    = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^(trace|debug|info|notice|warn|warning|error|fatal|panic|level|time|ts|msg)\s*:`)
	})
)

// beginsWithField reports whether a line begins an object: with a field of it, or a bracket.
// Among YAML, a line of a log may look like one more field.
func beginsWithField(line string) bool {
	line = strings.TrimPrefix(strings.TrimPrefix(line, "--- "), "\ufeff")
	if strings.HasPrefix(line, "apiVersion:") { // nearly all
		return true
	}
	if strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[") || strings.HasPrefix(line, "?") ||
		strings.HasPrefix(line, "&") || strings.HasPrefix(line, "!") {
		return true
	}
	return fieldLine().MatchString(line) && !logWord().MatchString(line)
}

// describeLine shows a line that is no manifest, at a place of a text. Of a field it shows the name
// alone, as its value may be a password. Of a line that may be of a Secret it shows nothing: a key
// that isn't moved to the right looks like any other text.
func describeLine(line, text string, at int) string {
	if m := fieldLine().FindStringSubmatch(line); m != nil && !logWord().MatchString(line) {
		return "an object without apiVersion and kind, which begins with " + m[1]
	}
	if strings.HasPrefix(line, "{") {
		return "JSON without apiVersion and kind"
	}
	if strings.Contains(documentAround(text, at), "Secret") {
		return "a line that isn't shown, as it may be of a Secret"
	}
	if len(line) > longestShown {
		line = strings.ToValidUTF8(line[:longestShown], "") + "..."
	}
	return fmt.Sprintf("%q", line)
}

// documentAround returns the document of a text in which a place is.
func documentAround(text string, at int) string {
	from := strings.LastIndex(text[:at], "\n---") + 1
	if to := strings.Index(text[at:], "\n---"); to >= 0 {
		return text[from : at+to]
	}
	return text[from:]
}

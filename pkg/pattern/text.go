package pattern

import (
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// HeaderName matches names of HTTP headers that all programs accept.
var HeaderName = LazyRegexp(`^[A-Za-z0-9-]+$`)

// LazyRegexp returns a regular expression that is compiled at its first use, since a run
// uses few of them.
func LazyRegexp(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// JoinSorted joins names with commas, in alphabetical order.
func JoinSorted(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

// ExpandPort replaces {port} in a text.
func ExpandPort(text string, port int32) string {
	return strings.ReplaceAll(text, "{port}", strconv.Itoa(int(port)))
}

// VisitTexts calls visit for each text of a container's configuration, with its place:
// command, args, or the name of a variable.
func VisitTexts(c *corev1.Container, visit func(at, text string)) {
	for _, arg := range c.Command {
		visit("command", arg)
	}
	for _, arg := range c.Args {
		visit("args", arg)
	}
	for _, e := range c.Env {
		visit(e.Name, e.Value)
	}
}

// MentionsName reports whether a text contains a name or address that isn't part of a
// longer one.
func MentionsName(text, name string) bool {
	for rest := text; ; {
		i := strings.Index(rest, name)
		if i < 0 {
			return false
		}
		before, after := rest[:i], rest[i+len(name):]
		if (before == "" || !inName(before[len(before)-1])) && (after == "" || !inName(after[0])) {
			return true
		}
		rest = rest[i+1:]
	}
}

func inName(b byte) bool {
	lower := b | ('a' - 'A') // if b is a letter
	return strings.IndexByte(".-_0123456789", b) >= 0 || 'a' <= lower && lower <= 'z'
}

// IsHost reports whether a text is a host's name or IP address.
func IsHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil && !strings.Contains(host, "%") || len(validation.IsDNS1123Subdomain(host)) == 0
}

// IsLoopback reports whether a host is the pod itself.
func IsLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// IsHTTP reports whether the scheme of a URL is http or https.
func IsHTTP(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

// IsVisible reports whether all characters of a text are visible ASCII characters, so none
// is a blank.
func IsVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// IsFolder reports whether a volume can be mounted at this path.
func IsFolder(dir string) bool {
	return path.IsAbs(dir) && path.Clean(dir) == dir && dir != "/" &&
		!strings.ContainsFunc(dir, func(r rune) bool { return r < ' ' || r == ':' || r == '$' })
}

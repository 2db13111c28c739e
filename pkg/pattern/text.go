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

// HeaderName is the form of names of HTTP headers that all programs take.
var HeaderName = LazyRegexp(`^[A-Za-z0-9-]+$`)

// LazyRegexp is a regular expression that is compiled when it's first used: a run needs
// few of all that there are.
func LazyRegexp(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// JoinSorted joins names in order, whatever order they come in.
func JoinSorted(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

// ExpandPort writes a port for {port}.
func ExpandPort(text string, port int32) string {
	return strings.ReplaceAll(text, "{port}", strconv.Itoa(int(port)))
}

// VisitTexts gives what a container is told, and where: a variable's name, args or
// command.
func VisitTexts(c *corev1.Container, see func(at, text string)) {
	for _, arg := range c.Command {
		see("command", arg)
	}
	for _, arg := range c.Args {
		see("args", arg)
	}
	for _, e := range c.Env {
		see(e.Name, e.Value)
	}
}

// MentionsName reports whether a text has a name or address, and not as a part of a
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
	lower := b | 'a' - 'A' // of a letter
	return strings.IndexByte(".-_0123456789", b) >= 0 || 'a' <= lower && lower <= 'z'
}

// IsHost reports whether a text is a name or an address of a host.
func IsHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil && !strings.Contains(host, "%") || len(validation.IsDNS1123Subdomain(host)) == 0
}

// IsLoopback reports whether a host is the pod itself.
func IsLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// IsHTTP reports whether a URL is one of http or https.
func IsHTTP(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

// IsVisible reports whether all characters of a text are visible ones of ASCII: none is a
// blank.
func IsVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// IsFolder reports whether a text is the path of a folder at which a volume can be
// mounted.
func IsFolder(dir string) bool {
	return path.IsAbs(dir) && path.Clean(dir) == dir && dir != "/" &&
		!strings.ContainsFunc(dir, func(r rune) bool { return r < ' ' || r == ':' || r == '$' })
}

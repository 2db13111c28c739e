package pattern

import (
	"cmp"
	"net"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// schemePorts are the ports of URLs that have none.
var schemePorts = map[string]int32{"http": 80, "https": 443, "ssh": 22, "git": 9418}

// GoogleMetadata is the server that exchanges a pod's identity for Google's credentials. GKE
// clusters without Dataplane V2 redirect it to port 988 of 169.254.169.252.
var GoogleMetadata = sidecar.Dial{Host: "169.254.169.254", Port: 80}

// DialsOf returns the server that an address leads to: a URL, or a host with a port. There's
// none if that is the pod itself, or isn't an address.
func DialsOf(address string) []sidecar.Dial {
	if !strings.Contains(address, "://") {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil
		}
		return dialsTo(host, ParsePort(port))
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	dials := dialsTo(u.Hostname(), cmp.Or(ParsePort(u.Port()), schemePorts[u.Scheme]))
	for i := range dials {
		if sidecar.TLSSchemes[u.Scheme] != "" {
			dials[i].Scheme = u.Scheme
		}
	}
	return dials
}

func dialsTo(host string, port int32) []sidecar.Dial {
	if !IsHost(strings.ToLower(strings.TrimSuffix(host, "."))) || IsLoopback(host) {
		return nil
	}
	return []sidecar.Dial{{Host: host, Port: port}}
}

// ParsePort returns the number of a port, or 0 if the text isn't one.
func ParsePort(text string) int32 {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return int32(n)
}

// AtStart returns servers without which the app doesn't start.
func AtStart(dials []sidecar.Dial) []sidecar.Dial {
	for i := range dials {
		dials[i].AtStart = true
	}
	return dials
}

// DialsByURL returns the servers to which URLs in the command, the arguments and the variables
// of a container lead.
func DialsByURL(ctr *corev1.Container) (all []sidecar.Dial) {
	VisitTexts(ctr, func(_, text string) {
		for _, found := range dialedURL().FindAllString(text, -1) {
			all = append(all, DialsOf(found)...)
		}
	})
	return all
}

// dialedURL matches URLs up to their path.
var dialedURL = LazyRegexp(`\b[a-z][a-z0-9+.-]*://(?:[^\s/@"']*@)?[A-Za-z0-9._\[\]:-]+`)

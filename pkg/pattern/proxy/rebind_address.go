package proxy

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

// A place is where something listens.
type place int

const (
	onLoopback  place = iota // 127.0.0.1, where the proxy looks for the app
	onLocalhost              // localhost, which may be ::1
	onLoopback6              // ::1
	onAll                    // on all addresses
)

// A binding is where a text says that something listens; port 0 where it doesn't
// tell the port.
type binding struct {
	place place
	port  int32
}

// findBindings finds those that a value of a variable or an argument has, in whatever
// form: 127.0.0.1, 127.0.0.1:9201, [::1]:9201, --listen=127.0.0.1:9201, -l127.0.0.1,
// tcp://localhost:9201, _local_; 0.0.0.0, ::, :9201, *:9201, _site_.
func findBindings(text string) (out []binding) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return strings.ContainsRune(" \t\r\n\"'`=,;/@()<>{}|&", r)
	}) {
		if a, ok := parseBinding(word); ok {
			out = append(out, a)
		}
	}
	return out
}

// parseBinding reads one word.
func parseBinding(word string) (binding, bool) {
	if len(word) > 2 && word[0] == '-' && word[1] != '-' {
		word = word[2:] // a flag of one letter, with its value
	}
	if ip, err := netip.ParseAddr(strings.Trim(word, "[]")); err == nil {
		return bindingOf(ip, 0)
	}
	word = trimBrackets(word)
	if ip, err := netip.ParseAddrPort(word); err == nil {
		return bindingOf(ip.Addr(), int32(ip.Port()))
	}
	host, rest := strings.ToLower(word), ""
	if i := strings.LastIndexByte(word, ':'); i >= 0 {
		host, rest = host[:i], word[i+1:]
	}
	port, err := strconv.ParseUint(rest, 10, 16)
	if err != nil {
		port = 0 // a reference to a variable
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[i+1:] // tcp:127.0.0.1:9201
	}
	at := binding{port: int32(port)}
	switch host {
	case "localhost", "localhost.":
		at.place = onLocalhost
	case "_local_":
		at.place = onLoopback
	case "_site_", "_global_":
		at.place = onAll
	case "*", "+", "": // ASP.NET takes + for all, too
		at.place = onAll
		return at, err == nil || strings.HasPrefix(rest, "$")
	default:
		if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
			return bindingOf(ip, at.port)
		}
		return at, false
	}
	return at, true
}

// trimBrackets takes off what is left of a list: the brackets of [127.0.0.1:80, ::1].
func trimBrackets(word string) string {
	if open, shut := strings.Count(word, "["), strings.Count(word, "]"); open > shut {
		return strings.TrimPrefix(word, "[")
	} else if shut > open {
		return strings.TrimSuffix(word, "]")
	}
	return word
}

// bindingOf is where an IP address is; one that is neither loopback nor all is none that
// a config could know.
func bindingOf(ip netip.Addr, port int32) (binding, bool) {
	switch ip = ip.Unmap().WithZone(""); {
	case ip.IsUnspecified():
		return binding{onAll, port}, true
	case ip.IsLoopback() && ip.Is4():
		return binding{onLoopback, port}, true
	case ip.IsLoopback():
		return binding{onLoopback6, port}, true
	}
	return binding{}, false
}

// A saying is a text by which the app is told where to listen, and the field of the
// config in which it stands. The texts themselves aren't told: they may be secret.
type saying struct{ field, text string }

// rebindTexts are all that a rebind tells the app: what its preset says, unless the user
// says otherwise, and what the user does.
func (p *Base) rebindTexts() (out []saying) {
	r := p.Rebind
	for _, e := range r.rebindEnv(p.rebindPort()) {
		field := "rebind.env." + e.Name
		if _, own := r.Env[e.Name]; !own {
			field = "rebind.preset"
		}
		out = append(out, saying{field, e.Value})
	}
	if preset := r.findPreset(); preset != nil {
		for _, arg := range preset.Args {
			out = append(out, saying{"rebind.preset", pattern.ExpandPort(arg, p.rebindPort())})
		}
	}
	for i, arg := range r.Args {
		out = append(out, saying{fmt.Sprintf("rebind.args[%d]", i), arg})
	}
	return out
}

// isAppPort reports whether a port is one on which the app listens, or did.
func (p *Base) isAppPort(port int32) bool {
	return slices.ContainsFunc(p.portRoutes(), func(d portRoute) bool { return d.app == port || d.port == port })
}

// What whoever passes by a proxy does without.
const (
	withoutTLS            = "TLS"
	withoutCertificate    = "a certificate"
	withoutAuthentication = "authentication"
)

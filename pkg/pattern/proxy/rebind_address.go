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
	onLoopback  place = iota // 127.0.0.1, to which the proxy connects
	onLocalhost              // localhost, which may be ::1
	onLoopback6              // ::1
	onAll                    // on all addresses
)

// A binding is where something listens according to a text. The port is 0 if the text has
// none.
type binding struct {
	place place
	port  int32
}

// findBindings finds the addresses in a value of a variable or an argument, in any form:
// 127.0.0.1, 127.0.0.1:9201, [::1]:9201, --listen=127.0.0.1:9201, -l127.0.0.1,
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

// parseBinding parses one word.
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
	case "*", "+", "": // ASP.NET also accepts + for all
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

// trimBrackets removes brackets of a list, as in [127.0.0.1:80, ::1].
func trimBrackets(word string) string {
	if open, shut := strings.Count(word, "["), strings.Count(word, "]"); open > shut {
		return strings.TrimPrefix(word, "[")
	} else if shut > open {
		return strings.TrimSuffix(word, "]")
	}
	return word
}

// bindingOf returns where an IP address is. Addresses other than loopback and all don't
// count, since a config can't know them.
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

// A rebindText is a text that may contain the app's address, and its field in the config.
// Messages don't show the text, which may be secret.
type rebindText struct{ field, text string }

// rebindTexts returns all texts of a rebind: those of the preset that the user doesn't
// override, and those of the user.
func (p *Base) rebindTexts() (out []rebindText) {
	r := p.Rebind
	for _, e := range r.rebindEnv(p.rebindPort()) {
		field := "rebind.env." + e.Name
		if _, own := r.Env[e.Name]; !own {
			field = "rebind.preset"
		}
		out = append(out, rebindText{field, e.Value})
	}
	if preset := r.findPreset(); preset != nil {
		for _, arg := range preset.Args {
			out = append(out, rebindText{"rebind.preset", pattern.ExpandPort(arg, p.rebindPort())})
		}
	}
	for i, arg := range r.Args {
		out = append(out, rebindText{fmt.Sprintf("rebind.args[%d]", i), arg})
	}
	return out
}

// isAppPort reports whether the app listens on a port, before or after the move.
func (p *Base) isAppPort(port int32) bool {
	return slices.ContainsFunc(p.portRoutes(), func(d portRoute) bool { return d.app == port || d.port == port })
}

// What a client that bypasses a proxy avoids.
const (
	withoutTLS            = "TLS"
	withoutCertificate    = "a certificate"
	withoutAuthentication = "authentication"
)

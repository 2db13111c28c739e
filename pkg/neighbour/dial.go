package neighbour

import (
	"iter"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An address is a URL, or a host and a port, in a text.
type address struct {
	scheme string // "" for a host and port alone
	user   bool   // there's a user before the host
	pod    string // a variable that stands for the first word of the host, which is "$" then
	host   string
	port   int32 // 0: none is written
	from   int   // offset of the scheme, or of the host without one
	to     int   // offset behind host and port
}

// tlsSchemes are the schemes over TLS by their plain ones.
var tlsSchemes = sidecar.TLSSchemes

// defaultPorts are the ports of URLs without a port, by their schemes.
var defaultPorts = map[string]int32{
	"http": 80, "ws": 80, "h2c": 80, "redis": 6379, "amqp": 5672, "mqtt": 1883, "ldap": 389, "nats": 4222,
	"https": 443, "wss": 443, "rediss": 6379, "amqps": 5671, "mqtts": 8883, "ldaps": 636,
}

// resolvers are schemes that have the address behind a third slash (gRPC's naming.md).
var resolvers = []string{"dns", "passthrough", "xds"}

// isTLSScheme reports whether a scheme is one over TLS.
func isTLSScheme(scheme string) bool {
	switch scheme {
	case "https", "wss", "rediss", "amqps", "mqtts", "ldaps", "tls", "ssl", "grpcs", "natss":
		return true
	}
	return strings.HasSuffix(scheme, "+ssl") || strings.HasSuffix(scheme, "+tls") || strings.HasSuffix(scheme, "+https")
}

// findAddresses returns the URLs in a text, except those over TLS, and each host:port that isn't part of a URL.
func findAddresses(text string) iter.Seq[address] {
	return func(yield func(address) bool) {
		for i := 0; i < len(text); {
			j := strings.IndexByte(text[i:], ':')
			if j < 0 {
				return
			}
			least, at := i, i+j // nothing before least is read again
			i = at + 1
			a, ok := address{}, false
			if strings.HasPrefix(text[at:], "://") {
				a, ok = readURL(text, least, at)
				i = max(at+len("://"), a.to)
			} else if countDigits(text[at+1:]) > 0 {
				a, ok = readPair(text, least, at)
			}
			if ok {
				i = a.to
				if !yield(a) {
					return
				}
			}
		}
	}
}

// readURL reads the URL around the "://" at an offset. It isn't ok if its scheme is one over TLS, but its end is right
// nevertheless.
func readURL(text string, least, colon int) (a address, ok bool) {
	a.from = colon
	for a.from > least && isSchemeByte(text[a.from-1]) {
		a.from--
	}
	a.scheme = strings.ToLower(text[a.from:colon])
	host := colon + len("://")
	if host < len(text) && text[host] == '/' && slices.Contains(resolvers, a.scheme) {
		host++
	}
	if a.pod = leadingVariable(text[host:]); a.pod != "" {
		host += len(a.pod)
	}
	end := host
	for end < len(text) && strings.IndexByte("/?# \t\r\n\"'`,;<>|\\(){}", text[end]) < 0 {
		end++
	}
	for end > host && strings.IndexByte(".:", text[end-1]) >= 0 { // they belong to the sentence around it
		end--
	}
	if at := strings.LastIndexByte(text[host:end], '@'); at >= 0 {
		a.user, host = true, host+at+1
	}
	a.to = host
	for a.to < end && isHostByte(text[a.to]) {
		a.to++
	}
	a.host = strings.ToLower(text[host:a.to])
	if a.pod != "" {
		a.host = "$" + a.host
	}
	if a.to < end && text[a.to] == ':' {
		n := countDigits(text[a.to+1 : end])
		a.port = parsePort(text[a.to+1 : a.to+1+n])
		if a.port == 0 {
			return a, false // a variable, or something else
		}
		a.to += 1 + n
	}
	if a.scheme == "" || isTLSScheme(a.scheme) {
		return a, false
	}
	return a, a.host != "" && a.effectivePort() != 0 && a.to == end
}

// leadingVariable returns the variable that a host begins with, if it's all of the first word, as in $(POD_NAME).web.
func leadingVariable(host string) string {
	if !strings.HasPrefix(host, "$") {
		return ""
	}
	name, _, ok := strings.Cut(host, ".")
	inner := strings.Trim(name[1:], "(){}")
	isOutside := func(r rune) bool { return r != '_' && (r > 'z' || !isLetter(byte(r)) && !isDigit(byte(r))) }
	if !ok || inner == "" || strings.ContainsFunc(inner, isOutside) {
		return ""
	}
	return name
}

// written returns the host as it's written.
func (a *address) written() string {
	if a.pod != "" {
		return a.pod + a.host[1:]
	}
	return a.host
}

// readPair reads the host:port around the colon at an offset. It isn't ok if it's part of a longer word.
func readPair(text string, least, colon int) (a address, ok bool) {
	n := countDigits(text[colon+1:])
	a.port, a.to = parsePort(text[colon+1:colon+1+n]), colon+1+n
	a.from = colon
	for a.from > least && isHostByte(text[a.from-1]) {
		a.from--
	}
	a.host = strings.ToLower(text[a.from:colon])
	before, after := byte(' '), byte(' ')
	if a.from > 0 {
		before = text[a.from-1]
	}
	if a.to < len(text) {
		after = text[a.to]
	}
	if a.port == 0 || a.host == "" || isDigit(a.host[0]) && !isLoopback(a.host) {
		return a, false
	}
	ends := func(b byte, more string) bool { return strings.IndexByte(" \t\r\n\"'`,;=()[]{}<>|"+more, b) >= 0 }
	return a, ends(before, "") && ends(after, "/.")
}

func isLetter(b byte) bool     { return b|0x20 >= 'a' && b|0x20 <= 'z' }
func isDigit(b byte) bool      { return b >= '0' && b <= '9' }
func isHostByte(b byte) bool   { return isLetter(b) || isDigit(b) || b == '-' || b == '.' }
func isSchemeByte(b byte) bool { return isHostByte(b) || b == '+' }

// countDigits counts the digits that a text begins with.
func countDigits(s string) (n int) {
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// parsePort returns a port's number, or 0.
func parsePort(s string) int32 {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || s[0] == '0' {
		return 0
	}
	return int32(n)
}

// effectivePort returns the port that a client connects to.
func (a *address) effectivePort() int32 {
	if a.port == 0 {
		return defaultPorts[a.scheme]
	}
	return a.port
}

// plain returns the address as it's written, without the user.
func (a *address) plain() string {
	switch {
	case a.scheme == "":
		return net.JoinHostPort(a.written(), strconv.Itoa(int(a.port)))
	case a.port == 0:
		return a.scheme + "://" + a.written()
	}
	return a.scheme + "://" + net.JoinHostPort(a.written(), strconv.Itoa(int(a.port)))
}

// hasTLSForm reports whether the address can be written over TLS.
func (a *address) hasTLSForm() bool { return tlsSchemes[a.scheme] != "" }

// tls returns the address over TLS. It has the port where the new scheme would mean another one.
func (a *address) tls() string {
	port := a.effectivePort()
	s := tlsSchemes[a.scheme] + "://" + a.written()
	if port != defaultPorts[tlsSchemes[a.scheme]] || a.port != 0 {
		s += ":" + strconv.Itoa(int(port))
	}
	return s
}

package neighbour

import (
	"cmp"
	"iter"
	"maps"
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
	host   string // in lower case, with variables as $name
	text   string // the host as it's written
	port   int32  // 0: none is written
	moved  int32  // the port that speaks TLS, where that is another one
	from   int    // offset of the scheme, or of the host without one
	to     int    // offset behind host and port
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

// isUDPScheme reports whether a scheme leads to a port over UDP, which no sidecar takes over.
func isUDPScheme(scheme string) bool {
	return scheme == "dtls" || scheme == "coap" || strings.HasPrefix(scheme, "udp") || strings.HasSuffix(scheme, "+udp")
}

// findAddresses returns the URLs in a text, except those over TLS or UDP, and each host:port that isn't part of a URL.
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

// readURL reads the URL around the "://" at an offset. It isn't ok if its scheme is one over TLS or UDP, but its end is
// right nevertheless.
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
	end := host
	for end < len(text) {
		n := variableLength(text[end:])
		if n == 0 && strings.IndexByte("/?# \t\r\n\"'`,;<>|\\(){}", text[end]) >= 0 {
			break
		}
		end += max(1, n)
	}
	for end > host && strings.IndexByte(".:", text[end-1]) >= 0 { // they belong to the sentence around it
		end--
	}
	if at := strings.LastIndexByte(text[host:end], '@'); at >= 0 {
		a.user, host = true, host+at+1
	}
	a.to = host + a.readHost(text[host:end])
	if a.to < end && text[a.to] == ':' {
		n := countDigits(text[a.to+1 : end])
		a.port = parsePort(text[a.to+1 : a.to+1+n])
		if a.port == 0 {
			return a, false // a variable, or something else
		}
		a.to += 1 + n
	}
	if a.scheme == "" || isTLSScheme(a.scheme) || isUDPScheme(a.scheme) {
		return a, false
	}
	return a, a.namesHost() && a.effectivePort() != 0 && a.to == end
}

// readHost reads the host that a text begins with, and returns its length.
func (a *address) readHost(text string) (n int) {
	var host strings.Builder
	for n < len(text) {
		if size := variableLength(text[n:]); size > 0 {
			name, _, _ := strings.Cut(strings.Trim(text[n:n+size], "$(){}"), ".")
			host.WriteString("$" + name)
			n += size
		} else if isHostByte(text[n]) {
			host.WriteByte(text[n])
			n++
		} else {
			break
		}
	}
	a.host, a.text = strings.ToLower(host.String()), text[:n]
	return n
}

// namesHost reports whether a host is written, and not in variables alone.
func (a *address) namesHost() bool {
	return a.host != "" && a.host[0] != '.' && (strings.Contains(a.host, ".") || !strings.Contains(a.host, "$"))
}

// variableLength returns the length of the variable that a text begins with, as in $(POD), ${POD} and $POD, or of a
// range of numbers, as in {0...3}. It returns 0 for another text.
func variableLength(text string) int {
	isName := func(b byte) bool { return isLetter(b) || isDigit(b) || b == '_' }
	n, closing := 1, byte(0)
	switch {
	case strings.HasPrefix(text, "$("):
		n, closing = 2, ')'
	case strings.HasPrefix(text, "${"):
		n, closing = 2, '}'
	case strings.HasPrefix(text, "{"):
		isName, closing = func(b byte) bool { return isDigit(b) || b == '.' }, '}'
	case !strings.HasPrefix(text, "$"):
		return 0
	}
	from := n
	for n < len(text) && isName(text[n]) {
		n++
	}
	switch {
	case n == from:
		return 0
	case closing == 0:
		return n
	case n < len(text) && text[n] == closing:
		return n + 1
	}
	return 0
}

// readPair reads the host:port around the colon at an offset. It isn't ok if it's part of a longer word.
func readPair(text string, least, colon int) (a address, ok bool) {
	n := countDigits(text[colon+1:])
	a.port, a.to = parsePort(text[colon+1:colon+1+n]), colon+1+n
	a.from = startOfHost(text, least, colon)
	whole := a.readHost(text[a.from:colon]) == colon-a.from
	before, after := byte(' '), byte(' ')
	if a.from > 0 {
		before = text[a.from-1]
	}
	if a.to < len(text) {
		after = text[a.to]
	}
	if a.port == 0 || !whole || !a.namesHost() || isDigit(a.host[0]) && !isLoopback(a.host) {
		return a, false
	}
	ends := func(b byte, more string) bool { return strings.IndexByte(" \t\r\n\"'`,;=()[]{}<>|"+more, b) >= 0 }
	return a, ends(before, "") && ends(after, "/.")
}

// startOfHost returns the offset where the host before a colon may begin.
func startOfHost(text string, least, colon int) int {
	from := colon
	for from > least {
		b := text[from-1]
		open := -1
		if b == ')' || b == '}' {
			open = strings.LastIndexAny(text[least:from], "({")
		}
		switch {
		case isHostByte(b):
			from--
		case open >= 0 && variableLength(text[max(least, least+open-1):]) > 0:
			from = max(least, least+open-1)
		case b == '$' && variableLength(text[from-1:]) > 0:
			from--
		default:
			return from
		}
	}
	return from
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

// written returns the host as it's written, or in lower case where it has no variables.
func (a *address) written() string {
	if strings.Contains(a.host, "$") {
		return a.text
	}
	return a.host
}

// hasTLSForm reports whether the address can be written over TLS.
func (a *address) hasTLSForm() bool { return tlsSchemes[a.scheme] != "" }

// tls returns the address over TLS. It has the port where the new scheme would mean another one.
func (a *address) tls() string {
	port := cmp.Or(a.moved, a.effectivePort())
	s := tlsSchemes[a.scheme] + "://" + a.written()
	if port != defaultPorts[tlsSchemes[a.scheme]] || a.port != 0 {
		s += ":" + strconv.Itoa(int(port))
	}
	return s
}

// readLines returns the settings in lines of a text, as in db.host=web, "host": "web", or host: web. Those of one
// block, by the lines' indentation, are together.
func readLines(text string) (blocks []settings) {
	open := map[int]settings{} // by their indentation
	for line := range strings.Lines(text) {
		content := strings.TrimLeft(line, " \t")
		indent := len(line) - len(content)
		if entry, ok := strings.CutPrefix(content, "- "); ok {
			content = entry
			maps.DeleteFunc(open, func(at int, _ settings) bool { return at >= indent })
			indent += len("- ")
		}
		if content = strings.TrimSpace(content); content == "" {
			continue
		}
		maps.DeleteFunc(open, func(at int, _ settings) bool { return at > indent || content[0] == '[' })
		at := strings.IndexAny(content, ":=")
		if at < 0 {
			continue
		}
		const around = " \t\"',"
		name, value := strings.Trim(content[:at], around), strings.Trim(content[at+1:], around)
		if open[indent] == nil {
			open[indent] = settings{}
			blocks = append(blocks, open[indent])
		}
		open[indent][setting{inText, name}] = value
	}
	return blocks
}

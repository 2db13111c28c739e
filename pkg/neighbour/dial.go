package neighbour

import (
	"iter"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A dial is an address that a text names.
type dial struct {
	scheme string // "" for a host and port alone
	user   bool   // there's a user before the host
	host   string
	port   int32 // 0: none is written
	from   int   // where the scheme, or the host, begins
	to     int   // behind host and port
}

// secure are schemes in plain and what they're called over TLS.
var secure = sidecar.TLSSchemes

// usual is the port that a URL means without one.
var usual = map[string]int32{"http": 80, "ws": 80, "h2c": 80, "redis": 6379, "amqp": 5672, "mqtt": 1883, "ldap": 389,
	"nats":  4222,
	"https": 443, "wss": 443, "rediss": 6379, "amqps": 5671, "mqtts": 8883, "ldaps": 636}

// resolvers are schemes behind whose third slash the address stands (gRPC's naming.md).
var resolvers = []string{"dns", "passthrough", "xds"}

// ciphered reports whether a scheme is one over TLS.
func ciphered(scheme string) bool {
	switch scheme {
	case "https", "wss", "rediss", "amqps", "mqtts", "ldaps", "tls", "ssl", "grpcs", "natss":
		return true
	}
	return strings.HasSuffix(scheme, "+ssl") || strings.HasSuffix(scheme, "+tls") || strings.HasSuffix(scheme, "+https")
}

// dials finds all URLs of a text but those over TLS, and what else is written as
// host:port and no part of a URL, until somebody has seen enough.
func dials(text string) iter.Seq[dial] {
	return func(yield func(dial) bool) {
		for i := 0; i < len(text); {
			j := strings.IndexByte(text[i:], ':')
			if j < 0 {
				return
			}
			least, at := i, i+j // nothing before is read again
			i = at + 1
			d, ok := dial{}, false
			if strings.HasPrefix(text[at:], "://") {
				d, ok = readURL(text, least, at)
				i = max(at+len("://"), d.to)
			} else if digits(text[at+1:]) > 0 {
				d, ok = readPair(text, least, at)
			}
			if ok {
				i = d.to
				if !yield(d) {
					return
				}
			}
		}
	}
}

// readURL reads the URL whose "://" stands at an offset. It's no match where its
// scheme is one over TLS; it ends where it ends all the same.
func readURL(text string, least, colon int) (d dial, ok bool) {
	d.from = colon
	for d.from > least && (letter(text[d.from-1]) || digit(text[d.from-1]) || strings.IndexByte("+.-",
		text[d.from-1]) >= 0) {
		d.from--
	}
	d.scheme = strings.ToLower(text[d.from:colon])
	host := colon + len("://")
	if host < len(text) && text[host] == '/' && slices.Contains(resolvers, d.scheme) {
		host++
	}
	end := host
	for end < len(text) && strings.IndexByte("/?# \t\r\n\"'`,;<>|\\(){}", text[end]) < 0 {
		end++
	}
	for end > host && strings.IndexByte(".:", text[end-1]) >= 0 { // of the sentence around it
		end--
	}
	if at := strings.LastIndexByte(text[host:end], '@'); at >= 0 {
		d.user, host = true, host+at+1
	}
	d.to = host
	for d.to < end && hostByte(text[d.to]) {
		d.to++
	}
	d.host = strings.ToLower(text[host:d.to])
	if d.to < end && text[d.to] == ':' {
		n := digits(text[d.to+1 : end])
		d.port = number(text[d.to+1 : d.to+1+n])
		if d.port == 0 {
			return d, false // a variable, or what else goes on
		}
		d.to += 1 + n
	}
	return d, d.scheme != "" && !ciphered(d.scheme) && d.host != "" && d.dialled() != 0 && d.to == end
}

// readPair reads host:port around a colon, as a word of its own.
func readPair(text string, least, colon int) (d dial, ok bool) {
	n := digits(text[colon+1:])
	d.port, d.to = number(text[colon+1:colon+1+n]), colon+1+n
	d.from = colon
	for d.from > least && hostByte(text[d.from-1]) {
		d.from--
	}
	d.host = strings.ToLower(text[d.from:colon])
	before, after := byte(' '), byte(' ')
	if d.from > 0 {
		before = text[d.from-1]
	}
	if d.to < len(text) {
		after = text[d.to]
	}
	ends := func(b byte, more string) bool { return strings.IndexByte(" \t\r\n\"'`,;=()[]{}<>|"+more, b) >= 0 }
	return d, d.port != 0 && d.host != "" && (!digit(d.host[0]) || loopback(d.host)) && ends(before, "") &&
		ends(after, "/.")
}

func letter(b byte) bool   { return b|0x20 >= 'a' && b|0x20 <= 'z' }
func digit(b byte) bool    { return b >= '0' && b <= '9' }
func hostByte(b byte) bool { return letter(b) || digit(b) || b == '-' || b == '.' }

func digits(s string) (n int) {
	for n < len(s) && digit(s[n]) {
		n++
	}
	return n
}

func number(s string) int32 {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || s[0] == '0' {
		return 0
	}
	return int32(n)
}

// dialled is the port that is dialled.
func (d *dial) dialled() int32 {
	if d.port == 0 {
		return usual[d.scheme]
	}
	return d.port
}

// plain is the address as it's written, without the user.
func (d *dial) plain() string {
	switch {
	case d.scheme == "":
		return net.JoinHostPort(d.host, strconv.Itoa(int(d.port)))
	case d.port == 0:
		return d.scheme + "://" + d.host
	}
	return d.scheme + "://" + net.JoinHostPort(d.host, strconv.Itoa(int(d.port)))
}

// url reports whether the address is one that has another form over TLS.
func (d *dial) url() bool { return secure[d.scheme] != "" }

// tls is the address over TLS. The port is written where the scheme would mean
// another one.
func (d *dial) tls() string {
	port := d.dialled()
	s := secure[d.scheme] + "://" + d.host
	if port != usual[secure[d.scheme]] || d.port != 0 {
		s += ":" + strconv.Itoa(int(port))
	}
	return s
}

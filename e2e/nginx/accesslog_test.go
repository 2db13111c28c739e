package nginx

import (
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

func TestAccessLog(t *testing.T) {
	s := set(t, hello)
	r, err := http.NewRequest(http.MethodGet, "https://"+serverName+"/x?q=1", nil)
	require.NoError(t, err)
	r.Header.Set("User-Agent", `"evil", \`)
	resp, err := s.client(true).Do(r)
	text(t, resp, err)
	line := s.accessLog(1)[0]
	require.Equal(t, `"evil", \`, line["userAgent"])
	require.Equal(t, "/x?q=1", line["uri"])
	require.Equal(t, "200", line["status"])
	require.Equal(t, "HTTP/2.0", line["protocol"])
	require.Equal(t, "TLSv1.3", line["tls"])
	require.Empty(t, line["forwardedFor"])

	quiet := func(p *proxy.TLSProxy) { p.AccessLog = proxy.NoAccessLog }
	conf := renderProxy(t, quiet).files["nginx.conf"]
	require.Contains(t, conf, "access_log off;")
	require.NotContains(t, conf, "$utf8_")
}

// accessLog waits for a number of lines. Each is JSON, which is UTF-8: encoding/json alone
// would replace what isn't.
func (s *stage) accessLog(count int) (lines []map[string]string) {
	s.t.Helper()
	var raw []string
	pod.Poll(s.t, fmt.Sprint(count, " lines of the log"), func() bool {
		raw = nil
		for l := range strings.Lines(s.Log.String()) {
			if strings.HasPrefix(l, "{") && strings.HasSuffix(l, "\n") {
				raw = append(raw, l)
			}
		}
		return len(raw) >= count
	})
	for _, l := range raw {
		require.Truef(s.t, utf8.ValidString(l), "%q", l)
		var line map[string]string
		require.NoErrorf(s.t, json.Unmarshal([]byte(l), &line), "%q", l)
		lines = append(lines, line)
	}
	return lines
}

// Bytes that clients may write anywhere, and the words in the log.
var writtenBytes = map[string]string{
	"plain~":           "plain~",
	"caf\u00e9":        "caf\u00e9",
	"\u07ff\u0800":     "\u07ff\u0800",
	"\ud7ff\ue000":     "\ud7ff\ue000", // on both sides of the surrogates
	"\uffff\U00010000": "\uffff\U00010000",
	"\U0010ffff":       "\U0010ffff",
	"caf\xe9":          notUTF8, // Latin-1
	"\x80":             notUTF8,
	"\xc0\xaf":         notUTF8, // overlong
	"\xe0\x9f\xbf":     notUTF8,
	"\xf0\x8f\xbf\xbf": notUTF8,
	"\xed\xa0\x80":     notUTF8, // a surrogate
	"\xf4\x90\x80\x80": notUTF8, // past the last
	"\xff":             notUTF8,
	"a\xe2\x82":        notUTF8, // cut off
	"\xc3\xa9\xa9":     notUTF8,
}

const notUTF8 = "(not UTF-8)"

// A sender writes a request as it stands, and waits until nginx is done with it.
type sender = func(s *stage, method, host, path string, header ...string)

// Whatever bytes clients write, each line of the log is JSON.
func TestAccessLogOfAnyBytes(t *testing.T) {
	for proto, send := range map[string]sender{"HTTP/1.1": (*stage).sendRaw, "HTTP/2.0": (*stage).sendRawH2} {
		t.Run(proto, func(t *testing.T) {
			s := set(t, hello)
			count := 0
			want := func(field, value string) {
				count++
				line := s.accessLog(count)[count-1]
				require.Equal(t, value, line[field], field)
				require.Equal(t, proto, line["protocol"])
			}
			for bytes, word := range writtenBytes {
				path := word
				if word != notUTF8 {
					path = "/" + word
				}
				send(s, "GET", "search", "/"+bytes)
				want("uri", path)
				send(s, "GET", "search", "/", "user-agent", bytes)
				want("userAgent", word)
				send(s, "GET", "search", "/", "x-forwarded-for", bytes)
				want("forwardedFor", word)
				send(s, "GET", bytes, "/")
				want("host", word)
			}
			send(s, "G\xe9T", "search", "/")
			method := map[string]string{"HTTP/1.1": "", "HTTP/2.0": notUTF8}[proto]
			count++
			require.Equal(t, method, s.accessLog(count)[count-1]["method"], "a method that HTTP doesn't know")

			long := strings.Repeat("\u20ac", 30_000/3) // as long as headers may be
			for bytes, word := range map[string]string{long: long, long + "\xe2": notUTF8} {
				if proto == "HTTP/1.1" {
					send(s, "GET", "search", "/", "user-agent", bytes)
					want("userAgent", word)
				}
			}
		})
	}
}

// sendRaw writes a request with HTTP/1.1 as it stands, and waits for the answer.
func (s *stage) sendRaw(method, host, path string, header ...string) {
	conn, in := s.conn()
	request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, path, host)
	for i := 0; i < len(header); i += 2 {
		request += header[i] + ": " + header[i+1] + "\r\n"
	}
	_, err := io.WriteString(conn, request+"\r\n")
	require.NoError(s.t, err)
	_, err = io.ReadAll(in)
	require.NoError(s.t, err)
}

// sendRawH2 writes a request with HTTP/2 as it stands, and waits until nginx has closed the
// stream or the connection: RFC 9113 for the frames, RFC 7541 for the fields, none of them
// indexed or compressed.
func (s *stage) sendRawH2(method, host, path string, header ...string) {
	config := s.tls()
	config.NextProtos = []string{"h2"}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", s.address, config)
	require.NoError(s.t, err)
	defer conn.Close()
	require.NoError(s.t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	fields := append([]string{":method", method, ":scheme", "https", ":authority", host, ":path", path}, header...)
	var block []byte
	for i := 0; i < len(fields); i += 2 {
		block = append(block, 0)
		for _, word := range fields[i : i+2] {
			require.Less(s.t, len(word), 127, "a length of one byte")
			block = append(append(block, byte(len(word))), word...)
		}
	}
	const headers, reset, goAway, endStream, endHeaders = 1, 3, 7, 1, 4
	frame := func(kind, flags byte, stream uint32, payload []byte) []byte {
		out := []byte{0, byte(len(payload) >> 8), byte(len(payload)), kind, flags}
		return append(binary.BigEndian.AppendUint32(out, stream), payload...)
	}
	request := append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, nil)...)
	_, err = conn.Write(append(request, frame(headers, endStream|endHeaders, 1, block)...))
	require.NoError(s.t, err)
	for {
		head := make([]byte, 9)
		_, err = io.ReadFull(conn, head)
		require.NoError(s.t, err)
		_, err = io.CopyN(io.Discard, conn, int64(head[0])<<16|int64(head[1])<<8|int64(head[2]))
		require.NoError(s.t, err)
		ended := head[3] <= headers && head[4]&endStream != 0 // of DATA or HEADERS
		if ended || head[3] == reset || head[3] == goAway {
			return
		}
	}
}

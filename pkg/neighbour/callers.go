package neighbour

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Callers finds who still dials a port by plain http that speaks TLS now.
type Callers struct {
	doors map[string][]*Door // by the Service's name
}

// NewCallers looks for callers of these doors.
func NewCallers(doors []Door) *Callers {
	c := &Callers{doors: map[string][]*Door{}}
	for i := range doors {
		if d := &doors[i]; d.tls() {
			c.doors[d.Service.Ref.Name] = append(c.doors[d.Service.Ref.Name], d)
		}
	}
	return c
}

// plainURL is a URL of http: what may stand before the host, the host and a port.
var plainURL = regexp.MustCompile(`http://(?:[^\s/@'"]*@)?([a-z0-9][a-z0-9.-]*)(:[0-9]{1,5})?`)

// A call is a URL in an object.
type call struct {
	door    *Door
	was, is string // without user and password
	at      []int  // in the text: host and all behind it that changes
}

// calls are those in a text, of an object in a namespace.
func (c *Callers) calls(namespace, text string) (out []call) {
	for from := 0; ; {
		i := strings.Index(text[from:], "http://") // most texts have none
		if i < 0 {
			return out
		}
		m := plainURL.FindStringSubmatchIndex(text[from+i:])
		if m == nil || m[0] != 0 {
			from += i + len("http://")
			continue
		}
		host, port := text[from+i+m[2]:from+i+m[3]], "80"
		if m[4] >= 0 {
			port = text[from+i+m[4]+1 : from+i+m[5]]
		}
		if d := c.door(namespace, host, port); d != nil {
			out = append(out, call{d, "http://" + host + suffix(m[4] >= 0, port), "https://" + host + ":" + port, []int{from + i, from + i + m[1]}})
		}
		from += i + m[1]
	}
}

func suffix(written bool, port string) string {
	if written {
		return ":" + port
	}
	return ""
}

// door is the one that a host and a port mean to somebody in a namespace.
func (c *Callers) door(namespace, host, port string) *Door {
	name, rest, _ := strings.Cut(host, ".")
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil
	}
	for _, d := range c.doors[name] {
		in := d.Service.Ref.Namespace
		known := rest == "" && namespace == in || in != "" && slices.Contains([]string{in, in + ".svc", in + ".svc.cluster.local"}, rest)
		if known && d.Port.Port == int32(n) {
			return d
		}
	}
	return nil
}

// Dials reports whether an object may have a caller, by its text alone.
func (c *Callers) Dials(o Object) bool {
	return len(c.doors) > 0 && len(c.calls(o.Is().Namespace, o.Text())) > 0
}

// Find gives what is to be told of an object, and the edits of those who asked for
// them: plain values of variables, and arguments.
func (c *Callers) Find(o Object) (edits []sidecar.Edit, fs sidecar.Findings) {
	if !c.Dials(o) || o.Is().Kind == "Secret" && o.Is().Group == "" {
		return nil, nil // what is in Secrets isn't told
	}
	var v any
	if o.Decode(sidecar.Path{}, &v) != nil {
		return nil, nil // whoever reads it next has to say so
	}
	at, isPod := o.PodTemplate()
	walk(v, sidecar.Path{}, func(path sidecar.Path, s string, named bool) {
		found := c.calls(o.Is().Namespace, s)
		if len(found) == 0 {
			return
		}
		rewrite := isPod && named && len(path) > len(at) && rewritable(path)
		for _, call := range found {
			rewrite = rewrite && call.door.Takeover.RewriteCallers
		}
		if rewrite {
			e := sidecar.Edit{Owner: found[0].door.Owner, Object: o.Is(), Path: path, Value: replaced(s, found), Was: s}
			edits = append(edits, e)
			return
		}
		for _, call := range found {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Warning, Code: "plaintext-caller", Object: o.Is(), Sidecar: call.door.Owner, Field: path.String(),
				Message: fmt.Sprintf("dials %s, which speaks TLS now", call.was), Hint: "write " + call.is + ", and let it trust the certificate"})
		}
	})
	return edits, fs
}

// replaced is s with the calls by https.
func replaced(s string, calls []call) string {
	var b strings.Builder
	from := 0
	for _, c := range calls {
		old := s[c.at[0]:c.at[1]]
		b.WriteString(s[from:c.at[0]] + "https" + strings.TrimPrefix(old, "http"))
		if !strings.HasSuffix(old, c.is[strings.LastIndexByte(c.is, ':'):]) {
			b.WriteString(c.is[strings.LastIndexByte(c.is, ':'):]) // the port that http has by default
		}
		from = c.at[1]
	}
	return b.String() + s[from:]
}

// rewritable reports whether a path is the value of a container's variable.
func rewritable(path sidecar.Path) bool {
	n := len(path)
	return n > 3 && path[n-1].Field == "value" && path[n-2].Key == "name" && path[n-3].Field == "env"
}

// walk visits all texts of a value. named: all lists on the way have entries with
// names, so that the path means one of them only.
func walk(v any, at sidecar.Path, visit func(at sidecar.Path, s string, named bool)) {
	var step func(v any, at sidecar.Path, named bool)
	step = func(v any, at sidecar.Path, named bool) {
		switch v := v.(type) {
		case string:
			visit(at, v, named)
		case map[string]any:
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys {
				step(v[k], at.To(k), named)
			}
		case []any:
			for i, e := range v {
				name := ""
				if m, ok := e.(map[string]any); ok {
					name, _ = m["name"].(string)
				}
				if name != "" {
					step(e, at.At("name", name), named)
				} else {
					step(e, at.At("", strconv.Itoa(i)), false)
				}
			}
		}
	}
	step(v, at, true)
}

package rigtest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/editable"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// nothingElseMoves is law 4. The output has everything of the input in the same order, except what a takeover moves,
// and empty collections that were filled.
func nothingElseMoves(t T, c Case, plain, laid string) {
	t.Helper()
	if strings.Contains(plain, "outrigger.dev/applied") { // comments stand in records, too
		plain = c.mustRun(t, editSpec(t, c.Config, func(spec map[string]any) { spec["record"] = "never" }), c.Input)
	}
	moved := takenOver(c.readSpec(t, c.Config))
	before, after := c.readObjects(t, c.Input), c.readObjects(t, plain)
	require.GreaterOrEqual(t, len(after), len(before), "law 4: an object is gone")
	for i := range before {
		moved.on = refOf(before[i])
		require.Empty(t, moved.findDifferences(before[i], after[i], "", nil), "law 4: something else has moved")
	}
	c.commentsStay(t, c.Input, plain, laid)
	linesStay(t, c.Input, plain, moved)
	untouched := c.Untouched
	for _, doc := range splitDocuments(c.Input) {
		var head struct{ Kind string }
		if yaml.Unmarshal([]byte(doc), &head) == nil && (head.Kind == "ConfigMap" || head.Kind == "Secret") {
			untouched = append(untouched, doc)
		}
	}
	for _, text := range untouched {
		require.Contains(t, plain, text, "law 4: an object that isn't concerned has changed")
	}
}

func splitDocuments(text string) []string {
	if all := decodeJSON(text); len(all) > 1 {
		return all
	}
	var docs []string
	for _, d := range strings.Split("\n"+text, "\n---") {
		docs = append(docs, strings.TrimSpace(d))
	}
	return docs
}

// moves are the changes of the input that a config may make.
type moves struct {
	ports    map[int]bool      // that are taken over
	to       map[int][]int     // ports to which a port may be redirected
	appends  bool              // to values of env
	rewrites bool              // URLs of callers, to TLS
	values   map[string]bool   // of env, which replace others
	commands map[string]string // of probes: ports, and to which they are redirected
	grace    bool              // the pod gets more time to end
	from     []int32           // ports are found, and proxies and health listeners stand on these and those behind
	on       sidecar.Ref       // the object that is looked at
}

// refOf names an object.
func refOf(object map[string]any) sidecar.Ref {
	api, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	group, _, grouped := strings.Cut(api, "/")
	if !grouped {
		group = ""
	}
	return sidecar.Ref{Group: group, Kind: kind}
}

func takenOver(s *config.Spec) moves {
	m := moves{ports: map[int]bool{}, to: map[int][]int{}, values: map[string]bool{}, commands: map[string]string{}}
	for _, p := range s.Patterns {
		if p.AuthProxy != nil {
			m.addProxy(&p.AuthProxy.Base)
		}
		if p.TLSProxy != nil {
			m.addProxy(&p.TLSProxy.Base)
		}
		m.appends = m.appends || p.JavaAgent != nil
		if p.Tunnel != nil {
			for _, v := range p.Tunnel.Env {
				m.values[v] = true
			}
		}
		if p.Exporter != nil {
			for _, v := range p.Exporter.AppEnv {
				m.values[v] = true
			}
		}
		if p.Custom != nil {
			m.grace = m.grace || p.Custom.Pod.MinGracePeriodSeconds > 0
			for _, t := range p.Custom.Takeovers {
				if t.Redirected {
					m.addRedirect(t.Port, t.HealthPort, t.GRPCHealthPort)
					continue
				}
				if t.Front {
					m.addRedirect(t.AppPort, t.Port)
					continue
				}
				m.ports[int(t.Port)] = true
				if t.Commands {
					m.commands[fmt.Sprint(t.Port)] = fmt.Sprint(t.AppPort)
				}
				m.addRedirect(t.Port, t.Port, t.HealthPort, t.GRPCHealthPort)
			}
			for _, v := range p.Custom.App.Env {
				m.appends = m.appends || v.AppendWith != ""
				if v.Replace {
					m.values[v.Value] = true
				}
			}
		}
	}
	return m
}

// addProxy adds what the proxies that stand in front of an app do.
func (m *moves) addProxy(g *proxy.Base) {
	m.rewrites = m.rewrites || g.RewriteCallers
	if g.Rebind != nil && g.Rebind.Preset != "" {
		m.appends = true
		m.commands[fmt.Sprint(g.Port)] = fmt.Sprint(cmp.Or(g.Rebind.Port, g.Port+1))
	}
	health := cmp.Or(g.HealthPort, 16000) // the default
	if g.Port == 0 {
		m.from = append(m.from, cmp.Or(g.ListenPort, 8443), health)
		m.addRedirect(0, 0)
	}
	for i, port := range g.TakenPorts() {
		if g.Mode == proxy.ModeRedirect {
			m.addRedirect(port, health+int32(i))
			continue
		}
		if g.Mode != proxy.ModeFront {
			m.ports[int(port)] = true
			m.addRedirect(port, port, health+int32(i))
			continue
		}
		listen := int32(8443) // the default
		if i > 0 {
			listen = g.MorePorts[i-1].ListenPort
		} else if g.ListenPort != 0 {
			listen = g.ListenPort
		}
		m.addRedirect(port, listen)
	}
}

func (m *moves) addRedirect(from int32, to ...int32) {
	for _, port := range to {
		m.to[int(from)] = append(m.to[int(from)], int(port))
	}
}

// findDifferences are where b lacks what a has, or has it otherwise. Additions are
// none, and neither is what a takeover does.
func (m moves) findDifferences(a, b any, at string, path sidecar.Path) []string {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return compareValues(at, a, b)
		}
		var out []string
		for k, v := range a {
			if w, there := b[k]; !there {
				if v != nil && !(k == "ports" && m.mayBeGone(v)) && !(len(m.to) > 0 && mayAsk(k, v, b)) {
					out = append(out, at+"."+k+" is gone")
				}
			} else if v != nil {
				out = append(out, m.findDifferences(v, w, at+"."+k, path.To(k))...)
			}
		}
		slices.Sort(out)
		return out
	case []any:
		b, ok := b.([]any)
		if !ok {
			return compareValues(at, a, b)
		}
		if !strings.HasPrefix(at, ".spec") && !strings.HasPrefix(at, ".template") && !reflect.DeepEqual(a, b) {
			return compareValues(at, a, b)
		}
		return m.compareItems(a, b, at, path)
	}
	if reflect.DeepEqual(a, b) || m.mayFollow(a, b, path) ||
		m.rewrites && a != nil && overTLS(fmt.Sprint(a), fmt.Sprint(b)) {
		return nil
	}
	return compareValues(at, a, b)
}

// overTLS reports whether b is a with URLs over TLS, which must name port 80 then.
func overTLS(a, b string) bool {
	plain := strings.NewReplacer("https://", "http://", "wss://", "ws://", ":80", "")
	return plain.Replace(a) == plain.Replace(b)
}

func compareValues(at string, a, b any) []string {
	return []string{fmt.Sprintf("%s was %v and is %v", at, a, b)}
}

// compareItems compares lists: all items of a stand in b, in their order.
func (m moves) compareItems(a, b []any, at string, path sidecar.Path) []string {
	for i, v := range a {
		where := fmt.Sprintf("%s[%d]", at, i)
		if strings.HasSuffix(at, ".ports") && m.mayBeGone([]any{v}) &&
			!slices.ContainsFunc(b, func(w any) bool { return reflect.DeepEqual(v, w) }) {
			continue
		}
		found := slices.IndexFunc(b, func(w any) bool { return len(m.findDifferences(v, w, where, path.At("[]", ""))) == 0 })
		if found < 0 {
			return []string{fmt.Sprintf("%s is gone, or stands elsewhere: %v", where, v)}
		}
		b = b[found+1:]
	}
	return nil
}

// mayAsk reports whether a probe that only opened a connection sends a request now, or one that named loopback, which
// is the node's, names the pod.
func mayAsk(key string, was any, now map[string]any) bool {
	switch key {
	case "tcpSocket":
		return now["httpGet"] != nil
	case "host":
		return now["port"] != nil && (was == "127.0.0.1" || was == "localhost" || was == "::1")
	}
	return false
}

// mayBeGone reports whether all of a container's ports are taken over.
func (m moves) mayBeGone(ports any) bool {
	list, _ := ports.([]any)
	return !slices.ContainsFunc(list, func(p any) bool {
		entry, _ := p.(map[string]any)
		n, _ := entry["containerPort"].(int)
		return !m.ports[n]
	})
}

// mayFollow reports whether the table of editable fields allows the change of a value. A pod template may begin
// anywhere in the path.
func (m moves) mayFollow(a, b any, path sidecar.Path) bool {
	var pods []sidecar.Path
	for n := range path {
		pods = append(pods, path[:n])
	}
	field := editable.FieldAt(m.on, pods, path)
	if field == nil || !field.Replaced || field.OfNeighbour() && len(m.to) == 0 {
		return false
	}
	was, now := fmt.Sprint(a), fmt.Sprint(b)
	switch field.Becomes {
	case editable.Wanted:
		return m.values[now] || m.appends && strings.HasPrefix(now, was)
	case editable.SidecarPort:
		return m.isRedirected(a, b) || field.Value == editable.Command && m.commandRedirected(was, now)
	case editable.OverTLS:
		return len(m.to) > 0 && tlsNames[was] == now
	case editable.Larger:
		if field.Value == editable.Quantity {
			return isMoreOf(was, now)
		}
		number, isNumber := a.(int)
		more, _ := b.(int)
		return isNumber && more > number && (len(m.to) > 0 || m.grace) ||
			!isNumber && len(now) > len(was) && !strings.HasPrefix(was, now)
	}
	return false
}

// isMoreOf reports whether a quantity of a resource is more than another one.
func isMoreOf(was, now string) bool {
	less, isQuantity := sidecar.ReadQuantity(was)
	more, both := sidecar.ReadQuantity(now)
	return isQuantity && both && less.Cmp(more) < 0
}

// tlsNames are protocols and what they're called over TLS.
var tlsNames = map[string]string{
	"http":              "https",
	"HTTP":              "HTTPS",
	"kubernetes.io/h2c": "https",
	"kubernetes.io/ws":  "kubernetes.io/wss",
}

// isRedirected reports whether a port has become one to which a takeover redirects it.
func (m moves) isRedirected(a, b any) bool {
	to, err := strconv.Atoi(fmt.Sprint(b))
	if err != nil {
		return false
	}
	if slices.ContainsFunc(m.from, func(from int32) bool { return to >= int(from) && to < int(from)+10 }) {
		return true
	}
	if from, err := strconv.Atoi(fmt.Sprint(a)); err == nil {
		return slices.Contains(m.to[from], to)
	}
	for _, all := range m.to { // it was a name
		if slices.Contains(all, to) {
			return true
		}
	}
	return false
}

// commandRedirected reports whether a word of a command has another port now.
func (m moves) commandRedirected(was, now string) bool {
	for from, to := range m.commands {
		if strings.ReplaceAll(was, from, to) == now {
			return true
		}
	}
	return false
}

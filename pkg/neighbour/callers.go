package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followCallers finds who still dials in plain what speaks TLS now: nothing refuses such
// a manifest, and the client fails when it runs.
func followCallers(s *scene, r *Result) {
	c := newSearch(s)
	if len(c.names) == 0 && !c.local {
		return
	}
	named := func(host string) bool { return c.local && loopback(host) || c.named(host) }
	s.Callers(named, func(who Caller) {
		for _, key := range slices.Sorted(maps.Keys(who.Annotations)) { // as those by which Ingresses name who is to be asked
			if v := who.Annotations[key]; who.Ref.Kind == ingressKind.Kind && alike().MatchString(v) {
				c.value(&who, sidecar.Fields("metadata", "annotations", key), v, r)
			}
		}
		who.Scalars(func(at sidecar.Path, value string) { c.value(&who, at, value, r) })
	})
}

// Dials reports whether a text names an address of a host.
func Dials(text string, named func(host string) bool) bool {
	for d := range dials(bare(text)) {
		if named(d.host) {
			return true
		}
	}
	return linked(text, named) || apart(text, named)
}

// escapes are those of JSON's slashes and of properties' colons.
var escapes = strings.NewReplacer(`\\/`, "/", `\/`, "/", `\:`, ":")

// bare is a text without them.
func bare(text string) string {
	if strings.Contains(text, `\/`) || strings.Contains(text, `\:`) {
		return escapes.Replace(text)
	}
	return text
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" }

type search struct {
	*scene
	names map[string][]lead // by the Service's name
	pods  map[sidecar.Ref]*Footprint
	local bool // somebody's own loopback is concerned
}

func newSearch(s *scene) *search {
	c := &search{scene: s, names: map[string][]lead{}, pods: map[sidecar.Ref]*Footprint{}}
	for _, ref := range s.refs {
		c.names[ref.Name] = append(c.names[ref.Name], s.services[ref]...)
	}
	c.aliases()
	for _, w := range s.served {
		c.pods[w.Ref] = w
		c.local = c.local || slices.ContainsFunc(w.taken, func(t *taken) bool { return t.MovesApp() && t.SpeaksTLS() })
	}
	return c
}

// named reports whether a host may be one of the Services, or a pod of one.
func (c *search) named(host string) bool {
	first, rest, _ := strings.Cut(host, ".")
	second, _, _ := strings.Cut(rest, ".")
	return c.names[first] != nil || c.names[second] != nil
}

// value looks at one string of an object.
func (c *search) value(who *Caller, at sidecar.Path, value string, r *Result) {
	container := containerOf(who.Template, at)
	w := c.pods[who.Ref]
	if w != nil && slices.Contains(w.own, container) {
		return // the sidecar's own affair
	}
	if !strings.Contains(value, ":") {
		c.host(who, at, value, r)
		return
	}
	c.links(who, at, value, r)
	var plain []dial
	var first *lead
	text := bare(value)
	rewrite := text == value
	for d := range dials(text) {
		t := c.find(who.Ref.Namespace, &d)
		if t == nil {
			if w != nil {
				w.local(container, &d, at, r)
			}
			continue
		}
		if !d.url() {
			r.find(t.finding(sidecar.Info, "plaintext-caller", who.Ref, at.String(), "names "+d.plain()+
				", which speaks TLS now", "see that the client speaks TLS to it"))
			continue
		}
		plain = append(plain, d)
		rewrite = rewrite && t.RewriteCallers && !t.alias && (first == nil || first.sidecar == t.sidecar)
		first = t
	}
	if len(plain) == 0 {
		return
	}
	if edit := rewritten(who, first.taken, at, value, plain); rewrite && edit != nil {
		r.edit(*edit)
		severity, hint := sidecar.Info, "see that the client verifies the certificate by its CA"
		if first.ClientCertificate {
			severity, hint = sidecar.Warning, "give the client a certificate of its own, and the CA of the server's"
		}
		r.find(first.finding(severity, "caller-rewritten", who.Ref, at.String(), "was led to "+plain[0].tls(), hint))
		return
	}
	for _, d := range plain {
		hint := "write " + d.tls()
		if first.ClientCertificate {
			hint += ", and give the client a certificate of its own"
		}
		if first.alias {
			hint += ", and see that the server's certificate is for that name, too"
		}
		r.find(first.finding(sidecar.Warning, "plaintext-caller", who.Ref, at.String(), "dials "+d.plain()+
			", which speaks TLS now", hint))
	}
}

// find is what an address leads to.
func (c *search) find(from string, d *dial) *lead {
	for _, l := range c.leads(from, d.host, d.port != 0) {
		headless := l.service.Spec.ClusterIP == corev1.ClusterIPNone
		if d.dialled() == l.port.Port || headless && d.dialled() == l.Port {
			return l
		}
	}
	return nil
}

// leads are what a host leads to: search, search.prod, search.prod.svc and
// search.prod.svc.cluster.local; of a headless Service a pod's name before it.
func (c *search) leads(from, host string, port bool) (out []*lead) {
	words := strings.Split(strings.TrimSuffix(host, "."), ".")
	for i := range min(2, len(words)) {
		for j := range c.names[words[i]] {
			l := &c.names[words[i]][j]
			if i == 1 && !(l.service.Spec.ClusterIP == corev1.ClusterIPNone && strings.HasPrefix(words[0], l.of.Ref.Name+"-")) {
				continue
			}
			if inNamespace(words[i+1:], from, l.service.Ref.Namespace, port) {
				out = append(out, l)
			}
		}
	}
	return out
}

// inNamespace reports whether what stands behind a Service's name leads to its
// namespace. A Service without one may come to stand in any.
func inNamespace(words []string, from, namespace string, port bool) bool {
	switch {
	case len(words) == 0:
		return from == namespace
	case len(words) > 1 && words[1] != "svc":
		return false
	case namespace == "":
		return len(words) > 1 || port
	}
	return words[0] == namespace
}

// local warns of what dials the app at the pod's own loopback: the proxy listens
// there as well now.
func (s *Footprint) local(container string, d *dial, at sidecar.Path, r *Result) {
	if !loopback(d.host) || container == "" || handled(at) {
		return
	}
	for _, t := range s.taken {
		if t.SpeaksTLS() && t.MovesApp() && d.dialled() == t.Port && container != t.app {
			r.find(t.finding(sidecar.Warning, "plaintext-caller", s.Ref, at.String(), "dials "+d.plain()+
				", where the proxy speaks TLS now",
				fmt.Sprintf("the app itself is on 127.0.0.1:%d", t.AppPort)))
		}
	}
}

// containerOf is the name of the container that a path leads into, or "".
func containerOf(template, at sidecar.Path) string {
	if n := len(template); template != nil && len(at) > n+2 && slices.Equal(at[:n], template) && at[n].Field == "spec" &&
		(at[n+1].Field == "containers" || at[n+1].Field == "initContainers") && at[n+2].Key == "name" {
		return at[n+2].Value
	}
	return ""
}

// alike is a value in which nothing stands but addresses, perhaps behind a flag:
// records repeat what was rewritten, so that nothing secret may stand beside.
var alike = expression(`^(--?[A-Za-z0-9._-]+=)?[a-z0-9]+://[A-Za-z0-9.:/_-]+(,[a-z0-9]+://[A-Za-z0-9.:/_-]+)*$`)

// rewritten is the edit by which plain addresses become those over TLS; nil where
// the value isn't one to rewrite: only variables and arguments of a container are,
// with nothing beside the address.
func rewritten(who *Caller, t *taken, at sidecar.Path, value string, plain []dial) *sidecar.Edit {
	if containerOf(who.Template, at) == "" || !alike().MatchString(value) {
		return nil
	}
	in := at[len(who.Template)+3:]
	env := len(in) == 3 && in[0].Field == "env" && in[1].Key == "name" && in[2].Field == "value"
	if arg := len(in) == 2 && (in[0].Field == "args" || in[0].Field == "command") && in[1].Key == "."; !env && !arg {
		return nil
	}
	var b strings.Builder
	from := 0
	for _, d := range plain {
		b.WriteString(value[from:d.from] + d.tls())
		from = d.to
	}
	b.WriteString(value[from:])
	return &sidecar.Edit{Owner: t.sidecar, Object: who.Ref, Path: slices.Clone(at), Value: b.String(), Was: value}
}

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
	c := newHostIndex(s)
	if len(c.byName) == 0 && !c.watchesLoopback {
		return
	}
	named := func(host string) bool { return c.watchesLoopback && isLoopback(host) || c.mayBeService(host) }
	s.Callers(named, func(who Caller) {
		for _, key := range slices.Sorted(maps.Keys(who.Annotations)) { // as those by which Ingresses name who is to be asked
			if v := who.Annotations[key]; who.Ref.Kind == ingressKind.Kind && onlyAddresses().MatchString(v) {
				c.checkValue(&who, sidecar.Fields("metadata", "annotations", key), v, r)
			}
		}
		who.Scalars(func(at sidecar.Path, value string) { c.checkValue(&who, at, value, r) })
	})
}

// Dials reports whether a text names an address of a host.
func Dials(text string, named func(host string) bool) bool {
	for a := range findAddresses(unescapeText(text)) {
		if named(a.host) {
			return true
		}
	}
	return dialsByVariables(text, named) || mayNameHost(text, named)
}

// escapes are those of JSON's slashes and of properties' colons.
var escapes = strings.NewReplacer(`\\/`, "/", `\/`, "/", `\:`, ":")

// unescapeText is a text without them.
func unescapeText(text string) string {
	if strings.Contains(text, `\/`) || strings.Contains(text, `\:`) {
		return escapes.Replace(text)
	}
	return text
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" }

type hostIndex struct {
	*scene
	byName          map[string][]servicePort // by the Service's name
	footprintOf     map[sidecar.Ref]*Footprint
	watchesLoopback bool // somebody's own loopback is concerned
}

func newHostIndex(s *scene) *hostIndex {
	c := &hostIndex{scene: s, byName: map[string][]servicePort{}, footprintOf: map[sidecar.Ref]*Footprint{}}
	for _, ref := range s.tlsServices {
		c.byName[ref.Name] = append(c.byName[ref.Name], s.tlsPorts[ref]...)
	}
	c.addAliases()
	for _, w := range s.footprints {
		c.footprintOf[w.Ref] = w
		c.watchesLoopback = c.watchesLoopback || slices.ContainsFunc(w.taken, func(t *takenPort) bool { return t.MovesApp() && t.SpeaksTLS() })
	}
	return c
}

// mayBeService reports whether a host may be one of the Services, or a pod of one.
func (c *hostIndex) mayBeService(host string) bool {
	first, rest, _ := strings.Cut(host, ".")
	second, _, _ := strings.Cut(rest, ".")
	return c.byName[first] != nil || c.byName[second] != nil
}

// checkValue looks at one string of an object.
func (c *hostIndex) checkValue(who *Caller, at sidecar.Path, value string, r *Result) {
	container := containerOf(who.Template, at)
	w := c.footprintOf[who.Ref]
	if w != nil && slices.Contains(w.ownContainers, container) {
		return // the sidecar's own affair
	}
	if !strings.Contains(value, ":") {
		c.checkHost(who, at, value, r)
		return
	}
	c.checkVariables(who, at, value, r)
	var plain []address
	var first *servicePort
	text := unescapeText(value)
	rewrite := text == value
	for a := range findAddresses(text) {
		t := c.portOfAddress(who.Ref.Namespace, &a)
		if t == nil {
			if w != nil {
				w.checkLoopback(container, &a, at, r)
			}
			continue
		}
		if !a.hasTLSForm() {
			r.addFindings(t.newFinding(sidecar.Info, "plaintext-caller", who.Ref, at.String(), "names "+a.plain()+
				", which speaks TLS now", "see that the client speaks TLS to it"))
			continue
		}
		plain = append(plain, a)
		rewrite = rewrite && t.RewriteCallers && !t.alias && (first == nil || first.sidecar == t.sidecar)
		first = t
	}
	if len(plain) == 0 {
		return
	}
	if edit := rewriteValue(who, first.takenPort, at, value, plain); rewrite && edit != nil {
		r.addEdits(*edit)
		severity, hint := sidecar.Info, "see that the client verifies the certificate by its CA"
		if first.ClientCertificate {
			severity, hint = sidecar.Warning, "give the client a certificate of its own, and the CA of the server's"
		}
		r.addFindings(first.newFinding(severity, "caller-rewritten", who.Ref, at.String(), "was led to "+plain[0].tls(), hint))
		return
	}
	for _, a := range plain {
		hint := "write " + a.tls()
		if first.ClientCertificate {
			hint += ", and give the client a certificate of its own"
		}
		if first.alias {
			hint += ", and see that the server's certificate is for that name, too"
		}
		r.addFindings(first.newFinding(sidecar.Warning, "plaintext-caller", who.Ref, at.String(), "dials "+a.plain()+
			", which speaks TLS now", hint))
	}
}

// portOfAddress is what an address leads to.
func (c *hostIndex) portOfAddress(from string, a *address) *servicePort {
	for _, sp := range c.portsOfHost(from, a.host, a.port != 0) {
		headless := sp.service.Spec.ClusterIP == corev1.ClusterIPNone
		if a.effectivePort() == sp.port.Port || headless && a.effectivePort() == sp.Port {
			return sp
		}
	}
	return nil
}

// portsOfHost are what a host leads to: search, search.prod, search.prod.svc and
// search.prod.svc.cluster.local; of a headless Service a pod's name before it.
func (c *hostIndex) portsOfHost(from, host string, port bool) (out []*servicePort) {
	words := strings.Split(strings.TrimSuffix(host, "."), ".")
	for i := range min(2, len(words)) {
		for j := range c.byName[words[i]] {
			sp := &c.byName[words[i]][j]
			if i == 1 && !(sp.service.Spec.ClusterIP == corev1.ClusterIPNone && strings.HasPrefix(words[0], sp.footprint.Ref.Name+"-")) {
				continue
			}
			if inNamespace(words[i+1:], from, sp.service.Ref.Namespace, port) {
				out = append(out, sp)
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

// checkLoopback warns of what dials the app at the pod's own loopback: the proxy listens
// there as well now.
func (s *Footprint) checkLoopback(container string, a *address, at sidecar.Path, r *Result) {
	if !isLoopback(a.host) || container == "" || isProbeOrHook(at) {
		return
	}
	for _, t := range s.taken {
		if t.SpeaksTLS() && t.MovesApp() && a.effectivePort() == t.Port && container != t.appContainer {
			r.addFindings(t.newFinding(sidecar.Warning, "plaintext-caller", s.Ref, at.String(), "dials "+a.plain()+
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

// onlyAddresses is a value in which nothing stands but addresses, perhaps behind a flag:
// records repeat what was rewritten, so that nothing secret may stand beside.
var onlyAddresses = lazyRegexp(`^(--?[A-Za-z0-9._-]+=)?[a-z0-9]+://[A-Za-z0-9.:/_-]+(,[a-z0-9]+://[A-Za-z0-9.:/_-]+)*$`)

// rewriteValue is the edit by which plain addresses become those over TLS; nil where
// the value isn't one to rewrite: only variables and arguments of a container are,
// with nothing beside the address.
func rewriteValue(who *Caller, t *takenPort, at sidecar.Path, value string, plain []address) *sidecar.Edit {
	if containerOf(who.Template, at) == "" || !onlyAddresses().MatchString(value) {
		return nil
	}
	in := at[len(who.Template)+3:]
	env := len(in) == 3 && in[0].Field == "env" && in[1].Key == "name" && in[2].Field == "value"
	if arg := len(in) == 2 && (in[0].Field == "args" || in[0].Field == "command") && in[1].Key == "."; !env && !arg {
		return nil
	}
	var b strings.Builder
	from := 0
	for _, a := range plain {
		b.WriteString(value[from:a.from] + a.tls())
		from = a.to
	}
	b.WriteString(value[from:])
	return &sidecar.Edit{Owner: t.sidecar, Object: who.Ref, Path: slices.Clone(at), Value: b.String(), Was: value}
}

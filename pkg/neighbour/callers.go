package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followCallers finds objects that still call a port without TLS although it speaks TLS now. Nothing else refuses such
// a manifest: the client only fails when it runs.
func followCallers(s *scene, r *Result) {
	h := newHostIndex(s)
	if len(h.byName) == 0 && !h.watchesLoopback {
		return
	}
	for _, f := range s.footprints {
		for i := range f.dials {
			h.checkOwnDial(f, &f.dials[i], r)
		}
	}
	named := func(host string) bool { return h.watchesLoopback && isLoopback(host) || h.mayBeService(host) }
	s.Callers(named, func(caller Caller) {
		// an Ingress may have an annotation with the address of an authentication service
		if caller.Ref.Kind == ingressKind.Kind {
			for _, key := range slices.Sorted(maps.Keys(caller.Annotations)) {
				if value := caller.Annotations[key]; onlyAddresses().MatchString(value) {
					h.checkValue(&caller, annotationPath(key), value, r)
				}
			}
		}
		caller.readSettings()
		caller.Scalars(func(at sidecar.Path, value string) { h.checkValue(&caller, at, value, r) })
	})
}

// checkOwnDial warns of a sidecar that connects without TLS to a port that speaks it now.
func (h *hostIndex) checkOwnDial(f *Footprint, d *ownDial, r *Result) {
	a := address{scheme: d.Scheme, host: strings.ToLower(strings.TrimSuffix(d.Host, ".")), port: d.Port}
	if a.host == "" || !a.hasTLSForm() {
		return
	}
	if sp := h.portOfAddress(f.Ref.Namespace, &a); sp != nil {
		condition, otherwise := sp.ifThere(a.host)
		r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "plaintext-caller", Object: f.Ref, Sidecar: d.sidecar,
			Message: "connects to " + a.plain() + sp.speaks(a.moved) + condition,
			Hint:    "write " + a.tls() + " into its entry" + otherwise})
	}
}

// Dials reports whether a text contains an address of a host.
func Dials(text string, named func(host string) bool) bool {
	for a := range findAddresses(unescapeText(text)) {
		if named(a.host) {
			return true
		}
	}
	return dialsByVariables(text, named) || mayNameHost(text, named)
}

// escapes are JSON's escaped slashes and the escaped colons of Java properties.
var escapes = strings.NewReplacer(`\\/`, "/", `\/`, "/", `\:`, ":")

// unescapeText replaces escaped slashes and colons.
func unescapeText(text string) string {
	if strings.Contains(text, `\/`) || strings.Contains(text, `\:`) {
		return escapes.Replace(text)
	}
	return text
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" }

// A hostIndex finds ports that speak TLS now by the host names that lead to them.
type hostIndex struct {
	*scene
	byName          map[string][]servicePort     // the name is a Service's
	footprintsOf    map[sidecar.Ref][]*Footprint // one for each pod template
	watchesLoopback bool                         // a workload has TLS on its own loopback now
}

func newHostIndex(s *scene) *hostIndex {
	h := &hostIndex{scene: s, byName: map[string][]servicePort{}, footprintsOf: map[sidecar.Ref][]*Footprint{}}
	for _, ref := range s.tlsServices {
		h.byName[ref.Name] = append(h.byName[ref.Name], s.tlsPorts[ref]...)
	}
	h.addAliases()
	for _, f := range s.footprints {
		h.footprintsOf[f.Ref] = append(h.footprintsOf[f.Ref], f)
		for _, t := range f.taken {
			h.watchesLoopback = h.watchesLoopback || t.MovesApp() && t.SpeaksTLS()
		}
	}
	return h
}

// mayBeService reports whether a host may be one of the Services, or a pod of one.
func (h *hostIndex) mayBeService(host string) bool {
	first, rest, _ := strings.Cut(host, ".")
	second, _, _ := strings.Cut(rest, ".")
	return h.byName[first] != nil || h.byName[second] != nil
}

// checkValue checks one string of an object: it rewrites addresses of ports that speak TLS now, or reports them.
func (h *hostIndex) checkValue(caller *Caller, at sidecar.Path, value string, r *Result) {
	container := caller.containerOf(at)
	f := h.footprintAt(caller.Ref, at)
	if f != nil && slices.Contains(f.ownContainers, container) {
		return // the sidecar itself
	}
	h.checkScript(caller, at, value, r)
	h.checkLines(caller, at, value, r)
	if !strings.Contains(value, ":") {
		h.checkHost(caller, at, value, r)
		return
	}
	h.checkVariables(caller, at, value, r)
	var plain []address
	var ports []*servicePort // to which they lead
	text := unescapeText(value)
	rewrite := text == value
	for a := range findAddresses(text) {
		sp := h.portOfAddress(caller.Ref.Namespace, &a)
		if sp == nil {
			if f != nil {
				f.checkLoopback(container, &a, at, r)
			}
			continue
		}
		if caller.requestsHTTP(at, text, &a) {
			a.scheme = "http"
		}
		if a.scheme == "" && isRouter(caller.Ref) {
			continue // it knows what it is
		}
		if !a.hasTLSForm() {
			condition, otherwise := sp.ifThere(a.host)
			r.addFindings(sp.newFinding(sidecar.Info, "plaintext-caller", caller.Ref, at.String(),
				"names "+a.plain()+sp.speaks(a.moved)+condition, "make sure that the client speaks TLS to it"+otherwise))
			continue
		}
		plain, ports = append(plain, a), append(ports, sp)
		rewrite = rewrite && sp.RewriteCallers && !sp.alias && ports[0].sidecar == sp.sidecar &&
			a.moved == 0 // only the scheme may change
	}
	if len(plain) == 0 {
		return
	}
	if edit := rewriteValue(caller, ports[0].takenPort, at, value, plain); rewrite && edit != nil {
		r.addEdits(*edit)
		ports[0].reportRewritten(caller.Ref, at, plain[0].tls(), r)
		return
	}
	var issuers []string // what is said of an issuer is true of its other addresses in the text
	for i := range plain {
		if isIssuer := namesIssuer(at, text[:plain[i].from]); isIssuer {
			issuers = append(issuers, plain[i].plain())
			ports[i].reportPlain(caller.Ref, at, &plain[i], isIssuer, r)
		}
	}
	for i := range plain {
		if !slices.Contains(issuers, plain[i].plain()) {
			ports[i].reportPlain(caller.Ref, at, &plain[i], false, r)
		}
	}
}

// reportPlain reports an address without TLS. That of an issuer of tokens is a name as well.
func (sp *servicePort) reportPlain(caller sidecar.Ref, at sidecar.Path, a *address, isIssuer bool, r *Result) {
	condition, otherwise := sp.ifThere(a.host)
	hint := "write " + a.tls()
	if isIssuer {
		hint += " wherever this issuer is named, at the same time"
	}
	if sp.ClientCertificate {
		hint += ", and give the client its own certificate"
	}
	if sp.alias {
		hint += ", and make sure that the server's certificate is valid for that name, too"
	}
	sp.addWarning(r, "plaintext-caller", caller, at.String(),
		choose(isIssuer, "names the issuer ", "connects to ")+a.plain()+sp.speaks(a.moved)+condition, hint+otherwise)
}

// speaks says of an address that it speaks TLS now, or that another port does.
func (sp *servicePort) speaks(moved int32) string {
	if moved != 0 {
		return fmt.Sprintf(", past the sidecar, which speaks TLS on port %d", moved)
	}
	return ", which speaks TLS now"
}

// namesIssuer reports whether an address behind a text is that of an issuer of tokens, by the name of its setting.
func namesIssuer(at sidecar.Path, before string) bool {
	line := before[strings.LastIndexAny(before, "\n,;{")+1:]
	for i := range at[max(0, len(at)-2):] {
		step := at[len(at)-1-i]
		line += " " + step.Field + " " + step.Value
	}
	return strings.Contains(strings.ToLower(line), "issuer")
}

// reportRewritten reports that an address was rewritten, and what the client still needs.
func (t *takenPort) reportRewritten(caller sidecar.Ref, at sidecar.Path, address string, r *Result) {
	severity, hint := sidecar.Info, "make sure that the client verifies the certificate with its CA"
	if t.ClientCertificate {
		severity, hint = sidecar.Warning, "give the client its own certificate, and the CA of the server's certificate"
	}
	r.addFindings(t.newFinding(severity, "caller-rewritten", caller, at.String(), "was rewritten to "+address, hint))
}

// portOfAddress returns the port that an address leads to, or nil.
func (h *hostIndex) portOfAddress(from string, a *address) *servicePort {
	for _, sp := range h.portsOfHost(from, a.host, a.port != 0) {
		port := a.effectivePort()
		if a.moved = sp.portPast(port); a.moved != 0 {
			return sp
		}
		if port == sp.port.Port || sp.isHeadless() && port == sp.Port {
			return sp
		}
	}
	return nil
}

// isHeadless reports whether the Service's name leads to the pods themselves.
func (sp *servicePort) isHeadless() bool { return sp.service.Spec.ClusterIP == corev1.ClusterIPNone }

// portPast returns the sidecar's port where clients of a port get past it, or 0: a headless Service's name leads to the
// pods, on the port that clients write, and a sidecar in front of the app has another one than the app.
func (sp *servicePort) portPast(port int32) int32 {
	if sp.isHeadless() && sp.Front && (port == sp.AppPort || port == sp.port.Port && port != sp.Port) {
		return sp.Port
	}
	return 0
}

// portsOfHost returns the ports of the Services that a host may be, seen from a namespace. It may be written as search,
// search.prod, search.prod.svc or search.prod.svc.cluster.local. If the Service is headless, a pod's name may stand
// before it. A variable may stand for that name, and for the namespace.
func (h *hostIndex) portsOfHost(from, host string, hasPort bool) (out []*servicePort) {
	words := strings.Split(strings.TrimSuffix(host, "."), ".")
	for i := range min(2, len(words)) {
		for j := range h.byName[words[i]] {
			sp := &h.byName[words[i]][j]
			isPod := strings.HasPrefix(words[0], "$") || strings.HasPrefix(words[0], sp.footprint.Ref.Name+"-")
			if i == 1 && !(isPod && sp.isHeadless()) {
				continue
			}
			if inNamespace(words[i+1:], from, sp.service.Ref.Namespace, hasPort) && !h.isElsewhere(sp, words[i+1:]) {
				out = append(out, sp)
			}
		}
	}
	return out
}

// inNamespace reports whether the words behind a Service's name lead to its namespace. A Service without a namespace
// may be created in any.
func inNamespace(words []string, from, namespace string, hasPort bool) bool {
	switch {
	case len(words) == 0:
		return from == namespace
	case len(words) > 1 && words[1] != "svc":
		return false
	case strings.HasPrefix(words[0], "$"): // the pod's own, unless it's another part of a name, as a domain
		return from == namespace && (len(words) > 1 || strings.Contains(words[0], "namespace"))
	case namespace == "":
		return len(words) > 1 || hasPort
	}
	return words[0] == namespace
}

// isElsewhere reports whether the words behind the name of a Service without a namespace lead to another Service, which
// is in theirs.
func (h *hostIndex) isElsewhere(sp *servicePort, words []string) bool {
	name := sp.service.Ref.Name
	if sp.service.Ref.Namespace != "" || len(words) == 0 {
		return false
	}
	return slices.ContainsFunc(h.Objects(serviceKind, words[0], func(word string) bool { return word == name }),
		func(o Object) bool { return o.Ref.Name == name })
}

// ifThere returns what must be so for a host to lead to the port, and what to do if it isn't: a Service without a
// namespace may be created in another one than the host's.
func (sp *servicePort) ifThere(host string) (condition, otherwise string) {
	_, behind, _ := strings.Cut("."+host+".", "."+sp.service.Ref.Name+".")
	namespace, _, _ := strings.Cut(behind, ".")
	if sp.service.Ref.Namespace != "" || namespace == "" || namespace[0] == '$' {
		return "", ""
	}
	return fmt.Sprintf(" if %s is in namespace %s", sp.service.Ref, namespace),
		fmt.Sprintf(", or if %s is elsewhere, write its metadata.namespace", sp.service.Ref)
}

// checkLoopback warns of containers that connect to the app on the pod's own loopback: the proxy listens there now.
func (f *Footprint) checkLoopback(container string, a *address, at sidecar.Path, r *Result) {
	if !isLoopback(a.host) || container == "" || isProbeOrHook(at) {
		return
	}
	for _, t := range f.taken {
		if t.SpeaksTLS() && t.MovesApp() && a.effectivePort() == t.Port && container != t.appContainer {
			t.addWarning(r, "plaintext-caller", f.Ref, at.String(),
				"connects to "+a.plain()+", where the proxy speaks TLS now",
				fmt.Sprintf("connect to the app itself on 127.0.0.1:%d", t.AppPort))
		}
	}
}

// footprintAt returns the footprint of the pods into whose template a path of a workload leads, or that of all its
// pods; nil if there's none.
func (h *hostIndex) footprintAt(ref sidecar.Ref, at sidecar.Path) *Footprint {
	for _, f := range h.footprintsOf[ref] {
		if n := len(f.Template); n <= len(at) && slices.Equal(at[:n], f.Template) {
			return f
		}
	}
	if all := h.footprintsOf[ref]; len(all) == 1 {
		return all[0]
	}
	return nil
}

// containerOf returns the name of the container that a path leads into, or "".
func (c *Caller) containerOf(at sidecar.Path) string {
	name, _ := c.splitContainer(at)
	return name
}

// splitContainer returns the name of the container that a path leads into, and the path in it.
func (c *Caller) splitContainer(at sidecar.Path) (name string, in sidecar.Path) {
	for _, template := range c.Templates {
		n := len(template)
		if len(at) <= n+2 || !slices.Equal(at[:n], template) || at[n].Field != "spec" {
			continue
		}
		if list := at[n+1].Field; (list == "containers" || list == "initContainers") && at[n+2].Key == "name" {
			return at[n+2].Value, at[n+3:]
		}
	}
	return "", nil
}

// onlyAddresses matches a value of nothing but addresses, perhaps behind a flag. The record repeats a rewritten value,
// so the value must not contain a secret.
var onlyAddresses = lazyRegexp(`^(--?[A-Za-z0-9._-]+=)?[a-z0-9]+://[A-Za-z0-9.:/_-]+(,[a-z0-9]+://[A-Za-z0-9.:/_-]+)*$`)

// rewriteValue returns the edit that turns plain addresses into those over TLS. It returns nil for a value that can't
// be rewritten: only variables and arguments of a container can, and only if they hold nothing but addresses.
func rewriteValue(caller *Caller, t *takenPort, at sidecar.Path, value string, plain []address) *sidecar.Edit {
	container, in := caller.splitContainer(at)
	if container == "" || !onlyAddresses().MatchString(value) {
		return nil
	}
	env := len(in) == 3 && in[0].Field == "env" && in[1].Key == "name" && in[2].Field == "value"
	arg := len(in) == 2 && (in[0].Field == "args" || in[0].Field == "command") && in[1].Key == "."
	if !env && !arg {
		return nil
	}
	var b strings.Builder
	from := 0
	for _, a := range plain {
		b.WriteString(value[from:a.from] + a.tls())
		from = a.to
	}
	b.WriteString(value[from:])
	edit := t.newEdit(caller.Ref, slices.Clone(at), b.String())
	edit.Was = value
	return &edit
}

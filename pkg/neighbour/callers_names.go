package neighbour

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// What dials a Service without writing its name and port in one word: by another
// name, by the variables that the kubelet sets, or by host and port apart.

var serviceKind = Kind{"", "Service"}

// aliases gives the Services' leads to those that are only another name for them.
func (c *search) aliases() {
	if len(c.names) == 0 {
		return
	}
	more := map[string][]lead{}
	for _, o := range c.Objects(serviceKind, "*", func(word string) bool {
		return word == string(corev1.ServiceTypeExternalName)
	}) {
		spec := o.Spec.(*corev1.ServiceSpec)
		if spec.Type != corev1.ServiceTypeExternalName {
			continue
		}
		for _, l := range c.leads(o.Ref.Namespace, strings.ToLower(spec.ExternalName), true) {
			more[o.Ref.Name] = append(more[o.Ref.Name], lead{l.taken, &sidecar.Service{Ref: o.Ref}, l.port, true})
		}
	}
	for name, leads := range more {
		c.names[name] = append(c.names[name], leads...)
	}
}

// link is a URL whose host, and perhaps port, are variables that the kubelet sets
// for the Services of a pod's namespace (kubernetes pkg/kubelet/envvars).
var link = expression(`\b(http|ws)://\$[({]?([A-Z][A-Z0-9_]*)_SERVICE_HOST[)}]?(?::(?:([0-9]+)|\$[({]?([A-Z][A-Z0-9_]*)_SERVICE_PORT(?:_([A-Z0-9_]+))?[)}]?))?`)

// variable is how a name stands in the name of a variable.
func variable(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// linked reports whether a text dials a host by such variables.
func linked(text string, named func(host string) bool) bool {
	if !strings.Contains(text, "_SERVICE_HOST") {
		return false
	}
	for _, m := range link().FindAllStringSubmatch(text, -1) {
		if named(strings.ToLower(strings.ReplaceAll(m[2], "_", "-"))) {
			return true
		}
	}
	return false
}

// links tells of addresses by variables. The new one is by name, as certificates
// are.
func (c *search) links(who *Caller, at sidecar.Path, value string, r *Result) {
	if !strings.Contains(value, "_SERVICE_HOST") {
		return
	}
	for _, m := range link().FindAllStringSubmatch(value, -1) {
		for _, l := range c.names[strings.ToLower(strings.ReplaceAll(m[2], "_", "-"))] {
			d := dial{scheme: m[1], host: l.service.Ref.Name, port: l.port.Port}
			switch {
			case l.service.Ref.Namespace != who.Ref.Namespace, m[4] != "" && m[4] != m[2]:
				continue
			case m[3] != "" && m[3] != strconv.Itoa(int(d.port)), m[3] == "" && m[4] == "" && d.port != usual[m[1]]:
				continue
			case m[5] != "" && m[5] != variable(l.port.Name):
				continue
			// the first one's
			case m[4] != "" && m[5] == "" && len(l.service.Spec.Ports) > 0 && l.service.Spec.Ports[0].Port != d.port:
				continue
			}
			r.find(l.finding(sidecar.Warning, "plaintext-caller", who.Ref, at.String(), "dials "+m[0]+", which speaks TLS now",
				"write "+d.tls()+": its certificate is for names"))
			break
		}
	}
}

// hostly are the last words in names of variables and settings that hold a host;
// hinted are what objects have that hold one.
var (
	hostly = expression(`(?i)(^|[_.-]|[a-z])(host|hostname|server|addr|address|endpoint|upstream|backend)s?$`)
	hinted = []string{"HOST", "host", "SERVER", "server", "ADDR", "addr", "ENDPOINT", "endpoint", "UPSTREAM", "upstream",
		"BACKEND", "backend"}
)

// apart reports whether a text may name a host without a port, in something that
// is called so.
func apart(text string, named func(host string) bool) bool {
	hint := false
	for _, h := range hinted {
		hint = hint || strings.Contains(text, h)
	}
	if !hint {
		return false
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	}) {
		if named(word) {
			return true
		}
	}
	return false
}

// host tells of a variable, or a setting of a ConfigMap, that is a host by its name
// and by its value: where its port stands isn't sure.
func (c *search) host(who *Caller, at sidecar.Path, value string, r *Result) {
	name := ""
	switch n := len(at); {
	case n >= 3 && at[n-1].Field == "value" && at[n-2].Key == "name" && at[n-3].Field == "env":
		name = at[n-2].Value
	case n == 2 && at[0].Field == "data" && who.Ref.Kind == "ConfigMap":
		name = at[1].Field
	}
	if name == "" || !hostly().MatchString(name) || loopback(value) {
		return
	}
	for _, l := range c.leads(who.Ref.Namespace, strings.ToLower(value), false) {
		if l.of.Ref == who.Ref {
			continue // whom it tells of itself
		}
		r.find(l.finding(sidecar.Info, "plaintext-caller", who.Ref, at.String(),
			fmt.Sprintf("names %s, which speaks TLS on port %d now", value, l.port.Port),
			"see that the client speaks TLS to it"))
		return
	}
}

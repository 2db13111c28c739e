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

// addAliases gives the Services' leads to those that are only another name for them.
func (c *hostIndex) addAliases() {
	if len(c.byName) == 0 {
		return
	}
	more := map[string][]servicePort{}
	for _, o := range c.Objects(serviceKind, "*", func(word string) bool {
		return word == string(corev1.ServiceTypeExternalName)
	}) {
		spec := o.Spec.(*corev1.ServiceSpec)
		if spec.Type != corev1.ServiceTypeExternalName {
			continue
		}
		for _, sp := range c.portsOfHost(o.Ref.Namespace, strings.ToLower(spec.ExternalName), true) {
			more[o.Ref.Name] = append(more[o.Ref.Name], servicePort{sp.takenPort, &sidecar.Service{Ref: o.Ref}, sp.port, true})
		}
	}
	for name, leads := range more {
		c.byName[name] = append(c.byName[name], leads...)
	}
}

// variableURL is a URL whose host, and perhaps port, are variables that the kubelet sets
// for the Services of a pod's namespace (kubernetes pkg/kubelet/envvars).
var variableURL = lazyRegexp(`\b(http|ws)://\$[({]?([A-Z][A-Z0-9_]*)_SERVICE_HOST[)}]?(?::(?:([0-9]+)|\$[({]?([A-Z][A-Z0-9_]*)_SERVICE_PORT(?:_([A-Z0-9_]+))?[)}]?))?`)

// variableName is how a name stands in the name of a variable.
func variableName(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// dialsByVariables reports whether a text dials a host by such variables.
func dialsByVariables(text string, named func(host string) bool) bool {
	if !strings.Contains(text, "_SERVICE_HOST") {
		return false
	}
	for _, m := range variableURL().FindAllStringSubmatch(text, -1) {
		if named(strings.ToLower(strings.ReplaceAll(m[2], "_", "-"))) {
			return true
		}
	}
	return false
}

// checkVariables tells of addresses by variables. The new one is by name, as certificates
// are.
func (c *hostIndex) checkVariables(who *Caller, at sidecar.Path, value string, r *Result) {
	if !strings.Contains(value, "_SERVICE_HOST") {
		return
	}
	for _, m := range variableURL().FindAllStringSubmatch(value, -1) {
		for _, sp := range c.byName[strings.ToLower(strings.ReplaceAll(m[2], "_", "-"))] {
			a := address{scheme: m[1], host: sp.service.Ref.Name, port: sp.port.Port}
			switch {
			case sp.service.Ref.Namespace != who.Ref.Namespace, m[4] != "" && m[4] != m[2]:
				continue
			case m[3] != "" && m[3] != strconv.Itoa(int(a.port)), m[3] == "" && m[4] == "" && a.port != defaultPorts[m[1]]:
				continue
			case m[5] != "" && m[5] != variableName(sp.port.Name):
				continue
			// the first one's
			case m[4] != "" && m[5] == "" && len(sp.service.Spec.Ports) > 0 && sp.service.Spec.Ports[0].Port != a.port:
				continue
			}
			r.addFindings(sp.newFinding(sidecar.Warning, "plaintext-caller", who.Ref, at.String(), "dials "+m[0]+", which speaks TLS now",
				"write "+a.tls()+": its certificate is for names"))
			break
		}
	}
}

// hostName are the last words in names of variables and settings that hold a host;
// hinted are what objects have that hold one.
var (
	hostName  = lazyRegexp(`(?i)(^|[_.-]|[a-z])(host|hostname|server|addr|address|endpoint|upstream|backend)s?$`)
	hostHints = []string{"HOST", "host", "SERVER", "server", "ADDR", "addr", "ENDPOINT", "endpoint", "UPSTREAM", "upstream",
		"BACKEND", "backend"}
)

// mayNameHost reports whether a text may name a host without a port, in something that
// is called so.
func mayNameHost(text string, named func(host string) bool) bool {
	hint := false
	for _, h := range hostHints {
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

// checkHost tells of a variable, or a setting of a ConfigMap, that is a host by its name
// and by its value: where its port stands isn't sure.
func (c *hostIndex) checkHost(who *Caller, at sidecar.Path, value string, r *Result) {
	name := ""
	switch n := len(at); {
	case n >= 3 && at[n-1].Field == "value" && at[n-2].Key == "name" && at[n-3].Field == "env":
		name = at[n-2].Value
	case n == 2 && at[0].Field == "data" && who.Ref.Kind == "ConfigMap":
		name = at[1].Field
	}
	if name == "" || !hostName().MatchString(name) || isLoopback(value) {
		return
	}
	for _, sp := range c.portsOfHost(who.Ref.Namespace, strings.ToLower(value), false) {
		if sp.footprint.Ref == who.Ref {
			continue // whom it tells of itself
		}
		r.addFindings(sp.newFinding(sidecar.Info, "plaintext-caller", who.Ref, at.String(),
			fmt.Sprintf("names %s, which speaks TLS on port %d now", value, sp.port.Port),
			"see that the client speaks TLS to it"))
		return
	}
}

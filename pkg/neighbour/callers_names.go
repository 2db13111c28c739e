package neighbour

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// This file finds callers that don't write a Service's name and port in one word. They use another name of the Service,
// the variables that the kubelet sets, or a host and a port in two settings.

var serviceKind = Kind{"", "Service"}

// addAliases adds the ExternalName Services that are another name for an indexed Service.
func (h *hostIndex) addAliases() {
	if len(h.byName) == 0 {
		return
	}
	aliases := map[string][]servicePort{}
	for _, o := range h.Objects(serviceKind, "*", func(word string) bool {
		return word == string(corev1.ServiceTypeExternalName)
	}) {
		spec := o.Spec.(*corev1.ServiceSpec)
		if spec.Type != corev1.ServiceTypeExternalName {
			continue
		}
		for _, sp := range h.portsOfHost(o.Ref.Namespace, strings.ToLower(spec.ExternalName), true) {
			alias := servicePort{sp.takenPort, &sidecar.Service{Ref: o.Ref}, sp.port, true}
			aliases[o.Ref.Name] = append(aliases[o.Ref.Name], alias)
		}
	}
	for name, ports := range aliases {
		h.byName[name] = append(h.byName[name], ports...)
	}
}

// variableURL matches a URL with a variable as its host, and perhaps one as its port. The kubelet sets these variables
// for the Services of a pod's namespace (kubernetes pkg/kubelet/envvars).
var variableURL = lazyRegexp(`\b(http|ws)://\$[({]?([A-Z][A-Z0-9_]*)_SERVICE_HOST[)}]?` +
	`(?::(?:([0-9]+)|\$[({]?([A-Z][A-Z0-9_]*)_SERVICE_PORT(?:_([A-Z0-9_]+))?[)}]?))?`)

// A serviceURL is a match of variableURL.
type serviceURL struct {
	text, scheme string
	service      string // as it's written in the host's variable
	number       string // of the port; "" where a variable, or nothing, says it
	portService  string // as it's written in the port's variable
	portName     string // as it's written there; "" means the Service's first port
}

// findServiceURLs returns all matches of variableURL in a text.
func findServiceURLs(text string) (out []serviceURL) {
	if !strings.Contains(text, "_SERVICE_HOST") {
		return nil
	}
	for _, m := range variableURL().FindAllStringSubmatch(text, -1) {
		out = append(out, serviceURL{m[0], m[1], m[2], m[3], m[4], m[5]})
	}
	return out
}

// host returns the name of the Service.
func (u *serviceURL) host() string { return strings.ToLower(strings.ReplaceAll(u.service, "_", "-")) }

// leadsTo reports whether the URL's port is the given one of the Service.
func (u *serviceURL) leadsTo(sp *servicePort) bool {
	switch {
	case u.number != "":
		return u.number == strconv.Itoa(int(sp.port.Port))
	case u.portService == "":
		return sp.port.Port == defaultPorts[u.scheme]
	case u.portService != u.service:
		return false
	case u.portName != "":
		return u.portName == variableName(sp.port.Name)
	}
	return len(sp.service.Spec.Ports) == 0 || sp.service.Spec.Ports[0].Port == sp.port.Port
}

// variableName returns a name as it's written in the name of a variable.
func variableName(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// dialsByVariables reports whether a text connects to a host through such variables.
func dialsByVariables(text string, named func(host string) bool) bool {
	return slices.ContainsFunc(findServiceURLs(text), func(u serviceURL) bool { return named(u.host()) })
}

// checkVariables warns of URLs with such variables. The hint has the Service's name, as certificates are for names.
func (h *hostIndex) checkVariables(caller *Caller, at sidecar.Path, value string, r *Result) {
	for _, u := range findServiceURLs(value) {
		for _, sp := range h.byName[u.host()] {
			if sp.service.Ref.Namespace != caller.Ref.Namespace || !u.leadsTo(&sp) {
				continue
			}
			a := address{scheme: u.scheme, host: sp.service.Ref.Name, port: sp.port.Port}
			sp.addWarning(r, "plaintext-caller", caller.Ref, at.String(), "connects to "+u.text+", which speaks TLS now",
				"write "+a.tls()+", since the certificate is for a name")
			break
		}
	}
}

// hostSetting matches names of variables and settings that hold a host. A text without one of hostWords has none.
var (
	hostSetting = lazyRegexp(`(?i)(^|[_.-]|[a-z])(host|hostname|server|addr|address|endpoint|upstream|backend)s?$`)
	hostWords   = []string{
		"HOST", "host", "SERVER", "server", "ADDR", "addr", "ENDPOINT", "endpoint", "UPSTREAM", "upstream",
		"BACKEND", "backend",
	}
)

// mayNameHost reports whether a text may have a setting that holds one of the hosts, without a port.
func mayNameHost(text string, named func(host string) bool) bool {
	if !slices.ContainsFunc(hostWords, func(word string) bool { return strings.Contains(text, word) }) {
		return false
	}
	isOutside := func(r rune) bool {
		isAlphanumeric := r >= '0' && r <= '9' || r >= 'a' && r <= 'z'
		return r != '-' && r != '.' && !isAlphanumeric
	}
	for word := range strings.FieldsFuncSeq(text, isOutside) {
		if named(word) {
			return true
		}
	}
	return false
}

// checkHost reports a variable, or a setting of a ConfigMap, whose name says that it's a host and whose value is one.
// It's no warning, since it isn't known which setting holds the port.
func (h *hostIndex) checkHost(caller *Caller, at sidecar.Path, value string, r *Result) {
	name := ""
	switch n := len(at); {
	case n >= 3 && at[n-1].Field == "value" && at[n-2].Key == "name" && at[n-3].Field == "env":
		name = at[n-2].Value
	case n == 2 && at[0].Field == "data" && caller.Ref.Kind == "ConfigMap":
		name = at[1].Field
	}
	if name == "" || !hostSetting().MatchString(name) || isLoopback(value) {
		return
	}
	for _, sp := range h.portsOfHost(caller.Ref.Namespace, strings.ToLower(value), false) {
		if sp.footprint.Ref == caller.Ref {
			continue // the name that it announces itself under
		}
		r.addFindings(sp.newFinding(sidecar.Info, "plaintext-caller", caller.Ref, at.String(),
			fmt.Sprintf("names %s, which speaks TLS on port %d now", value, sp.port.Port),
			"make sure that the client speaks TLS to it"))
		return
	}
}

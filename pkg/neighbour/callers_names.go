package neighbour

import (
	"cmp"
	"fmt"
	"maps"
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
	for _, at := range variableURL().FindAllStringSubmatchIndex(text, -1) {
		if strings.HasPrefix(text[at[1]:], ".") {
			continue // the variable is a part of a longer name
		}
		var m [6]string
		for i := range m {
			if at[2*i] >= 0 {
				m[i] = text[at[2*i]:at[2*i+1]]
			}
		}
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
	hostSetting = lazyRegexp(`(?i)(?:^|[_.-]|[a-z])(host|hostname|server|addr|address|endpoint|upstream|backend)s?$`)
	hostWords   = []string{
		"HOST", "Host", "host", "SERVER", "Server", "server", "ADDR", "Addr", "addr", "ENDPOINT", "Endpoint", "endpoint",
		"UPSTREAM", "Upstream", "upstream", "BACKEND", "Backend", "backend",
		shortHost + " ", shortHost + "\"", shortHost + "'", shortHost + ",", shortHost + "\n",
	}
)

// shortHost is the option for a host of psql, mysql, redis-cli and others. Theirs for a port is -p or -P.
const shortHost = "-h"

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

// A setting is a variable of a container, an option among its arguments or in a script, or a key of a ConfigMap.
type setting struct{ of, name string }

type settings map[setting]string

// inText is where a setting is that is known by its name alone: a line of a text, or a field of any object. Whether it
// is one is only sure if a port is beside it.
const inText = "text"

// An argument is one of those in a list.
type argument struct{ list, value string }

// argumentAt returns the entry of a list of plain values that a path ends in, or none.
func argumentAt(at sidecar.Path) argument {
	if n := len(at) - 1; n >= 0 && at[n].Key == "." {
		return argument{at[:n].String(), at[n].Value}
	}
	return argument{}
}

// settingOf returns the setting whose value is at a path, or none.
func (c *Caller) settingOf(at sidecar.Path) setting {
	switch n := len(at); {
	case c.options[argumentAt(at)] != setting{}:
		return c.options[argumentAt(at)]
	case n >= 3 && at[n-1].Field == "value" && at[n-2].Key == "name" && at[n-3].Field == "env":
		return setting{at[:n-3].String(), at[n-2].Value}
	case n == 2 && at[0].Field == "data" && c.Ref.Kind == "ConfigMap":
		return setting{"", at[1].Field}
	}
	return setting{}
}

// readSettings reads what is needed to understand other strings of the object.
func (c *Caller) readSettings() {
	c.settings, c.options, c.httpClients = settings{}, map[argument]setting{}, map[string]bool{}
	var open setting                // an option whose value comes next
	programs := map[string]string{} // that the images of containers run, if those have no command
	c.Scalars(func(at sidecar.Path, value string) {
		container := c.argumentOf(at)
		if container == "" {
			if s := c.settingOf(at); s.name != "" {
				c.settings[s] = value
			}
			of, in := c.splitContainer(at)
			if _, known := programs[of]; !known && len(in) == 1 && in[0].Field == "image" {
				programs[of], _, _ = strings.Cut(value[strings.LastIndexByte(value, '/')+1:], ":")
			}
			return
		}
		if at[len(at)-2].Field == "command" {
			programs[container] = ""
		}
		option, after := setting{container + " arguments", value}, open
		if open = (setting{}); strings.HasPrefix(value, "-") {
			name, given, ok := strings.Cut(value, "=")
			if option.name = name; !ok {
				open, c.settings[option] = option, "true" // unless a value follows
				return
			}
			after, value = option, given
		}
		if _, known := c.options[argumentAt(at)]; after.of == option.of && !known { // equal ones have one path
			c.settings[after], c.options[argumentAt(at)] = value, after
		}
		c.httpClients[container] = c.httpClients[container] || isHTTPClient(value)
	})
	for container, program := range programs {
		c.httpClients[container] = c.httpClients[container] || isHTTPClient(program)
	}
}

// argumentOf returns the container whose command or argument is at a path, or "".
func (c *Caller) argumentOf(at sidecar.Path) string {
	container, in := c.splitContainer(at)
	if len(in) != 2 || in[0].Field != "args" && in[0].Field != "command" {
		return ""
	}
	return container
}

// isHTTPClient reports whether a program takes a host and a port without a scheme for a URL of http.
func isHTTPClient(program string) bool {
	name := program[strings.LastIndexByte(program, '/')+1:]
	return name == "wget" || name == "curl"
}

// requestsHTTP reports whether a host and a port without a scheme are given to such a program, by its arguments or in a
// line of a script.
func (c *Caller) requestsHTTP(at sidecar.Path, text string, a *address) bool {
	container := c.argumentOf(at)
	if a.scheme != "" || container == "" {
		return false
	}
	line := text[strings.LastIndexByte(text[:a.from], '\n')+1 : a.from]
	return c.httpClients[container] || slices.ContainsFunc(strings.Fields(line), isHTTPClient)
}

// beside returns the first setting that has the same stem as another one, and one of the endings.
func (all settings) beside(s setting, stem string, endings ...string) (name, value string) {
	for _, other := range slices.SortedFunc(maps.Keys(all), compareSettings) {
		isOther := other.of == s.of && len(other.name) > len(stem) && strings.EqualFold(other.name[:len(stem)], stem)
		if isOther && slices.Contains(endings, strings.ToLower(other.name[len(stem):])) {
			return other.name, all[other]
		}
	}
	return "", ""
}

func compareSettings(a, b setting) int {
	return cmp.Or(strings.Compare(a.of, b.of), strings.Compare(a.name, b.name))
}

// checkHost checks a variable, an option, or a setting of a ConfigMap.
func (h *hostIndex) checkHost(caller *Caller, at sidecar.Path, value string, r *Result) {
	s := caller.settingOf(at)
	if s.name == "" && at[len(at)-1].Field != "" && !isRouter(caller.Ref) {
		h.checkField(caller, at, value, r)
		return
	}
	if strings.HasPrefix(value, s.name+"=") { // an option with its value
		value = caller.settings[s]
	}
	h.checkSetting(caller, at, s, value, caller.settings, r)
}

// checkField checks a field of any object, with the fields beside it.
func (h *hostIndex) checkField(caller *Caller, at sidecar.Path, value string, r *Result) {
	n := len(at) - 1
	name := at[n].Field
	if !h.mayBeService(strings.ToLower(value)) || !hostSetting().MatchString(name) {
		return
	}
	fields, all := slices.Clone(at), settings{}
	caller.Scalars(func(other sidecar.Path, value string) {
		if len(other) == n+1 && other[n].Field != "" && slices.Equal(other[:n], fields[:n]) {
			all[setting{inText, other[n].Field}] = value
		}
	})
	h.checkSetting(caller, fields, setting{inText, name}, value, all, r)
}

// checkLines checks the settings in lines of a text.
func (h *hostIndex) checkLines(caller *Caller, at sidecar.Path, text string, r *Result) {
	if !strings.Contains(text, "\n") || caller.argumentOf(at) != "" || !mayNameHost(text, h.mayBeService) {
		return
	}
	for _, block := range readLines(text) {
		for _, s := range slices.SortedFunc(maps.Keys(block), compareSettings) {
			h.checkSetting(caller, at, s, block[s], block, r)
		}
	}
}

// checkScript checks the options of each command of a script among arguments.
func (h *hostIndex) checkScript(caller *Caller, at sidecar.Path, script string, r *Result) {
	if caller.argumentOf(at) == "" || !strings.ContainsAny(script, " \n") {
		return
	}
	for command := range strings.FieldsFuncSeq(script, func(r rune) bool { return strings.ContainsRune("\n;&|()", r) }) {
		options, names, open := settings{}, []setting(nil), ""
		for word := range strings.FieldsSeq(command) {
			name, value, ok := strings.Cut(strings.Trim(word, `"'`), "=")
			switch {
			case ok && strings.HasPrefix(name, "-"):
			case strings.HasPrefix(name, "-"):
				open, options[setting{"", name}] = name, "true" // unless a value follows
				continue
			case open != "":
				name, value = open, strings.Trim(word, `"'`)
			default:
				continue
			}
			open = ""
			options[setting{"", name}] = strings.Trim(value, `"'`)
			names = append(names, setting{"", name})
		}
		for _, s := range names {
			h.checkSetting(caller, at, s, options[s], options, r)
		}
	}
}

// checkSetting reports a setting whose name says that it is a host and whose value is one. It is a warning if the
// setting beside it is a port that speaks TLS now, as in WEB_HOST and WEB_PORT. Without one, it is not known which port
// is used.
func (h *hostIndex) checkSetting(caller *Caller, at sidecar.Path, s setting, value string, all settings, r *Result) {
	word := hostSetting().FindStringSubmatchIndex(s.name)
	if s.name == shortHost {
		word = []int{0, 2, 1, 2}
	}
	if word == nil || isLoopback(value) {
		return
	}
	stem := s.name[:word[2]]
	portName, port := all.beside(s, stem, choose(s.name == shortHost, "p", "port"), "port_number", "tcp_port", "http_port")
	_, scheme := all.beside(s, stem, "scheme", "protocol", "proto")
	_, tls := all.beside(s, stem, "tls", "ssl", "use_tls", "use_ssl", "tls_enabled", "ssl_enabled",
		choose(s.name == shortHost, "-tls", "tls"))
	isTLS := isTLSScheme(strings.ToLower(scheme)) || slices.Contains([]string{"true", "1", "yes"}, tls)
	host := strings.ToLower(value)
	ports := h.portsOfHost(caller.Ref.Namespace, host, false)
	for _, sp := range ports {
		condition, otherwise := sp.ifThere(host)
		moved := sp.portPast(parsePort(port))
		if sp.footprint.Ref != caller.Ref && !isTLS && (moved != 0 || parsePort(port) == sp.port.Port) {
			hint := "make the client speak TLS, with the setting that its program has for it"
			if moved != 0 {
				hint = fmt.Sprintf("write port %d, and ", moved) + hint
			}
			sp.addWarning(r, "plaintext-caller", caller.Ref, at.String(),
				fmt.Sprintf("names %s, and %s its port %s", value, portName, port)+sp.speaks(moved)+condition, hint+otherwise)
			return
		}
	}
	if s.of == inText {
		return
	}
	for _, sp := range ports {
		if sp.footprint.Ref == caller.Ref || port != "" && parsePort(port) != 0 && !isTLS {
			continue // the name that it announces itself under, or another port
		}
		condition, otherwise := sp.ifThere(host)
		r.addFindings(sp.newFinding(sidecar.Info, "plaintext-caller", caller.Ref, at.String(),
			fmt.Sprintf("names %s, which speaks TLS on port %d now", value, sp.port.Port)+condition,
			"make sure that the client speaks TLS to it"+otherwise))
		return
	}
}

package pattern

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds what is wrong with the config whatever the workload is.
func (p *TLSProxy) Validate() sidecar.Findings {
	var fs sidecar.Findings
	checkPort("port", p.Port, "write the app's port, where clients come in", &fs)
	if p.SecretName == "" && p.Certificate == nil {
		fs.Add(sidecar.Error, "missing-field", "secretName", "there is no certificate",
			"name the Secret that has tls.crt and tls.key, or ask cert-manager for one with certificate: {issuerRef: {name: ...}}")
	}
	if p.SecretName != "" {
		checkName("secretName", p.SecretName, &fs)
	}
	if p.Certificate != nil {
		p.Certificate.validate("certificate", &fs)
	}
	p.validateRebind(&fs)
	checkEnum("tlsProfile", p.TLSProfile, &fs, Intermediate, Modern)
	checkEnum("plainHTTP", p.PlainHTTP, &fs, Reject, Redirect)
	checkEnum("accessLog", p.AccessLog, &fs, NoAccessLog, JSONAccessLog)
	for i, f := range p.IPFamilies {
		field := fmt.Sprintf("ipFamilies[%d]", i)
		checkEnum(field, f, &fs, corev1.IPv4Protocol, corev1.IPv6Protocol)
		if slices.Contains(p.IPFamilies[:i], f) {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%s is there twice", f), "leave one of them out")
		}
	}
	if p.drainSeconds() < 0 {
		fs.Add(sidecar.Error, "bad-value", "drainSeconds", "seconds can't be negative", "write 0 for no draining")
	}
	return fs
}

func (p *TLSProxy) validateRebind(fs *sidecar.Findings) {
	r := p.Rebind
	if r == nil {
		fs.Add(sidecar.Error, "missing-field", "rebind", "the app must make room for nginx, and nothing says how",
			`write the free port and the variables or args by which the app is told, as in rebind: {port: 9201, env: {HOST: 127.0.0.1, PORT: "9201"}}`)
		return
	}
	checkPort("rebind.port", r.Port, "write a free port for the app, as in 9201", fs)
	if r.Port == p.Port && r.Port != 0 {
		fs.Add(sidecar.Error, "bad-value", "rebind.port", fmt.Sprintf("it is the port %d that nginx takes over", p.Port), "write another one, for the app")
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(r.Env)) {
		if len(validation.IsEnvVarName(name)) > 0 {
			fs.Add(sidecar.Error, "bad-value", "rebind.env", fmt.Sprintf("%q can't be the name of a variable", name), "use letters, digits, _, - and dots; no digit first")
		}
		checkAddress("rebind.env."+name, r.Env[name], fs)
		all = append(all, r.Env[name])
	}
	for i, arg := range r.Args {
		checkAddress(fmt.Sprintf("rebind.args[%d]", i), arg, fs)
		all = append(all, arg)
	}
	port := strconv.Itoa(int(r.Port))
	switch {
	case len(all) == 0:
		fs.Add(sidecar.Info, "rebind-untold", "rebind", "neither env nor args tell the app to move",
			"make sure that its own configuration binds it to 127.0.0.1:"+port)
	case !strings.Contains(strings.Join(all, "\n"), port):
		fs.Add(sidecar.Warning, "rebind-untold", "rebind", "neither env nor args tell the app its new port "+port,
			"unless its own configuration does, write it into one of them")
	}
}

// checkAddress finds addresses under which the app isn't where nginx looks for
// it, or is elsewhere too. The values aren't told: they may be secret.
func checkAddress(field, value string, fs *sidecar.Findings) {
	switch {
	case strings.Contains(value, "localhost"):
		fs.Add(sidecar.Warning, "rebind-address", field, "localhost may be ::1, where nginx doesn't look for the app", "write 127.0.0.1")
	case strings.Contains(value, "0.0.0.0"), strings.Contains(value, "[::]"), strings.Contains(value, "=:"),
		strings.HasPrefix(value, ":") && !strings.HasPrefix(value, "::1"):
		fs.Add(sidecar.Warning, "rebind-address", field, "on all addresses the app is still reachable without TLS", "write 127.0.0.1")
	}
}

// check finds what is wrong with the config for this workload.
func (p *TLSProxy) check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	checkPod(w, &fs)
	p.checkPorts(w, &fs)
	p.checkPrivileged(w, &fs)
	p.checkShutdown(w, &fs)
	p.checkImage(w, &fs)
	if p.Certificate != nil {
		p.Certificate.check(w, "certificate", &fs)
	} else if keys, ok := w.Secrets[p.SecretName]; ok {
		var missing []string
		for _, key := range tlsKeys {
			if !slices.Contains(keys, key) {
				missing = append(missing, key)
			}
		}
		if len(missing) > 0 {
			fs.Add(sidecar.Error, "tls-invalid", "secretName",
				fmt.Sprintf("Secret %s has no %s; its keys: %s", p.SecretName, strings.Join(missing, ", "), list(keys)),
				"name one of type kubernetes.io/tls")
		}
	}
	return fs
}

// checkPorts finds what is wrong with the ports in this pod.
func (p *TLSProxy) checkPorts(w *sidecar.Workload, fs *sidecar.Findings) {
	for _, c := range running(w) {
		if c.Name == w.Name {
			continue
		}
		for _, port := range c.Ports {
			if !isTCP(port) {
				continue
			}
			if p.Rebind != nil && port.ContainerPort == p.Rebind.Port && port.ContainerPort != p.Port {
				fs.Add(sidecar.Error, "port-conflict", "rebind.port", fmt.Sprintf("container %s declares %d already", c.Name, port.ContainerPort),
					"write a free port; one on 127.0.0.1 needs no entry in the container's ports")
			}
			if port.ContainerPort == p.Port && w.App != nil && c.Name != w.App.Name {
				fs.Add(sidecar.Error, "port-conflict", "port", fmt.Sprintf("container %s declares %d, not %s", c.Name, p.Port, w.App.Name),
					"if it's the app, write app: "+c.Name+" beside tlsProxy")
				return // the app not declaring it is the same mistake
			}
		}
	}
	if w.App == nil || w.Declares(p.Port) {
		return
	}
	if declared := tcpPorts(w.App); len(declared) > 0 {
		fs.Add(sidecar.Error, "port-unknown", "port", fmt.Sprintf("container %s doesn't declare %d; it declares %s", w.App.Name, p.Port, strings.Join(declared, ", ")),
			"write one of those, or declare the port in the container")
		return
	}
	fs.Add(sidecar.Info, "port-unknown", "port", fmt.Sprintf("container %s declares no TCP port; taken on trust that clients come in on %d", w.App.Name, p.Port), "")
}

// checkImage finds what the image's version can't do.
func (p *TLSProxy) checkImage(w *sidecar.Workload, fs *sidecar.Findings) {
	ref := w.Image(nginxImage.ref)
	switch version := nginxRelease(ref); {
	case !version.atLeast(1, 19, 5): // -e; certificates by variable came with 1.15.9
		fs.Add(sidecar.Error, "image-version", "", "nginx of image "+ref+" is too old", "use 1.19.5 or newer")
	case !version.atLeast(1, 27, 4):
		fs.Add(sidecar.Info, "image-version", "", "nginx of image "+ref+" reads the certificate again at each handshake", "1.27.4 and newer keep it for some seconds")
	}
	if w.Override != nil && slices.ContainsFunc(w.Override.Env, func(e corev1.EnvVar) bool { return e.Name == "NGINX" }) {
		// src/core/nginx.c, ngx_add_inherited_sockets: how nginx hands over its listeners
		fs.Add(sidecar.Error, "bad-value", "", "nginx takes the variable NGINX of the override for a list of inherited sockets and doesn't start", "use another name")
	}
}

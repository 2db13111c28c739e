package pattern

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// validate finds what is wrong with the config whatever the workload is.
func (p *Gate) validate(tls bool, fs *sidecar.Findings) {
	checkPort("port", p.Port, "write the app's port, where clients come in", fs)
	if tls && p.SecretName == "" && p.Certificate == nil {
		fs.Add(sidecar.Error, "missing-field", "secretName", "there is no certificate",
			"name the Secret that has tls.crt and tls.key, or ask cert-manager for one with certificate: {issuerRef: {name: ...}}")
	}
	if p.SecretName != "" {
		checkName("secretName", p.SecretName, fs)
	}
	if p.Certificate != nil {
		p.Certificate.validate("certificate", fs)
	}
	p.validateRebind(fs)
	checkEnum("tlsProfile", p.TLSProfile, fs, Intermediate, Modern)
	checkEnum("accessLog", p.AccessLog, fs, NoAccessLog, JSONAccessLog)
	for i, f := range p.IPFamilies {
		field := fmt.Sprintf("ipFamilies[%d]", i)
		checkEnum(field, f, fs, corev1.IPv4Protocol, corev1.IPv6Protocol)
		if slices.Contains(p.IPFamilies[:i], f) {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%s is there twice", f), "leave one of them out")
		}
	}
	if p.drainSeconds() < 0 {
		fs.Add(sidecar.Error, "bad-value", "drainSeconds", "seconds can't be negative", "write 0 for no draining")
	}
}

// check finds what is wrong with the config for this workload.
func (p *Gate) check(w *sidecar.Workload, fs *sidecar.Findings) {
	checkPod(w, fs)
	p.checkPorts(w, fs)
	p.checkPrivileged(w, fs)
	p.checkShutdown(w, fs)
	if p.Certificate != nil {
		p.Certificate.check(w, "certificate", fs)
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
}

// checkPorts finds what is wrong with the ports in this pod.
func (p *Gate) checkPorts(w *sidecar.Workload, fs *sidecar.Findings) {
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

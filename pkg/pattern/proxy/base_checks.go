package proxy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// validateBase finds what is wrong with the config whatever the workload is: of a proxy
// that is there for TLS, or else for authentication. Whoever passes by it does without
// something.
func (p *Base) validateBase(tls bool, without string, fs *sidecar.Findings) {
	if !p.isModeFront() || p.Port != 0 {
		pattern.CheckPort("port", p.Port, "write the app's port, where clients come in", fs)
	}
	if tls && p.SecretName == "" && p.Certificate == nil {
		fs.Add(sidecar.Error, "missing-field", "secretName", "the certificate is missing",
			"name the Secret that has tls.crt and tls.key, or ask cert-manager for one with certificate: {issuerRef: {name: "+
				"...}}")
	}
	if p.SecretName != "" {
		pattern.CheckObjectName("secretName", p.SecretName, fs)
	}
	if p.Certificate != nil {
		p.Certificate.ValidateAt("certificate", fs)
	}
	p.validatePortRoutes(fs)
	p.validateRebind(without, fs)
	pattern.CheckEnum("tlsProfile", p.TLSProfile, fs, Intermediate, Modern)
	pattern.CheckEnum("accessLog", p.AccessLog, fs, NoAccessLog, JSONAccessLog)
	for i, f := range p.IPFamilies {
		field := fmt.Sprintf("ipFamilies[%d]", i)
		pattern.CheckEnum(field, f, fs, corev1.IPv4Protocol, corev1.IPv6Protocol)
		if slices.Contains(p.IPFamilies[:i], f) {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%s is listed twice", f), "remove one of them")
		}
	}
	if p.drainSeconds() < 0 {
		fs.Add(sidecar.Error, "bad-value", "drainSeconds", "seconds can't be negative", "write 0 for no draining")
	}
}

// validatePortRoutes finds what is wrong with the ports by themselves.
func (p *Base) validatePortRoutes(fs *sidecar.Findings) {
	pattern.CheckEnum("mode", p.Mode, fs, ModeTakeover, ModeFront)
	pattern.CheckEnum("protocol", p.Protocol, fs, sidecar.HTTP, sidecar.GRPC, sidecar.TCP)
	if p.HealthPort != 0 {
		pattern.CheckPort("healthPort", p.HealthPort, "", fs)
	}
	if p.ListenPort != 0 && p.isModeFront() {
		pattern.CheckPort("listenPort", p.ListenPort, "", fs)
	} else if p.ListenPort != 0 {
		fs.Add(sidecar.Error, "bad-value", "listenPort", "in mode takeover the proxy listens on the app's port",
			"remove it, or write mode: front")
	}
	if p.NetworkPolicy != nil && !p.isModeFront() {
		fs.Add(sidecar.Error, "bad-value", "networkPolicy",
			"in mode takeover the app listens on 127.0.0.1 and needs no NetworkPolicy",
			"remove it")
	}
	if s := p.NetworkPolicy; p.isModeFront() && !p.Closes() && s.Isolated != nil {
		fs.Add(sidecar.Error, "bad-value", "networkPolicy.isolated", "has no effect, since no NetworkPolicy is emitted",
			"remove it, or remove emit")
	}
	if p.Trust != nil && p.Trust.Hostname == "" {
		fs.Add(sidecar.Error, "missing-field", "trust.hostname", "no name is given",
			"write a name that the certificate is for")
	}
	for i, m := range p.MorePorts {
		at := fmt.Sprintf("morePorts[%d].", i)
		pattern.CheckPort(at+"port", m.Port, "write the app's port", fs)
		pattern.CheckEnum(at+"protocol", m.Protocol, fs, sidecar.HTTP, sidecar.GRPC, sidecar.TCP)
		if p.isModeFront() {
			pattern.CheckPort(at+"listenPort", m.ListenPort, "write a free port for the proxy", fs)
		} else {
			pattern.CheckPort(at+"appPort", m.AppPort, "write where the app listens from now on", fs)
		}
	}
	used := map[int32]string{p.Port: "port"}
	take := func(port int32, field string) {
		if other, twice := used[port]; twice && port != 0 {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%d is already used by %s", port, other), "write another port")
		}
		used[port] = field
	}
	if p.isModeFront() {
		take(cmp.Or(p.ListenPort, defaultListenPort), "listenPort")
	} else if p.Rebind != nil && p.rebindPort() != p.Port { // else validateRebind says so
		take(p.rebindPort(), "rebind.port")
	}
	for i, m := range p.MorePorts {
		at := fmt.Sprintf("morePorts[%d].", i)
		take(m.Port, at+"port")
		if p.isModeFront() {
			take(m.ListenPort, at+"listenPort")
		} else {
			take(m.AppPort, at+"appPort")
		}
	}
}

// checkBase finds what is wrong with the config for this workload.
func (p *Base) checkBase(w *sidecar.Workload, fs *sidecar.Findings) {
	pattern.CheckPodNetwork(w, fs)
	if w.App == nil {
		return
	}
	p.checkFit(w, fs)
	if p.Port == 0 {
		return
	}
	p.checkPorts(w, fs)
	p.checkModeFront(w, fs)
	p.checkPreset(w, fs)
	p.checkPrivileged(w, fs)
	p.checkShutdown(w, fs)
	if p.Certificate != nil {
		p.Certificate.CheckNames(w, "certificate", fs)
	} else if keys, ok := w.Secrets[p.SecretName]; ok {
		var missing []string
		for _, key := range pattern.TLSKeys {
			if !slices.Contains(keys, key) {
				missing = append(missing, key)
			}
		}
		if len(missing) > 0 {
			fs.Add(sidecar.Error, "tls-invalid", "secretName",
				fmt.Sprintf("Secret %s has no key %s (it has %s)", p.SecretName, strings.Join(missing, ", "),
					pattern.JoinSorted(keys)),
				"name one of type kubernetes.io/tls")
		}
	}
}

// checkPorts finds what is wrong with the ports in this pod.
func (p *Base) checkPorts(w *sidecar.Workload, fs *sidecar.Findings) {
	for _, d := range p.portRoutes() {
		p.checkPortRoute(w, d, fs)
	}
}

func (p *Base) checkPortRoute(w *sidecar.Workload, d portRoute, fs *sidecar.Findings) {
	for _, c := range pattern.RunningContainers(w) {
		if c.Name == w.Name {
			continue
		}
		for _, port := range c.Ports {
			if !sidecar.IsTCP(port.Protocol) {
				continue
			}
			field := "rebind.port"
			if d.field != "" {
				field = d.field + "appPort"
			}
			if !p.isModeFront() && p.Rebind != nil && port.ContainerPort == d.app && d.app != d.port {
				fs.Add(sidecar.Error, "port-conflict", field,
					fmt.Sprintf("container %s already declares port %d", c.Name, port.ContainerPort),
					"write a free port; one on 127.0.0.1 needs no entry in the container's ports")
			}
			if port.ContainerPort == d.port && w.App != nil && c.Name != w.App.Name {
				fs.Add(sidecar.Error, "port-conflict", d.field+"port",
					fmt.Sprintf("container %s declares %d, not %s", c.Name, d.port, w.App.Name),
					"if it's the app, write app: "+c.Name+" beside the pattern")
				return // the app not declaring it is the same mistake
			}
		}
	}
	if w.App == nil || w.Declares(d.port) {
		return
	}
	if declared := pattern.DescribeTCPPorts(w.App); len(declared) > 0 {
		fs.Add(sidecar.Error, "port-unknown", d.field+"port",
			fmt.Sprintf("container %s doesn't declare port %d (it declares %s)", w.App.Name, d.port,
				strings.Join(declared, ", ")),
			"write one of those, or declare the port in the container")
		return
	}
	fs.Add(sidecar.Info, "port-unknown", d.field+"port",
		fmt.Sprintf("container %s declares no TCP port; outrigger assumes that clients connect to port %d", w.App.Name,
			d.port), "")
}

// portStart is the first port that a process without privileges may listen on.
// It belongs to the pod, is one of Kubernetes' safe sysctls since 1.22, and Pod
// Security's level restricted admits it; containerd 2 and CRI-O set it to 0 by
// themselves. So ports like 443 need no root, nor an app that is moved for us.
const portStart = "net.ipv4.ip_unprivileged_port_start"

// portSysctls let the proxy listen on a privileged port, where the pod doesn't yet.
func (p *Base) portSysctls(w *sidecar.Workload) []corev1.Sysctl {
	if p.lowestListenPort() >= 1024 {
		return nil
	}
	if s := podSysctl(w, portStart); s != nil && s.Value != "0" {
		return nil // and low enough: see checkPrivileged
	}
	return []corev1.Sysctl{{Name: portStart, Value: "0"}}
}

// lowestListenPort is the lowest port that the proxy listens on.
func (p *Base) lowestListenPort() int32 {
	routes := p.portRoutes()
	low := routes[0].listen
	for _, d := range routes {
		low = min(low, d.listen)
	}
	return low
}

func (p *Base) checkPrivileged(w *sidecar.Workload, fs *sidecar.Findings) {
	low := p.lowestListenPort()
	if low >= 1024 {
		return
	}
	s := podSysctl(w, portStart)
	if s == nil {
		fs.Add(sidecar.Info, "port-privileged", "port",
			fmt.Sprintf("the proxy doesn't run as root, so the pod gets the safe sysctl %s=0 for port %d", portStart, low), "")
	} else if start, err := strconv.Atoi(s.Value); err != nil || start > int(low) {
		fs.Add(sidecar.Error, "port-privileged", "port",
			fmt.Sprintf("the proxy doesn't run as root, and the pod's sysctl %s=%s keeps it from listening on port %d",
				portStart, s.Value, low),
			"set that sysctl to 0, or remove it")
	}
}

func podSysctl(w *sidecar.Workload, name string) *corev1.Sysctl {
	if sc := w.Pod.Spec.SecurityContext; sc != nil {
		for i := range sc.Sysctls {
			if sidecar.SysctlName(sc.Sysctls[i].Name) == name {
				return &sc.Sysctls[i]
			}
		}
	}
	return nil
}

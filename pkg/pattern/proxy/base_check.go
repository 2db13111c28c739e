package proxy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkBase finds errors in the config for this workload.
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
	p.checkListenPort(w, fs)
	p.checkModeFront(w, fs)
	if p.isModeRedirect() {
		pattern.CheckRedirector(w, "mode", fs)
	}
	p.checkPreset(w, fs)
	p.checkPrivileged(w, fs)
	p.checkShutdown(w, fs)
	if p.Certificate != nil {
		p.Certificate.CheckNames(w, "certificate", fs)
	} else {
		pattern.CheckSecretKeys(w, "tls-invalid", "secretName", p.SecretName, pattern.TLSKeys,
			"name one of type kubernetes.io/tls", fs)
	}
}

// checkPorts finds errors in the ports for this pod.
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
			if !p.leavesApp() && p.Rebind != nil && port.ContainerPort == d.app && d.app != d.port {
				fs.Add(sidecar.Error, "port-conflict", field,
					fmt.Sprintf("container %s already declares port %d", c.Name, port.ContainerPort),
					"write a free port, which needs no entry in the container's ports")
			}
			if port.ContainerPort == d.port && w.App != nil && c.Name != w.App.Name {
				who, hint := "container "+c.Name, "if it's the app, set this entry's app to "+c.Name
				if c.Name == "" {
					who, hint = "a container without a name", "if it's the app, give it a name, and set this entry's app to that"
				}
				fs.Add(sidecar.Error, "port-conflict", d.field+"port",
					fmt.Sprintf("%s declares %d, not %s", who, d.port, w.App.Name), hint)
				return // that the app doesn't declare it is the same mistake
			}
		}
	}
	if w.App == nil || w.DeclaresPort(d.port) {
		return
	}
	if slices.Contains(p.undeclared, d.port) {
		fs.Add(sidecar.Info, "port-unknown", "port",
			fmt.Sprintf("container %s doesn't declare port %d, but a Service leads there, so it's declared now", w.App.Name,
				d.port), "")
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
		fmt.Sprintf("container %s declares no TCP port, so outrigger assumes that clients connect to port %d", w.App.Name,
			d.port), "")
}

// checkListenPort finds a Service that leads already to the port that the proxy has by default.
// The app may listen there: Kubernetes needs no declaration.
func (p *Base) checkListenPort(w *sidecar.Workload, fs *sidecar.Findings) {
	if !p.leavesApp() || p.ListenPort != 0 || !slices.Contains(undeclaredPorts(w), defaultListenPort) {
		return
	}
	fs.Add(sidecar.Warning, "port-conflict", "listenPort",
		fmt.Sprintf("a Service leads to port %d, which no container declares, and the proxy listens there",
			defaultListenPort),
		fmt.Sprintf("write listenPort: a free one if it's a port of the app, or else %d", defaultListenPort))
}

// portStart is the first port that a process without privileges may listen on. It's a
// setting of the pod, it's one of Kubernetes' safe sysctls since 1.22, and the Pod Security
// level restricted admits it. containerd 2 and CRI-O set it to 0 themselves. So ports like
// 443 don't need root, neither in the proxy nor in the app.
const portStart = "net.ipv4.ip_unprivileged_port_start"

// portSysctls lets the proxy listen on a privileged port, unless the pod already does.
func (p *Base) portSysctls(w *sidecar.Workload) []corev1.Sysctl {
	if p.lowestListenPort() >= 1024 {
		return nil
	}
	if s := podSysctl(w, portStart); s != nil && s.Value != "0" {
		return nil // and low enough: see checkPrivileged
	}
	return []corev1.Sysctl{{Name: portStart, Value: "0"}}
}

// lowestListenPort returns the lowest port that the proxy listens on.
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

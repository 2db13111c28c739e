package sidecar

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// deadlocks finds what starts before the app and needs what an ordinary container
// serves on 127.0.0.1: that starts after all init containers have ended, so the pod
// never does. They are told by its address, or by variables that lead everywhere.
func deadlocks(w *Workload, asked []Asked) (fs Findings) {
	var laid map[string]bool
	for i := range asked {
		a := &asked[i]
		if a.Placement != Beside || len(a.Change.Containers) == 0 {
			continue
		}
		if laid == nil {
			laid = names(asked)
		}
		check := func(who string, c *corev1.Container, led []EnvVar, of *Asked) {
			if at := a.needed(c, led, of); at != "" {
				fs = append(fs, Finding{Severity: Error, Code: "startup-deadlock", Object: w.Ref, Sidecar: a.Name,
					Message: fmt.Sprintf("%s %s goes there by its %s, but an ordinary container starts only after all init containers have ended", who, c.Name, at),
					Hint:    "use placement native"})
			}
		}
		led := a.Change.App.everywhere()
		for j := range w.Pod.Spec.InitContainers {
			if c := &w.Pod.Spec.InitContainers[j]; !runs(c) && !laid[c.Name] {
				check("init container", c, leads(asked, led, c.Name), nil)
			}
		}
		for j := range asked {
			b := &asked[j]
			mine := slices.DeleteFunc(slices.Clone(led), func(v EnvVar) bool {
				_, owner, _ := ways(asked, j, v.Name)
				return owner != a.Name
			})
			for k := range b.Change.InitContainers {
				check("init container", &b.Change.InitContainers[k], mine, b)
			}
			for k := range b.Change.Containers {
				if c := &b.Change.Containers[k]; b.holds(c) {
					check("what follows waits for the startup probe of "+b.Name+", whose container", c, mine, b)
				}
			}
		}
	}
	return fs
}

// holds reports whether what starts after a container waits until it has done its
// work: a native sidecar of those that do so before the app's own init containers. A
// probe that only opens a port tells that the program runs.
func (a *Asked) holds(c *corev1.Container) bool {
	phase := a.Change.Phase
	return a.Placement == Native && phase != 0 && phase < PhaseUser && c.StartupProbe != nil && c.StartupProbe.TCPSocket == nil
}

// needed says where a container tells of the sidecar: the name of a variable,
// args, command, or "". That of another sidecar may do so in a file, too.
func (a *Asked) needed(c *corev1.Container, led []EnvVar, of *Asked) string {
	ports := a.ports(of != nil)
	goes := func(text string) bool { return dials(text, ports) }
	for _, e := range c.Env {
		if slices.ContainsFunc(led, func(v EnvVar) bool { return v.Name == e.Name }) || goes(e.Value) {
			return e.Name
		}
	}
	switch {
	case slices.ContainsFunc(c.Args, goes):
		return "args"
	case slices.ContainsFunc(c.Command, goes):
		return "command"
	case of != nil && slices.ContainsFunc(of.files(c), goes):
		return "config"
	}
	return ""
}

// ports are those that the sidecar claims for itself, less those of the app, and, for
// other sidecars, which are made with it in mind, those that its containers declare.
func (a *Asked) ports(declared bool) (ports []int32) {
	for _, claim := range a.Change.Claims {
		if !slices.ContainsFunc(a.Change.Takeovers, func(t Takeover) bool { return t.AppPort == claim.Port }) {
			ports = append(ports, claim.Port)
		}
	}
	for i := range a.Change.Containers {
		for _, p := range a.Change.Containers[i].Ports {
			if declared && tcp(p.Protocol) {
				ports = append(ports, p.ContainerPort)
			}
		}
	}
	return ports
}

// dials reports whether a text has the address of one of some ports of the pod.
func dials(text string, ports []int32) bool {
	for _, port := range ports {
		for _, host := range []string{"127.0.0.1", "localhost", "[::1]"} {
			address := fmt.Sprintf("%s:%d", host, port)
			if _, rest, found := strings.Cut(text, address); found && (rest == "" || rest[0] < '0' || rest[0] > '9') {
				return true
			}
		}
	}
	return false
}

// files are the contents of the sidecar's ConfigMaps that a container mounts.
func (a *Asked) files(c *corev1.Container) (texts []string) {
	for _, o := range a.Change.Objects {
		h := o.Head()
		mounted := func(m corev1.VolumeMount) bool {
			return slices.ContainsFunc(a.Change.Volumes, func(v corev1.Volume) bool {
				return v.Name == m.Name && v.ConfigMap != nil && v.ConfigMap.Name == h.Metadata.Name
			})
		}
		if h.Kind == "ConfigMap" && slices.ContainsFunc(c.VolumeMounts, mounted) {
			texts = append(texts, string(o.RawMessage))
		}
	}
	return texts
}

package verify

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A waiter is a container that has to end, or to do its work, before the app starts.
type waiter struct {
	c   *corev1.Container
	of  int // the sidecar's number; -1: the manifest's
	who string
}

// findWaiters finds all that there are.
func findWaiters(w *sidecar.Workload, asked []sidecar.Answer) (all []waiter) {
	laid := sidecar.ContainerNames(asked)
	for i := range w.Pod.Spec.InitContainers {
		if c := &w.Pod.Spec.InitContainers[i]; !sidecar.RunsWithPod(c) && !laid[c.Name] {
			all = append(all, waiter{c, -1, "init container " + c.Name})
		}
	}
	for i := range asked {
		a := &asked[i]
		for j := range a.Change.InitContainers {
			c := &a.Change.InitContainers[j]
			all = append(all, waiter{c, i, "init container " + c.Name})
		}
		for j := range a.Change.Containers {
			if c := &a.Change.Containers[j]; holdsStartup(a, c) {
				all = append(all, waiter{c, i, "what follows waits for the startup probe of container " + c.Name + ", which"})
			}
		}
	}
	return all
}

// checkDeadlocks finds what starts before the app and needs what an ordinary container
// serves on 127.0.0.1: that starts after all init containers have ended, so the pod
// never does. They are told by its address, or by variables that lead everywhere.
func checkDeadlocks(w *sidecar.Workload, asked []sidecar.Answer) (fs sidecar.Findings) {
	var all []waiter
	for i := range asked {
		if asked[i].Placement != sidecar.Beside || len(asked[i].Change.Containers) == 0 {
			continue
		}
		if all == nil {
			all = findWaiters(w, asked)
		}
		for _, who := range all {
			if at := findUse(asked, i, who); at != "" {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "startup-deadlock", Object: w.Ref,
					Sidecar: asked[i].Name,
					Message: fmt.Sprintf("%s goes there by its %s, but an ordinary container starts only after all init containers "+
						"have ended", who.who, at),
					Hint: "use placement native"})
			}
		}
	}
	return fs
}

// checkStartOrder finds what needs a native sidecar that starts later. Whether an address that
// stands in a variable is used by then isn't sure, nor what the manifest's do.
func checkStartOrder(w *sidecar.Workload, asked []sidecar.Answer) (fs sidecar.Findings) {
	asked = merge.Redirected(w, asked)
	var order []merge.Init
	at := func(name string) int {
		return slices.IndexFunc(order, func(in merge.Init) bool { return in.Name == name })
	}
	var all []waiter
	for i := range asked {
		a := &asked[i]
		if a.Placement != sidecar.Native || len(a.Change.Containers) == 0 || len(sidecarPorts(a, true)) == 0 {
			continue
		}
		if all == nil {
			all, order = findWaiters(w, asked), merge.InitOrder(w, asked)
		}
		there := at(a.Change.Containers[0].Name)
		for _, who := range all {
			if who.of == i || at(who.c.Name) > there {
				continue
			}
			by := findUse(asked, i, who)
			f := sidecar.Finding{Severity: sidecar.Warning, Code: "startup-deadlock", Object: w.Ref, Sidecar: a.Name,
				Message: fmt.Sprintf("%s goes there by its %s, but starts earlier", who.who, by),
				Hint:    fmt.Sprintf("write before: [%s] into the entry", who.c.Name)}
			switch by {
			case "":
				continue
			case inArgs, inCommand, inConfig:
				if who.of >= 0 {
					f.Severity = sidecar.Error
				}
			}
			fs = append(fs, f)
		}
	}
	return fs
}

// holdsStartup reports whether what starts after a container waits until it has done its
// work: a native sidecar of those that do so before the app's own init containers. A
// probe that only opens a port tells that the program runs.
func holdsStartup(a *sidecar.Answer, c *corev1.Container) bool {
	phase := a.Change.Phase
	return a.Placement == sidecar.Native && phase != 0 && phase < sidecar.PhaseUser && c.StartupProbe != nil &&
		c.StartupProbe.TCPSocket == nil
}

// Where a container tells of a sidecar, other than in a variable.
const (
	inArgs    = "args"
	inCommand = "command"
	inConfig  = "config"
)

// findUse says where a container tells of a sidecar: the name of a variable,
// args, command, or "". That of another sidecar may do so in a file, too.
func findUse(asked []sidecar.Answer, of int, who waiter) string {
	a := &asked[of]
	led := merge.Redirects(asked, a.Change.App.VarsEverywhere(), who.c.Name)
	if who.of >= 0 {
		led = slices.DeleteFunc(slices.Clone(led), func(v sidecar.EnvVar) bool {
			_, owner, _ := merge.RedirectFor(asked, who.of, v.Name)
			return owner != a.Name
		})
	}
	ports := sidecarPorts(a, who.of >= 0)
	goes := func(text string) bool { return dialsAny(text, ports) }
	for _, e := range who.c.Env {
		if slices.ContainsFunc(led, func(v sidecar.EnvVar) bool { return v.Name == e.Name }) || goes(e.Value) {
			return e.Name
		}
	}
	switch {
	case slices.ContainsFunc(who.c.Args, goes):
		return inArgs
	case slices.ContainsFunc(who.c.Command, goes):
		return inCommand
	case who.of >= 0 && slices.ContainsFunc(mountedFiles(&asked[who.of], who.c), goes):
		return inConfig
	}
	return ""
}

// sidecarPorts are those that the sidecar claims for itself, less those of the app, and, for
// other sidecars, which are made with it in mind, those that its containers declare.
func sidecarPorts(a *sidecar.Answer, declared bool) (ports []int32) {
	for _, claim := range a.Change.Claims {
		if !slices.ContainsFunc(a.Change.Takeovers, func(t sidecar.Takeover) bool { return t.AppPort == claim.Port }) {
			ports = append(ports, claim.Port)
		}
	}
	for i := range a.Change.Containers {
		for _, p := range a.Change.Containers[i].Ports {
			if declared && sidecar.IsTCP(p.Protocol) {
				ports = append(ports, p.ContainerPort)
			}
		}
	}
	return ports
}

// dialsAny reports whether a text has the address of one of some ports of the pod.
func dialsAny(text string, ports []int32) bool {
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

// mountedFiles are the contents of the sidecar's ConfigMaps that a container mounts.
func mountedFiles(a *sidecar.Answer, c *corev1.Container) (texts []string) {
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

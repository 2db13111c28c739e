package verify

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An early container must end, or do its work, before the app starts.
type early struct {
	c    *corev1.Container
	of   int    // index of the sidecar; -1: the manifest
	text string // subject of a message
}

// findEarly returns all early containers.
func findEarly(w *sidecar.Workload, answers []sidecar.Answer) (all []early) {
	generated := sidecar.ContainerNames(answers)
	for i := range w.Pod.Spec.InitContainers {
		if c := &w.Pod.Spec.InitContainers[i]; !sidecar.RunsWithPod(c) && !generated[c.Name] {
			all = append(all, early{c, -1, "init container " + c.Name})
		}
	}
	for i := range answers {
		a := &answers[i]
		for j := range a.Change.InitContainers {
			c := &a.Change.InitContainers[j]
			all = append(all, early{c, i, "init container " + c.Name})
		}
		for j := range a.Change.Containers {
			if c := &a.Change.Containers[j]; holdsStartup(a, c) {
				all = append(all, early{c, i, "later containers wait for the startup probe of container " + c.Name + ", which"})
			}
		}
	}
	return all
}

// checkDeadlocks finds early containers that need a server on 127.0.0.1 in an ordinary
// container: that starts only after all init containers have ended, so the pod never
// starts. It looks for the server's address, and for variables with `everywhere`.
func checkDeadlocks(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	var all []early
	for i := range answers {
		if answers[i].Placement != sidecar.Beside || len(answers[i].Change.Containers) == 0 {
			continue
		}
		if all == nil {
			all = findEarly(w, answers)
		}
		for _, e := range all {
			if at := findUse(answers, i, e); at != "" {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "startup-deadlock", Object: w.Ref,
					Sidecar: answers[i].Name,
					Message: fmt.Sprintf("%s refers to the sidecar in %s, but ordinary containers start only after all init "+
						"containers have ended", e.text, at),
					Hint: "use placement native"})
			}
		}
	}
	return fs
}

// checkStartOrder finds early containers that need a native sidecar which starts later. It's
// an error for args, command and config of another sidecar. It's a warning for a
// variable, which may not be used that early, and for the manifest's containers.
func checkStartOrder(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	answers = merge.RedirectContainers(w, answers)
	var order []merge.Init
	at := func(name string) int {
		return slices.IndexFunc(order, func(in merge.Init) bool { return in.Name == name })
	}
	var all []early
	for i := range answers {
		a := &answers[i]
		if a.Placement != sidecar.Native || len(a.Change.Containers) == 0 || len(sidecarPorts(a, true)) == 0 {
			continue
		}
		if all == nil {
			all, order = findEarly(w, answers), merge.InitOrder(w, answers)
		}
		start := at(a.Change.Containers[0].Name)
		for _, e := range all {
			if e.of == i || at(e.c.Name) > start {
				continue
			}
			use := findUse(answers, i, e)
			f := sidecar.Finding{Severity: sidecar.Warning, Code: "startup-deadlock", Object: w.Ref, Sidecar: a.Name,
				Message: fmt.Sprintf("%s refers to the sidecar in %s, but starts earlier", e.text, use),
				Hint:    fmt.Sprintf("add before: [%s] to the entry", e.c.Name)}
			switch use {
			case "":
				continue
			case inArgs, inCommand, inConfig:
				if e.of >= 0 {
					f.Severity = sidecar.Error
				}
			}
			fs = append(fs, f)
		}
	}
	return fs
}

// holdsStartup reports whether later containers wait until a native sidecar has done its
// work. That is so for one with a startup probe that starts before the manifest's init
// containers. A probe that only opens a port says that the program runs, and no more.
func holdsStartup(a *sidecar.Answer, c *corev1.Container) bool {
	phase := a.Change.Phase
	return a.Placement == sidecar.Native && phase != 0 && phase < sidecar.PhaseUser && c.StartupProbe != nil &&
		c.StartupProbe.TCPSocket == nil
}

// The places of a reference to a sidecar other than a variable.
const (
	inArgs    = "args"
	inCommand = "command"
	inConfig  = "config"
)

// findUse returns the place of an early container's reference to a sidecar: the name of a
// variable, args or command; config for a file of another sidecar; "" if there is none.
func findUse(answers []sidecar.Answer, of int, from early) string {
	a := &answers[of]
	redirects := merge.RedirectsFor(answers, a.Change.App.VarsEverywhere(), from.c.Name)
	if from.of >= 0 {
		redirects = slices.DeleteFunc(slices.Clone(redirects), func(v sidecar.EnvVar) bool {
			_, owner, _ := merge.RedirectFor(answers, from.of, v.Name)
			return owner != a.Name
		})
	}
	ports := sidecarPorts(a, from.of >= 0)
	dials := func(text string) bool { return dialsAny(text, ports) }
	for _, e := range from.c.Env {
		if slices.ContainsFunc(redirects, func(v sidecar.EnvVar) bool { return v.Name == e.Name }) || dials(e.Value) {
			return e.Name
		}
	}
	switch {
	case slices.ContainsFunc(from.c.Args, dials):
		return inArgs
	case slices.ContainsFunc(from.c.Command, dials):
		return inCommand
	case from.of >= 0 && slices.ContainsFunc(mountedFiles(&answers[from.of], from.c), dials):
		return inConfig
	}
	return ""
}

// sidecarPorts returns the ports that a sidecar claims, without those of the app. If
// declared is true, it adds those that its containers declare.
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

// dialsAny reports whether a text contains the loopback address of one of some ports.
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

// mountedFiles returns the contents of the sidecar's ConfigMaps that a container mounts.
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

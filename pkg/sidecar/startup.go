package sidecar

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// deadlocks finds init containers that need what an ordinary container serves on
// 127.0.0.1: that starts after all of them have ended, so the pod never does. They
// are told by its address, or by variables that lead everywhere.
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
		check := func(c *corev1.Container) {
			if at := a.needed(c); at != "" {
				fs = append(fs, Finding{Severity: Error, Code: "startup-deadlock", Object: w.Ref, Sidecar: a.Name,
					Message: fmt.Sprintf("init container %s goes there by its %s, but an ordinary container starts only after all init containers have ended", c.Name, at),
					Hint:    "use placement native"})
			}
		}
		for j := range w.Pod.Spec.InitContainers {
			if c := &w.Pod.Spec.InitContainers[j]; !runs(c) && !laid[c.Name] {
				check(c)
			}
		}
		for j := range asked {
			for k := range asked[j].Change.InitContainers {
				check(&asked[j].Change.InitContainers[k])
			}
		}
	}
	return fs
}

// needed says where a container tells of the sidecar: the name of a variable,
// args, command, or "".
func (a *Asked) needed(c *corev1.Container) string {
	led := a.Change.App.everywhere()
	for _, e := range c.Env {
		if slices.ContainsFunc(led, func(v EnvVar) bool { return v.Name == e.Name }) || a.serves(e.Value) {
			return e.Name
		}
	}
	switch {
	case slices.ContainsFunc(c.Args, a.serves):
		return "args"
	case slices.ContainsFunc(c.Command, a.serves):
		return "command"
	}
	return ""
}

// serves reports whether a text has the address of a port that the sidecar claims
// for itself.
func (a *Asked) serves(text string) bool {
	for _, claim := range a.Change.Claims {
		if slices.ContainsFunc(a.Change.Takeovers, func(t Takeover) bool { return t.AppPort == claim.Port }) {
			continue // the app's
		}
		for _, host := range []string{"127.0.0.1", "localhost"} {
			address := fmt.Sprintf("%s:%d", host, claim.Port)
			if _, rest, found := strings.Cut(text, address); found && (rest == "" || rest[0] < '0' || rest[0] > '9') {
				return true
			}
		}
	}
	return false
}

package sidecar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// defaultGrace is how many seconds a pod has to end: the API's default.
const defaultGrace = 30

// sleeps finds hooks that sleep as long as the pod has to end, or longer: of the
// app, where it gets one, and of containers that are added. The API server refuses
// the longer ones, and with equal ones all is killed before it could end well.
func sleeps(w *Workload, asked []Asked) Findings {
	grace, _ := graceOf(w, asked)
	var fs Findings
	check := func(a Asked, container string, seconds int64) {
		if seconds > 0 && seconds >= grace {
			fs = append(fs, Finding{Severity: Error, Code: "grace-period", Object: w.Ref, Sidecar: a.Name,
				Message: fmt.Sprintf("container %s would sleep for %d seconds before it ends, but the pod's grace period is %d", container, seconds, grace),
				Hint:    fmt.Sprintf("raise terminationGracePeriodSeconds to at least %d, or let it sleep less", seconds+10)})
		}
	}
	for _, a := range asked {
		if hook(a.App) == nil && w.Kubernetes.AtLeast(1, 30) { // its own stays, and older clusters have no sleep
			check(a, a.App.Name, a.Change.App.DrainSeconds)
		}
		for i := range a.Change.Containers {
			c := &a.Change.Containers[i]
			if h := hook(c); h != nil && h.Sleep != nil {
				check(a, c.Name, h.Sleep.Seconds)
			}
		}
	}
	return fs
}

// sleeping are commands that sleep and do nothing else.
var sleeping = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:exec )?(?:/usr)?(?:/bin/)?sleep ([0-9]{1,4})s?;?$`)
})

var shells = map[string]bool{"sh": true, "/bin/sh": true, "bash": true, "/bin/bash": true, "/bin/ash": true, "/bin/dash": true}

// Sleeps is how long a hook sleeps, where it does nothing else.
func Sleeps(hook *corev1.LifecycleHandler) (seconds int64, ok bool) {
	switch {
	case hook == nil:
		return 0, false
	case hook.Sleep != nil:
		return hook.Sleep.Seconds, true
	case hook.Exec == nil:
		return 0, false
	}
	command := hook.Exec.Command
	if n := len(command); n == 3 && command[1] == "-c" && shells[command[0]] {
		command = command[2:]
	}
	m := sleeping().FindStringSubmatch(strings.TrimSpace(strings.Join(command, " ")))
	if m == nil {
		return 0, false
	}
	seconds, err := strconv.ParseInt(m[1], 10, 64)
	return seconds, err == nil
}

func hook(c *corev1.Container) *corev1.LifecycleHandler {
	if c == nil || c.Lifecycle == nil {
		return nil
	}
	return c.Lifecycle.PreStop
}

// graceOf is how many seconds the pod has to end with its sidecars, and what the
// manifest says.
func graceOf(w *Workload, asked []Asked) (grace, was int64) {
	was = defaultGrace
	if s := w.Pod.Spec.TerminationGracePeriodSeconds; s != nil {
		was = *s
	}
	grace = was
	for _, a := range asked {
		grace = max(grace, a.Change.Pod.MinGracePeriodSeconds)
	}
	return grace, was
}

// grace raises the pod's, where a sidecar needs more.
func (f *flattener) grace(asked []Asked) {
	grace, was := graceOf(f.w, asked)
	var wants int64
	for i := range asked {
		if least := asked[i].Change.Pod.MinGracePeriodSeconds; least > wants {
			f.owner, wants = asked[i].Name, least
		}
	}
	have := f.w.Pod.Spec.TerminationGracePeriodSeconds
	if wants == 0 || grace == was && have == nil {
		return
	}
	f.set(f.spec.To("terminationGracePeriodSeconds"), grace) // a value that is there may be another document's
	e := &f.edits[len(f.edits)-1]
	if e.Part = strconv.FormatInt(wants, 10); have != nil {
		e.Was = was
	}
}

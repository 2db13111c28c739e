package sidecar

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// DefaultGracePeriod is the API's default of terminationGracePeriodSeconds.
const DefaultGracePeriod = 30

// sleepCommand matches commands that only sleep.
var sleepCommand = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:exec )?(?:/usr)?(?:/bin/)?sleep ([0-9]{1,4})s?;?$`)
})

var shells = map[string]bool{"sh": true, "/bin/sh": true, "bash": true, "/bin/bash": true, "/bin/ash": true,
	"/bin/dash": true}

// SleepSeconds returns how long a hook sleeps. ok is false if it does anything else.
func SleepSeconds(hook *corev1.LifecycleHandler) (seconds int64, ok bool) {
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
	m := sleepCommand().FindStringSubmatch(strings.TrimSpace(strings.Join(command, " ")))
	if m == nil {
		return 0, false
	}
	seconds, err := strconv.ParseInt(m[1], 10, 64)
	return seconds, err == nil
}

// GracePeriod returns the pod's grace period in seconds with its sidecars, and the one
// in the manifest.
func GracePeriod(w *Workload, answers []Answer) (grace, was int64) {
	was = DefaultGracePeriod
	if s := w.Pod.Spec.TerminationGracePeriodSeconds; s != nil {
		was = *s
	}
	grace = was
	for _, a := range answers {
		grace = max(grace, a.Change.Pod.MinGracePeriodSeconds)
	}
	return grace, was
}

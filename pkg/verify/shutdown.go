package verify

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkSleeps finds preStop hooks that sleep for the whole grace period or longer: the hook
// that the app gets, and those of added containers. The API server refuses longer ones,
// and after an equal one containers are killed before they can shut down.
func checkSleeps(w *sidecar.Workload, answers []sidecar.Answer) sidecar.Findings {
	grace, _ := sidecar.GracePeriod(w, answers)
	var fs sidecar.Findings
	check := func(a sidecar.Answer, container string, seconds int64) {
		if seconds > 0 && seconds >= grace {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: sidecar.GracePeriodCode, Object: w.Ref,
				Sidecar: a.Name,
				Message: fmt.Sprintf("container %s would sleep for %d seconds before it stops, but the pod's grace period is %d",
					container, seconds, grace),
				Hint: fmt.Sprintf("raise terminationGracePeriodSeconds to at least %d, or shorten the sleep", seconds+10)})
		}
	}
	for _, a := range answers {
		getsHook := sidecar.PreStop(a.App) == nil    // its own one stays
		if getsHook && w.Kubernetes.AtLeast(1, 30) { // older clusters have no sleep action
			check(a, a.App.Name, a.Change.App.DrainSeconds)
		}
		for i := range a.Change.Containers {
			c := &a.Change.Containers[i]
			if h := sidecar.PreStop(c); h != nil && h.Sleep != nil {
				check(a, c.Name, h.Sleep.Seconds)
			}
		}
	}
	return fs
}

// checkDrains finds takeovers of one app with different drain times: each proxy runs for its
// own time, but the app has only one. Here one of them is 0; two others are a
// conflict of edits.
func checkDrains(w *sidecar.Workload, answers []sidecar.Answer) sidecar.Findings {
	var fs sidecar.Findings
	for _, a := range answers {
		if a.Change.App.DrainSeconds != 0 || len(a.Change.Takeovers) == 0 || sidecar.PreStop(w.Container(a.App.Name)) != nil {
			continue
		}
		for _, b := range answers {
			if s := b.Change.App.DrainSeconds; s != 0 && b.App.Name == a.App.Name {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "conflict", Object: w.Ref, Sidecar: a.Name,
					Message: fmt.Sprintf("sets no drainSeconds for container %s, but %s sets %d", a.App.Name, b.Name, s),
					Hint:    "set the same drainSeconds in both"})
			}
		}
	}
	return fs
}

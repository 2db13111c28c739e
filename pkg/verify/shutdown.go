package verify

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkSleeps finds hooks that sleep as long as the pod has to end, or longer: of the
// app, where it gets one, and of containers that are added. The API server refuses
// the longer ones, and with equal ones all is killed before it could end well.
func checkSleeps(w *sidecar.Workload, asked []sidecar.Answer) sidecar.Findings {
	grace, _ := sidecar.GracePeriod(w, asked)
	var fs sidecar.Findings
	check := func(a sidecar.Answer, container string, seconds int64) {
		if seconds > 0 && seconds >= grace {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "grace-period", Object: w.Ref, Sidecar: a.Name,
				Message: fmt.Sprintf("container %s would sleep for %d seconds before it ends, but the pod's grace period is %d",
					container, seconds, grace),
				Hint: fmt.Sprintf("raise terminationGracePeriodSeconds to at least %d, or let it sleep less", seconds+10)})
		}
	}
	for _, a := range asked {
		if sidecar.PreStop(a.App) == nil && w.Kubernetes.AtLeast(1, 30) { // its own stays, and older clusters have no sleep
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

// checkDrains finds takeovers of one app that don't agree on how long it goes on at its
// end: each proxy goes by what it was told, and the app can do one thing only.
// Several that want it to wait are conflicts where they set it.
func checkDrains(w *sidecar.Workload, asked []sidecar.Answer) sidecar.Findings {
	var fs sidecar.Findings
	for _, a := range asked {
		if a.Change.App.DrainSeconds != 0 || len(a.Change.Takeovers) == 0 || sidecar.PreStop(w.Container(a.App.Name)) != nil {
			continue
		}
		for _, b := range asked {
			if s := b.Change.App.DrainSeconds; s != 0 && b.App.Name == a.App.Name {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "conflict", Object: w.Ref, Sidecar: a.Name,
					Message: fmt.Sprintf("container %s isn't to wait at its end, but %s makes it wait %d seconds", a.App.Name, b.Name,
						s),
					Hint: "give both the same drainSeconds"})
			}
		}
	}
	return fs
}

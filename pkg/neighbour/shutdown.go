package neighbour

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// drainApps makes an app wait before it stops, until no Service leads to the pod any more. The sleep action of preStop
// is stable since Kubernetes 1.34 and on by default since 1.30 (KEP-3960).
func drainApps(s *scene, r *Result) {
	for i := range s.answers {
		a := &s.answers[i]
		if a.Change.App.DrainSeconds <= 0 {
			continue
		}
		for _, c := range a.ServedApps() {
			drainApp(s.workload, a, c, r)
		}
	}
}

// drainApp adds a preStop hook to one container, or reports why not.
func drainApp(w *sidecar.Workload, a *sidecar.Answer, c *corev1.Container, r *Result) {
	seconds := a.Change.App.DrainSeconds
	at := w.ContainerPath(c.Name).To("lifecycle", "preStop")
	report := func(s sidecar.Severity, code, message, hint string) {
		r.addFindings(sidecar.Finding{
			Severity: s, Code: code, Object: w.Ref, Sidecar: a.Name, Field: at.String(), Message: message, Hint: hint,
		})
	}
	hook := sidecar.PreStop(c)
	sleeps, sleepsOnly := sidecar.SleepSeconds(hook)
	switch {
	case w.EndsBeforeApp(c): // an init container has no lifecycle, unless it's a native sidecar
	case hook != nil && sleepsOnly && sleeps >= seconds: // it's from an earlier run, or has the same effect
	case hook != nil:
		report(sidecar.Info, "prestop-kept", "the app keeps its own preStop hook",
			fmt.Sprintf("make it take at least %d seconds, so that the app still serves while its pod leaves the endpoints",
				seconds))
	case !w.Kubernetes.AtLeast(1, 30):
		report(sidecar.Warning, "prestop-missing",
			fmt.Sprintf("Kubernetes %s has no sleep action, so the app stops at once and requests are lost", w.Kubernetes),
			fmt.Sprintf("give the app a preStop hook that runs sleep %d", seconds))
	default:
		r.addEdits(sidecar.Edit{Owner: a.Name, Object: w.Ref, Path: at,
			Value: corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}})
	}
}

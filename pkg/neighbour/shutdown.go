package neighbour

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// shutdown makes the app wait before it ends, until no Service leads to the pod
// any more. The sleep action of preStop is stable since Kubernetes 1.34 and on by
// default since 1.30 (KEP-3960).
func shutdown(w *sidecar.Workload, a sidecar.Answer) ([]sidecar.Edit, sidecar.Findings) {
	var edits []sidecar.Edit
	var fs sidecar.Findings
	if a.Change.App.DrainSeconds <= 0 {
		return nil, nil
	}
	for _, c := range a.ServedApps() {
		e, f := drain(w, a, c)
		edits, fs = append(edits, e...), append(fs, f...)
	}
	return edits, fs
}

// drain is shutdown for one container.
func drain(w *sidecar.Workload, a sidecar.Answer, c *corev1.Container) ([]sidecar.Edit, sidecar.Findings) {
	seconds := a.Change.App.DrainSeconds
	at := w.ContainerPath(c.Name).To("lifecycle", "preStop")
	note := func(s sidecar.Severity, code, message, hint string) sidecar.Findings {
		return sidecar.Findings{{Severity: s, Code: code, Object: w.Ref, Sidecar: a.Name, Field: at.String(), Message: message, Hint: hint}}
	}
	if w.Ends(c) {
		return nil, nil // an init container has no lifecycle, unless it's a native sidecar
	}
	if l := c.Lifecycle; l != nil && l.PreStop != nil {
		if n, ok := sidecar.Sleeps(l.PreStop); ok && n >= seconds {
			return nil, nil // an earlier run's, or one that does as well
		}
		return nil, note(sidecar.Info, "prestop-kept", "the app has a preStop hook of its own and keeps it",
			fmt.Sprintf("let it take at least %d seconds, so that the app still serves while its pod leaves the endpoints", seconds))
	}
	if !w.Kubernetes.AtLeast(1, 30) {
		return nil, note(sidecar.Warning, "prestop-missing", fmt.Sprintf("Kubernetes %s has no sleep action, so the app ends at once and requests are lost", w.Kubernetes), fmt.Sprintf("give the app a preStop hook that runs sleep %d", seconds))
	}
	return []sidecar.Edit{{Owner: a.Name, Object: w.Ref, Path: at,
		Value: corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}}}, nil
}

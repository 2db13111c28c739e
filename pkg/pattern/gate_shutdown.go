package pattern

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	defaultDrain = 5  // seconds
	defaultGrace = 30 // seconds; the API's default
)

// A shutdown is how app and proxy end, in seconds from the beginning of the
// pod's termination. Measured under load in a real cluster: requests are lost
// unless the app goes on for some seconds after its pod has left the endpoints.
//
// As a native sidecar, nginx gets its signal after the app has ended, so that
// kept-alive connections would get 502 in between; therefore it quits by itself
// (answers what it has, closes what is idle) a little before the app's delay is
// over. Not earlier: new connections come as long as proxies and load balancers
// have the endpoint. And not where the app has no delay: then it would only be
// the first to go. Beside the app, both get their signals together, after the
// same delay.
type shutdown struct {
	app   int64 // how long the app goes on; 0: it ends at once
	proxy int64 // how long nginx waits before it quits; 0: for its signal
	grace int64 // when the kubelet kills what is left
}

func (p *Gate) shutdown(w *sidecar.Workload) shutdown {
	s := shutdown{app: p.drainSeconds(), grace: max(grace(w), p.minGrace(w))}
	if hook := preStop(w.App); hook != nil && hook.Sleep != nil {
		s.app = hook.Sleep.Seconds // what the app does counts, not what is asked
	} else if hook == nil && !hasSleepAction(w) {
		s.app = 0
	}
	switch {
	case w.Placement == sidecar.Beside:
		s.proxy = s.app
	case s.app >= 3:
		s.proxy = s.app - 2 // as measured: 3 of 5 and 5 of 8
	case s.app == 2:
		s.proxy = 1 // in 1 second there is no room
	}
	return s
}

// left is how long nginx may take to quit. Long transfers get what the grace
// period has left, but for 2 seconds in which it can end by itself.
func (s shutdown) left() int64 { return max(s.grace-s.proxy-2, 1) }

// preStop is the hook of the proxy's container.
func (s shutdown) preStop(w *sidecar.Workload) *corev1.Lifecycle {
	var handler corev1.LifecycleHandler
	switch {
	case s.proxy == 0:
		return nil
	case w.Placement != sidecar.Beside:
		script := fmt.Sprintf("sleep %d; exec nginx -e stderr -c %s -s quit", s.proxy, confFile)
		handler.Exec = &corev1.ExecAction{Command: []string{"sh", "-c", script}}
	case hasSleepAction(w):
		handler.Sleep = &corev1.SleepAction{Seconds: s.proxy}
	default:
		handler.Exec = &corev1.ExecAction{Command: []string{"sleep", fmt.Sprint(s.proxy)}}
	}
	return &corev1.Lifecycle{PreStop: &handler}
}

// hold is the hook of a container whose image has no shell, or whom nginx asks.
// As a native sidecar, it outlives the app anyway; beside the app, it would get
// its signal when the app still serves.
func (s shutdown) hold(w *sidecar.Workload) *corev1.Lifecycle {
	if w.Placement != sidecar.Beside || s.proxy == 0 || !hasSleepAction(w) {
		return nil
	}
	return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: s.proxy}}}
}

// drainSeconds is the app's delay that is asked for.
func (p *Gate) drainSeconds() int64 {
	if p.DrainSeconds == nil {
		return defaultDrain
	}
	return *p.DrainSeconds
}

// appDrain is the delay that the app is given. One with a hook of its own keeps
// that; where there is no sleep action, there is no way to give it any.
func (p *Gate) appDrain(w *sidecar.Workload) int64 {
	if !hasSleepAction(w) {
		return 0
	}
	return p.drainSeconds()
}

// hasSleepAction: lifecycle's sleep is on by default since Kubernetes 1.30
// (KEP-3960).
func hasSleepAction(w *sidecar.Workload) bool { return w.Kubernetes.AtLeast(1, 30) }

// raised is the grace period that leaves ten seconds for the app to end after it
// has drained, or the pod's own where that is longer.
func raised(w *sidecar.Workload, drain int64) int64 {
	if drain <= 0 {
		return grace(w)
	}
	return max(grace(w), drain+10)
}

// minGrace is what the pod's grace period is to be at least. An app that has a
// preStop hook of its own isn't given another.
func (p *Gate) minGrace(w *sidecar.Workload) int64 {
	drain := p.appDrain(w)
	if hook := preStop(w.App); drain <= 0 || hook != nil && (hook.Sleep == nil || hook.Sleep.Seconds != drain) || drain+10 <= defaultGrace && w.Pod.Spec.TerminationGracePeriodSeconds == nil {
		return 0
	}
	return drain + 10
}

func grace(w *sidecar.Workload) int64 {
	if s := w.Pod.Spec.TerminationGracePeriodSeconds; s != nil {
		return *s
	}
	return defaultGrace
}

func preStop(c *corev1.Container) *corev1.LifecycleHandler {
	if c == nil || c.Lifecycle == nil {
		return nil
	}
	return c.Lifecycle.PreStop
}

// checkShutdown finds what is wrong with the delays in this pod.
func (p *Gate) checkShutdown(w *sidecar.Workload, fs *sidecar.Findings) {
	drain, grace, hook := p.drainSeconds(), grace(w), preStop(w.App)
	switch {
	case drain <= 0: // Validate refuses what is less
	case hook != nil && (hook.Sleep == nil || hook.Sleep.Seconds != drain):
		fs.Add(sidecar.Info, "pre-stop", "drainSeconds", "the app has a preStop hook of its own and keeps it",
			fmt.Sprintf("let it take at least %d seconds, so that the app still serves while its pod leaves the endpoints", drain))
	case hook == nil && !hasSleepAction(w):
		fs.Add(sidecar.Warning, "kubernetes-version", "drainSeconds",
			fmt.Sprintf("lifecycle.preStop.sleep needs Kubernetes 1.30, this must run on %s: the app ends at once and requests are lost", w.Kubernetes),
			fmt.Sprintf("give the app a preStop hook that runs sleep %d", drain))
	case raised(w, drain) > grace:
		fs.Add(sidecar.Info, "grace-period", "drainSeconds",
			fmt.Sprintf("after %d seconds of draining, the app needs time to end: the pod's grace period is raised from %d to %d", drain, grace, raised(w, drain)),
			"write that into the manifest, or drainSeconds: 0 for no draining")
	}
}

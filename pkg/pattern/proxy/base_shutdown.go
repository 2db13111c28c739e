package proxy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	defaultDrain = 5 // seconds
)

// A shutdownPlan is how app and proxy end, in seconds from the beginning of the
// pod's termination. Measured under load in a real cluster: requests are lost
// unless the app goes on for some seconds after its pod has left the endpoints.
//
// As a native sidecar, nginx gets its signal after the app has ended, so that
// kept-alive connections would get 502 in between; beside the app, it gets its
// signal at the same time, and the same may happen in the moment between the two.
// Therefore it quits by itself (answers what it has, closes what is idle) a little
// before the app's delay is over. Not earlier: new connections come as long as
// proxies and load balancers have the endpoint. And as a native sidecar not where
// the app has no delay: then it would only be the first to go.
type shutdownPlan struct {
	app   int64 // how long the app goes on; 0: it ends at once
	proxy int64 // how long nginx waits before it quits; 0: for its signal
	grace int64 // when the kubelet kills what is left
}

func (p *Base) planShutdown(w *sidecar.Workload) shutdownPlan {
	s := shutdownPlan{app: p.drainSeconds(), grace: max(gracePeriod(w), p.minGracePeriod(w))}
	hook := sidecar.PreStop(w.App)
	if seconds, ok := sidecar.SleepSeconds(hook); ok {
		s.app = seconds // what the app does counts, not what is asked
	} else if hook == nil && !hasSleepAction(w) {
		s.app = 0
	}
	switch {
	case s.app >= 3:
		s.proxy = s.app - 2 // as measured: 3 of 5 and 5 of 8
	case s.app == 2, s.app == 1 && w.Placement == sidecar.Beside:
		s.proxy = 1 // in 1 second there is no room
	}
	return s
}

// quitSeconds is how long a proxy may take to quit that begins after some seconds. Long
// transfers get what the grace period has left, but for 2 seconds in which it can
// end by itself.
func (s shutdownPlan) quitSeconds(after int64) int64 { return max(s.grace-after-2, 1) }

// quitHook is the hook of nginx's container.
func (s shutdownPlan) quitHook() *corev1.Lifecycle {
	if s.proxy == 0 {
		return nil
	}
	script := fmt.Sprintf("sleep %d; exec nginx -e stderr -c %s -s quit", s.proxy, confFile)
	return &corev1.Lifecycle{
		PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", script}}}}
}

// keepAlive is the hook of a container whose image has no shell, or whom nginx asks.
// As a native sidecar, it outlives the app anyway; beside the app, it would get
// its signal when the app still serves.
func (s shutdownPlan) keepAlive(w *sidecar.Workload) *corev1.Lifecycle {
	if w.Placement != sidecar.Beside || s.app == 0 || !hasSleepAction(w) {
		return nil
	}
	return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: s.app}}}
}

// drainSeconds is the app's delay that is asked for.
func (p *Base) drainSeconds() int64 {
	if p.DrainSeconds == nil {
		return defaultDrain
	}
	return *p.DrainSeconds
}

// hasSleepAction: lifecycle's sleep is on by default since Kubernetes 1.30
// (KEP-3960).
func hasSleepAction(w *sidecar.Workload) bool { return w.Kubernetes.AtLeast(1, 30) }

// minGracePeriod is what the pod's grace period is to be at least: ten seconds for the app
// to end after it has drained. An app that has a preStop hook of its own isn't given
// another, and on old clusters there is none to give.
func (p *Base) minGracePeriod(w *sidecar.Workload) int64 {
	drain, hook := p.drainSeconds(), sidecar.PreStop(w.App)
	switch {
	case drain <= 0, !hasSleepAction(w), hook != nil && (hook.Sleep == nil || hook.Sleep.Seconds != drain),
		drain+10 <= sidecar.DefaultGracePeriod && w.Pod.Spec.TerminationGracePeriodSeconds == nil:
		return 0
	}
	return drain + 10
}

func gracePeriod(w *sidecar.Workload) int64 {
	if s := w.Pod.Spec.TerminationGracePeriodSeconds; s != nil {
		return *s
	}
	return sidecar.DefaultGracePeriod
}

// checkShutdown finds pods whose grace period is too short. What becomes of the app's
// hook is told where it's set.
func (p *Base) checkShutdown(w *sidecar.Workload, fs *sidecar.Findings) {
	if raised := p.minGracePeriod(w); raised > gracePeriod(w) {
		fs.Add(sidecar.Info, "grace-period", "drainSeconds",
			fmt.Sprintf(
				"the app needs time to stop after %d seconds of draining, so the pod's grace period is raised from %d to %d",
				p.drainSeconds(), gracePeriod(w), raised),
			"write that into the manifest, or write drainSeconds: 0 to turn draining off")
	}
}

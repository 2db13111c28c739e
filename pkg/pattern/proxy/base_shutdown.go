package proxy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	defaultDrain = 5 // seconds

	// stayingDir is a folder that nginx makes when it starts and never uses. Without it, nginx is about to quit. A file
	// for that would outlive the container: a failed liveness probe runs the hook, too.
	stayingDir = "/tmp/scgi"
)

// A shutdownPlan is how app and proxy end, in seconds from the start of the pod's
// termination. Measured under load in a real cluster: requests are lost unless the app
// continues for some seconds after its pod has left the endpoints.
//
// A native sidecar gets its signal after the app has ended, so kept-alive connections would
// get 502 in between. Beside the app, nginx gets its signal at the same time, and the same
// can happen in the moment between the two. Therefore nginx quits by itself a little before
// the app's delay is over: it answers open requests and closes idle connections. It doesn't
// quit earlier, since proxies and load balancers open connections as long as they have the
// endpoint. Until then, answers in HTTP/1.1 tell clients to close their connections: many write
// to one that was closed without looking. A native sidecar of an app without a delay doesn't quit by itself either: it
// would only end before the app.
type shutdownPlan struct {
	app   int64 // how long the app continues; 0: it ends at once
	proxy int64 // how long nginx waits before it quits; 0: it waits for its signal
	grace int64 // when the kubelet kills what is left
}

func (p *Base) planShutdown(w *sidecar.Workload) shutdownPlan {
	s := shutdownPlan{app: p.drainSeconds(), grace: max(gracePeriod(w), p.minGracePeriod(w))}
	hook := sidecar.PreStop(w.App)
	if seconds, ok := sidecar.SleepSeconds(hook); ok {
		s.app = seconds // the app's own hook counts
	} else if hook == nil && !hasSleepAction(w) {
		s.app = 0
	}
	switch {
	case s.app >= 3:
		s.proxy = s.app - 2 // as measured: 3 of 5 and 5 of 8
	case s.app == 2, s.app == 1 && w.Placement == sidecar.Beside:
		s.proxy = 1 // 1 second leaves no room
	}
	return s
}

// quitSeconds returns how long a proxy may take to quit if it starts after some seconds.
// Long transfers get the rest of the grace period, except 2 seconds in which the proxy can
// still exit by itself.
func (s shutdownPlan) quitSeconds(after int64) int64 { return max(s.grace-after-2, 1) }

// quitHook returns the hook of nginx's container.
func (s shutdownPlan) quitHook() *corev1.Lifecycle {
	if s.proxy == 0 {
		return nil
	}
	script := fmt.Sprintf("rmdir %s; sleep %d; exec nginx -e stderr -c %s -s quit", stayingDir, s.proxy, confFile)
	return &corev1.Lifecycle{
		PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", script}}}}
}

// keepAlive returns the hook of a container that nginx needs until it quits, or whose image
// has no shell. A native sidecar outlives the app anyway. Beside the app, it would get its
// signal while the app still serves.
func (s shutdownPlan) keepAlive(w *sidecar.Workload) *corev1.Lifecycle {
	if w.Placement != sidecar.Beside || s.app == 0 || !hasSleepAction(w) {
		return nil
	}
	return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: s.app}}}
}

// drainSeconds returns the configured delay of the app.
func (p *Base) drainSeconds() int64 {
	if p.DrainSeconds == nil {
		return defaultDrain
	}
	return *p.DrainSeconds
}

// hasSleepAction reports whether lifecycle's sleep is on by default, as it is since
// Kubernetes 1.30 (KEP-3960).
func hasSleepAction(w *sidecar.Workload) bool { return w.Kubernetes.AtLeast(1, 30) }

// minGracePeriod returns the least grace period of the pod: the app gets ten seconds to end
// after draining. It's 0 for an app with a preStop hook of its own, which gets no other,
// and for old clusters without the sleep action.
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

// checkShutdown reports a raised grace period. The check of the app's hook is where the
// hook is set.
func (p *Base) checkShutdown(w *sidecar.Workload, fs *sidecar.Findings) {
	if raised := p.minGracePeriod(w); raised > gracePeriod(w) {
		fs.Add(sidecar.Info, sidecar.GracePeriodCode, "drainSeconds",
			fmt.Sprintf(
				"the app needs time to stop after %d seconds of draining, so the pod's grace period is raised from %d to %d",
				p.drainSeconds(), gracePeriod(w), raised),
			"write that into the manifest, or write drainSeconds: 0 to turn draining off")
	}
}

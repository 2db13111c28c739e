package sidecar_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestVersion(t *testing.T) {
	for _, s := range []string{"1.33", "v1.33.2", "1.33.0-gke.1", "1.33+"} {
		v, err := sidecar.ParseVersion(s)
		require.NoError(t, err, s)
		require.Equal(t, "1.33", v.String())
		require.True(t, v.AtLeast(1, 33) && v.AtLeast(1, 9) && !v.AtLeast(1, 34) && !v.AtLeast(2, 0))
	}
	for _, s := range []string{"", "1", "one.two", "1.3333333", "-1.2", "1.3 "} {
		_, err := sidecar.ParseVersion(s)
		require.Error(t, err, s)
	}
}

// A request isn't above its limit, and those that are equal stay it.
func TestOverlayResources(t *testing.T) {
	list := func(memory string) corev1.ResourceList {
		if memory == "" {
			return nil
		}
		return corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}
	}
	for _, c := range []struct{ baseRequest, baseLimit, overRequest, overLimit, request, limit string }{
		{"128Mi", "256Mi", "", "64Mi", "64Mi", "64Mi"},
		{"128Mi", "256Mi", "", "200Mi", "128Mi", "200Mi"},
		{"128Mi", "256Mi", "512Mi", "", "512Mi", "512Mi"},
		{"128Mi", "256Mi", "64Mi", "", "64Mi", "256Mi"},
		{"128Mi", "256Mi", "64Mi", "32Mi", "64Mi", "32Mi"}, // whoever writes both
		{"128Mi", "128Mi", "", "256Mi", "256Mi", "256Mi"},
		{"128Mi", "128Mi", "64Mi", "", "64Mi", "64Mi"},
		{"", "128Mi", "", "64Mi", "", "64Mi"},
		{"128Mi", "", "256Mi", "", "256Mi", ""},
	} {
		out := sidecar.OverlayResources(corev1.ResourceRequirements{Requests: list(c.baseRequest), Limits: list(c.baseLimit)},
			corev1.ResourceRequirements{Requests: list(c.overRequest), Limits: list(c.overLimit)})
		require.Equal(t, corev1.ResourceRequirements{Requests: list(c.request), Limits: list(c.limit)}, out, c)
	}
}

func TestOverlay(t *testing.T) {
	base := corev1.Container{Name: "tls-proxy", Image: "nginx:1", Env: []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}},
		Resources:    corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("32Mi")}},
		StartupProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{}}}}
	out, err := sidecar.Overlay(base, &corev1.Container{Image: "nginx:2",
		Env:          []corev1.EnvVar{{Name: "B", ValueFrom: &corev1.EnvVarSource{}}, {Name: "C", Value: "3"}},
		Resources:    corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("1")}},
		StartupProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}})
	require.NoError(t, err)
	require.Equal(t, "tls-proxy", out.Name)
	require.Equal(t, "nginx:2", out.Image)
	require.Equal(t, []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", ValueFrom: &corev1.EnvVarSource{}}, {Name: "C", Value: "3"}}, out.Env)
	require.Equal(t, "1", out.Resources.Requests.Cpu().String())
	require.Equal(t, "32Mi", out.Resources.Requests.Memory().String())
	require.Nil(t, out.StartupProbe.TCPSocket, "a probe of another kind replaces")
	require.NotNil(t, out.StartupProbe.Exec)
	require.EqualValues(t, 1, out.StartupProbe.PeriodSeconds)
	require.Equal(t, "nginx:1", base.Image, "the base stays")
	same, err := sidecar.Overlay(base, nil)
	require.NoError(t, err)
	require.Equal(t, base, same)
}

func TestPath(t *testing.T) {
	p := sidecar.Fields("spec", "containers").At("name", "app").To("args").At(".", "--x")
	require.Equal(t, "spec.containers[name=app].args[--x]", p.String())
	require.Equal(t, `metadata.annotations["outrigger.dev/skip"]`, sidecar.Fields("metadata", "annotations", "outrigger.dev/skip").String())
	a, b := p.To("a"), p.To("b")
	require.Equal(t, "a", a[len(a)-1].Field, "paths share no memory")
	require.Equal(t, "b", b[len(b)-1].Field)
}

func TestFinding(t *testing.T) {
	f := sidecar.Finding{Severity: sidecar.Error, Code: "x", Object: deployment, Field: "spec", File: "a/b.yaml", Line: 3, Sidecar: "tls-proxy", Message: "is\nwrong", Hint: "mend it"}
	require.Equal(t, "a/b.yaml:3: Deployment prod/web spec: tls-proxy: is wrong; mend it", f.String())
	var none sidecar.Findings
	require.NoError(t, none.Err())
	none.Add(sidecar.Warning, "w", "f", "m", "")
	require.NoError(t, none.Err(), "a warning is no failure")
	none.Add(sidecar.Error, "e", "f", "m", "")
	require.EqualError(t, none.Err(), "f: m\nf: m")
}

// workload is a small pod with an app and an init container.
func workload() *sidecar.Workload {
	w := &sidecar.Workload{Ref: deployment, Template: sidecar.Fields("spec", "template"), Name: "proxy", Kubernetes: sidecar.Version{Major: 1, Minor: 33}}
	w.Pod.Spec.InitContainers = []corev1.Container{{Name: "setup", Ports: []corev1.ContainerPort{{ContainerPort: 7000}}}}
	w.Pod.Spec.Containers = []corev1.Container{
		{Name: "app", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 9200}}},
		{Name: "other", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080}}},
	}
	w.App = &w.Pod.Spec.Containers[0]
	return w
}

func asked(w *sidecar.Workload, name string, c *sidecar.Change) sidecar.Asked {
	return sidecar.Asked{Name: name, Placement: sidecar.Native, App: w.App, Change: c}
}

func TestCheck(t *testing.T) {
	w := workload()
	change := &sidecar.Change{Containers: []corev1.Container{{Name: "x"}}}
	require.Empty(t, sidecar.Check(w, []sidecar.Asked{asked(w, "x", change)}))
	w.Kubernetes = sidecar.Version{Major: 1, Minor: 28}
	require.Contains(t, sidecar.Check(w, []sidecar.Asked{asked(w, "x", change)}).Error(), "native sidecars need Kubernetes 1.29")
	beside := asked(w, "x", change)
	beside.Placement = sidecar.Beside
	require.Empty(t, sidecar.Check(w, []sidecar.Asked{beside}))
	w.Ref = sidecar.Ref{Group: "batch", Kind: "CronJob", Name: "nightly"}
	require.Contains(t, sidecar.Check(w, []sidecar.Asked{beside}).Error(), "the Job would never complete; use placement native")
	require.Empty(t, sidecar.Check(w, []sidecar.Asked{{Name: "x", Placement: sidecar.Beside, App: w.App, Change: &sidecar.Change{}}}))
}

func TestServicePortNumbers(t *testing.T) {
	w := workload()
	w.Services = []sidecar.Service{{Ref: sidecar.Ref{Kind: "Service", Name: "web"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
		{Name: "http", Port: 80}, {Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}, {Port: 81},
	}}}}
	check := func(ports ...corev1.ServicePort) []string {
		var all []sidecar.Asked
		for _, p := range ports {
			all = append(all, asked(w, "x", &sidecar.Change{ServicePorts: []sidecar.ServicePort{{ServicePort: p}}}))
		}
		var found []string
		_, fs := sidecar.Edits(w, all)
		for _, f := range fs {
			found = append(found, f.String())
		}
		return found
	}
	require.Empty(t, check(corev1.ServicePort{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}), "an earlier run's")
	require.Empty(t, check(corev1.ServicePort{Name: "dns-tcp", Port: 53}, corev1.ServicePort{Name: "dns-tcp", Port: 53}), "another protocol; twice the same")
	require.Equal(t, []string{"Service web spec.ports: x: wants web to be port 80/TCP, but the manifest has http there; give one of them another number"},
		check(corev1.ServicePort{Name: "web", Port: 80}))
	require.Equal(t, []string{"Service web spec.ports: x: wants web to be port 81/TCP, but the manifest has one without a name there; give one of them another number"},
		check(corev1.ServicePort{Name: "web", Port: 81}))
	require.Len(t, check(corev1.ServicePort{Name: "a", Port: 90}, corev1.ServicePort{Name: "b", Port: 90}), 1, "two sidecars")
}

func TestCheckSleeps(t *testing.T) {
	sleep := func(n int64) *corev1.Lifecycle {
		return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: n}}}
	}
	w := workload()
	check := func(drain, sidecars int64) sidecar.Findings {
		return sidecar.Check(w, []sidecar.Asked{asked(w, "x", &sidecar.Change{
			App: sidecar.App{DrainSeconds: drain}, Containers: []corev1.Container{{Name: "x", Lifecycle: sleep(sidecars)}, {Name: "y"}}})})
	}
	require.Empty(t, check(29, 29))
	require.Equal(t, "Deployment prod/web: x: container app would sleep for 30 seconds before it ends, but the pod's grace period is 30; raise terminationGracePeriodSeconds to at least 40, or let it sleep less",
		check(30, 0).Error())
	require.Len(t, check(30, 31), 2)
	w.Pod.Spec.TerminationGracePeriodSeconds = new(int64(60))
	require.Empty(t, check(30, 31))
	require.Len(t, check(60, 61), 2)
	w.App.Lifecycle = sleep(1)
	require.Empty(t, check(60, 0), "its own hook stays")
	w.App.Lifecycle, w.Kubernetes = nil, sidecar.Version{Major: 1, Minor: 29}
	require.Empty(t, check(60, 0), "no sleep there")
}

func TestCheckSysctls(t *testing.T) {
	w := workload()
	check := func(name string) sidecar.Findings {
		return sidecar.Check(w, []sidecar.Asked{asked(w, "x", &sidecar.Change{Pod: sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: name, Value: "1"}}}})})
	}
	require.Empty(t, check("net.ipv4.tcp_syncookies"))
	w.Pod.Spec.HostNetwork = true
	require.Empty(t, check("kernel.shm_rmid_forced"))
	require.Equal(t, "Deployment prod/web: x: sysctl net.ipv4.tcp_syncookies is the node's here, as the pod has hostNetwork; take hostNetwork off, or leave this workload out",
		check("net.ipv4.tcp_syncookies").Error())
	require.Len(t, check("net/core/somaxconn"), 1)
}

// Nothing of an input can pass for a line of ours, or turn one around.
func TestOneLine(t *testing.T) {
	f := sidecar.Finding{Object: sidecar.Ref{Kind: "Pod", Name: "a\noutrigger: b\x1b[2J\u202e\x00\u2028"}, Message: "é 你 \xff"}
	require.Equal(t, `Pod a outrigger: b\u001b[2J\u202e\u0000\u2028: é 你 \ufffd`, f.String())
	require.Equal(t, "as it is", sidecar.OneLine("as it is"))
}

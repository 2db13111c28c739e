package agent

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// configured is the view of an app with two volumes of configuration.
func configured(edits ...func(*sidecar.Workload)) *sidecar.Workload {
	return patterntest.NewShop(func(w *sidecar.Workload) {
		w.Name = "watch"
		w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64(1000)), RunAsGroup: new(int64(2000))}
		w.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "config", MountPath: "/etc/shop"},
			{Name: "secret", MountPath: "/secret"}}
		w.Pod.Spec.Volumes = []corev1.Volume{pattern.ConfigMapVolume("config", "shop"),
			pattern.SecretVolume("secret", "shop-password")}
		for _, edit := range edits {
			edit(w)
		}
	})
}

func webhook(url string) *ConfigReload { return &ConfigReload{Webhook: &ReloadWebhook{URL: url}} }

func TestConfigReloadTells(t *testing.T) {
	moved := func(w *sidecar.Workload) {
		w.Takeovers = []sidecar.Takeover{{Port: 8080, AppPort: 8081}, {Port: 443, AppPort: 8444}}
	}
	for name, c := range map[string]struct {
		p    *ConfigReload
		view func(*sidecar.Workload)
		want string
	}{
		"a request": {webhook("http://127.0.0.1:8080/-/reload?a={b}"), nil,
			"webhook POST http://127.0.0.1:8080/-/reload?a={b} 10 config secret"},
		"another method": {
			&ConfigReload{Webhook: &ReloadWebhook{URL: "http://[::1]/x", Method: Put}, PeriodSeconds: 60}, nil,
			"webhook PUT http://[::1]/x 60 config secret"},
		"an app that is moved": {webhook("http://localhost:8080/-/reload"), moved,
			"webhook POST http://127.0.0.1:8081/-/reload 10 config secret"},
		"from the usual port": {webhook("https://localhost/-/reload"), moved,
			"webhook POST http://127.0.0.1:8444/-/reload 10 config secret"},
		"an app that isn't": {webhook("http://localhost:9090/-/reload"), moved,
			"webhook POST http://localhost:9090/-/reload 10 config secret"},
		"one volume": {&ConfigReload{Volumes: []string{"secret"}, Signal: &ReloadSignal{Process: "shop"}}, nil,
			"signal HUP shop 10 secret"},
		"another signal": {&ConfigReload{Signal: &ReloadSignal{Process: "shop", Signal: USR1}}, nil,
			"signal USR1 shop 10 config secret"},
		"what was watched is": {webhook("http://127.0.0.1/"), func(w *sidecar.Workload) {
			w.Pod.Spec.InitContainers = laidWatcher("secret")
		}, "webhook POST http://127.0.0.1/ 10 secret"},
		"a stranger of the name": {webhook("http://127.0.0.1/"), func(w *sidecar.Workload) {
			w.Pod.Spec.InitContainers = laidWatcher()
		}, "webhook POST http://127.0.0.1/ 10 config secret"},
	} {
		t.Run(name, func(t *testing.T) {
			w := configured()
			if c.view != nil {
				c.view(w)
			}
			require.Empty(t, patterntest.FindingLines(t, c.p, w))
			got, err := sidecar.Build(c.p, w)
			require.NoError(t, err)
			ctr := got.Containers[0]
			require.Equal(t, c.want, strings.ReplaceAll(strings.Join(ctr.Args, " "), watchDir+"/", ""))
			for _, m := range ctr.VolumeMounts {
				require.True(t, m.ReadOnly)
				require.Empty(t, m.SubPath)
			}
			require.Nil(t, ctr.LivenessProbe)
			require.Equal(t, c.p.Signal != nil, got.Pod.ShareProcessNamespace != nil)
			if c.p.Signal != nil {
				require.EqualValues(t, 1000, *ctr.SecurityContext.RunAsUser)
				require.EqualValues(t, 2000, *ctr.SecurityContext.RunAsGroup)
			}
		})
	}
}

// laidWatcher is one that an earlier run has laid on.
func laidWatcher(volumes ...string) []corev1.Container {
	c := corev1.Container{Name: "watch"}
	for _, v := range volumes {
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: v, MountPath: watchDir + "/" + v})
	}
	return []corev1.Container{c}
}

func TestConfigReloadRoot(t *testing.T) {
	w := configured(func(w *sidecar.Workload) {
		w.Pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: new(int64(0)),
			RunAsGroup: new(int64(0))}
	})
	p := &ConfigReload{Signal: &ReloadSignal{Process: "shop"}}
	require.Equal(t, []string{"warning user-root: signal: container shop runs as root, so the sidecar that sends it " +
		"signals does too, though without root's capabilities; run the app as another user, or use webhook"},
		patterntest.FindingLines(t, p, w))
	c, err := sidecar.Build(p, w)
	require.NoError(t, err)
	require.Zero(t, *c.Containers[0].SecurityContext.RunAsUser)
	require.False(t, *c.Containers[0].SecurityContext.RunAsNonRoot)
	require.Equal(t, []corev1.Capability{"ALL"}, c.Containers[0].SecurityContext.Capabilities.Drop)
}

func TestConfigReloadRefuses(t *testing.T) {
	hook := webhook("http://127.0.0.1:8080/-/reload")
	url := func(u string) *ConfigReload { return webhook(u) }
	const example = "; write one like http://127.0.0.1:9090/-/reload"
	for name, c := range map[string]struct {
		p    *ConfigReload
		view func(*sidecar.Workload)
		want []string
	}{
		"nothing": {&ConfigReload{}, nil, []string{"error missing-field: webhook: no way to notify the app is configured; " +
			"write webhook: {url: http://127.0.0.1:9090/-/reload}, or signal: {process: haproxy}, whichever the app supports"}},
		"both": {&ConfigReload{Webhook: hook.Webhook, Signal: &ReloadSignal{Process: "shop"}}, nil,
			[]string{"error bad-value: signal: webhook is set too; remove one of them"}},
		"no process": {&ConfigReload{Signal: &ReloadSignal{Signal: "SIGKILL"}}, nil,
			[]string{`error bad-value: signal.signal: "SIGKILL" is unknown; write SIGHUP or SIGUSR1 or SIGUSR2 or SIGTERM`,
				"error missing-field: signal.process: no process is named; write the name of the app's executable, as in haproxy"}},
		"a path": {&ConfigReload{Signal: &ReloadSignal{Process: "/usr/bin/shop"}}, nil,
			[]string{`error bad-value: signal.process: "/usr/bin/shop" can't be the name of an executable; write the name of ` +
				`the file, without its path`}},
		"an option": {&ConfigReload{Signal: &ReloadSignal{Process: "-o"}}, nil,
			[]string{`error bad-value: signal.process: "-o" can't be the name of an executable; write the name of the file, ` +
				`without its path`}},
		"twice": {&ConfigReload{Volumes: []string{"config", "config"}, Webhook: hook.Webhook, PeriodSeconds: -1},
			nil, []string{"error bad-value: volumes[1]: config is listed twice; remove one of them",
				"error bad-value: periodSeconds: -1 isn't a valid number of seconds; write 1 to 3600"}},
		"no URL": {url(""), nil, []string{"error missing-field: webhook.url: no URL is given" + example}},
		"no host": {url("/-/reload"), nil,
			[]string{"error bad-value: webhook.url: it isn't a valid http or https URL" + example}},
		"a line more": {url("http://127.0.0.1/\nx"), nil,
			[]string{"error bad-value: webhook.url: it isn't a valid http or https URL" + example}},
		"a variable": {url("http://127.0.0.1/$(TOKEN)"), nil,
			[]string{"error bad-value: webhook.url: the kubelet would read $ as a variable; write it as %24"}},
		"a password": {url("http://me:secret@127.0.0.1/"), nil,
			[]string{"error bad-value: webhook.url: everybody who can see the pod can read a password there; let the app " +
				"accept the request on 127.0.0.1 without a password"}},
		"another pod": {url("http://shop:8080/"), nil,
			[]string{`error bad-value: webhook.url: "shop" isn't this pod, and each pod's watcher is for its own app` +
				example}},
		"no port": {url("http://127.0.0.1:70000/"), nil,
			[]string{`error bad-value: webhook.url: "70000" isn't a valid port; write 1 to 65535`}},
		"a method": {&ConfigReload{Webhook: &ReloadWebhook{URL: hook.Webhook.URL, Method: "DELETE"}}, nil,
			[]string{`error bad-value: webhook.method: "DELETE" is unknown; write POST or PUT or GET`}},
		"no configuration": {hook, func(w *sidecar.Workload) {
			w.Pod.Spec.Volumes = nil
		},
			[]string{
				"error nothing-to-watch: volumes: container shop mounts no ConfigMap and no Secret; exclude this workload"}},
		"Windows": {hook, func(w *sidecar.Workload) {
			w.Pod.Spec.NodeSelector = map[string]string{"kubernetes.io/os": "windows"}
		}, []string{"error windows: Deployment prod/shop spec.template.spec.nodeSelector[\"kubernetes.io/os\"]: the " +
			"sidecar's image runs on Linux only; exclude this workload"}},
		"the node's network": {hook, func(w *sidecar.Workload) { w.Pod.Spec.HostNetwork = true }, []string{}},
		"a hash in the input": {&ConfigReload{Volumes: []string{"config"}, Webhook: hook.Webhook}, func(w *sidecar.Workload) {
			w.ConfigMaps = func(string) *sidecar.ConfigMap { return &sidecar.ConfigMap{Hashed: true} }
		}, []string{"error hash-no-reload: volumes[0]: ConfigMap shop gets a new name with each change, through " +
			"kustomize's hash suffix, so the pods are replaced and need no reload; write options: {disableNameSuffixHash: " +
			"true} in its generator, or remove this pattern"}},
		"no hash": {hook, func(w *sidecar.Workload) { w.Pod.Spec.Volumes[0].ConfigMap.Name = "shop-production" }, []string{}},
		"what stays as it was": {hook, func(w *sidecar.Workload) {
			w.Pod.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{
				{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "shop-password"}}}}
			w.Pod.Spec.Containers[0].Env = []corev1.EnvVar{
				{
					Name: "LEVEL", ValueFrom: &corev1.EnvVarSource{
						ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "shop"},
							Key: "level"}}}}
		}, []string{"info env-no-reload: volumes: container shop has LEVEL of ConfigMap shop, too, and variables never " +
			"change after its start", "info env-no-reload: volumes: container shop has all variables of Secret shop-password, " +
			"too, and variables never change after its start"}},
		"a user that an override says": {&ConfigReload{Signal: &ReloadSignal{Process: "shop"}}, func(w *sidecar.Workload) {
			w.Pod.Spec.SecurityContext = nil
			w.Override = &corev1.Container{SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64(7))}}
		}, []string{}},
		"an init system": {&ConfigReload{Signal: &ReloadSignal{Process: "shop"}}, func(w *sidecar.Workload) {
			w.Pod.Spec.Containers[0].Image = "linuxserver/shop:1"
		},
			[]string{"warning process-1: signal: container shop starts with an init system (s6, systemd) that must be process " +
				"1, which it isn't when containers share their processes; use webhook, or start the app without it"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := configured()
			if c.view != nil {
				c.view(w)
			}
			require.Equal(t, c.want, patterntest.FindingLines(t, c.p, w))
		})
	}
}

// FuzzConfigReload writes whatever there is into each field: it's refused, or it's one
// argument, and no request leaves the pod.
func FuzzConfigReload(f *testing.F) {
	f.Add("http://127.0.0.1:9090/-/reload", "POST", "haproxy", "SIGHUP", int32(10), true)
	f.Add("http://127.0.0.1@example.com:80/", "", "a b", "HUP; reboot", int32(-1), true)
	f.Add("http://127.0.0.1:80#@example.com/", "GET", "$(X)", "", int32(0), false)
	f.Fuzz(func(t *testing.T, url, method, process, signal string, period int32, hook bool) {
		p := &ConfigReload{PeriodSeconds: period}
		if hook {
			p.Webhook = &ReloadWebhook{URL: url, Method: HTTPMethod(method)}
		} else {
			p.Signal = &ReloadSignal{Process: process, Signal: SignalName(signal)}
		}
		c, err := sidecar.Build(p, configured())
		if err != nil {
			require.Nil(t, c)
			return
		}
		args := c.Containers[0].Args
		require.Len(t, args, 6)
		for _, arg := range args {
			require.NotContains(t, arg, "$", "the kubelet would expand it")
			require.NotRegexp(t, `^-|[\s\x00-\x1f]`, arg)
		}
		if hook {
			require.Contains(t, []string{"POST", "PUT", "GET"}, args[1])
			require.Regexp(t, `^https?://(127\.[0-9.]+|localhost|\[[0-9a-fA-F:.]+\])(:[0-9]*)?([/?#]|$)`, args[2])
		} else {
			require.Contains(t, []string{"HUP", "USR1", "USR2", "TERM"}, args[1])
			require.NotContains(t, args[2], "/")
		}
		require.Regexp(t, `^[1-9][0-9]*$`, args[3])
	})
}

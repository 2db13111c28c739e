package logtail

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// logTail is one that fits shop, changed by edits.
func logTail(edits ...func(*LogTail)) *LogTail {
	p := &LogTail{Directory: "/var/log/shop", Files: []string{"app.log"}}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

func logPod(edits ...func(*sidecar.Workload)) *sidecar.Workload {
	w := patterntest.NewShop(edits...)
	w.Name = "logs"
	return w
}

// logsAs gives the app a user.
func logsAs(uid int64) func(*sidecar.Workload) {
	return func(w *sidecar.Workload) {
		w.Pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: &uid}
	}
}

// logMounted gives the app a volume.
func logMounted(m corev1.VolumeMount, source corev1.VolumeSource) func(*sidecar.Workload) {
	return func(w *sidecar.Workload) {
		w.Pod.Spec.Volumes = append(w.Pod.Spec.Volumes, corev1.Volume{Name: m.Name, VolumeSource: source})
		w.Pod.Spec.Containers[0].VolumeMounts = append(w.Pod.Spec.Containers[0].VolumeMounts, m)
	}
}

var (
	logClaim = corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}
	logEmpty = corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
)

// Names of containers are those of their files, and stay as other files come.
func TestLogTailNames(t *testing.T) {
	long := "a-file-whose-name-is-so-long-that-nothing-fits-behind-it-in-a-label.log"
	for _, c := range []struct{ files, names []string }{
		{[]string{"app.log"}, []string{"logs"}},
		{[]string{"app.log", "access.log"}, []string{"logs-app", "logs-access"}},
		{[]string{"*.json", "*", "App_Server-*.log", ".hidden"},
			[]string{"logs-json", "logs-files", "logs-app-server", "logs-hidden"}},
		{[]string{"a.log", "gc/a.log", "b.log"}, []string{"logs-a-log-e4355b8d", "logs-gc-a-log-5576d37b", "logs-b"}},
		{[]string{long, "b"}, []string{sidecar.Shorten("logs-"+long[:len(long)-4], 63), "logs-b"}},
	} {
		p := logTail(func(p *LogTail) { p.Files = c.files })
		require.Equal(t, c.names, p.ContainerNames("logs"))
		change := patterntest.BuildChange(t, p, logPod())
		for i, ctr := range change.Containers {
			require.Equal(t, c.names[i], ctr.Name)
			require.LessOrEqual(t, len(ctr.Name), 63)
		}
	}
	require.Equal(t, []string{"logs"}, logTail(func(p *LogTail) {
		p.Files, p.Merge = []string{"a", "b"}, true
	}).ContainerNames("logs"))
}

// The sidecar is the app's user wherever that's written, and never root.
func TestLogTailUser(t *testing.T) {
	pod := func(sc corev1.PodSecurityContext) func(*sidecar.Workload) {
		return func(w *sidecar.Workload) { w.Pod.Spec.SecurityContext = &sc }
	}
	for name, c := range map[string]struct {
		w        *sidecar.Workload
		uid, gid int64
		warned   bool
	}{
		"container": {logPod(logsAs(1000)), 1000, 1000, false},
		"pod": {logPod(pod(corev1.PodSecurityContext{RunAsUser: new(int64(7)), RunAsGroup: new(int64(0))})), 7, 0,
			false},
		"both": {
			logPod(logsAs(1000), pod(corev1.PodSecurityContext{RunAsUser: new(int64(7)), RunAsGroup: new(int64(8))})), 1000, 8,
			false},
		"unknown":       {logPod(), 65534, 65534, true},
		"root":          {logPod(logsAs(0)), 65534, 65534, true},
		"root of a pod": {logPod(logsAs(1000), pod(corev1.PodSecurityContext{RunAsUser: new(int64(0))})), 1000, 1000, false},
		"overridden": {logPod(func(w *sidecar.Workload) {
			w.Override = &corev1.Container{SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64(5))}}
		}), 65534, 65534, false},
	} {
		t.Run(name, func(t *testing.T) {
			change := patterntest.BuildChange(t, logTail(), c.w)
			sc := change.Containers[0].SecurityContext
			require.Equal(t, []int64{c.uid, c.gid}, []int64{*sc.RunAsUser, *sc.RunAsGroup})
			require.True(t, *sc.RunAsNonRoot)
			require.Equal(t, c.warned, len(change.Notes) > 0)
		})
	}
}

// The volume of the directory is the one that the app has there or above, or one of
// our own; a run over the result sees the same.
func TestLogTailPlace(t *testing.T) {
	for name, c := range map[string]struct {
		w     *sidecar.Workload
		edit  func(*LogTail)
		mount corev1.VolumeMount
		file  string
		own   bool
		lay   bool
		from  string
	}{
		"none": {w: logPod(), mount: corev1.VolumeMount{Name: "logs-logs"}, file: "/logs/app.log", own: true, lay: true,
			from: "+1"},
		"ours": {w: logPod(logMounted(corev1.VolumeMount{Name: "logs-logs", MountPath: "/var/log/shop"}, logEmpty)),
			mount: corev1.VolumeMount{Name: "logs-logs"}, file: "/logs/app.log", own: true, lay: true, from: "+1"},
		"there": {w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log/shop/"}, logEmpty)),
			mount: corev1.VolumeMount{Name: "x"}, file: "/logs/app.log", from: "+1"},
		"above": {w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var", SubPath: "a"}, logClaim),
			logMounted(corev1.VolumeMount{Name: "y", MountPath: "/var/lo"}, logEmpty)),
			mount: corev1.VolumeMount{Name: "x", SubPath: "a"}, file: "/logs/log/shop/app.log", from: "0"},
		"nearest": {
			w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var"}, logClaim),
				logMounted(corev1.VolumeMount{Name: "y", MountPath: "/var/log"}, logEmpty)),
			mount: corev1.VolumeMount{Name: "y"}, file: "/logs/shop/app.log", from: "+1"},
		"named": {w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/elsewhere"}, logClaim)),
			edit:  func(p *LogTail) { p.Volume = "x" },
			mount: corev1.VolumeMount{Name: "x"}, file: "/logs/app.log", lay: true, from: "0"},
		"named and ours": {w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log/shop"}, logEmpty)),
			edit:  func(p *LogTail) { p.Volume = "x" },
			mount: corev1.VolumeMount{Name: "x"}, file: "/logs/app.log", lay: true, from: "+1"},
		"named within another": {
			w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/elsewhere"}, logEmpty),
				logMounted(corev1.VolumeMount{Name: "y", MountPath: "/var"}, logClaim)), edit: func(p *LogTail) { p.Volume = "x" },
			mount: corev1.VolumeMount{Name: "x"}, file: "/logs/app.log", lay: true, from: "+1"},
		"logClaim by a StatefulSet": {w: logPod(func(w *sidecar.Workload) {
			w.Claims = []string{"data"}
			w.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/var/log"}}
		}), mount: corev1.VolumeMount{Name: "data"}, file: "/logs/shop/app.log", from: "0"},
		"beside": {
			w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log"}, logClaim), func(w *sidecar.Workload) {
				w.Placement = sidecar.Beside
			}),
			mount: corev1.VolumeMount{Name: "x"}, file: "/logs/shop/app.log", from: "+1"},
		"of an init container": {
			w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log"}, logClaim), func(w *sidecar.Workload) {
				w.Pod.Spec.InitContainers, w.Pod.Spec.Containers = w.Pod.Spec.Containers, nil
				w.App = &w.Pod.Spec.InitContainers[0]
			}), mount: corev1.VolumeMount{Name: "x"}, file: "/logs/shop/app.log", from: "+1"},
		"expression": {
			w: logPod(logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log", SubPathExpr: "$(REDIS_HOST)"},
				logEmpty)),
			mount: corev1.VolumeMount{Name: "x", SubPathExpr: "$(REDIS_HOST)"}, file: "/logs/shop/app.log", from: "+1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := logTail()
			if c.edit != nil {
				c.edit(p)
			}
			change := patterntest.BuildChange(t, p, c.w)
			ctr := change.Containers[0]
			c.mount.MountPath, c.mount.ReadOnly = "/logs", true
			require.Equal(t, []corev1.VolumeMount{c.mount}, ctr.VolumeMounts)
			require.Equal(t, c.file, ctr.Args[2])
			require.Equal(t, c.from, ctr.Args[0])
			require.Equal(t, c.own, len(change.Volumes) > 0)
			require.Equal(t, c.lay, len(change.App.VolumeMounts) > 0)
			require.Equal(t, c.own, !ctr.Resources.Requests.StorageEphemeral().IsZero(), "what the volume may take is requested")
			if c.mount.SubPathExpr != "" {
				require.Equal(t, "REDIS_HOST", ctr.Env[0].Name)
			}
		})
	}
}

// Pods of one workload that share a volume would stream each other's files.
func TestLogTailShared(t *testing.T) {
	three := func(w *sidecar.Workload) { w.Replicas = new(int32(3)) }
	one := func(w *sidecar.Workload) { w.Replicas = new(int32(1)) }
	daemons := func(w *sidecar.Workload) { w.Ref.Kind = "DaemonSet" }
	codes := func(w *sidecar.Workload) (codes []string) {
		for _, f := range patterntest.BuildChange(t, logTail(), w).Notes {
			codes = append(codes, f.Code)
		}
		return codes
	}
	pvc := logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log"}, logClaim)
	require.Equal(t, []string{"log-volume-shared"}, codes(logPod(logsAs(1), pvc, three)))
	require.Equal(t, []string{"log-volume-shared"}, codes(logPod(logsAs(1), pvc, daemons)))
	onNode := logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log"},
		corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log/agent"}})
	require.Empty(t, codes(logPod(logsAs(1), onNode, daemons)), "each node has one pod")
	require.Equal(t, []string{"log-volume-shared"}, codes(logPod(logsAs(1), onNode, three)))
	require.Empty(t, codes(logPod(logsAs(1), pvc, one)))
	require.Empty(t, codes(logPod(logsAs(1), pvc)))
	require.Empty(t,
		codes(logPod(logsAs(1), logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log"}, logEmpty), three)))
	require.Empty(t,
		codes(logPod(logsAs(1), logMounted(corev1.VolumeMount{Name: "x", MountPath: "/var/log", SubPathExpr: "$(REDIS_HOST)"},
			logClaim), three)))
	require.Empty(t, codes(logPod(logsAs(1), func(w *sidecar.Workload) {
		w.Claims = []string{"x"}
		w.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "x", MountPath: "/var/log"}}
	}, three)), "each pod has its own")
}

// A Guaranteed pod stays one, and doesn't read our own containers for that.
func TestLogTailResources(t *testing.T) {
	guaranteed := logPod(func(w *sidecar.Workload) {
		w.Pod.Spec.Containers[0].Resources.Limits = pattern.ResourceList("1", "1Gi")
	})
	p := logTail(func(p *LogTail) { p.Files = []string{"a", "b"} })
	first := patterntest.BuildChange(t, p, guaranteed)
	for _, c := range first.Containers {
		require.Equal(t, c.Resources.Limits.Cpu(), c.Resources.Requests.Cpu())
		require.Equal(t, c.Resources.Limits.Memory(), c.Resources.Requests.Memory())
	}
	guaranteed.Pod.Spec.InitContainers = first.Containers
	// by an override
	guaranteed.Pod.Spec.InitContainers[0].Resources = corev1.ResourceRequirements{
		Requests: pattern.ResourceList("7m", "7Mi")}
	require.Equal(t, patterntest.BuildChange(t, p, guaranteed).Containers[1], first.Containers[1])

	size := resource.MustParse("10Mi")
	change := patterntest.BuildChange(t, logTail(func(p *LogTail) { p.SizeLimit = &size }), logPod())
	require.Equal(t, "10Mi", change.Volumes[0].EmptyDir.SizeLimit.String())
	require.Equal(t, "10Mi", change.Containers[0].Resources.Requests.StorageEphemeral().String())
}

// The containers of an app can share a directory, but not two.
func TestLogTailApps(t *testing.T) {
	w := logPod(logsAs(1), func(w *sidecar.Workload) {
		w.Pod.Spec.Containers = append(w.Pod.Spec.Containers, corev1.Container{Name: "worker", Image: "shop:1"})
		w.Apps = []*corev1.Container{&w.Pod.Spec.Containers[0], &w.Pod.Spec.Containers[1]}
	})
	change := patterntest.BuildChange(t, logTail(), w)
	require.Contains(t, change.Notes.Error(), "container worker may not run as user 1, as container shop does")
	w.Pod.Spec.Volumes = []corev1.Volume{{Name: "x", VolumeSource: logEmpty}}
	w.Apps[1].VolumeMounts = []corev1.VolumeMount{{Name: "x", MountPath: "/var/log"}}
	_, err := sidecar.Build(logTail(), w)
	require.ErrorContains(t, err, "containers shop and worker have different volumes there")
}

// Settings keep their order and the way in which numbers are written.
func TestSettings(t *testing.T) {
	const raw = `{"name":"modify","set":["a b","c d"],"port":9200,"x":1e3,"on":true,"empty":[],"z":"<a>"}`
	var s Settings
	require.NoError(t, json.Unmarshal([]byte(raw), &s))
	have, err := s.MarshalJSON()
	require.NoError(t, err)
	require.JSONEq(t, raw, string(have))
	require.Equal(t, raw, string(have))
	for _, bad := range []string{`[]`, `"a"`, `{"a":null}`, `{"a":{}}`, `{"a":[[]]}`, `{"a":[null]}`, `{"a"`, `null`} {
		require.Error(t, json.Unmarshal([]byte(bad), &Settings{}), bad)
	}
}

// What is secret is told from what isn't.
func TestSecretive(t *testing.T) {
	for _, c := range [][2]string{{"http_passwd", "x"}, {"splunk_token", "x"}, {"rdkafka.sasl.password", "x"},
		{"apikey", "x"}, {"api_key", "x"}, {"license_key", "x"}, {"shared_key", "/base64"},
		{"http_user", "x"}, {"aws_secret_access_key", "x"}, {"header", "Authorization Bearer x"}, {"header", "X-Api-Key x"},
		{"uri", "https://u:p@host/x"}, {"webhook", "https://x"}, {"bearer_token", "x"}} {
		require.True(t, holdsSecret(c[0], c[1]), c)
	}
	for _, c := range [][2]string{{"host", "x"}, {"header", "X-Team shop"}, {"tls.key_file", "/certs/tls.key"},
		{"bearer_token_file", "/var/run/token"}, {"google_service_credentials", "/x.json"}, {"uri", "/a@b"},
		{"time_key", "time"}, {"label_keys", "$a"}, {"http_passwd", ""}, {"tls.verify", "true"}, {"regex", "user@host"}} {
		require.False(t, holdsSecret(c[0], c[1]), c)
	}
}

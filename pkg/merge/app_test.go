package merge_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

func paths(edits []sidecar.Edit) []string {
	var out []string
	for _, e := range edits {
		if p := strings.TrimPrefix(e.Path.String(), "spec.template.spec."); !strings.Contains(p, "metadata") {
			out = append(out, p)
		}
	}
	return out
}

func TestAppsAreServedAlike(t *testing.T) {
	w := sidecartest.Workload()
	a := sidecartest.Answer(w, "s", &sidecar.Change{App: sidecar.App{Env: sidecartest.Vars("A=1"), Args: []string{"-a"},
		VolumeMounts: []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}}})
	a.Apps = []*corev1.Container{&w.Pod.Spec.Containers[0], &w.Pod.Spec.Containers[1], &w.Pod.Spec.InitContainers[0]}
	edits, fs := merge.Edits(w, []sidecar.Answer{a})
	require.Len(t, fs, 3, "args replace the CMD of three images")
	require.Equal(t, []string{
		"containers[name=app].env[name=A]", "containers[name=app].args[-a]",
		"containers[name=app].volumeMounts[mountPath=/v]",
		"containers[name=other].env[name=A]", "containers[name=other].args[-a]",
		"containers[name=other].volumeMounts[mountPath=/v]",
		"initContainers[name=setup].env[name=A]", "initContainers[name=setup].args[-a]",
		"initContainers[name=setup].volumeMounts[mountPath=/v]",
	}, paths(edits))
}

func TestArgs(t *testing.T) {
	for name, c := range map[string]struct {
		have string
		args []string
		want string
		said string
	}{
		"appended":                 {"run", []string{"-a -b=1", "-c"}, "-a -b=1 -c", ""},
		"there already":            {"run -a -E x", []string{"-E x"}, "", ""},
		"a flag of its own is one": {"run -v", []string{"-v -b=1"}, "-b=1", ""},
		"a flag and its value": {"run -E x", []string{"-E y"}, "y",
			"s1: the arguments already have -E, so a flag and its value would be separated; write a flag and its value as " +
				"one argument, as in --flag=value"},
		"of one sidecar":  {"run", []string{"-E x -E y"}, "-E x y", "the arguments already have -E"},
		"of two sidecars": {"run", []string{"-E x", "-E y"}, "-E x y", "s2: the arguments already have -E"},
		"a value that is there as a word": {"run 9201", []string{"-p 9201"}, "-p",
			"the arguments already have the value of -p"},
		"a word": {"run", []string{"all run"}, "all", "the arguments already have one of the words"},
	} {
		t.Run(name, func(t *testing.T) {
			w := sidecartest.Workload()
			w.App.Args = strings.Fields(c.have)
			var all []sidecar.Answer
			for i, args := range c.args {
				all = append(all, sidecartest.Answer(w, []string{"s1", "s2"}[i],
					&sidecar.Change{App: sidecar.App{Args: strings.Fields(args)}}))
			}
			edits, fs := merge.Edits(w, all)
			var words []string
			for _, e := range edits {
				if s, ok := e.Value.(string); ok && strings.Contains(e.Path.String(), ".args[") {
					words = append(words, s)
				}
			}
			require.Equal(t, c.want, strings.Join(words, " "))
			if c.said == "" {
				require.Empty(t, fs)
			} else {
				require.Contains(t, fs.Error(), c.said)
			}
		})
	}
}

func TestMounts(t *testing.T) {
	w := sidecartest.Workload()
	w.App.VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data/"}}
	w.App.VolumeDevices = []corev1.VolumeDevice{{Name: "disk", DevicePath: "/dev/x"}}
	mount := func(volume, path string) *sidecar.Change {
		return &sidecar.Change{App: sidecar.App{VolumeMounts: []corev1.VolumeMount{{Name: volume, MountPath: path}}}}
	}
	edits, fs := merge.Edits(w, []sidecar.Answer{sidecartest.Answer(w, "a", mount("x", "/data")),
		sidecartest.Answer(w, "b", mount("x", "/dev/x")),
		sidecartest.Answer(w, "c", mount("x", "/one")), sidecartest.Answer(w, "d", mount("y", "/one/")),
		sidecartest.Answer(w, "e", mount("y", "/data/")), sidecartest.Answer(w, "f", mount("y", "/data/below"))})
	require.Equal(t, []string{
		"Deployment prod/web spec.template.spec.containers[name=app].volumeMounts[mountPath=/data]: a: mounts volume x, " +
			"but the manifest has volume data at the same path; mount it somewhere else",
		"Deployment prod/web spec.template.spec.containers[name=app].volumeMounts[mountPath=/dev/x]: b: mounts volume x, " +
			"but the manifest has device disk at the same path; mount it somewhere else",
		"Deployment prod/web spec.template.spec.containers[name=app].volumeMounts[mountPath=/one/]: d: mounts volume y, " +
			"but c mounts volume x at the same path; mount it somewhere else",
	}, strings.Split(fs.Error(), "\n"))
	require.Len(t, paths(edits), 3)
	const dataMount = "spec.template.spec.containers[name=app].volumeMounts[mountPath=/data/]"
	_, fs = merge.Merge(edits, manifest(map[string]any{dataMount: 1}))
	require.Contains(t, fs.Error(), "e: sets volume y, but the manifest has volume data; remove it")
}

func TestServicePorts(t *testing.T) {
	w := sidecartest.Workload()
	w.Services = []sidecar.Service{{Ref: sidecar.Ref{Kind: "Service", Name: "web"},
		Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}, {Name: "dns", Port: 53,
			Protocol: corev1.ProtocolUDP}}}}}
	port := func(name string, n int32) *sidecar.Change {
		return &sidecar.Change{ServicePorts: []sidecar.ServicePort{{ServicePort: corev1.ServicePort{Name: name, Port: n}}}}
	}
	_, fs := merge.Edits(w, []sidecar.Answer{sidecartest.Answer(w, "a", port("web", 80)), sidecartest.Answer(w, "b",
		port("tcp-dns", 53)), sidecartest.Answer(w, "c", port("http", 80)), sidecartest.Answer(w, "d", port("other", 53))})
	require.Equal(t, []string{
		"Service web spec.ports: a: adds web as port 80/TCP, but the manifest has http there; give one of them " +
			"another number",
		"Service web spec.ports: c: adds http as port 80/TCP, but a has web there; give one of them another number",
		"Service web spec.ports: d: adds other as port 53/TCP, but b has tcp-dns there; give one of them another number",
	}, strings.Split(fs.Error(), "\n"))
}

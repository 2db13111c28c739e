package merge_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// BenchmarkMerge is what one workload costs between the answers of its sidecars
// and the edits: a proxy, an exporter, an agent, a fetching init container and a
// tail, on a pod with two containers and thirty variables.
func BenchmarkMerge(b *testing.B) {
	w, all := fleet()
	none := func(sidecar.Ref, sidecar.Path, any) (bool, bool) { return false, false }
	b.ReportAllocs()
	for b.Loop() {
		fs := verify.Check(w, all)
		edits, more := merge.Edits(w, all)
		merged, conflicts := merge.Merge(edits, none)
		if len(merged) == 0 || append(append(fs, more...), conflicts...).Failed() {
			b.Fatal(fs, more, conflicts)
		}
	}
}

func fleet() (*sidecar.Workload, []sidecar.Answer) {
	w := sidecartest.Workload()
	for i := range 30 {
		w.App.Env = append(w.App.Env, corev1.EnvVar{Name: fmt.Sprintf("VAR_%d", i), Value: "value"})
	}
	var all []sidecar.Answer
	for i, name := range []string{"tls-proxy", "exporter", "agent", "fetch", "log-tail"} {
		port := int32(10000 + i)
		shared := &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse("1Gi"))}
		c := &sidecar.Change{
			Phase: sidecar.Phase(50 + 10*i),
			Containers: []corev1.Container{{Name: name, Image: "registry.example/" + name + ":1",
				Ports:     []corev1.ContainerPort{{Name: fmt.Sprintf("p%d", i), ContainerPort: port}},
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"memory": resource.MustParse("32Mi")}},
				VolumeMounts: []corev1.VolumeMount{{Name: name + "-config", MountPath: "/etc/" + name},
					{Name: "shared", MountPath: "/shared"}}}},
			Volumes: []corev1.Volume{{Name: name + "-config",
				VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}},
				{Name: "shared", VolumeSource: corev1.VolumeSource{EmptyDir: shared}}},
			App:    sidecar.App{VolumeMounts: []corev1.VolumeMount{{Name: "shared", MountPath: "/shared"}}},
			Claims: []sidecar.Claim{{Port: port + 100}},
		}
		for j := range 4 {
			c.App.Env = append(c.App.Env, sidecar.Vars(corev1.EnvVar{Name: fmt.Sprintf("SIDECAR_%d_%d", i, j),
				Value: "127.0.0.1"})...)
		}
		all = append(all, sidecartest.Answer(w, name, c))
	}
	return w, all
}

package exporter

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
)

const head = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: app}
spec:
  select: [{kind: Deployment}]
  patterns:
`

// renderExporters is the pod of an app with a port, as the whole program renders it, and the
// ConfigMap, if any. Secrets are what the kubelet puts in for references.
func renderExporters(t *testing.T, port int, patterns string, secrets map[string]string) (
	containers map[string]*corev1.Container, files map[string]string,
) {
	t.Helper()
	ports := fmt.Sprintf("          ports: [{containerPort: %d}]\n", port)
	out := rendered.RenderDocument(t, rendered.Deployment("app", ports), head+patterns)
	containers, files = map[string]*corev1.Container{}, out.Data(t)
	for _, c := range out.Pod(t).InitContainers {
		containers[c.Name] = &c
	}
	for _, c := range containers {
		for i, e := range c.Env {
			if e.ValueFrom != nil {
				require.Contains(t, secrets, e.ValueFrom.SecretKeyRef.Key)
				c.Env[i].Value = secrets[e.ValueFrom.SecretKeyRef.Key]
			}
		}
	}
	return containers, files
}

// launch runs an exporter. The image's entrypoint is the program alone.
func launch(t *testing.T, spec *corev1.Container, program string) *pod.Container {
	t.Helper()
	pod.AddAddress(t, pod.IP)
	require.Nil(t, spec.StartupProbe)
	require.Nil(t, spec.ReadinessProbe)
	require.Empty(t, spec.Command)
	run := spec.DeepCopy()
	run.Command = []string{program}
	return pod.Launch(t, *run, nil)
}

// launchBuilt is launch for a program that was made for the test.
func launchBuilt(t *testing.T, spec *corev1.Container, program string) *pod.Container {
	t.Helper()
	pod.AddAddress(t, pod.IP)
	run := spec.DeepCopy()
	run.Command = []string{program}
	run.VolumeMounts = append(run.VolumeMounts, corev1.VolumeMount{Name: "programs", MountPath: pod.Programs})
	return pod.Launch(t, *run, map[string]*pod.Volume{pod.Programs: pod.ExistingVolume(t, pod.Built())})
}

func get(url string) (string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s", resp.Status)
	}
	return string(body), err
}

// scraped waits until Prometheus would find a metric at the pod's address.
func scraped(t *testing.T, c *pod.Container, spec *corev1.Container, metric string) string {
	t.Helper()
	var last string
	c.WaitFor(metric, func() bool {
		var err error
		last, err = get(fmt.Sprintf("http://%s:%d/metrics", pod.IP, spec.Ports[0].ContainerPort))
		return err == nil && strings.Contains("\n"+last, "\n"+metric)
	})
	return last
}

// lives asks as the liveness probe does, and checks how the program runs.
func lives(t *testing.T, c *pod.Container, spec *corev1.Container) {
	t.Helper()
	probe := spec.LivenessProbe.HTTPGet
	pod.Poll(t, "the page of the liveness probe", func() bool {
		_, err := get(fmt.Sprintf("http://%s:%d%s", pod.IP, probe.Port.IntVal, probe.Path))
		return err == nil
	})
	pod.RequireRestricted(t, c.Cmd.Process.Pid, fmt.Sprint(*spec.SecurityContext.RunAsUser))
	c.RequireSmall()
}

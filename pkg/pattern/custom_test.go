package pattern

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestCustomGivesACopy(t *testing.T) {
	p := Custom{
		Containers: []corev1.Container{{Name: "a", Image: "b", Env: []corev1.EnvVar{{Name: "X", Value: "1"}}}},
		Objects: []sidecar.Object{
			{RawMessage: json.RawMessage(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`)}},
	}
	c, err := p.Change(nil)
	require.NoError(t, err)
	c.Containers[0].Env[0].Value = "2"
	c.Objects[0].RawMessage[0] = 'x'
	require.Equal(t, "1", p.Containers[0].Env[0].Value)
	require.EqualValues(t, '{', p.Objects[0].RawMessage[0])

	p.Objects[0].RawMessage = json.RawMessage("{")
	_, err = p.Change(nil)
	require.ErrorContains(t, err, "config of custom")
}

func TestCustomValidate(t *testing.T) {
	long := "a123456789012345678901234567890123456789012345678901234567890123"
	container := func(edit func(*corev1.Container)) func(*Custom) {
		return func(p *Custom) {
			c := corev1.Container{Name: "a", Image: "b"}
			edit(&c)
			p.Containers = []corev1.Container{c}
		}
	}
	object := func(raw string) func(*Custom) {
		return func(p *Custom) { p.Objects = []sidecar.Object{{RawMessage: json.RawMessage(raw)}} }
	}
	const label = "use at most 63 lower case letters, digits and dashes"
	for name, c := range map[string]struct {
		edit func(*Custom)
		want []string
	}{
		"nothing": {func(*Custom) {}, []string{}},
		"names of containers": {func(p *Custom) {
			p.InitContainers = []corev1.Container{{Name: "a", Image: "x"}, {Image: "x"}}
			p.Containers = []corev1.Container{{Name: "a", Image: "x"}, {Name: long, Image: "x"}, {Name: "A_", Image: ""}}
		}, []string{
			"error missing-field: initContainers[1].name: no name is given; every container has one",
			"error bad-value: containers[0].name: a is listed twice; rename one of them",
			`error bad-value: containers[1].name: "` + long + `" can't be a name here; ` + label,
			`error bad-value: containers[2].name: "A_" can't be a name here; ` + label,
			"error missing-field: containers[2].image: no image is given"}},
		"restart policy": {func(p *Custom) {
			p.InitContainers = []corev1.Container{
				{Name: "a", Image: "x", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
		}, []string{"error bad-value: initContainers[0].restartPolicy: init containers run to completion before the app " +
			"starts; move what runs as long as the pod to containers, where placement: native makes it a native sidecar"}},
		"ports": {container(func(c *corev1.Container) {
			c.Ports = []corev1.ContainerPort{{ContainerPort: 1, Name: "http-prometheus"}, {ContainerPort: 0, Protocol: "tcp"},
				{ContainerPort: 70000, Name: "http-prometheus2"}}
		}), []string{
			"error missing-field: containers[0].ports[1].containerPort: no port is given; write the port on which the " +
				"container listens",
			`error bad-value: containers[0].ports[1].protocol: "tcp" is unknown; write TCP or UDP or SCTP`,
			"error bad-value: containers[0].ports[2].containerPort: 70000 isn't a valid port; write 1 to 65535",
			`error bad-value: containers[0].ports[2].name: "http-prometheus2" can't be the name of a container's port; ` +
				`use at most 15 lower case letters, digits and single dashes, with at least one letter`}},
		"env and mounts": {container(func(c *corev1.Container) {
			c.Env = []corev1.EnvVar{{Name: "a.b"}, {}, {Name: "a b"}}
			c.VolumeMounts = []corev1.VolumeMount{{Name: "x", MountPath: "/x"}, {}}
		}), []string{
			"error missing-field: containers[0].env[1].name: no name is given",
			`error bad-value: containers[0].env[2].name: "a b" can't be the name of a variable; use letters, digits, _, ` +
				`- and dots, but no digit first`,
			"error missing-field: containers[0].volumeMounts[1].name: no name is given; name the volume",
			"error missing-field: containers[0].volumeMounts[1].mountPath: no path is given"}},
		"volumes": {func(p *Custom) {
			p.Volumes = []corev1.Volume{{Name: "a"}, {Name: "b.c"}, {}, {Name: "a"}}
		}, []string{
			`error bad-value: volumes[1].name: "b.c" can't be a name here; ` + label,
			"error missing-field: volumes[2].name: no name is given; every volume has one",
			"error bad-value: volumes[3].name: a is listed twice; rename one of them"}},
		"app": {func(p *Custom) {
			p.App = sidecar.App{Env: sidecar.Vars(corev1.EnvVar{}), VolumeMounts: []corev1.VolumeMount{{Name: "x"}},
				DrainSeconds: -1}
		}, []string{
			"error missing-field: app.env[0].name: no name is given",
			"error missing-field: app.volumeMounts[0].mountPath: no path is given",
			"error bad-value: app.drainSeconds: seconds can't be negative; write 0 for no draining"}},
		"env of the app": {func(p *Custom) {
			v := func(name, value, with string) sidecar.EnvVar {
				return sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: value}, AppendWith: with}
			}
			p.App.Env = []sidecar.EnvVar{v("A", "1", " "), v("A", "2", ""), v("B", "", ","), v("C", "", ":"), v("9", "", "")}
			p.App.Env[3].ValueFrom = &corev1.EnvVarSource{}
		}, []string{
			"error bad-value: app.env[1].name: A is listed twice; rename one of them",
			"error missing-field: app.env[2].value: there is nothing to append; write a value",
			"error bad-value: app.env[3].appendWith: a value of valueFrom can't be appended; write a value, or remove " +
				"appendWith",
			`error bad-value: app.env[4].name: "9" can't be the name of a variable; use letters, digits, _, - and dots, ` +
				`but no digit first`}},
		"pod": {func(p *Custom) {
			p.Pod = sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: "a", Value: "1"}, {}},
				ImagePullSecrets: []corev1.LocalObjectReference{{}, {Name: "x"}}}
		}, []string{
			"error missing-field: pod.sysctls[1].name: no name is given",
			"error missing-field: pod.imagePullSecrets[0].name: no Secret is named"}},
		"takeovers": {func(p *Custom) {
			p.Takeovers = []sidecar.Takeover{{Port: 1, AppPort: 2, Scheme: "HTTPS"}, {}, {Port: 3, AppPort: 3, Scheme: "https"}}
		}, []string{
			"error missing-field: takeovers[1].port: no port is given; write the port where clients come in",
			"error missing-field: takeovers[1].appPort: no port is given; write the port of 127.0.0.1 on which the app " +
				"listens",
			"error bad-value: takeovers[2].appPort: port 3 is the one that is taken over; write another one",
			`error bad-value: takeovers[2].scheme: "https" is unknown; write HTTP or HTTPS`}},
		"claims": {func(p *Custom) { p.Claims = []sidecar.Claim{{Port: 1}, {Protocol: "ICMP"}} }, []string{
			"error missing-field: claims[1].port: no port is given; write the port in use",
			`error bad-value: claims[1].protocol: "ICMP" is unknown; write TCP or UDP or SCTP`}},
		"ports of Services": {func(p *Custom) {
			p.ServicePorts = []sidecar.ServicePort{{ServicePort: corev1.ServicePort{Name: "metrics", Port: 9114}},
				{ServicePort: corev1.ServicePort{Protocol: "x"}}}
		}, []string{
			"error missing-field: servicePorts[1].name: no name is given; ports of a Service with several need names",
			"error missing-field: servicePorts[1].port: no port is given; write the Service's port",
			`error bad-value: servicePorts[1].protocol: "x" is unknown; write TCP or UDP or SCTP`}},
		"object without a head": {object(`{"metadata":{}}`), []string{
			"error missing-field: objects[0].apiVersion: is missing; every object has one",
			"error missing-field: objects[0].kind: is missing; every object has one",
			"error missing-field: objects[0].metadata.name: is missing; every object has one"}},
		"empty Secret": {object(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}`), []string{}},
		"inline Secret": {
			object(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"stringData":{"password":"hunter2"}}`), []string{
				"warning secret-inline: objects[0]: the values of this Secret are in plain text in the config and in the " +
					"output; keep it out of Git: create it with an ExternalSecret or SealedSecret, and refer to it by its name"}},
	} {
		t.Run(name, func(t *testing.T) {
			var p Custom
			c.edit(&p)
			require.Equal(t, c.want, patterntest.FormatFindings(p.Validate()))
		})
	}
}

package proxy

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// proxy is a TLSProxy that fits search, changed by edits.
func proxy(edits ...func(*TLSProxy)) *TLSProxy {
	p := &TLSProxy{Base: Base{
		Port:       9200,
		SecretName: "elasticsearch-tls",
		Rebind:     &Rebind{Port: 9201, Env: map[string]string{"network.host": "127.0.0.1", "http.port": "9201"}},
	}}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

func change(t *testing.T, p *TLSProxy, w *sidecar.Workload) *sidecar.Change {
	t.Helper()
	require.Empty(t, p.Validate())
	return patterntest.BuildChange(t, p, w)
}

func TestTLSProxy(t *testing.T) {
	c := change(t, proxy(), patterntest.NewElasticsearch())
	require.Empty(t, c.Notes)
	require.Equal(t, sidecar.PhaseProxy, c.Phase)
	require.Equal(t, sidecar.App{
		Env: sidecar.Vars(corev1.EnvVar{Name: "http.port", Value: "9201"},
			corev1.EnvVar{Name: "network.host", Value: "127.0.0.1"}),
		DrainSeconds: 5,
	}, c.App)
	require.Equal(t, []sidecar.Takeover{{Port: 9200, AppPort: 9201, Scheme: corev1.URISchemeHTTPS}}, c.Takeovers)
	require.Equal(t, []sidecar.Claim{{Port: 9201, For: "container elasticsearch, moved to 127.0.0.1"}}, c.Claims)
	require.Empty(t, c.Pod)
	require.Empty(t, c.InitContainers)

	require.Len(t, c.Objects, 1)
	var cm corev1.ConfigMap
	require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &cm))
	require.Equal(t, map[string]string{"nginx.conf": golden(t, "nginx.conf", cm.Data["nginx.conf"])}, cm.Data)
	require.Equal(t, metav1.ObjectMeta{Name: "elasticsearch-tls-proxy",
		Labels: map[string]string{"app.kubernetes.io/managed-by": "outrigger"}}, cm.ObjectMeta)

	c.Objects = nil // nginx.conf is better read by itself
	raw, err := json.MarshalIndent(c, "", "  ")
	require.NoError(t, err)
	golden(t, "change.json", string(raw)+"\n")
}

func TestTLSProxyIsPure(t *testing.T) {
	w, p := patterntest.NewElasticsearch(), proxy(func(p *TLSProxy) { p.Rebind.Args = []string{"-v"} })
	before, err := json.Marshal(w)
	require.NoError(t, err)
	first := change(t, p, w)
	for range 20 {
		require.Equal(t, first, change(t, p, patterntest.NewElasticsearch()))
	}
	first.App.Args[0] = "changed"
	require.Equal(t, []string{"-v"}, p.Rebind.Args)
	after, err := json.Marshal(w)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))
}

// What an earlier run has laid on, and left no record of, gives the same Change.
func TestTLSProxyOnItsOwnOutput(t *testing.T) {
	for _, port := range []int32{9200, 443} {
		w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
			w.App.Ports[0].ContainerPort, w.App.Ports[0].HostPort = port, port
		})
		p := proxy(func(p *TLSProxy) { p.Port = port })
		first := change(t, p, w)
		require.EqualValues(t, port, first.Containers[0].Ports[0].HostPort)

		native := first.Containers[0]
		native.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
		w.Pod.Spec.InitContainers = append(w.Pod.Spec.InitContainers, native)
		w.Pod.Spec.Volumes = first.Volumes
		w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{Sysctls: first.Pod.Sysctls}
		w.App.Ports = nil
		w.App.Env = nil
		for _, e := range first.App.Env {
			w.App.Env = append(w.App.Env, e.EnvVar)
		}
		w.App.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}}
		again := change(t, p, w)
		require.Empty(t, again.Notes)
		first.Notes, again.Notes = nil, nil
		require.Equal(t, first, again)
	}
}

func TestTLSProxyPorts(t *testing.T) {
	port := func(edits ...func(*sidecar.Workload)) corev1.ContainerPort {
		return change(t, proxy(), patterntest.NewElasticsearch(edits...)).Containers[0].Ports[0]
	}
	unnamed := func(w *sidecar.Workload) { w.App.Ports[0].Name = "" }
	require.Equal(t, corev1.ContainerPort{Name: "http", ContainerPort: 9200}, port())
	require.Equal(t, corev1.ContainerPort{Name: "https", ContainerPort: 9200}, port(unnamed))
	require.Equal(t, corev1.ContainerPort{Name: "https-9200", ContainerPort: 9200},
		port(unnamed, func(w *sidecar.Workload) {
			w.App.Ports = append(w.App.Ports, corev1.ContainerPort{Name: "https", ContainerPort: 8443})
		}))
	require.Equal(t, corev1.ContainerPort{Name: "http", ContainerPort: 9200, HostPort: 80, HostIP: "10.0.0.1"},
		port(func(w *sidecar.Workload) {
			w.App.Ports[0].HostPort, w.App.Ports[0].HostIP = 80, "10.0.0.1"
			w.App.Ports = append([]corev1.ContainerPort{{ContainerPort: 9200, Protocol: corev1.ProtocolUDP, HostPort: 81}},
				w.App.Ports...)
		}))
}

func TestTLSProxyPrivilegedPort(t *testing.T) {
	p := proxy(func(p *TLSProxy) { p.Port = 443 })
	with := func(values ...string) *sidecar.Workload {
		return patterntest.NewElasticsearch(func(w *sidecar.Workload) {
			w.App.Ports[0].ContainerPort = 443
			for _, v := range values {
				w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{
					{Name: "kernel.shm_rmid_forced", Value: "1"}, {Name: "net.ipv4.ip_unprivileged_port_start", Value: v}}}
			}
		})
	}
	zero := []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}}
	c := change(t, p, with())
	require.Equal(t, zero, c.Pod.Sysctls)
	require.Equal(t, []string{"info port-privileged: port: the proxy doesn't run as root, so the pod gets the safe " +
		"sysctl net.ipv4.ip_unprivileged_port_start=0 for port 443"}, patterntest.FormatFindings(c.Notes))
	require.Equal(t, zero, change(t, p, with("0")).Pod.Sysctls)
	require.Empty(t, change(t, p, with("443")).Pod.Sysctls)
	for _, bad := range []string{"444", "x"} {
		require.Equal(t,
			[]string{
				"error port-privileged: port: the proxy doesn't run as root, and the pod's sysctl " +
					"net.ipv4.ip_unprivileged_port_start=" +
					bad +
					" keeps it from listening on port 443; set that sysctl to 0, or remove it"},
			patterntest.FindingLines(t, p, with(bad)))
	}
}

func TestTLSProxyResources(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu),
			corev1.ResourceMemory: resource.MustParse(memory)}
	}
	fixed := func(w *sidecar.Workload) { w.App.Resources.Limits = list("2", "4Gi") }
	initContainer := func(c corev1.Container) func(*sidecar.Workload) {
		return func(w *sidecar.Workload) { w.Pod.Spec.InitContainers = append(w.Pod.Spec.InitContainers, c) }
	}
	burstable := corev1.ResourceRequirements{
		Requests: list("20m", "32Mi"),
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
	}
	guaranteed := corev1.ResourceRequirements{Requests: list("250m", "128Mi"), Limits: list("250m", "128Mi")}
	for name, c := range map[string]struct {
		edits []func(*sidecar.Workload)
		want  corev1.ResourceRequirements
	}{
		"nothing": {nil, burstable},
		"limits":  {[]func(*sidecar.Workload){fixed}, guaranteed},
		"equal": {[]func(*sidecar.Workload){fixed, func(w *sidecar.Workload) {
			w.App.Resources.Requests = list("2000m", "4096Mi")
		}}, guaranteed},
		"less": {[]func(*sidecar.Workload){fixed, func(w *sidecar.Workload) {
			w.App.Resources.Requests = list("1", "4Gi")
		}}, burstable},
		"zero": {[]func(*sidecar.Workload){func(w *sidecar.Workload) { w.App.Resources.Limits = list("0", "4Gi") }},
			burstable},
		"init":      {[]func(*sidecar.Workload){fixed, initContainer(corev1.Container{Name: "x"})}, burstable},
		"ourselves": {[]func(*sidecar.Workload){fixed, initContainer(corev1.Container{Name: "tls-proxy"})}, guaranteed},
		"pod resources": {[]func(*sidecar.Workload){fixed, func(w *sidecar.Workload) {
			w.Pod.Spec.Resources = &corev1.ResourceRequirements{}
		}}, burstable},
	} {
		t.Run(name, func(t *testing.T) {
			ch := change(t, proxy(), patterntest.NewElasticsearch(c.edits...))
			require.Equal(t, c.want, ch.Containers[0].Resources)
			require.Equal(t, len(c.want.Limits) == 2, len(ch.Notes) == 1)
		})
	}
}

func TestTLSProxyFindings(t *testing.T) {
	type edit = func(*sidecar.Workload)
	for name, c := range map[string]struct {
		proxy func(*TLSProxy)
		edits []edit
		want  []string
	}{
		"host network": {edits: []edit{func(w *sidecar.Workload) { w.Pod.Spec.HostNetwork = true }}, want: []string{
			"error host-network: Deployment prod/elasticsearch spec.template.spec.hostNetwork: the pod uses the host " +
				"network: " +
				"every program on the node could reach the app, and two of these pods would collide; remove hostNetwork, or " +
				"exclude this workload"}},
		"windows": {edits: []edit{func(w *sidecar.Workload) { w.Pod.Spec.OS = &corev1.PodOS{Name: corev1.Windows} }},
			want: []string{
				"error windows: Deployment prod/elasticsearch spec.template.spec.os.name: the sidecar's image runs on Linux " +
					"only; exclude this workload"}},
		"windows by selector": {edits: []edit{func(w *sidecar.Workload) {
			w.Pod.Spec.NodeSelector = map[string]string{"kubernetes.io/os": "windows"}
		}}, want: []string{
			`error windows: Deployment prod/elasticsearch spec.template.spec.nodeSelector["kubernetes.io/os"]: the ` +
				`sidecar's image runs on Linux only; exclude this workload`}},
		"no container": {edits: []edit{func(w *sidecar.Workload) { w.Pod.Spec.Containers, w.App = nil, nil }}, want: []string{
			"error no-container: Deployment prod/elasticsearch spec.template.spec.containers: the pod has no container to " +
				"serve; write app"}},
		"unknown port": {proxy: func(p *TLSProxy) { p.Port = 9202 }, edits: []edit{func(w *sidecar.Workload) {
			w.App.Ports = append(w.App.Ports, corev1.ContainerPort{ContainerPort: 9300},
				corev1.ContainerPort{ContainerPort: 9202, Protocol: corev1.ProtocolUDP})
		}}, want: []string{
			"error port-unknown: port: container elasticsearch doesn't declare port 9202 (it declares 9200 (http), 9300); " +
				"write one of those, or declare the port in the container"}},
		"no ports": {edits: []edit{func(w *sidecar.Workload) { w.App.Ports = nil }}, want: []string{
			"info port-unknown: port: container elasticsearch declares no TCP port, so outrigger assumes that clients " +
				"connect to port 9200"}},
		"another container's port": {edits: []edit{func(w *sidecar.Workload) {
			w.Pod.Spec.Containers = append(w.Pod.Spec.Containers, corev1.Container{Name: "web", Ports: w.App.Ports})
			w.Pod.Spec.Containers[0].Ports = nil
			w.App = &w.Pod.Spec.Containers[0]
		}}, want: []string{
			"error port-conflict: port: container web declares 9200, not elasticsearch; if it's the app, set this " +
				"entry's app to web"}},
		"rebind to a port in use": {edits: []edit{func(w *sidecar.Workload) {
			w.Pod.Spec.InitContainers = []corev1.Container{
				{Name: "once", Ports: []corev1.ContainerPort{{ContainerPort: 9201}}},
				{Name: "agent", RestartPolicy: new(corev1.ContainerRestartPolicyAlways),
					Ports: []corev1.ContainerPort{{ContainerPort: 9201}}}}
		}}, want: []string{
			"error port-conflict: rebind.port: container agent already declares port 9201; write a free port, which " +
				"needs no entry in the container's ports"}},
		"Secret of another type": {edits: []edit{func(w *sidecar.Workload) {
			w.Secrets = map[string][]string{"elasticsearch-tls": {"tls.key", "ca.crt", "cert.pem"}}
		}}, want: []string{
			"error tls-invalid: secretName: Secret elasticsearch-tls has no key tls.crt (it has ca.crt, cert.pem, tls.key); " +
				"name one of type kubernetes.io/tls"}},
		"empty Secret": {edits: []edit{func(w *sidecar.Workload) {
			w.Secrets = map[string][]string{"elasticsearch-tls": nil}
		}}, want: []string{
			"error tls-invalid: secretName: Secret elasticsearch-tls has no key tls.crt, tls.key (it has none); name one of " +
				"type kubernetes.io/tls"}},
		"right Secret": {edits: []edit{func(w *sidecar.Workload) {
			w.Secrets = map[string][]string{"elasticsearch-tls": {"tls.key", "tls.crt"}}
		}}, want: []string{}},
		"variable NGINX": {edits: []edit{func(w *sidecar.Workload) {
			w.Override = &corev1.Container{Env: []corev1.EnvVar{{Name: "TZ", Value: "UTC"}, {Name: "NGINX", Value: "1"}}}
		}}, want: []string{
			"error bad-value: nginx reads the override's variable NGINX as a list of inherited sockets and doesn't " +
				"start; use another name"}},
		"several nodes": {edits: []edit{func(w *sidecar.Workload) { w.Replicas = new(int32(3)) }}, want: []string{
			"error rebind-peers: rebind.env.network.host: it also moves the transport to 127.0.0.1, where the nodes can't " +
				"reach each other; use http.host instead"}},
		"seed hosts": {edits: []edit{func(w *sidecar.Workload) {
			w.App.Env = []corev1.EnvVar{{Name: "discovery.seed_hosts", Value: "es"}}
		}}, want: []string{
			"error rebind-peers: rebind.env.network.host: it also moves the transport to 127.0.0.1, where the nodes can't " +
				"reach each other; use http.host instead"}},
		"old image": {edits: []edit{func(w *sidecar.Workload) { w.Override = &corev1.Container{Image: "nginx:1.19.4"} }},
			want: []string{
				"error image-version: nginx of image nginx:1.19.4 is too old; use 1.19.5 or newer"}},
		"older image": {edits: []edit{func(w *sidecar.Workload) { w.Override = &corev1.Container{Image: "nginx:1.26"} }},
			want: []string{
				"info image-version: nginx of image nginx:1.26 reads the certificate again at each handshake; 1.27.4 and newer " +
					"keep it for some seconds"}},
		"the config's come first": {proxy: func(p *TLSProxy) { p.Rebind = nil }, edits: []edit{func(w *sidecar.Workload) {
			w.Pod.Spec.HostNetwork = true
		}}, want: []string{
			`error missing-field: rebind: the app must move to another port, and nothing says how; write a free port, ` +
				`and the variables or arguments that move the app, as in rebind: {port: 9201, env: {HOST: 127.0.0.1, PORT: ` +
				`"9201"}}, or mode: front or redirect if it can't be moved`}},
		"several at once": {edits: []edit{func(w *sidecar.Workload) {
			w.Pod.Spec.HostNetwork = true
			w.Override = &corev1.Container{Image: "nginx:1.0"}
		}}, want: []string{
			"error host-network: Deployment prod/elasticsearch spec.template.spec.hostNetwork: the pod uses the host " +
				"network: " +
				"every program on the node could reach the app, and two of these pods would collide; remove hostNetwork, or " +
				"exclude this workload",
			"error image-version: nginx of image nginx:1.0 is too old; use 1.19.5 or newer"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := proxy()
			if c.proxy != nil {
				c.proxy(p)
			}
			require.Equal(t, c.want, patterntest.FindingLines(t, p, patterntest.NewElasticsearch(c.edits...)))
		})
	}
}

func TestTLSProxyValidate(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*TLSProxy)
		want []string
	}{
		"fine": {func(p *TLSProxy) {
			p.TLSProfile, p.PlainHTTP, p.AccessLog, p.DrainSeconds = Modern, Redirect, JSONAccessLog, new(int64(0))
			p.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol, corev1.IPv4Protocol}
		}, []string{}},
		"no port": {func(p *TLSProxy) {
			p.Port = 0
		}, []string{"error missing-field: port: no port is given; write the app's port, where clients come in"}},
		"bad ports": {func(p *TLSProxy) {
			p.Port, p.Rebind = -1, &Rebind{Port: 65536, Args: []string{"127.0.0.1:65536"}}
		}, []string{
			"error bad-value: port: -1 isn't a valid port; write 1 to 65535",
			"error bad-value: rebind.port: 65536 isn't a valid port; write 1 to 65535"}},
		"no certificate": {func(p *TLSProxy) { p.SecretName = "" }, []string{
			"error missing-field: secretName: the certificate is missing; name the Secret with tls.crt and tls.key, or " +
				"request one from cert-manager with certificate: {issuerRef: {name: ...}}"}},
		"bad Secret": {func(p *TLSProxy) { p.SecretName = "My_Secret" }, []string{
			`error bad-value: secretName: "My_Secret" can't be the name of an object; use lower case letters, digits, ` +
				`- and dots`}},
		"no rebind port": {func(p *TLSProxy) {
			p.Rebind.Port = 0
		}, []string{"error missing-field: rebind.port: no port is given; write a free port for the app, as in 9201"}},
		"rebind to itself": {func(p *TLSProxy) {
			p.Rebind.Port = 9200
			p.Rebind.Env = nil
			p.Rebind.Args = []string{"127.0.0.1:9200"}
		}, []string{
			"error bad-value: rebind.port: port 9200 is the one that the proxy takes over; write another port for the app"}},
		"bad variable": {func(p *TLSProxy) { p.Rebind.Env = map[string]string{"a=b": "127.0.0.1:9201", "1a": ""} }, []string{
			`error bad-value: rebind.env: "1a" can't be the name of a variable; use letters, digits, _, - and dots, but ` +
				`no digit first`,
			`error bad-value: rebind.env: "a=b" can't be the name of a variable; use letters, digits, _, - and dots, but ` +
				`no digit first`}},
		"words": {func(p *TLSProxy) {
			p.TLSProfile, p.PlainHTTP, p.AccessLog, p.IPFamilies = "old", "drop", "combined",
				[]corev1.IPFamily{"IPv5", "IPv4", "IPv4"}
		}, []string{
			`error bad-value: tlsProfile: "old" is unknown; write intermediate or modern`,
			`error bad-value: accessLog: "combined" is unknown; write none or json`,
			`error bad-value: ipFamilies[0]: "IPv5" is unknown; write IPv4 or IPv6`,
			"error bad-value: ipFamilies[2]: IPv4 is listed twice; remove one of them",
			`error bad-value: plainHTTP: "drop" is unknown; write reject or redirect`}},
		"negative drain": {func(p *TLSProxy) {
			p.DrainSeconds = new(int64(-1))
		}, []string{"error bad-value: drainSeconds: seconds can't be negative; write 0 for no draining"}},
		"untold": {func(p *TLSProxy) { p.Rebind = &Rebind{Port: 9201} }, []string{
			"warning app-reachable: rebind: nothing makes the app listen on 127.0.0.1 only, so it may still be reachable on " +
				"port 9201 without TLS; write the address into env or args, as in --listen=127.0.0.1:9201, or write " +
				"assumeLoopback: true if the app's own configuration has it"}},
		"port untold": {func(p *TLSProxy) { p.Rebind.Env = map[string]string{"network.host": "127.0.0.1"} }, []string{
			"warning rebind-untold: rebind: neither env nor args contain the app's new port 9201; write it into one of " +
				"them, unless the app's own configuration has it"}},
		"address untold": {func(p *TLSProxy) { p.Rebind.Env = map[string]string{"PORT": "9201"} }, []string{
			"warning app-reachable: rebind: nothing makes the app listen on 127.0.0.1 only, so it may still be reachable on " +
				"port 9201 without TLS; write the address into env or args, as in --listen=127.0.0.1:9201, or write " +
				"assumeLoopback: true if the app's own configuration has it"}},
		"localhost": {func(p *TLSProxy) { p.Rebind.Env = map[string]string{"ADDRESS": "http://localhost:9201"} }, []string{
			"warning rebind-address: rebind.env.ADDRESS: localhost may resolve to ::1, and the proxy connects to " +
				"127.0.0.1; write 127.0.0.1"}},
		"all addresses": {func(p *TLSProxy) {
			p.Rebind.Env = map[string]string{"a": "0.0.0.0", "b": "[::]:9201", "c": ":9201", "d": "::1", "e": "127.0.0.1:9201"}
			p.Rebind.Args = []string{"--listen=127.0.0.1:9201", "--listen=:9201"}
		}, []string{
			"warning app-reachable: rebind.env.a: the app listens on all addresses, so it's still reachable without TLS; " +
				"write 127.0.0.1",
			"warning app-reachable: rebind.env.b: the app listens on all addresses, so it's still reachable without TLS; " +
				"write 127.0.0.1",
			"warning app-reachable: rebind.env.c: the app listens on all addresses, so it's still reachable without TLS; " +
				"write 127.0.0.1",
			"warning rebind-address: rebind.env.d: the proxy connects to 127.0.0.1, not to ::1; write 127.0.0.1",
			"warning app-reachable: rebind.args[1]: the app listens on all addresses, so it's still reachable without TLS; " +
				"write 127.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, patterntest.FormatFindings(proxy(c.edit).Validate())) })
	}
}

// A pattern equals its custom form: what TLSProxy answers, written down and read
// again, is accepted and gives the same.
func TestCustomIsEveryPattern(t *testing.T) {
	for _, p := range []*TLSProxy{proxy(), proxy(certified())} {
		w := patterntest.NewElasticsearch(func(w *sidecar.Workload) { w.App.Ports[0].Name = "" })
		want := change(t, p, w)
		raw, err := json.Marshal(want)
		require.NoError(t, err)
		var custom pattern.Custom
		require.NoError(t, json.Unmarshal(raw, &custom))
		require.Empty(t, custom.Validate())
		got, err := sidecar.Build(&custom, w)
		require.NoError(t, err)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.Equal(t, string(raw), string(again))
	}
}

package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const door = "  - authProxy: {port: 80, secretName: web-tls, basic: {secretName: users}, rebind: {port: 8081, env: " +
	"{LISTEN: '127.0.0.1:8081'}}}\n"

// Two objects may be one to a cluster, which keeps the last. That is reported, and is an error if it opens a port that
// the sidecar has closed.
func TestWhatStandsTwice(t *testing.T) {
	config := func(meta, content string) string {
		return "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-auth-proxy, labels: " +
			"{app.kubernetes.io/managed-by: outrigger}" + meta + "}\ndata: {nginx.conf: " + content + "}\n"
	}
	env := func(values ...string) string {
		return deployment("web", "        env: [{name: LISTEN, value: '"+strings.Join(values, "'}, {name: LISTEN, value: '")+
			"'}]\n")
	}
	const ours, all = "127.0.0.1:8081", "0.0.0.0:8081"
	claim := strings.NewReplacer("kind: Deployment", "kind: StatefulSet", "spec:\n  template",
		"spec:\n  volumeClaimTemplates: [{metadata: {name: auth-proxy-config}}]\n  template")
	volume := "      volumes: [{name: auth-proxy-config, configMap: {name: web-auth-proxy}}, {name: auth-proxy-config, " +
		"configMap: {name: evil}}]\n"
	for name, c := range map[string]struct{ text, code string }{
		"variable, ours first":   {env(ours, all), "env-twice"},
		"variable, ours last":    {env(all, ours), "env-twice"},
		"variable, of one value": {env(ours, ours), "entry-twice"},
		"volume":                 {deployment("web", volume), "entry-twice"},
		"claim of a StatefulSet": {claim.Replace(deployment("web", "")), "volume-conflict"},
		"config":                 {deployment("web", "") + config("", "evil") + config("", "evil"), "object-rival"},
		"config, in default": {deployment("web", "") + config("", "evil") + config(", namespace: default",
			"evil"), "object-rival"},
		"config, in another namespace": {deployment("web", "") + config(", namespace: shop", "evil"), "object-rival"},
		"config, of a known namespace": {strings.Replace(deployment("web", ""), "name: web", "name: web\n  namespace: own",
			1) + config(", namespace: shop", "evil"), ""},
		"config, of default and a shop": {strings.Replace(deployment("web", ""), "name: web",
			"name: web\n  namespace: default", 1) + config(", namespace: shop", "evil"), ""},
		"config that a cluster deletes": {deployment("web", "") +
			config(", ownerReferences: [{apiVersion: v1, kind: Pod, name: gone, uid: '1'}]", "evil"), "object-conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := readSpec(t, "  select: [{kind: Deployment|StatefulSet}]\n  patterns:\n"+door)
			out := Run([]File{{Text: c.text}}, conf, Options{})
			if c.code == "" {
				require.NoError(t, out.Findings.Err())
				return
			}
			require.Equal(t, c.code, failures(out.Findings)[0].Code, out.Findings)
			require.Empty(t, out.Texts)
		})
	}
}

// A workload that isn't selected replaces a selected one with the same name.
func TestTwins(t *testing.T) {
	web := strings.Replace(deployment("web", ""), "name: web", "name: web\n  labels: {tier: web}", 1)
	for _, forbids := range []bool{false, true} {
		spec, severity := "  select: [{labelSelector: tier=web}]\n  patterns:\n"+helper, sidecar.Warning
		if forbids {
			spec, severity = spec+"  skips: forbidden\n", sidecar.Error
		}
		for _, text := range []string{web + deployment("web", ""), deployment("web", "") + web} {
			out := Run([]File{{Text: text}}, readSpec(t, spec), Options{})
			require.Len(t, out.Findings, 1)
			require.Equal(t, "workload-twin", out.Findings[0].Code)
			require.Equal(t, severity, out.Findings[0].Severity)
		}
		out := Run([]File{{Text: web + web}}, readSpec(t, spec), Options{})
		require.Empty(t, out.Findings, "both get sidecars")
	}
}

// Former names are annotations, so a workload that is excluded because of one is reported.
func TestFormerNames(t *testing.T) {
	for exclude, key := range map[string]string{"name: old": "previousNames: old",
		"namespace: old": "previousNamespaces: old"} {
		text := noted("internal.config.kubernetes.io/"+key, "", "", "") + deployment("b", "")
		spec := helper + "  exclude: [{" + exclude + "}]\n"
		out := Run([]File{{Text: text}}, read(t, spec), Options{})
		require.Len(t, out.Findings, 1)
		require.Equal(t, sidecar.Skipped, out.Findings[0].Code)
		require.Equal(t, "Deployment a", out.Findings[0].Object.String())
		out = Run([]File{{Text: text}}, read(t, spec+"  skips: forbidden\n"), Options{})
		require.Error(t, out.Findings.Err())
	}
}

// Kinds of Kubernetes have their pod template in one place. In other kinds, whoever writes a second one gets no pods
// without sidecars.
func TestDecoyTemplates(t *testing.T) {
	const template = "{spec: {containers: [{name: app, image: app:1}]}}"
	decoy := "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec:\n  template: " + template +
		"\n  jobTemplate: {spec: {template: {spec: {containers: [{name: real, image: real:1}]}}}}\n"
	spec := func(kind, rest string) string {
		return "  select: [{kind: " + kind + "}]\n  patterns:\n" + helper + rest
	}
	out := Run([]File{{Text: decoy}}, readSpec(t, spec("CronJob", "  podTemplatePaths: [spec.template]\n")), Options{})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[0].Text, "\n  template: "+template+"\n")
	require.Contains(t, out.Files()[0].Text, "helper:1")

	two := strings.NewReplacer("batch/v1", "example.com/v1", "CronJob", "Fleet").Replace(decoy)
	out = Run([]File{{Text: two}}, readSpec(t, spec("Fleet", "")), Options{})
	require.Empty(t, out.Findings)
	require.Equal(t, 2, strings.Count(out.Files()[0].Text, "helper:1"))
	require.Equal(t, []string{"Fleet a spec.template: helper (1 native sidecar); requests nothing more",
		"Fleet a spec.jobTemplate.spec.template: helper (1 native sidecar); requests nothing more"}, out.Report)
}

// A policy selects pods by their own labels, whatever selector the workload has.
func TestPolicyOfForeignSelector(t *testing.T) {
	front := "  - authProxy: {port: 80, mode: front, listenPort: 8443, networkPolicy: {isolated: false}, secretName: " +
		"web-tls, basic: {secretName: users}}\n"
	text := strings.NewReplacer("apps/v1", "argoproj.io/v1alpha1", "kind: Deployment", "kind: Rollout",
		"spec:\n  template", "spec:\n  selector: {matchLabels: {app: other}}\n  template").Replace(deployment("web", ""))
	out := Run([]File{{Text: text}}, read(t, front), Options{})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[0].Text, "  podSelector:\n    matchLabels:\n      app: web\n")
}

// One object with an annotation of kustomize doesn't keep others from being recorded.
func TestForgedRunner(t *testing.T) {
	const path = "internal.config.kubernetes.io/path: a.yaml"
	id := noted(path+", kustomize.config.k8s.io/id: '1'", "", "", "")
	text := resources(id + strings.Replace(noted(path, "", "", ""), "name: a\n", "name: b\n", 1))
	out := Run([]File{{Text: text}}, read(t, helper), Options{})
	require.NoError(t, out.Findings.Err())
	require.Equal(t, 2, strings.Count(out.Files()[0].Text, "outrigger.dev/applied:"))
}

// A password that begins with a star is an alias in YAML, and isn't printed.
func TestNoAliasIsTold(t *testing.T) {
	secret := "---\napiVersion: v1\nkind: Secret\nmetadata: {name: users}\nstringData:\n  auth: *hunter2\n"
	for _, text := range []string{secret, deployment("web", "") + secret} {
		out := Run([]File{{Text: text}}, read(t, door), Options{})
		require.ErrorContains(t, out.Findings.Err(), ": has an alias to nothing")
		require.NotContains(t, out.Findings.Err().Error(), "hunter2")
	}
}

// A port may have several names, and a host port for each. The sidecar gets all of them, and gives them back, whatever
// stands between.
func TestPortOfSeveralNames(t *testing.T) {
	const http, ops = "{name: http, containerPort: 80}", "{name: ops, containerPort: 80, hostPort: 8080}"
	for name, ports := range map[string]string{
		"in brackets":      "[" + http + ", {containerPort: 81}, {containerPort: 80, protocol: UDP}, " + ops + "]",
		"one below other":  "\n        - " + http + "\n        # of people\n        - " + ops + " # mine",
		"around another":   "\n        - " + ops + "\n        - {containerPort: 81}\n        - " + http,
		"around a twin":    "[" + ops + ", {containerPort: 81}, {name: a, containerPort: 81}, " + http + "]",
		"nothing else":     "[" + ops + ", " + http + "]",
		"behind something": "[{containerPort: 82, protocol: UDP}, " + ops + ", " + http + ", {containerPort: 81}]",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(deployment("web", ""), "ports: [{containerPort: 80}]", "ports: "+ports, 1)
			spec := "  record: always\n  select: [{kind: Deployment}]\n  patterns:\n" + door
			out := Run([]File{{Text: text}}, readSpec(t, spec), Options{})
			require.NoError(t, out.Findings.Err())
			laid := out.Files()[0].Text
			_, proxy, _ := strings.Cut(laid, "initContainers:")
			require.Equal(t, 2, strings.Count(proxy, "containerPort: 80\n"), proxy)
			require.Regexp(t, `- name: ops\n +hostPort: 8080\n +containerPort: 80\n`, proxy)
			again := Run([]File{{Text: laid}}, readSpec(t, spec), Options{})
			require.NoError(t, again.Findings.Err())
			require.Equal(t, laid, again.Files()[0].Text)
			back, fs := Strip([]File{{Text: laid}}, "")
			require.NoError(t, fs.Err())
			require.Equal(t, text, back[0].Text)
		})
	}
	unnamed := strings.Replace(deployment("web", ""), "ports: [", "ports: ["+ops+", ", 1)
	out := Run([]File{{Text: unnamed}}, readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+door), Options{})
	require.Equal(t, "entry-twice", failures(out.Findings)[0].Code, out.Findings)
}

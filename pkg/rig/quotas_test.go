package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// admitted runs entries on a Deployment with resources in a namespace with a ResourceQuota or LimitRange, and returns
// what is found about that.
func admitted(t *testing.T, resources, kind, spec, entries string) (found []string) {
	t.Helper()
	text := strings.Replace(deployment("a", "        resources: {"+resources+"}\n"), "  template:",
		"  replicas: 3\n  template:", 1)
	text += "---\napiVersion: v1\nkind: " + kind + "\nmetadata: {name: q}\nspec: " + spec + "\n"
	out := Run([]File{{Text: text}}, readSpec(t, "  select: [{name: a}]\n  patterns:\n"+entries), Options{})
	for _, f := range out.Findings {
		if f.Object.Kind == kind {
			found = append(found, string(f.Severity)+" "+f.About()+"; "+f.Hint)
			require.Equal(t, f.Severity == sidecar.Error, out.Texts == nil)
		}
	}
	return found
}

// sizedBy is an entry with a CPU limit.
func sizedBy(entry string) string {
	return "  - override: {resources: {limits: {cpu: 50m}}}\n    " + entry + "\n"
}

const cpuCounted = "{hard: {limits.cpu: '8'}}"

const wholeResources = "requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 200m, memory: 256Mi}"

func TestQuotas(t *testing.T) {
	const step = "  - waitFor: {targets: ['db:5432']}\n"
	sized := sizedBy("waitFor: {targets: ['db:5432']}")
	const agent = "  - otelAgent: {endpoint: 'https://o:4317'}\n"
	const unset = "error wait-for: counts limits.cpu, so the pods of Deployment a are refused: " +
		"container wait-for has none; set override.resources.limits.cpu"
	for name, c := range map[string]struct {
		resources, spec, entries string
		want                     []string
	}{
		"a limit is counted": {wholeResources, "{hard: {limits.cpu: '8', limits.memory: 8Gi}}", step,
			[]string{unset}},
		"the sidecar has one": {wholeResources, "{hard: {limits.cpu: '8', limits.memory: 8Gi}}", sized, nil},
		"its init container has one, too": {wholeResources, cpuCounted, sizedBy("tlsProxy: {port: 80, secretName: s, " +
			"mode: redirect}"), nil},
		"its second container has one, too": {wholeResources, cpuCounted, sizedBy("authProxy: {port: 80, secretName: s, " +
			"rebind: {port: 81, env: {LISTEN: '127.0.0.1:81'}}, oidc: {issuerURL: 'https://i.example.com', clientID: web, " +
			"emailDomains: [example.com], secretName: s}}"), nil},
		"they have none": {wholeResources, cpuCounted, "  - tlsProxy: {port: 80, secretName: s, mode: redirect}\n",
			[]string{strings.ReplaceAll(unset, "wait-for", "tls-proxy"), strings.Replace(strings.ReplaceAll(unset, "wait-for",
				"tls-proxy"), "container tls-proxy", "container tls-proxy-redirect", 1)}},
		"the app has none, too": {"limits: {memory: 64Mi}", "{hard: {limits.cpu: '8'}}", step, nil},
		"requests are counted":  {wholeResources, "{hard: {cpu: '8', requests.memory: 8Gi, pods: '9'}}", step, nil},
		"of other pods":         {wholeResources, "{hard: {limits.cpu: '8'}, scopes: [Terminating]}", step, nil},
		"of such pods": {wholeResources, "{hard: {limits.cpu: '8'}, scopes: [NotTerminating]}", step,
			[]string{unset}},
		"of some priority": {wholeResources, "{hard: {limits.cpu: '8'}, scopeSelector: {matchExpressions: " +
			"[{scopeName: PriorityClass, operator: Exists}]}}", step, nil},
		"enough for all": {wholeResources, "{hard: {requests.memory: 576Mi}}", agent, nil},
		"too little with a sidecar": {wholeResources, "{hard: {requests.memory: 575Mi, requests.cpu: '1'}}", agent, []string{
			"warning otel-agent: doesn't hold all pods of Deployment a: they take 576Mi requests.memory of 575Mi (384Mi " +
				"without sidecars); raise it, or write lower override.resources"}},
		"too little without sidecars": {wholeResources, "{hard: {requests.memory: 383Mi}}", agent, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, admitted(t, c.resources, "ResourceQuota", c.spec, c.entries))
		})
	}
}

func TestLimitRanges(t *testing.T) {
	const agent = "  - otelAgent: {endpoint: 'https://o:4317'}\n" // requests 20m and 64Mi, limit 256Mi
	item := func(s string) string { return "{limits: [{type: Container, " + s + "}]}" }
	const refused = "error otel-agent: refuses the pods of Deployment a: "
	const set = "; set override.resources."
	for name, c := range map[string]struct {
		spec string
		want []string
	}{
		"all is well": {item("min: {memory: 64Mi, cpu: 20m}, max: {memory: 256Mi}"), nil},
		"the limit is above": {item("max: {memory: 255Mi}"), []string{
			refused + "container otel-agent has a limit of 256Mi memory, more than 255Mi" + set + "limits.memory"}},
		"the request is below": {item("min: {cpu: 30m, memory: 65Mi}"), []string{
			refused + "container otel-agent requests 20m cpu, less than 30m, requests 64Mi memory, less than 65Mi" + set +
				"requests.cpu and override.resources.requests.memory"}},
		"the limit is too many times the request": {item("maxLimitRequestRatio: {memory: '3.5'}"), []string{
			refused + "container otel-agent has a limit of 256Mi memory, more than 3500m times its request of 64Mi" + set +
				"limits.memory"}},
		"just as many times": {item("maxLimitRequestRatio: {memory: 4}"), nil},
		"a ratio without a limit": {item("maxLimitRequestRatio: {cpu: 4}"), []string{
			refused + "container otel-agent has no cpu limit, which may be 4 times its request" + set + "limits.cpu"}},
		"the default is the limit":   {item("default: {cpu: 80m}, maxLimitRequestRatio: {cpu: 4}"), nil},
		"the maximum is the default": {item("max: {cpu: '1'}"), nil},
		"the default is too low": {item("default: {cpu: 10m}"), []string{
			refused + "container otel-agent requests 20m cpu, more than its default limit of 10m" + set + "limits.cpu"}},
		"a pod with them": {"{limits: [{type: Pod, max: {memory: 500Mi}}]}", []string{
			refused + "a pod with sidecars has a limit of 512Mi memory, more than 500Mi" + set + "limits.memory"}},
		"a pod without them, too": {"{limits: [{type: Pod, max: {memory: 200Mi}}]}", nil},
		"volumes":                 {"{limits: [{type: PersistentVolumeClaim, max: {storage: 1Gi}}]}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, admitted(t, wholeResources, "LimitRange", c.spec, agent))
		})
	}
}

// An override reaches a sidecar's other containers only where they say nothing of a resource. The hint doesn't name it
// where it wouldn't help.
func TestLimitRangeOfSecondContainers(t *testing.T) {
	const entry = "  - override: {resources: {requests: {memory: 64Mi}}}\n" +
		"    tlsProxy: {port: 80, secretName: s, mode: redirect}\n"
	const refused = "error tls-proxy: refuses the pods of Deployment a: container tls-proxy-redirect "
	found := admitted(t, wholeResources, "LimitRange", "{limits: [{type: Container, min: {memory: 32Mi}}]}", entry)
	require.Equal(t, []string{refused + "requests 16Mi memory, less than 32Mi; change the LimitRange, or the container " +
		"in what outrigger explain --expand prints: no override reaches it"}, found)
	found = admitted(t, wholeResources, "LimitRange", "{limits: [{type: Container, default: {cpu: 5m}}]}", entry)
	require.Contains(t, found, refused+"requests 10m cpu, more than its default limit of 5m; set "+
		"override.resources.limits.cpu")
}

// A limit that a LimitRange sets by default is one that a quota counts.
func TestQuotaWithDefaults(t *testing.T) {
	const step = "  - waitFor: {targets: ['db:5432']}\n"
	require.Len(t, admitted(t, wholeResources, "ResourceQuota", "{hard: {limits.cpu: '8'}}", step), 1)
	limits := "{hard: {limits.cpu: '8'}}\n---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: " +
		"[{type: Container, default: {cpu: 100m}}]}"
	require.Empty(t, admitted(t, wholeResources, "ResourceQuota", limits, step))
}

// What a limit range sets counts as requested, so an autoscaler can compute the utilization.
func TestAutoscalerWithDefaults(t *testing.T) {
	const scaler = "---\napiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: " +
		"{maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}\n"
	entry := "  - name: x\n    custom: {containers: [{name: x, image: x:1}]}\n"
	for limits, refused := range map[string]bool{
		"":                           true,
		"{type: Container}":          true,
		"{type: Pod, max: {cpu: 1}}": true,
		"{type: Container, defaultRequest: {memory: 5Mi}}": true,
		"{type: Container, defaultRequest: {cpu: 50m}}":    false,
		"{type: Container, default: {cpu: 50m}}":           false,
		"{type: Container, max: {cpu: 50m}}":               false,
	} {
		text := deployment("a", "        resources: {requests: {cpu: 10m}}\n") + scaler
		if limits != "" {
			text += "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: [" + limits + "]}\n"
		}
		out := Run([]File{{Text: text}}, readSpec(t, "  select: [{name: a}]\n  patterns:\n"+entry), Options{})
		require.Equal(t, refused, out.Findings.Failed(), "%s: %v", limits, out.Findings)
		if refused {
			require.Equal(t, "hpa-no-request", failures(out.Findings)[0].Code)
		}
	}
	// what couldn't be computed before isn't the sidecar's fault
	spec := readSpec(t, "  select: [{name: a}]\n  patterns:\n"+entry)
	out := Run([]File{{Text: deployment("a", "") + scaler}}, spec, Options{})
	require.Len(t, out.Findings, 1)
	require.Equal(t, sidecar.Info, out.Findings[0].Severity)
	require.Contains(t, out.Findings[0].Message, "container app requests none, and neither does container x")
}

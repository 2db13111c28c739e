package admission

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/version"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/outrigger-dev/outrigger/pkg/admission"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: web:1
`

const agents = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: agents}
spec:
  select: [{name: web}]
  expect: {min: 0}
  patterns:
  - name: agent
    custom: {containers: [{name: agent, image: "example.com/agent:1"}]}
  - name: log-tail
    custom: {containers: [{name: log-tail, image: "log-tail@sha256:123"}]}
    placement: beside
`

// policyFor writes policies for manifests.
func policyFor(t *testing.T, document, manifests string, args ...string) string {
	t.Helper()
	return run(t, manifests, "outrigger", append([]string{"policy", "-q", "-c", write(t, document)}, args...)...)
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sidecars.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// optOuts are what people write to opt out, and what doesn't do so.
var optOuts = []object{
	{"annotations": object{"outrigger.dev/skip": "*"}},
	{"annotations": object{"outrigger.dev/skip": "agent"}},
	{"annotations": object{"outrigger.dev/skip": " log-tail , agent"}},
	{"annotations": object{"outrigger.dev/skip": "other"}},
	{"annotations": object{"outrigger.dev/skip": ""}},
	{"annotations": object{"outrigger.dev/inject": "false"}},
	{"annotations": object{"outrigger.dev/inject": "true", "outrigger.dev/skip": "log-tail"}},
	{"labels": object{"outrigger.dev/inject": "false"}},
	{"labels": object{"outrigger.dev/skip": "agent"}},
	{},
}

// What the function leaves out, as a workload opts out of it, the rules let pass, and no more than that. The places
// are the object, the template of a CronJob's Jobs, and the pod template; of several, the closest to the pod counts.
func TestOptOuts(t *testing.T) {
	agents := strings.Replace(agents, "    placement: beside\n", "", 1) // which no Job can have
	document := write(t, agents)
	for _, kind := range []string{"Deployment", "CronJob"} {
		plain := toKind(t, decodeStream(t, web)[0], kind)
		manifests := encodeStream(t, []object{plain})
		s := newServer(t, policyFor(t, agents, manifests))
		strict := newServer(t, policyFor(t, agents, manifests, "--forbid-skip"))
		places := []func(o object) object{
			func(o object) object { return o },
			func(o object) object { return templateOf(o) },
		}
		if kind == "CronJob" {
			places = append(places, func(o object) object { return at(o, "spec", "jobTemplate") })
		}
		var variants []object
		for i, place := range places {
			for _, out := range optOuts {
				o := clone(t, plain)
				optOut(t, place(o), out)
				variants = append(variants, o)
				other := clone(t, o)
				optOut(t, places[(i+1)%len(places)](other), optOuts[1])
				variants = append(variants, other)
			}
		}
		skips := 0
		for _, o := range variants {
			built := decodeStream(t, run(t, encodeStream(t, []object{o}), "outrigger", "inject", "-q", "-c", document))[0]
			text := encodeStream(t, []object{built})
			require.NoError(t, s.Create(t.Context(), "default", typed(t, built)), text)
			left := names(built)
			if len(left) < 3 {
				skips++
				require.ErrorContains(t, strict.Create(t.Context(), "default", typed(t, built)), "comes without its sidecars", text)
			}
			// the rule for pods sees the pod template alone
			pod := podOf(t, built)
			want := decodeStream(t, run(t, encodeStream(t, []object{seenByPods(t, o)}), "outrigger", "inject", "-q", "-c",
				document))[0]
			if err := s.Create(t.Context(), "default", typed(t, pod)); len(left) >= len(names(want)) {
				require.NoError(t, err, text)
			} else {
				require.ErrorContains(t, err, "comes without its sidecars", text)
			}
			// one container fewer is refused
			if len(left) > 1 {
				less := clone(t, built)
				drop(less, left[0])
				if left[0] == "web" {
					drop(less, left[1])
				}
				require.ErrorContains(t, s.Create(t.Context(), "default", typed(t, less)), "comes without its sidecars", text)
			}
		}
		require.Greater(t, skips, len(variants)/2)
	}
}

// seenByPods returns a workload with no opt-outs but those of its pod template.
func seenByPods(t *testing.T, o object) object {
	o = clone(t, o)
	delete(at(o, "metadata"), "annotations")
	delete(at(o, "metadata"), "labels")
	if job, ok := at(o, "spec")["jobTemplate"].(object); ok {
		delete(job, "metadata")
	}
	return o
}

func optOut(t *testing.T, o, metadata object) {
	for key, values := range clone(t, metadata) {
		for k, v := range values.(object) {
			at(o, "metadata", key)[k] = v
		}
	}
}

// drop takes a container away.
func drop(o object, name string) {
	pod := podIn(o)
	for _, list := range []string{"initContainers", "containers"} {
		stay := []any{}
		for _, c := range containersOf(pod, list) {
			if c.(object)["name"] != name {
				stay = append(stay, c)
			}
		}
		pod[list] = stay
	}
}

// A rule by labels judges workloads that aren't among the manifests, as the label selectors of the document do.
func TestLabelledWorkloads(t *testing.T) {
	sets := []labels.Set{nil, {"app": "web"}, {"app": "web", "tier": "test"}, {"tier": "front"}, {"app": ""},
		{"size": "12"}, {"size": "+5"}, {"size": "x"}, {"size": "-3", "app": "other"}}
	for _, selector := range []string{"app", "!app", "app=web", "app!=web", "app in (web,other)", "app notin (web)",
		"size>5", "size<6", "app=", "app=web,tier!=test", "tier", "app notin (web),size<0"} {
		want, err := labels.Parse(selector)
		require.NoError(t, err)
		for field, path := range map[string][]string{"labelSelector": {"metadata", "labels"},
			"annotationSelector": {"metadata", "annotations"}, "podSelector": {"spec", "template", "metadata", "labels"}} {
			// a workload among the manifests that it selects
			given := decodeStream(t, web)[0]
			for _, set := range sets {
				if want.Matches(set) {
					setLabels(given, path, set)
				}
			}
			document := strings.Replace(agents, "{name: web}",
				fmt.Sprintf("{kind: Deployment|DaemonSet, %s: %q}", field, selector), 1)
			document = strings.Replace(document, "expect: {min: 0}",
				`exclude: [{name: "free-.*"}, {kind: DaemonSet, namespace: team-.*}]`, 1)
			s := newServer(t, policyFor(t, document, encodeStream(t, []object{given}), "--only", "workloads"), "team-a")
			for _, set := range sets {
				o := decodeStream(t, web)[0]
				setLabels(o, path, set)
				what := fmt.Sprintf("%s of %v by %q", field, set, selector)
				check := func(name, namespace, kind string, judged bool) {
					o := toKind(t, o, kind)
					if field == "podSelector" {
						setLabels(o, path, set)
					}
					at(o, "metadata")["name"] = name
					err := s.Create(t.Context(), namespace, typed(t, o))
					require.Equal(t, judged && want.Matches(set), err != nil, "%s: %s %s/%s: %v", what, kind, namespace, name, err)
				}
				check("other", "default", "Deployment", true)
				check("other", "team-a", "DaemonSet", false)
				check("other", "default", "DaemonSet", true)
				check("other", "default", "StatefulSet", false)
				check("free-for-all", "default", "Deployment", false)
			}
		}
	}
}

func setLabels(o object, path []string, set labels.Set) {
	all := at(o, path...)
	clear(all)
	for k, v := range set {
		all[k] = v
	}
}

// Large objects and many sidecars cost no more than the API server's budget: with it exceeded, everything would be
// refused.
func TestBudget(t *testing.T) {
	var manifests, patterns strings.Builder
	for i := range 30 {
		name := fmt.Sprintf("agent-%d", i)
		patterns.WriteString(strings.ReplaceAll("  - name: agent\n    custom: {containers: "+
			"[{name: agent, image: \"example.com/a/agent:1\"}]}\n", "agent", name))
	}
	for i := range 300 {
		manifests.WriteString("---\n" + strings.ReplaceAll(web, "web", fmt.Sprintf("web-%d", i)))
	}
	document := agents[:strings.Index(agents, "  - name: agent")] + patterns.String()
	document = strings.Replace(document, "{name: web}", "{kind: Deployment}", 1)
	s := newServer(t, policyFor(t, document, manifests.String()))
	o := decodeStream(t, run(t, strings.ReplaceAll(web, "web", "web-299"), "outrigger", "inject", "-q", "-c",
		write(t, document)))[0]
	pod := podIn(o)
	var env []any
	for i := range 100 {
		env = append(env, object{"name": fmt.Sprintf("VARIABLE_%d", i), "value": strings.Repeat("x", 60)})
	}
	for i := range 120 {
		more := object{"name": fmt.Sprintf("more-%d", i), "image": "more:1", "env": env}
		pod["containers"] = append(pod["containers"].([]any), more)
	}
	old := clone(t, o)
	require.NoError(t, s.Create(t.Context(), "default", typed(t, o)))
	require.NoError(t, s.Create(t.Context(), "default", typed(t, podOf(t, o))))
	require.NoError(t, s.Update(t.Context(), "default", typed(t, o), typed(t, old)))
	drop(o, "agent-17")
	const lacks = "comes without its sidecars: agent-17."
	require.ErrorContains(t, s.Create(t.Context(), "default", typed(t, o)), lacks)
	require.ErrorContains(t, s.Update(t.Context(), "default", typed(t, o), typed(t, old)), lacks)
	require.ErrorContains(t, s.Create(t.Context(), "default", typed(t, podOf(t, o))), lacks)
}

// An API server of the oldest version takes the expressions. It refuses to store those that need a newer one.
func TestOldestKubernetes(t *testing.T) {
	oldest := admission.OldestKubernetes
	document := strings.Replace(agents, "{name: web}", `{labelSelector: "app in (web),tier!=test,size>5"}, {name: web}`, 1)
	objects, err := Decode(policyFor(t, document, web+"---\n"+strings.ReplaceAll(web, "web", "other")))
	require.NoError(t, err)
	compiled := 0
	for _, o := range objects {
		p, ok := o.(*admissionv1.ValidatingAdmissionPolicy)
		if !ok {
			continue
		}
		c, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(
			version.MajorMinor(uint(oldest.Major), uint(oldest.Minor))))
		require.NoError(t, err)
		check := func(e plugincel.ExpressionAccessor) {
			compiled++
			result := c.CompileCELExpression(e, plugincel.OptionalVariableDeclarations{}, environment.NewExpressions)
			require.Nil(t, result.Error, e.GetExpression())
		}
		for _, m := range p.Spec.MatchConditions {
			check(&validating.ValidationCondition{Expression: m.Expression})
		}
		for _, v := range p.Spec.Variables {
			compiled++
			result := c.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression},
				plugincel.OptionalVariableDeclarations{}, environment.NewExpressions)
			require.Nil(t, result.Error, v.Expression)
		}
		for _, v := range p.Spec.Validations {
			check(&validating.ValidationCondition{Expression: v.Expression})
			check(&validating.MessageExpressionCondition{MessageExpression: v.MessageExpression})
		}
	}
	require.Greater(t, compiled, 30)
}

// Texts from users are what they are: a literal that one could break out of would be another expression, or none.
func FuzzTexts(f *testing.F) {
	f.Add("web", "agent", "example.com/agent:1", "app", "web", "Ask us")
	f.Add(`"||true||"`, `a" in []`, `x\`, "\\\"", "\n${x}", `" + object.metadata.name + "`)
	f.Add("$(A)", "a'b", "a|b.c*", "\x00\x1b", "\u2028é𝒳", "'''\"\"\"`")
	f.Fuzz(func(t *testing.T, name, container, image, key, value, wayOut string) {
		for _, s := range []string{name, container, image, key, value, wayOut} {
			if s != strings.ToValidUTF8(s, "") || strings.TrimSpace(s) == "" || len(s) > 1000 {
				t.Skip("no manifest has it")
			}
		}
		if _, digest, _ := strings.Cut(image, "@"); strings.Contains(digest, "/") {
			t.Skip("no image has it")
		}
		if strings.ContainsAny(wayOut+container, "\n") || strings.TrimSpace(wayOut) != wayOut {
			t.Skip("the API server trims messages, and shows no lines")
		}
		w := admission.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: name},
			PodLabels: map[string]string{key: value},
			Containers: []admission.Container{
				{Name: container, Image: image, Init: true, RestartPolicy: "Always", Sidecar: key}}}
		text, fs := admission.Write([]admission.Workload{w}, nil, admission.Options{Name: "x", WayOut: wayOut,
			Rules: []string{admission.WorkloadRule, admission.PodRule}})
		require.False(t, fs.Failed(), fs)
		s, err := NewServer(text, "default")
		require.NoError(t, err, text)
		defer s.Close()
		o := toKind(t, decodeStream(t, web)[0], "Deployment")
		at(o, "metadata")["name"] = name
		at(templateOf(o), "metadata")["labels"] = object{key: value}
		want := " comes without its sidecars: " + container + ". " + wayOut
		require.ErrorContains(t, s.Create(t.Context(), "default", typed(t, o)), name+want, text)
		require.ErrorContains(t, s.Create(t.Context(), "default", typed(t, podOf(t, o))), want, text)
		podIn(o)["initContainers"] = []any{object{"name": container, "image": image, "restartPolicy": "Always"}}
		require.NoError(t, s.Create(t.Context(), "default", typed(t, o)), text)
		require.NoError(t, s.Create(t.Context(), "default", typed(t, podOf(t, o))), text)
		if admission.Repository(image) == "" {
			return // then any will do
		}
		visitAdded(o, []string{container}, func(c object) { c["image"] = "a/" + image })
		require.Error(t, s.Create(t.Context(), "default", typed(t, o)), text)
	})
}

// The message of the page is what a cluster says to a build without the function.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/runners.md")
	require.NoError(t, err)
	_, message, found := strings.Cut(string(page), "<!-- policy:begin -->\n```text\n")
	require.True(t, found)
	message, _, _ = strings.Cut(message, "\n```")
	example := "../../../examples/elasticsearch-tls"
	base := run(t, "", "kustomize", "build", filepath.Join(example, "base"))
	s := newServer(t, run(t, base, "outrigger", "policy", "-q", "-c", filepath.Join(example, "sidecars/sidecars.yaml"),
		"--namespace", "search", "--name-prefix", "prod-"), "search")
	for _, o := range decodeStream(t, base) {
		if templateOf(o) != nil {
			at(o, "metadata")["name"] = "prod-" + nameOf(o)
			require.EqualError(t, s.Create(t.Context(), "search", typed(t, o)), message)
			require.NoError(t, s.Create(t.Context(), "default", typed(t, o)))
		}
	}
}

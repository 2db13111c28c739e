package admission

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// All spellings of a repository match, with any tag and digest, and no other repository does.
func TestImagePattern(t *testing.T) {
	for image, want := range map[string]struct{ same, others []string }{
		"busybox": {
			[]string{"busybox", "busybox:1", "docker.io/busybox", "docker.io/library/busybox:1", "library/busybox@sha256:1",
				"index.docker.io/library/busybox:1@sha256:1"},
			[]string{"busybox:5000/evil", "evil/busybox", "busybox1", "busybox/x", "evil.example.com/busybox",
				"docker_io/busybox", "busybox:1/x", "busybox@x/y", "", "docker.io/evil/busybox"},
		},
		"docker.io/nginxinc/nginx-unprivileged:1.30": {
			[]string{"nginxinc/nginx-unprivileged", "docker.io/nginxinc/nginx-unprivileged:2"},
			[]string{"nginx-unprivileged", "evil.example.com/nginxinc/nginx-unprivileged",
				"library/nginxinc/nginx-unprivileged"},
		},
		"registry.example.com:5000/a/b:1@sha256:12": {
			[]string{"registry.example.com:5000/a/b", "registry.example.com:5000/a/b:2",
				"registry.example.com:5000/a/b@sha256:3"},
			[]string{"registry.example.com/a/b", "registry-example.com:5000/a/b", "docker.io/registry.example.com:5000/a/b"},
		},
		"localhost/a": {[]string{"localhost/a:1"}, []string{"docker.io/localhost/a"}},
	} {
		pattern := regexp.MustCompile(imagePattern(image))
		require.Regexp(t, pattern, image)
		for _, s := range want.same {
			require.Regexp(t, pattern, s, image)
		}
		for _, s := range want.others {
			require.NotRegexp(t, pattern, s, image)
		}
	}
	require.Empty(t, imagePattern(""), "any image will do")
}

func deployment(name string, podLabels string, containers ...string) Workload {
	w := Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: name}, PodLabels: map[string]string{}}
	for pair := range strings.FieldsSeq(podLabels) {
		key, value, _ := strings.Cut(pair, "=")
		w.PodLabels[key] = value
	}
	for _, c := range containers {
		w.Containers = append(w.Containers, Container{Name: c, Image: c, Init: true, RestartPolicy: "Always", Sidecar: c})
	}
	return w
}

// describeRules lists the condition of each rule with what it demands.
func describeRules(rules []*rule) (all []string) {
	for _, r := range rules {
		var names []string
		for _, c := range r.containers {
			names = append(names, c.Name)
		}
		all = append(all, strings.ReplaceAll(anyOf(r.conditions), "\n", " ")+": "+strings.Join(names, ","))
	}
	return all
}

func hasLabel(key, value string) string {
	return fmt.Sprintf("object.metadata.?labels[%q].orValue(\"\") == %q", key, value)
}

// Pods are known by the labels that never change, if those of no other workload have them that lack a container.
func TestPodRules(t *testing.T) {
	web := deployment("web", "app=web tier=front helm.sh/chart=web-1", "agent", "proxy")
	web.Selector = map[string]string{"app": "web"}
	rules, fs := podRules([]Workload{web, deployment("other", "app=other")})
	require.Empty(t, fs)
	require.Equal(t, []string{hasLabel("app", "web") + ": agent,proxy"}, describeRules(rules))

	rules, fs = podRules([]Workload{web, deployment("test", "app=web")})
	require.Empty(t, fs, "one more label tells them apart")
	require.Equal(t, []string{hasLabel("app", "web") + " && " + hasLabel("tier", "front") + ": agent,proxy"},
		describeRules(rules))

	twin := deployment("twin", "app=web tier=front", "proxy")
	rules, fs = podRules([]Workload{web, twin})
	require.Len(t, fs, 1)
	require.Equal(t, "Deployment web: has pods with labels that those of Deployment twin have, too, which have no agent, "+
		"so no rule for pods demands it; give the pods of both other labels", fs[0].String())
	require.Equal(t, hasLabel("app", "web")+" && "+hasLabel("tier", "front")+": proxy", describeRules(rules)[0])

	twin.OptOut = "metadata.annotations.outrigger.dev/skip"
	_, fs = podRules([]Workload{web, twin})
	require.Contains(t, fs[0].String(), "opts out by metadata.annotations.outrigger.dev/skip, which isn't on the pods: "+
		"write it into the pod template")
	twin.PodSkips = []string{"agent"}
	rules, fs = podRules([]Workload{web, twin})
	require.Empty(t, fs, "its pods say that they opt out")
	require.Contains(t, describeRules(rules)[0], hasLabel("app", "web")+": agent,proxy")

	far := deployment("web", "app=web")
	far.Ref.Namespace, web.Ref.Namespace = "far", "near"
	rules, fs = podRules([]Workload{web, far})
	require.Empty(t, fs)
	require.Equal(t, []string{`request.namespace == "near" && ` + hasLabel("app", "web") + ": agent,proxy"},
		describeRules(rules))
}

// A Job's controller gives labels to pods that have none; of others without labels, a finding tells.
func TestPodsWithoutLabels(t *testing.T) {
	job := deployment("load", "", "agent")
	job.Ref.Group, job.Ref.Kind = "batch", "Job"
	bare := deployment("one", "app=web", "agent")
	bare.Ref.Group, bare.Ref.Kind = "", "Pod"
	rules, fs := podRules([]Workload{job, bare, deployment("web", "", "agent")})
	require.Equal(t, []string{hasLabel("batch.kubernetes.io/job-name", "load") + " || " + objectName + ` == "one": agent`},
		describeRules(rules))
	require.Len(t, fs, 1)
	require.Equal(t, sidecar.Warning, fs[0].Severity)
	require.Contains(t, fs[0].String(), "Deployment web: has pods without labels")
}

// Kinds that policies can't look into are judged by their pods, and a finding tells so.
func TestOtherKinds(t *testing.T) {
	rollout := deployment("web", "app=web", "agent")
	rollout.Ref.Group, rollout.Ref.Kind = "argoproj.io", "Rollout"
	text, fs := Write([]Workload{rollout}, nil, Options{Name: "x", Rules: []string{WorkloadRule, PodRule}})
	require.Len(t, fs, 1)
	require.Contains(t, fs[0].String(), "Rollout web: is judged by its pods alone")
	require.NotContains(t, text, "x-workloads")
	require.Contains(t, text, "name: x-pods")
	_, fs = Write([]Workload{rollout}, nil, Options{Name: "x", Rules: []string{WorkloadRule}})
	require.True(t, fs.Failed())
	require.Contains(t, fs[1].String(), "others are judged by their pods alone; write the rule for pods")
	_, fs = Write([]Workload{deployment("web", "", "agent")}, nil, Options{Name: "x", Rules: []string{PodRule}})
	require.True(t, fs.Failed())
	require.Contains(t, fs[1].String(), "can't tell those with sidecars from others; give the pods labels of their own")

	text, fs = Write([]Workload{deployment("web", "app=web")}, nil,
		Options{Name: "x", Rules: []string{WorkloadRule, PodRule}})
	require.True(t, fs.Failed())
	require.Empty(t, text)
}

// Workloads whose names the API server makes are known by what these begin with. Of several with the same beginning, no
// rule knows which one lacks a sidecar by right.
func TestGeneratedNames(t *testing.T) {
	job := deployment("run-", "", "agent")
	job.Ref.Group, job.Ref.Kind, job.Ref.Namespace, job.Generated = "batch", "Job", "shop", true
	const byStem = `(object.kind + "/" + object.metadata.?generateName.orValue("")) in ["Job/run-"]`
	rules, fs := workloadRules([]Workload{job, job, deployment("web", "", "agent")}, nil)
	require.Empty(t, fs)
	require.Len(t, rules, 1)
	require.Equal(t, []string{`(object.kind + "/" + object.metadata.?name.orValue("")) in ["Deployment/web"]`,
		"request.namespace == \"shop\" &&\n" + byStem}, rules[0].conditions)

	other := job
	other.Ref.Nth, other.Containers = 1, nil
	rules, fs = workloadRules([]Workload{job, other}, nil)
	require.Empty(t, rules)
	require.Len(t, fs, 1)
	require.Contains(t, fs[0].String(), "Job shop/run-: has the generateName of another one with other sidecars")

	_, fs = podRules([]Workload{job})
	require.Contains(t, fs[0].String(), "has pods without labels", "their label has the whole name")
	pod := job
	pod.Ref.Group, pod.Ref.Kind = "", "Pod"
	rules, _ = podRules([]Workload{pod})
	require.Equal(t, []string{`request.namespace == "shop" && object.metadata.?generateName.orValue("") == "run-": agent`},
		describeRules(rules))
}

// An expression that the API server wouldn't parse is an error.
func TestLongExpressions(t *testing.T) {
	var all []Workload
	for i := range 3000 {
		all = append(all, deployment(fmt.Sprintf("a-workload-with-a-rather-long-name-%d", i), "app=web", "agent"))
	}
	text, fs := Write(all, nil, Options{Name: "x", Rules: []string{WorkloadRule}})
	require.True(t, fs.Failed())
	require.Contains(t, fs[0].String(), "characters, and the API server takes 100000; run the command for fewer manifests")
	require.Empty(t, text)
	_, fs = Write(all[:1000], nil, Options{Name: "x", Rules: []string{WorkloadRule}})
	require.Empty(t, fs)
}

// A literal ends where it's meant to, whatever is in it. The API server's own parser reads them in e2e/oracle.
func FuzzQuote(f *testing.F) {
	f.Add(`a"b\`, "\n\x00é𝒳")
	f.Fuzz(func(t *testing.T, a, b string) {
		text := quoteList([]string{a, b})
		rest := strings.NewReplacer(`\\`, "", `\"`, "").Replace(text)
		require.Equal(t, 4, strings.Count(rest, `"`), text)
		for _, r := range text {
			require.True(t, r == '\n' || r >= ' ' && r < 0x7f, text)
		}
	})
}

package config

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// workload is an object with at most one earlier name and namespace, as kustomize writes it for itself during a build.
type workload struct {
	api, kind, namespace, name string
	wasNamespace, wasName      string // "": it had no other
	labels, annotations        map[string]string
}

func (w workload) meta() Meta {
	group, version, _ := strings.Cut(w.api, "/")
	m := Meta{Ref: sidecar.Ref{Group: group, Kind: w.kind, Namespace: w.namespace, Name: w.name}, Version: version,
		Labels: is(w.labels), Annotations: is(w.annotations)}
	if w.wasName != "" {
		m.Previous = was([]string{w.wasName}, []string{w.wasNamespace})
	}
	return m
}

func (w workload) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\n", w.api, w.kind, w.name)
	if w.namespace != "" {
		fmt.Fprintf(&b, "  namespace: %s\n", w.namespace)
	}
	b.WriteString("  annotations:\n")
	if w.wasName != "" {
		namespace := w.wasNamespace
		if namespace == "" {
			namespace = "default" // as kustomize writes it
		}
		const prefix = "    internal.config.kubernetes.io/previous"
		fmt.Fprintf(&b, "%sNames: %s\n%[1]sNamespaces: %[3]s\n%[1]sKinds: %[4]s\n", prefix, w.wasName, namespace, w.kind)
	}
	fmt.Fprintf(&b, "    x: y\n")
	for k, v := range w.annotations {
		fmt.Fprintf(&b, "    %s: %q\n", k, v)
	}
	b.WriteString("  labels:\n    x: y\n")
	for k, v := range w.labels {
		fmt.Fprintf(&b, "    %s: %q\n", k, v)
	}
	return b.String()
}

// Selectors match the same workloads as kustomize's own, and an expression that kustomize can't compile is a mistake
// here.
func TestSelectsAsKustomizeDoes(t *testing.T) {
	workloads := []workload{
		{api: "apps/v1", kind: "Deployment", name: "search"},
		{api: "apps/v1", kind: "Deployment", name: "eu-search", wasName: "search", namespace: "prod"},
		{api: "apps/v1", kind: "StatefulSet", name: "search", namespace: "prod", wasName: "search", wasNamespace: "base"},
		{
			api:       "apps/v1",
			kind:      "StatefulSet",
			name:      "Search",
			namespace: "default",
			labels:    map[string]string{"app": "search", "tier": "data"},
		},
		{
			api:         "batch/v1",
			kind:        "Job",
			name:        "migrate",
			labels:      map[string]string{"app": "search"},
			annotations: map[string]string{"team": "find"},
		},
		{api: "argoproj.io/v1alpha1", kind: "Rollout", name: "search-1", annotations: map[string]string{"app": "search"}},
		{api: "example.com/v1", kind: "Worker", name: "a.b", namespace: "prod", labels: map[string]string{"tier": ""}},
	}
	choices := map[string][]string{
		"group":   {"", "apps", "app", "ap+s", "batch|apps", "argoproj.io", "^apps$", ""},
		"version": {"", "v1", "v1.*", "1", "", "", "", ""},
		"kind":    {"", "Deployment", "deployment", "(?i)deployment", "Deployment|StatefulSet", ".*Set", "Deploy", ""},
		"name": {
			"",
			"search",
			"eu-search",
			".*search",
			"search|migrate",
			"sear",
			"^search$",
			"(",
			"a.b",
			"[a-z]+-1",
			"(?i)search",
		},
		"namespace": {"", "prod", "default", "base", "prod|default", "pro", "[", "", ""},
		"labels": {
			"",
			"app=search",
			"tier",
			"!tier",
			"tier in (data, web)",
			"app=search,tier!=data",
			"a in b",
			"app==search",
			"",
		},
		"annots": {"", "team=find", "app", "team notin (find)", "x=", "", "", ""},
	}
	var objects []resmap.ResMap
	factory := resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory())
	for _, w := range workloads {
		object, err := factory.NewResMapFromBytes([]byte(w.yaml()))
		require.NoError(t, err)
		objects = append(objects, object)
	}
	random := rand.New(rand.NewSource(1))
	pick := func(field string) string { return choices[field][random.Intn(len(choices[field]))] }
	matched, refused := 0, 0
	for range 800 {
		s := Selector{
			Group: pick("group"), Version: pick("version"), Kind: pick("kind"),
			Name: pick("name"), Namespace: pick("namespace"),
			LabelSelector: pick("labels"), AnnotationSelector: pick("annots"),
		}
		theirs := s.toKustomize()
		theirs.LabelSelector, theirs.AnnotationSelector = s.LabelSelector, s.AnnotationSelector
		_, mistakes := s.compileConditions()
		for i, w := range workloads {
			found, err := objects[i].Select(theirs)
			if err != nil {
				require.NotEmpty(t, mistakes, "%+v: %v", s, err)
				refused++
				continue
			}
			if len(mistakes) > 0 {
				continue // kustomize doesn't look at a field where another one decides
			}
			m := w.meta()
			require.Equal(t, len(found) == 1, s.matchesMeta(&m), "%+v\n%s", s, w.yaml())
			if len(found) == 1 {
				matched++
			}
		}
	}
	require.Greater(t, matched, 50, "so many pairs match")
	require.Greater(t, refused, 50)
}

package config

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// elasticsearch is a workload to which kustomize has added a prefix and a namespace.
func elasticsearch() Meta {
	return Meta{
		Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Namespace: "prod", Name: "eu-elasticsearch"}, Version: "v1",
		Labels: is(map[string]string{"app": "search", "tier": "data"}), Annotations: is(map[string]string{"team": "find"}),
		PodLabels: func() []map[string]string { return []map[string]string{{"app": "es"}} },
		Previous:  was([]string{"elasticsearch"}, []string{"", "base"}),
	}
}

func is(labels map[string]string) func() map[string]string {
	return func() map[string]string { return labels }
}

func was(names, namespaces []string) func() ([]string, []string) {
	return func() ([]string, []string) { return names, namespaces }
}

func TestSelects(t *testing.T) {
	for name, c := range map[string]struct {
		selector Selector
		want     bool
	}{
		"name":                         {Selector{Name: "eu-elasticsearch"}, true},
		"previous name":                {Selector{Name: "elasticsearch"}, true},
		"a part of the name":           {Selector{Name: "elastic"}, false},
		"regular expression":           {Selector{Name: ".*search"}, true},
		"alternatives are anchored":    {Selector{Name: "elastic|search"}, false},
		"case":                         {Selector{Name: "Elasticsearch"}, false},
		"case on demand":               {Selector{Name: "(?i)Elasticsearch"}, true},
		"kind":                         {Selector{Kind: "Deployment|StatefulSet"}, true},
		"another kind":                 {Selector{Kind: "StatefulSet"}, false},
		"group and version":            {Selector{Group: "apps", Version: "v1"}, true},
		"another group":                {Selector{Group: "batch"}, false},
		"another version":              {Selector{Version: "v1beta1"}, false},
		"namespace":                    {Selector{Namespace: "prod"}, true},
		"previous namespace":           {Selector{Namespace: "base"}, true},
		"no namespace once is default": {Selector{Namespace: "default"}, true},
		"another namespace":            {Selector{Namespace: "test"}, false},
		"labels":                       {Selector{LabelSelector: "app=search,tier in (data, web),!x"}, true},
		"other labels":                 {Selector{LabelSelector: "app=es"}, false},
		"annotations":                  {Selector{AnnotationSelector: "team"}, true},
		"other annotations":            {Selector{AnnotationSelector: "team=x"}, false},
		"labels of pods":               {Selector{PodSelector: "app=es"}, true},
		"other labels of pods":         {Selector{PodSelector: "app=search"}, false},
		"all must hold":                {Selector{Kind: "Deployment", Name: "x"}, false},
		"no regular expression":        {Selector{Name: "("}, false},
		"no label selector":            {Selector{LabelSelector: "a in b"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := elasticsearch()
			require.Equal(t, c.want, (&Spec{Select: []Selector{c.selector}}).Selects(&m))
			require.Equal(t, c.want, (&Spec{Select: []Selector{{Name: "x"}, c.selector}}).Selects(&m), "one is enough")
			require.False(t, (&Spec{Select: []Selector{c.selector}, Exclude: []Selector{{Kind: "Deployment"}}}).Selects(&m))
		})
	}
	m := elasticsearch()
	require.False(t, (&Spec{}).Selects(&m))
	require.Equal(t, elasticsearch().Ref, m.Ref, "matching changes nothing")
}

func TestNearMiss(t *testing.T) {
	meta := func(kind, namespace, name string) Meta {
		return Meta{Ref: sidecar.Ref{Group: "apps", Kind: kind, Namespace: namespace, Name: name}, Version: "v1"}
	}
	es := elasticsearch()
	for name, c := range map[string]struct {
		selector Selector
		metas    []Meta
		want     []string
	}{
		"nothing there": {Selector{Name: "a"}, nil, []string{"the input has no workload"}},
		"case of the name": {
			Selector{Name: "Search"},
			[]Meta{meta("Deployment", "", "search")},
			[]string{"there is Deployment search: its name is written search, not Search"},
		},
		"case of the kind": {
			Selector{Kind: "deployment", Name: "search"},
			[]Meta{meta("Deployment", "", "search")},
			[]string{"there is Deployment search: its kind is written Deployment, not deployment"},
		},
		"another kind": {
			Selector{Kind: "Deployment", Name: "search"},
			[]Meta{meta("StatefulSet", "", "search")},
			[]string{`there is StatefulSet search: its kind is StatefulSet, not Deployment`},
		},
		"nearest name": {
			Selector{Kind: "Deployment", Name: "elasticsaerch"},
			[]Meta{meta("Deployment", "", "web"), meta("Deployment", "", "elasticsearch")},
			[]string{
				"there is Deployment elasticsearch: its name is elasticsearch, not elasticsaerch",
				`there is Deployment web: its name is web, not elasticsaerch`,
			},
		},
		"another namespace": {
			Selector{Name: "search", Namespace: "prod"},
			[]Meta{meta("Deployment", "test", "search")},
			[]string{`there is Deployment test/search: its namespace is test, not prod`},
		},
		"no namespace": {
			Selector{Name: "search", Namespace: "prod"},
			[]Meta{meta("Deployment", "", "search")},
			[]string{`there is Deployment search: its namespace is default, not prod`},
		},
		"another group": {
			Selector{Name: "search", Group: "batch"},
			[]Meta{meta("Deployment", "", "search")},
			[]string{`there is Deployment search: its group is apps, not batch`},
		},
		"no group": {
			Selector{Kind: "Pod", Group: "apps"},
			[]Meta{{Ref: sidecar.Ref{Kind: "Pod", Name: "a"}}},
			[]string{"there is Pod a: its group is the core, not apps"},
		},
		"another version": {
			Selector{Name: "search", Version: "v2"},
			[]Meta{meta("Deployment", "", "search")},
			[]string{`there is Deployment search: its version is v1, not v2`},
		},
		"another label": {
			Selector{LabelSelector: "app=x"},
			[]Meta{es},
			[]string{"there is Deployment prod/eu-elasticsearch: it has app=search, not app=x"},
		},
		"no such label": {
			Selector{LabelSelector: "foo"},
			[]Meta{es},
			[]string{"there is Deployment prod/eu-elasticsearch: it has no such label, not foo"},
		},
		"other pods": {
			Selector{PodSelector: "app=search"},
			[]Meta{es},
			[]string{"there is Deployment prod/eu-elasticsearch: its pods have app=es, not app=search"},
		},
		"other annotation": {
			Selector{AnnotationSelector: "team=x"},
			[]Meta{es},
			[]string{"there is Deployment prod/eu-elasticsearch: its annotations don't match team=x"},
		},
		"two things": {
			Selector{Kind: "deployment", Name: "serch"},
			[]Meta{meta("Deployment", "", "search")},
			[]string{
				"there is Deployment search: its kind is written Deployment, not deployment, its name is search, not serch",
			},
		},
		"three at most": {
			Selector{Kind: "Job"},
			[]Meta{meta("CronJob", "", "d"), meta("CronJob", "", "c"), meta("CronJob", "", "b"), meta("CronJob", "", "a")},
			[]string{
				`there is CronJob a: its kind is CronJob, not Job`,
				`there is CronJob b: its kind is CronJob, not Job`,
				`there is CronJob c: its kind is CronJob, not Job`,
			},
		},
		"nothing near": {
			Selector{Kind: "Job", Name: "migrate", Namespace: "x"},
			[]Meta{meta("Deployment", "", "b"), meta("Deployment", "", "a"), meta("Deployment", "", "a")},
			[]string{"the input has Deployment a, Deployment b"},
		},
		"nothing near, many": {
			Selector{Kind: "Job", Name: "migrate", Namespace: "x"},
			[]Meta{
				meta("Deployment", "", "a"),
				meta("Deployment", "", "b"),
				meta("Deployment", "", "c"),
				meta("Deployment", "", "d"),
				meta("Deployment", "", "e"),
				meta("Deployment", "", "f"),
				meta("Deployment", "", "g"),
			},
			[]string{"the input has Deployment a, Deployment b, Deployment c, Deployment d, Deployment e, 2 more"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, (&Spec{Select: []Selector{c.selector}}).NearMiss(c.metas))
		})
	}
	s := &Spec{Select: []Selector{{Kind: "Deployment"}}, Exclude: []Selector{{Name: "eu-.*"}}}
	require.Equal(t, []string{"Deployment prod/eu-elasticsearch is selected, but excluded again"}, s.NearMiss([]Meta{es}))
}

package netpoloracle

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apilabels "k8s.io/apimachinery/pkg/labels"
)

// The examples of "Labels and Selectors".
func TestExamplesOfSelectors(t *testing.T) {
	for selector, c := range map[string]struct{ yes, no []map[string]string }{
		"{}": {[]map[string]string{nil, labels("tier", "cache")}, nil},
		"{matchLabels: {component: redis}, matchExpressions: [" +
			"{key: tier, operator: In, values: [cache]}, {key: environment, operator: NotIn, values: [dev]}]}": {
			[]map[string]string{
				labels("component", "redis", "tier", "cache"),
				labels("component", "redis", "tier", "cache", "environment", "qa", "more", "yes")},
			[]map[string]string{
				nil, labels("component", "redis"), labels("tier", "cache"),
				labels("component", "redis", "tier", "cache", "environment", "dev")}},
		"{matchExpressions: [{key: environment, operator: In, values: [production, qa]}]}": {
			[]map[string]string{labels("environment", "production"), labels("environment", "qa")},
			[]map[string]string{nil, labels("environment", "dev"), labels("environment", "")}},
		"{matchExpressions: [{key: tier, operator: NotIn, values: [frontend, backend]}]}": {
			[]map[string]string{nil, labels("tier", "cache"), labels("x", "backend")},
			[]map[string]string{labels("tier", "frontend"), labels("tier", "backend")}},
		"{matchExpressions: [{key: partition, operator: Exists}]}": {
			[]map[string]string{labels("partition", ""), labels("partition", "a")},
			[]map[string]string{nil, labels("x", "partition")}},
		"{matchExpressions: [{key: partition, operator: DoesNotExist}]}": {
			[]map[string]string{nil, labels("x", "partition")},
			[]map[string]string{labels("partition", ""), labels("partition", "a")}},
	} {
		policies := policiesOf(t, "podSelector: "+selector)
		for _, l := range c.yes {
			require.True(t, Isolated(policies, Pod{Labels: l}), "%s %v", selector, l)
		}
		for _, l := range c.no {
			require.False(t, Isolated(policies, Pod{Labels: l}), "%s %v", selector, l)
		}
	}
}

func TestInvalidSelectorsSelectNothing(t *testing.T) {
	for _, selector := range []string{
		"{matchExpressions: [{key: a, operator: in, values: [b]}]}",
		"{matchExpressions: [{key: a, operator: Gt, values: ['1']}]}",
		"{matchExpressions: [{key: a, values: [b]}]}",
		"{matchExpressions: [{key: a, operator: In}]}",
		"{matchExpressions: [{key: a, operator: NotIn, values: []}]}",
		"{matchExpressions: [{key: a, operator: Exists, values: [b]}]}",
		"{matchExpressions: [{key: c, operator: DoesNotExist, values: [b]}]}",
		"{matchExpressions: [{key: '', operator: DoesNotExist}]}",
		"{matchExpressions: [{key: 'c d', operator: DoesNotExist}]}",
		"{matchExpressions: [{key: c, operator: NotIn, values: [-x]}]}",
		"{matchExpressions: [{key: a, operator: Exists}, {key: c, operator: Is}]}",
		"{matchLabels: {a: b}, matchExpressions: [{key: c, operator: Is}]}",
		"{matchLabels: {'': ''}}",
	} {
		pod := Pod{Labels: labels("a", "b", "", "")}
		open := policiesOf(t, "{podSelector: "+selector+", ingress: [{}]}")
		require.False(t, Isolated(open, pod), selector)
		require.False(t, Allowed(append(open, policyOf(t, "{}")), pod, stranger("203.0.113.9"), tcp(1)), selector)
	}
}

// Kubernetes' own reading of a selector is the same, over all that a few keys, values and operators make, valid or not.
func TestSelectorsAreThoseOfTheAPI(t *testing.T) {
	long := strings.Repeat("x", 63)
	texts := []string{"a", "b", "", "a", "b", "-a", "a.", "A_b.c-9", "a b", "ä", "a\n", long, long + "x"}
	keys := append([]string{"a/b", "a/", "/a", "a/b/c", "A/b", "a-.b/c", "a..b/c", "x.y/" + long,
		strings.Repeat("x", 253) + "/a", strings.Repeat("x", 254) + "/a", strings.Repeat("x.", 126) + "x/a"}, texts...)
	operators := []metav1.LabelSelectorOperator{metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn,
		metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist, "in", ""}
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]int{}
	for range 20_000 {
		s, l := metav1.LabelSelector{MatchLabels: map[string]string{}}, map[string]string{}
		for range r.IntN(2) {
			s.MatchLabels[keys[r.IntN(len(keys))]] = texts[r.IntN(len(texts))]
		}
		for range r.IntN(3) {
			e := metav1.LabelSelectorRequirement{Key: keys[r.IntN(len(keys))], Operator: operators[r.IntN(len(operators))]}
			for range r.IntN(3) {
				e.Values = append(e.Values, texts[r.IntN(len(texts))])
			}
			s.MatchExpressions = append(s.MatchExpressions, e)
		}
		for range r.IntN(4) {
			l[keys[r.IntN(len(keys))]] = texts[r.IntN(len(texts))]
		}
		want := false
		if selector, err := metav1.LabelSelectorAsSelector(&s); err != nil {
			seen["invalid"]++
		} else if want = selector.Matches(apilabels.Set(l)); want {
			seen["selected"]++
		} else {
			seen["not selected"]++
		}
		require.Equal(t, want, matchesSelector(s, l), "%v %v", s, l)
	}
	for _, what := range []string{"invalid", "selected", "not selected"} {
		require.Greater(t, seen[what], 500, "%v", seen)
	}
}

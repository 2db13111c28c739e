package pattern

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func TestWindows(t *testing.T) {
	term := func(operator corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{
			MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: "kubernetes.io/arch", Operator: corev1.NodeSelectorOpExists},
				{Key: corev1.LabelOSStable, Operator: operator, Values: values}}}
	}
	for name, c := range map[string]struct {
		terms []corev1.NodeSelectorTerm
		want  bool
	}{
		"nothing": {},
		"only":    {[]corev1.NodeSelectorTerm{term(corev1.NodeSelectorOpIn, "windows")}, true},
		"or":      {[]corev1.NodeSelectorTerm{term(corev1.NodeSelectorOpIn, "windows"), {}}, false},
		"any":     {[]corev1.NodeSelectorTerm{term(corev1.NodeSelectorOpIn, "windows", "linux")}, false},
		"not":     {[]corev1.NodeSelectorTerm{term(corev1.NodeSelectorOpNotIn, "windows")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want,
				isWindowsOnly(
					&corev1.Affinity{
						NodeAffinity: &corev1.NodeAffinity{
							RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: c.terms}}}))
		})
	}
	require.False(t, isWindowsOnly(nil))
}

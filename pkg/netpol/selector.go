package netpol

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// An Answer is how sure something is.
type Answer int

const (
	No Answer = iota
	Maybe
	Yes
)

// later are the labels that controllers set on pods, whatever the template has (k8s.io/api apps/v1, batch/v1,
// well_known_labels.go; argoproj.io/rollouts).
var later = []string{
	"pod-template-hash", "controller-revision-hash", "pod-template-generation", "rollouts-pod-template-hash",
	"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
	"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name",
	"batch.kubernetes.io/job-completion-index",
}

// IsWrittenLater reports whether controllers set a label on pods, so that a template doesn't have its value.
func IsWrittenLater(label string) bool { return slices.Contains(later, label) }

// Selects reports whether a selector selects labels. One without requirements selects all. The values of labels for
// which unknown returns true aren't known, so the answer may be Maybe; unknown may be nil. The same holds for
// requirements that the API refuses.
func Selects(s *metav1.LabelSelector, labels map[string]string, unknown func(label string) bool) Answer {
	answer := Yes
	hold := func(key string, holds Answer) {
		if unknown != nil && unknown(key) {
			holds = Maybe
		}
		answer = min(answer, holds)
	}
	for key, value := range s.MatchLabels {
		have, there := labels[key]
		hold(key, answerOf(there && have == value))
	}
	for _, r := range s.MatchExpressions {
		have, there := labels[r.Key]
		listed := there && slices.Contains(r.Values, have)
		several := len(r.Values) > 0
		switch {
		case r.Operator == metav1.LabelSelectorOpIn && several:
			hold(r.Key, answerOf(listed))
		case r.Operator == metav1.LabelSelectorOpNotIn && several:
			hold(r.Key, answerOf(!listed))
		case r.Operator == metav1.LabelSelectorOpExists && !several:
			hold(r.Key, answerOf(there))
		case r.Operator == metav1.LabelSelectorOpDoesNotExist && !several:
			hold(r.Key, answerOf(!there))
		default: // the API refuses it
			hold(r.Key, Maybe)
		}
	}
	return answer
}

func answerOf(holds bool) Answer {
	if holds {
		return Yes
	}
	return No
}

// Isolates reports whether a policy closes the pods of a template to everybody that it doesn't let in itself.
func Isolates(spec *networkingv1.NetworkPolicySpec, labels map[string]string) Answer {
	if !IsIngress(spec) {
		return No
	}
	return Selects(&spec.PodSelector, labels, IsWrittenLater)
}

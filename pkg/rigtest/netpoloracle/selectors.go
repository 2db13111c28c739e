package netpoloracle

import (
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// matchesSelector says whether something with these labels is selected. An invalid selector selects nothing.
func matchesSelector(s metav1.LabelSelector, labels map[string]string) bool {
	// "An empty label selector matches all objects."
	selected := true
	// "The result of matchLabels and matchExpressions are ANDed."
	for key, value := range s.MatchLabels {
		// "A single {key,value} in the matchLabels map is equivalent to an element of matchExpressions, whose key field
		// is "key", the operator is "In", and the values array contains only "value"."
		in := metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{value}}
		selected = selected && isValid(in) && meets(in, labels)
	}
	// "matchExpressions is a list of label selector requirements. The requirements are ANDed."
	for _, r := range s.MatchExpressions {
		selected = selected && isValid(r) && meets(r, labels)
	}
	return selected
}

// meets says whether the labels are as a valid requirement has them.
func meets(r metav1.LabelSelectorRequirement, labels map[string]string) bool {
	value, has := labels[r.Key]
	switch r.Operator {
	case metav1.LabelSelectorOpIn:
		// "environment in (production, qa)": "selects all resources with key equal to environment and value equal to
		// production or qa."
		return has && slices.Contains(r.Values, value)
	case metav1.LabelSelectorOpNotIn:
		// "tier notin (frontend, backend)": "selects all resources with key equal to tier and values other than frontend
		// and backend, and all resources with no labels with the tier key."
		return !has || !slices.Contains(r.Values, value)
	case metav1.LabelSelectorOpExists:
		// "partition": "selects all resources including a label with key partition; no values are checked."
		return has
	case metav1.LabelSelectorOpDoesNotExist:
		// "!partition": "selects all resources without a label with key partition; no values are checked."
		return !has
	default:
		return false
	}
}

// isValid says whether the requirement is one that the API has.
func isValid(r metav1.LabelSelectorRequirement) bool {
	if !isKey(r.Key) || slices.ContainsFunc(r.Values, func(v string) bool { return !isValue(v) }) {
		return false
	}
	switch r.Operator {
	// "If the operator is In or NotIn, the values array must be non-empty."
	case metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn:
		return len(r.Values) > 0
	// "If the operator is Exists or DoesNotExist, the values array must be empty."
	case metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist:
		return len(r.Values) == 0
	// "Valid operators are In, NotIn, Exists and DoesNotExist."
	default:
		return false
	}
}

var (
	// "beginning and ending with an alphanumeric character ([a-z0-9A-Z]) with dashes (-), underscores (_), dots (.), and
	// alphanumerics between"
	labelText = regexp.MustCompile(`\A[a-z0-9A-Z]([-_.a-z0-9A-Z]*[a-z0-9A-Z])?\z`)
	// "the prefix must be a DNS subdomain: a series of DNS labels separated by dots (.)"
	subdomain = regexp.MustCompile(`\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z`)
)

// isKey says whether a label can have that key.
func isKey(key string) bool {
	// "Valid label keys have two segments: an optional prefix and name, separated by a slash (/)."
	name := key
	if prefix, rest, ok := strings.Cut(key, "/"); ok {
		name = rest
		// "not longer than 253 characters in total"
		if len(prefix) > 253 || !subdomain.MatchString(prefix) {
			return false
		}
	}
	// "The name segment is required and must be 63 characters or less".
	return len(name) <= 63 && labelText.MatchString(name)
}

// isValue says whether a label can have that value.
func isValue(value string) bool {
	// "Valid label values must be 63 characters or less and must be empty or begin and end with an alphanumeric
	// character".
	return value == "" || len(value) <= 63 && labelText.MatchString(value)
}

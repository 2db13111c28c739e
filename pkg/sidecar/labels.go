package sidecar

// Labels and annotations of Kubernetes and of others.
const (
	// ManagedLabel names the program that manages an object.
	ManagedLabel = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of ManagedLabel on objects that outrigger emits.
	ManagedBy = "outrigger"
	// PodSecurityLabel says which level of Pod Security a namespace enforces.
	PodSecurityLabel = "pod-security.kubernetes.io/enforce"
	// DefaultContainerKey names the container that kubectl logs and exec take.
	DefaultContainerKey = "kubectl.kubernetes.io/default-container"
	// ScrapeKey, ScrapePortKey and ScrapeSchemeKey say whether and where a pod or Service
	// has metrics. Prometheus reads them in its usual configuration
	// (prometheus documentation/examples/prometheus-kubernetes.yml).
	ScrapeKey       = "prometheus.io/scrape"
	ScrapePortKey   = "prometheus.io/port"
	ScrapeSchemeKey = "prometheus.io/scheme"
)

// LabelsMatch reports whether a selector selects an object with some labels. An empty
// selector selects none.
func LabelsMatch(selector, labels map[string]string) bool {
	for key, value := range selector {
		if have, ok := labels[key]; !ok || have != value {
			return false
		}
	}
	return len(selector) > 0
}

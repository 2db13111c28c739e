package exporter

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A scrape is one place where Prometheus finds metrics.
type scrape struct {
	name   string // name of the port
	port   int32
	path   string // "": /metrics
	params map[string]string
	taken  *sidecar.Takeover // of another sidecar that took the port over, if any
}

// scrapePlaces returns all places with metrics, the exporter's first.
func (p *Exporter) scrapePlaces(w *sidecar.Workload) (all []scrape) {
	if p.runsExporter() {
		known, fill := p.knownPreset(), p.newFiller(w)
		params := map[string]string{}
		maps.Copy(params, known.Params)
		maps.Copy(params, p.Params)
		for name, value := range params {
			params[name] = fill(value)
		}
		all = append(all, scrape{name: p.portName(), port: p.metricsPort(), path: cmp.Or(p.Path, known.Path), params: params})
	}
	if m := p.AppMetrics; m != nil {
		s := scrape{name: p.portName(), port: m.Port, path: m.Path, params: m.Params}
		if p.runsExporter() {
			s.name = "http-metrics"
		}
		for i, t := range w.Takeovers {
			if t.ClientPort() == m.Port {
				s.taken = &w.Takeovers[i]
			}
		}
		all = append(all, s)
	}
	return all
}

// scrapedPorts returns the ports with metrics, without those that another sidecar answers.
func (p *Exporter) scrapedPorts(w *sidecar.Workload) (ports []int32) {
	for _, s := range p.scrapePlaces(w) {
		if s.taken == nil {
			ports = append(ports, s.port)
		}
	}
	return ports
}

// addScraping makes Prometheus find the metrics.
func (p *Exporter) addScraping(w *sidecar.Workload, c *sidecar.Change) {
	all := p.scrapePlaces(w)
	switch p.monitorKind() {
	case ByService:
		if !isInternal(w) {
			c.Objects = append(c.Objects, p.newService(w, all))
			return
		}
		for _, s := range all {
			if !p.runsExporter() && s.isReached(w) {
				continue // a Service has the port already
			}
			c.ServicePorts = append(c.ServicePorts, sidecar.ServicePort{ServicePort: s.servicePort(), Internal: true})
		}
	case ByPodMonitor:
		c.Objects = append(c.Objects, p.podMonitor(w, all))
	case ByServiceMonitor:
		// Always with a Service of its own: the owners of other Services decide about their
		// labels and their number.
		c.Objects = append(c.Objects, p.newService(w, all), p.serviceMonitor(w, all))
	case ByAnnotations:
		c.Pod.Annotations = all[0].scrapeAnnotations()
	case ByNone:
	}
}

// isInternal reports whether a Service in front is reachable within the cluster only.
func isInternal(w *sidecar.Workload) bool {
	return slices.ContainsFunc(w.Services, func(s sidecar.Service) bool { return !s.IsPublic() })
}

// isReached reports whether one of the user's Services has the port. A port that an earlier
// run added has our name, so it doesn't count. If another sidecar stands in front of the
// app, the Services lead to that sidecar.
func (s *scrape) isReached(w *sidecar.Workload) bool {
	if s.taken != nil && s.taken.Front {
		return false
	}
	for i := range w.Services {
		for _, port := range w.Services[i].Spec.Ports {
			target := port.TargetPort.IntVal
			switch {
			case slices.Contains(w.PortNames(s.port), port.TargetPort.StrVal):
				target = s.port
			case port.TargetPort.StrVal == "" && target == 0:
				target = port.Port
			}
			if target == s.port && port.Name != s.name && !w.Services[i].IsPublic() {
				return true
			}
		}
	}
	return false
}

// servicePort returns a port with a number as its target, since older clusters don't
// resolve port names of native sidecars.
func (s *scrape) servicePort() corev1.ServicePort {
	return corev1.ServicePort{Name: s.name, Port: s.port, TargetPort: intstr.FromInt32(s.port)}
}

// scrapeAnnotations returns the annotations that the usual configuration of Prometheus
// reads (prometheus documentation/examples/prometheus-kubernetes.yml; those for parameters
// are from the Helm chart).
func (s *scrape) scrapeAnnotations() map[string]string {
	out := map[string]string{sidecar.ScrapeKey: "true", sidecar.ScrapePortKey: strconv.Itoa(int(s.port))}
	if s.path != "" && s.path != metricsPath {
		out["prometheus.io/path"] = s.path
	}
	if s.usesHTTPS() {
		out[sidecar.ScrapeSchemeKey] = "https"
	}
	for name, value := range s.params {
		out["prometheus.io/param_"+name] = value
	}
	return out
}

const metricsPath = "/metrics"

func (s *scrape) usesHTTPS() bool {
	return s.taken != nil && s.taken.AnswersOnAppPort() && s.taken.Scheme == corev1.URISchemeHTTPS
}

// metricsService returns the name of the Service that is for metrics alone. It's also the
// value of the label that a ServiceMonitor selects.
func metricsService(w *sidecar.Workload) string {
	return sidecar.ServiceName(w.ObjectName() + "-metrics")
}

// newService returns a Service for metrics alone, within the cluster.
func (p *Exporter) newService(w *sidecar.Workload, all []scrape) sidecar.Object {
	m := pattern.NewMetadata(metricsService(w))
	m.Labels["app.kubernetes.io/name"] = metricsService(w)
	type servicePort struct {
		Name       string `json:"name"`
		Port       int32  `json:"port"`
		TargetPort int32  `json:"targetPort"`
	}
	var ports []servicePort
	for _, s := range all {
		ports = append(ports, servicePort{s.name, s.port, s.port})
	}
	type spec struct {
		Selector map[string]string `json:"selector"`
		Ports    []servicePort     `json:"ports"`
	}
	return sidecar.NewObject(manifest[spec]{"v1", "Service", m, spec{w.Selector(), ports}})
}

// A manifest is an object to emit, with its fields in the order of the API's documentation.
type manifest[T any] struct {
	APIVersion string           `json:"apiVersion"`
	Kind       string           `json:"kind"`
	Metadata   pattern.Metadata `json:"metadata"`
	Spec       T                `json:"spec"`
}

// An endpoint of the Prometheus operator's monitors (prometheus-operator
// pkg/apis/monitoring/v1).
type endpoint struct {
	Port       string              `json:"port,omitempty"`
	PortNumber int32               `json:"portNumber,omitempty"` // the pod must declare it
	Path       string              `json:"path,omitempty"`
	Params     map[string][]string `json:"params,omitempty"`
	Scheme     string              `json:"scheme,omitempty"`
	TLSConfig  *endpointTLS        `json:"tlsConfig,omitempty"`
	Interval   string              `json:"interval,omitempty"`
}

type endpointTLS struct {
	CA struct {
		ConfigMap corev1.ConfigMapKeySelector `json:"configMap"`
	} `json:"ca,omitzero"`
	ServerName string `json:"serverName"`
}

func (p *Exporter) newEndpoint(s *scrape) endpoint {
	e := endpoint{Path: s.path, Interval: p.Interval}
	if e.Path == metricsPath {
		e.Path = ""
	}
	for name, value := range s.params {
		if e.Params == nil {
			e.Params = map[string][]string{}
		}
		e.Params[name] = []string{value}
	}
	if s.usesHTTPS() {
		e.Scheme = "https"
		if t := s.taken.Trust; t != nil {
			e.TLSConfig = &endpointTLS{ServerName: t.Hostname}
			if t.ConfigMapName != "" {
				e.TLSConfig.CA.ConfigMap = corev1.ConfigMapKeySelector{
					LocalObjectReference: corev1.LocalObjectReference{Name: t.ConfigMapName}, Key: pattern.CAKey}
			}
		}
	}
	return e
}

// newEndpoints returns an endpoint for each scrape, with the port that setPort sets.
func (p *Exporter) newEndpoints(all []scrape, setPort func(*endpoint, *scrape)) (out []endpoint) {
	for i := range all {
		e := p.newEndpoint(&all[i])
		setPort(&e, &all[i])
		out = append(out, e)
	}
	return out
}

// monitorMeta returns the metadata of a monitor.
func (p *Exporter) monitorMeta(w *sidecar.Workload) pattern.Metadata {
	m := pattern.NewMetadata(w.ObjectName())
	maps.Copy(m.Labels, p.MonitorLabels)
	return m
}

const monitoringV1 = "monitoring.coreos.com/v1"

// podMonitor returns a PodMonitor that selects the pods themselves. Ports go by name where
// they have one: portNumber is a field since 0.79 of prometheus-operator, older ones drop it
// and scrape every port, and others who read PodMonitors ignore it (Alloy before 2025-08).
func (p *Exporter) podMonitor(w *sidecar.Workload, all []scrape) sidecar.Object {
	type spec struct {
		Selector            metav1.LabelSelector `json:"selector"`
		PodMetricsEndpoints []endpoint           `json:"podMetricsEndpoints"`
	}
	endpoints := p.newEndpoints(all, func(e *endpoint, s *scrape) {
		if e.Port = p.podPortName(w, s); e.Port == "" {
			e.PortNumber = s.port
		}
	})
	return sidecar.NewObject(manifest[spec]{monitoringV1, "PodMonitor", p.monitorMeta(w),
		spec{metav1.LabelSelector{MatchLabels: w.Selector()}, endpoints}})
}

// podPortName returns the name of a port in the pod: the exporter's own, or the app's; "" if
// it has none, or if another sidecar has taken the port over, whose name isn't known here.
func (p *Exporter) podPortName(w *sidecar.Workload, s *scrape) string {
	switch {
	case p.runsExporter() && s.port == p.metricsPort():
		return p.portName()
	case s.taken != nil:
		return ""
	}
	return w.PortName(s.port, "")
}

// serviceMonitor returns a ServiceMonitor that selects the Service for metrics.
func (p *Exporter) serviceMonitor(w *sidecar.Workload, all []scrape) sidecar.Object {
	type spec struct {
		Selector  metav1.LabelSelector `json:"selector"`
		Endpoints []endpoint           `json:"endpoints"`
	}
	endpoints := p.newEndpoints(all, func(e *endpoint, s *scrape) { e.Port = s.name })
	selector := metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": metricsService(w)}}
	return sidecar.NewObject(manifest[spec]{monitoringV1, "ServiceMonitor", p.monitorMeta(w), spec{selector, endpoints}})
}

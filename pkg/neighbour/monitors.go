package neighbour

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const prometheusPrefix = "prometheus.io/"

// monitors lead scrapes of a port that speaks TLS now to it by https: those of
// ServiceMonitors and PodMonitors (Prometheus Operator) and of the annotations
// that many Prometheus configurations read. How the certificate is verified is for
// their authors to say.
func monitors(w *World, r *Result) {
	for _, m := range w.Objects["ServiceMonitor"] {
		for i := range w.Doors {
			d := &w.Doors[i]
			s := w.object("Service", d.Service.Ref)
			if d.tls() && s != nil && watches(m, d.Service.Ref.Namespace, s.Labels()) {
				endpoints(r, m, "endpoints", d.Owner, d.Takeover, d.Port.Name)
			}
		}
	}
	for _, l := range w.Laid {
		for _, a := range l.Asked {
			for _, t := range a.Change.Takeovers {
				if t.Scheme != corev1.URISchemeHTTPS || t.Front {
					continue
				}
				for _, m := range w.Objects["PodMonitor"] {
					if watches(m, l.Workload.Ref.Namespace, l.Workload.Pod.Labels) {
						endpoints(r, m, "podMetricsEndpoints", a.Name, t, l.Workload.PortName(t.Port, ""))
					}
				}
				annotated(r, l, a, t)
			}
		}
	}
}

// watches reports whether a monitor selects labels of a namespace.
func watches(m Object, namespace string, labels map[string]string) bool {
	var spec struct {
		Selector struct {
			MatchLabels      map[string]string `json:"matchLabels"`
			MatchExpressions []any             `json:"matchExpressions"`
		} `json:"selector"`
		NamespaceSelector struct {
			Any        bool     `json:"any"`
			MatchNames []string `json:"matchNames"`
		} `json:"namespaceSelector"`
	}
	if m.Is().Group != "monitoring.coreos.com" || m.Decode(sidecar.Fields("spec"), &spec) != nil || len(spec.Selector.MatchExpressions) > 0 {
		return false
	}
	in := m.Is().Namespace == namespace || spec.NamespaceSelector.Any
	for _, name := range spec.NamespaceSelector.MatchNames {
		in = in || name == namespace
	}
	return in && len(spec.Selector.MatchLabels) > 0 && subset(spec.Selector.MatchLabels, labels)
}

// endpoints leads those of a port's name to https.
func endpoints(r *Result, m Object, field, owner string, t sidecar.Takeover, name string) {
	var list []struct {
		Port      string `json:"port"`
		Scheme    string `json:"scheme"`
		TLSConfig any    `json:"tlsConfig"`
	}
	if name == "" || m.Decode(sidecar.Fields("spec", field), &list) != nil {
		return
	}
	seen := 0
	for _, e := range list {
		if e.Port == name {
			seen++
		}
	}
	for _, e := range list {
		at := sidecar.Fields("spec", field).At("port", name)
		if e.Port != name {
			continue
		}
		if t.ClientCertificate || t.Authenticated {
			r.warn("scrape-refused", m.Is(), owner, at.String(), "the port lets in only clients with credentials", "give the scrape some in tlsConfig or authorization, or scrape another port")
		}
		switch {
		case e.Scheme == "https" || e.Scheme == "HTTPS":
			continue
		case seen > 1:
			r.warn("scrape-scheme", m.Is(), owner, at.String(), "the port speaks TLS now, and several endpoints name it", "write scheme: https into each")
			continue
		}
		edit := sidecar.Edit{Owner: owner, Object: m.Is(), Path: at.To("scheme"), Value: "https"}
		if e.Scheme != "" {
			edit.Was = e.Scheme
		}
		r.Edits = append(r.Edits, edit)
		if e.TLSConfig == nil {
			r.warn("scrape-trust", m.Is(), owner, at.String(), "Prometheus verifies the certificate by public authorities and by the pod's address",
				"write tlsConfig: {ca: {secret: {name: ..., key: ca.crt}}, serverName: ...}")
		}
	}
}

// annotated warns of annotations by which Prometheus scrapes the taken port.
func annotated(r *Result, l Laid, a sidecar.Asked, t sidecar.Takeover) {
	annotations := l.Workload.Pod.Annotations
	if annotations[prometheusPrefix+"scrape"] != "true" || annotations[prometheusPrefix+"port"] != text(t.Port) || annotations[prometheusPrefix+"scheme"] == "https" {
		return
	}
	field := l.Workload.Template.To("metadata", "annotations", prometheusPrefix+"scheme").String()
	r.warn("scrape-scheme", l.Workload.Ref, a.Name, field, fmt.Sprintf("Prometheus scrapes port %d, which speaks TLS now", t.Port), `write prometheus.io/scheme: https, and see that its job trusts the certificate`)
}

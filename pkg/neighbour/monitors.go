package neighbour

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// The Prometheus operator's monitors (pkg/apis/monitoring/v1).
var (
	serviceMonitors = Kind{"monitoring.coreos.com", "ServiceMonitor"}
	podMonitors     = Kind{"monitoring.coreos.com", "PodMonitor"}
)

// monitor holds the fields of both that are read here.
type monitor struct {
	Selector          metav1.LabelSelector `json:"selector"`
	NamespaceSelector struct {
		Any        bool     `json:"any"`
		MatchNames []string `json:"matchNames"`
	} `json:"namespaceSelector"`
	Endpoints           []endpoint `json:"endpoints"`
	PodMetricsEndpoints []endpoint `json:"podMetricsEndpoints"`
}

type endpoint struct {
	Port          string              `json:"port"`
	PortNumber    int32               `json:"portNumber"`
	TargetPort    *intstr.IntOrString `json:"targetPort"`
	Scheme        string              `json:"scheme"`
	TLSConfig     *tlsConfig          `json:"tlsConfig"`
	Authorization *struct{}           `json:"authorization"`
	BasicAuth     *struct{}           `json:"basicAuth"`
	OAuth2        *struct{}           `json:"oauth2"`
}

type tlsConfig struct {
	Cert     map[string]any `json:"cert"`
	CertFile string         `json:"certFile"`
}

// followMonitors changes the scheme of monitors that scrape a port which speaks TLS now.
func followMonitors(s *scene, r *Result) {
	if len(s.taken) == 0 {
		return
	}
	s.visitMonitors(serviceMonitors, func(o *Object, m *monitor, selector labels.Selector) {
		for i := range m.Endpoints {
			sp := s.scrapedService(o, m, selector, &m.Endpoints[i])
			switch {
			case sp == nil:
			case m.Endpoints[i].Port != "" || sp.AnswersOnAppPort():
				sp.followEndpoint(o, "endpoints", m.Endpoints, i, r)
			default:
				port := "port: " + sp.port.Name + " in place of targetPort"
				if sp.port.Name == "" {
					port = fmt.Sprintf("targetPort: %d", sp.Port)
				}
				sp.reportClosed(o, fmt.Sprintf("spec.endpoints[%d]", i), port, r)
			}
		}
	})
	s.visitMonitors(podMonitors, func(o *Object, m *monitor, selector labels.Selector) {
		for i := range m.PodMetricsEndpoints {
			t := s.scrapedPod(o, m, selector, &m.PodMetricsEndpoints[i])
			switch {
			case t == nil:
			case t.AnswersOnAppPort():
				t.followEndpoint(o, "podMetricsEndpoints", m.PodMetricsEndpoints, i, r)
			default:
				t.reportClosed(o, fmt.Sprintf("spec.podMetricsEndpoints[%d]", i), fmt.Sprintf("portNumber: %d", t.Port), r)
			}
		}
	})
}

// reportClosed warns of an endpoint that scrapes the app's own port, which a policy of the sidecar closes.
func (t *takenPort) reportClosed(o *Object, field, port string, r *Result) {
	t.addWarning(r, "scrape-closed", o.Ref, field,
		fmt.Sprintf("port %d of the pod is closed by a NetworkPolicy now", t.AppPort),
		"set "+port+choose(t.SpeaksTLS(), ", scheme: https and a tlsConfig", ""))
}

// visitMonitors visits all monitors of a kind, except those that outrigger wrote. The operator reports invalid
// selectors.
func (s *scene) visitMonitors(k Kind, visit func(*Object, *monitor, labels.Selector)) {
	for _, o := range s.Objects(k, "*", nil) {
		m := o.Spec.(*monitor)
		selector, err := metav1.LabelSelectorAsSelector(&m.Selector)
		if err == nil && o.Labels[sidecar.ManagedLabel] != sidecar.ManagedBy {
			visit(&o, m, selector)
		}
	}
}

// selectsNamespace reports whether a monitor selects a namespace. Without namespaceSelector, it selects its own.
func (m *monitor) selectsNamespace(own, namespace string) bool {
	n := &m.NamespaceSelector
	return n.Any || slices.Contains(n.MatchNames, namespace) || len(n.MatchNames) == 0 && own == namespace
}

// scrapedService returns the port that a ServiceMonitor's endpoint scrapes, if it was taken over. The endpoint has the
// name of the Service's port, or a port of its pods, which Prometheus finds even if the Service doesn't lead to it.
// Behind a sidecar in front, that is the app's own, as for a PodMonitor.
func (s *scene) scrapedService(o *Object, m *monitor, selector labels.Selector, e *endpoint) *servicePort {
	for _, t := range s.taken {
		if !m.selectsNamespace(o.Ref.Namespace, t.footprint.Ref.Namespace) {
			continue
		}
		for i := range t.servicePorts {
			sp := &t.servicePorts[i]
			scrapes := e.Port == sp.port.Name
			if e.Port == "" {
				scrapes = t.matchesPort(e.TargetPort) || t.isClosed() && isPort(e.TargetPort, t.AppPort, t.appPortNames)
			}
			if scrapes && selector.Matches(labels.Set(sp.service.Labels)) {
				return sp
			}
		}
	}
	return nil
}

// isClosed reports whether the app's own port is closed, as a sidecar in front of it emits a policy.
func (t *takenPort) isClosed() bool {
	return t.Front && closesAppPort(t.footprint.policies, &t.Takeover)
}

// scrapedPod returns the port that a PodMonitor's endpoint scrapes, if it was taken over. It connects to the pod
// without a Service. Behind a sidecar in front, it still reaches the app's own port, unless a policy closes that: then
// it returns the port, too.
func (s *scene) scrapedPod(o *Object, m *monitor, selector labels.Selector, e *endpoint) *takenPort {
	for _, t := range s.taken {
		f := t.footprint
		if !m.selectsNamespace(o.Ref.Namespace, f.Ref.Namespace) || !selector.Matches(labels.Set(f.Labels)) {
			continue
		}
		if t.AnswersOnAppPort() && e.leadsTo(t.Port, t.portNames) ||
			t.isClosed() && e.leadsTo(t.AppPort, t.appPortNames) {
			return t
		}
	}
	return nil
}

// leadsTo reports whether the endpoint leads to a port of the pod with a number and names.
func (e *endpoint) leadsTo(number int32, names []string) bool {
	return e.PortNumber == number || slices.Contains(names, e.Port) || isPort(e.TargetPort, number, names)
}

// isPort reports whether a port is the one with a number and names.
func isPort(port *intstr.IntOrString, number int32, names []string) bool {
	switch {
	case port == nil:
		return false
	case port.Type == intstr.Int:
		return port.IntVal == number
	}
	return slices.Contains(names, port.StrVal)
}

// matchesPort reports whether a port of the pod is the one that was taken over. With a sidecar in front, whoever
// connects to the pod reaches the app as before.
func (t *takenPort) matchesPort(port *intstr.IntOrString) bool {
	return t.AnswersOnAppPort() && isPort(port, t.Port, t.portNames)
}

// hasSamePort reports whether the field that holds the endpoint's port has the same value in another one.
func (e *endpoint) hasSamePort(other *endpoint) bool {
	switch {
	case e.Port != "":
		return other.Port == e.Port
	case e.PortNumber != 0:
		return other.PortNumber == e.PortNumber
	case e.TargetPort != nil:
		return other.TargetPort != nil && *other.TargetPort == *e.TargetPort
	}
	return false
}

// portField returns the field that holds the endpoint's port, and its value.
func (e *endpoint) portField() (field, value string) {
	switch {
	case e.Port != "":
		return "port", e.Port
	case e.PortNumber != 0:
		return "portNumber", fmt.Sprint(e.PortNumber)
	case e.TargetPort != nil:
		return "targetPort", e.TargetPort.String()
	}
	return "", ""
}

// followEndpoint changes the scheme of one endpoint. It never sets tlsConfig: a person must say how the certificate is
// verified.
func (t *takenPort) followEndpoint(o *Object, list string, all []endpoint, i int, r *Result) {
	e := &all[i]
	at := sidecar.Fields("spec", list)
	field := fmt.Sprintf("%s[%d]", at, i)
	if t.SpeaksTLS() && e.Scheme != "https" && e.Scheme != "HTTPS" {
		same := 0
		for j := range all {
			if e.hasSamePort(&all[j]) {
				same++
			}
		}
		if same != 1 {
			t.addWarning(r, "scrape-scheme", o.Ref, field,
				fmt.Sprintf("port %d speaks TLS now, but several entries have this port", t.Port),
				"set scheme: https")
		} else {
			edit := t.newEdit(o.Ref, at.At(e.portField()).To("scheme"), "https")
			if e.Scheme != "" {
				edit.Was = e.Scheme
			}
			r.addEdits(edit)
		}
	}
	unverified := t.SpeaksTLS() && e.TLSConfig == nil
	refused := t.Authenticated && e.Authorization == nil && e.BasicAuth == nil && e.OAuth2 == nil
	if unverified && !refused {
		t.addWarning(r, "scrape-ca", o.Ref, field,
			"Prometheus verifies the certificate against its own list of CAs",
			"name the CA and the certificate's name in tlsConfig: {ca: {configMap: {name: ..., key: ca.crt}}, "+
				"serverName: ...}")
	}
	if t.ClientCertificate && !e.TLSConfig.hasCertificate() {
		t.addWarning(r, "scrape-refused", o.Ref, field, fmt.Sprintf("port %d requires a client certificate", t.Port),
			"name one in tlsConfig.cert and tlsConfig.keySecret")
	}
	if refused {
		t.addWarning(r, "scrape-refused", o.Ref, field, fmt.Sprintf("port %d requires credentials", t.Port),
			"give the endpoint credentials, or allow its path without them"+
				choose(unverified, ", and name the CA in tlsConfig: {ca: {configMap: {name: ..., key: ca.crt}}}", ""))
	}
}

// hasCertificate reports whether the configuration names a client certificate.
func (c *tlsConfig) hasCertificate() bool { return c != nil && (c.CertFile != "" || c.Cert != nil) }

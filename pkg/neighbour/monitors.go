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

// monitor is what we look at of both.
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

// followMonitors leads what scrapes a port that was taken over to its new scheme.
func followMonitors(s *scene, r *Result) {
	if len(s.taken) == 0 {
		return
	}
	for _, o := range s.Objects(serviceMonitors, "*", nil) {
		m := o.Spec.(*monitor)
		sel, err := metav1.LabelSelectorAsSelector(&m.Selector)
		if err != nil || o.Labels[sidecar.ManagedLabel] == sidecar.ManagedBy {
			continue // the operator says what is wrong with it, and ours say what they must
		}
		for i, e := range m.Endpoints {
			if t := s.scrapedService(&o, m, sel, &e); t != nil {
				updateEndpoint(t, &o, "endpoints", m.Endpoints, i, r)
			}
		}
	}
	for _, o := range s.Objects(podMonitors, "*", nil) {
		m := o.Spec.(*monitor)
		sel, err := metav1.LabelSelectorAsSelector(&m.Selector)
		if err != nil || o.Labels[sidecar.ManagedLabel] == sidecar.ManagedBy {
			continue
		}
		for i, e := range m.PodMetricsEndpoints {
			if t := s.scrapedPod(&o, m, sel, &e); t != nil && !t.MovesApp() {
				r.addFindings(t.newFinding(sidecar.Warning, "scrape-closed", o.Ref, fmt.Sprintf("spec.podMetricsEndpoints[%d]", i),
					fmt.Sprintf("port %d of the pod is closed by a NetworkPolicy now", t.AppPort),
					fmt.Sprintf("write portNumber: %d%s", t.Port, choose(t.SpeaksTLS(), ", scheme: https, and its tlsConfig", ""))))
			} else if t != nil {
				updateEndpoint(t, &o, "podMetricsEndpoints", m.PodMetricsEndpoints, i, r)
			}
		}
	}
}

// selectsNamespace reports whether a monitor looks into a namespace.
func (m *monitor) selectsNamespace(own, namespace string) bool {
	n := &m.NamespaceSelector
	return n.Any || slices.Contains(n.MatchNames, namespace) || len(n.MatchNames) == 0 && own == namespace
}

// scrapedService is what a ServiceMonitor's endpoint dials, where that was taken
// over: a port of the Service by its name, or one of the pod.
func (s *scene) scrapedService(o *Object, m *monitor, sel labels.Selector, e *endpoint) *takenPort {
	for _, t := range s.taken {
		if !m.selectsNamespace(o.Ref.Namespace, t.footprint.Ref.Namespace) {
			continue
		}
		for _, sp := range t.servicePorts {
			if sel.Matches(labels.Set(sp.service.Labels)) && (e.Port != "" && e.Port == sp.port.Name || e.Port == "" &&
				t.matchesPort(e.TargetPort)) {
				return t
			}
		}
	}
	return nil
}

// scrapedPod is the same for a PodMonitor's: it dials the pod past all Services. In
// front of an app, it's cut off where a policy closes the app's own port.
func (s *scene) scrapedPod(o *Object, m *monitor, sel labels.Selector, e *endpoint) *takenPort {
	for _, t := range s.taken {
		if !m.selectsNamespace(o.Ref.Namespace, t.footprint.Ref.Namespace) || !sel.Matches(labels.Set(t.footprint.Labels)) {
			continue
		}
		if !t.MovesApp() {
			if p := e.TargetPort; closesAppPort(t.footprint.policies, &t.Takeover) && (e.PortNumber == t.AppPort || e.Port != "" &&
				e.Port == t.appPortName ||
				p != nil && (p.IntVal == t.AppPort || p.StrVal != "" && p.StrVal == t.appPortName)) {
				return t
			}
			continue
		}
		if e.PortNumber == t.Port || e.Port != "" && e.Port == t.portName || t.matchesPort(e.TargetPort) {
			return t
		}
	}
	return nil
}

// matchesPort reports whether a port of the pod is the one that was taken over. In front of
// an app, what dials the pod finds the app as before.
func (t *takenPort) matchesPort(port *intstr.IntOrString) bool {
	if port == nil || !t.MovesApp() {
		return false
	}
	return port.Type == intstr.Int && port.IntVal == t.Port || port.Type == intstr.String && port.StrVal != "" &&
		port.StrVal == t.portName
}

// updateEndpoint leads one endpoint to its new scheme. What verifies the certificate isn't
// ours to say, and never to be left out in silence.
func updateEndpoint(t *takenPort, o *Object, list string, all []endpoint, i int, r *Result) {
	e := &all[i]
	at, unique := sidecar.Fields("spec", list), false
	key, value := "", ""
	switch {
	case e.Port != "":
		key, value = "port", e.Port
		unique = isOnly(all, func(o *endpoint) bool { return o.Port == e.Port })
	case e.PortNumber != 0:
		key, value = "portNumber", fmt.Sprint(e.PortNumber)
		unique = isOnly(all, func(o *endpoint) bool { return o.PortNumber == e.PortNumber })
	case e.TargetPort != nil:
		key, value = "targetPort", e.TargetPort.String()
		unique = isOnly(all, func(o *endpoint) bool { return o.TargetPort != nil && *o.TargetPort == *e.TargetPort })
	}
	field := fmt.Sprintf("%s[%d]", at, i)
	if t.SpeaksTLS() && e.Scheme != "https" && e.Scheme != "HTTPS" {
		if !unique {
			r.addFindings(t.newFinding(sidecar.Warning, "scrape-scheme", o.Ref, field,
				fmt.Sprintf("port %d speaks TLS now, and the entry isn't the only one of its port", t.Port),
				"set its scheme to https"))
		} else {
			edit := t.newEdit(o.Ref, at.At(key, value).To("scheme"), "https")
			if e.Scheme != "" {
				edit.Was = e.Scheme
			}
			r.addEdits(edit)
		}
	}
	if t.SpeaksTLS() && e.TLSConfig == nil {
		r.addFindings(t.newFinding(sidecar.Warning, "scrape-ca", o.Ref, field,
			"Prometheus verifies the certificate by its own list of CAs",
			"name the CA and the certificate's name by its tlsConfig: {ca: {configMap: {name: ..., key: ca.crt}}, "+
				"serverName: ...}"))
	}
	if t.ClientCertificate && (e.TLSConfig == nil || e.TLSConfig.CertFile == "" && e.TLSConfig.Cert == nil) {
		r.addFindings(t.newFinding(sidecar.Warning, "scrape-refused", o.Ref, field, fmt.Sprintf("port %d demands a client certificate",
			t.Port), "name one by tlsConfig.cert and tlsConfig.keySecret"))
	}
	if t.Authenticated && e.Authorization == nil && e.BasicAuth == nil && e.OAuth2 == nil {
		r.addFindings(t.newFinding(sidecar.Warning, "scrape-refused", o.Ref, field, fmt.Sprintf("port %d demands credentials", t.Port),
			"give the endpoint some, or let the path in without"))
	}
}

func isOnly(all []endpoint, is func(*endpoint) bool) bool {
	n := 0
	for i := range all {
		if is(&all[i]) {
			n++
		}
	}
	return n == 1
}

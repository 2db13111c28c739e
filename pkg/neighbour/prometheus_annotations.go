package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followPrometheusAnnotations updates the annotations of the pod template and of Services that make Prometheus scrape a
// port which was taken over. It leaves out annotations that a sidecar sets: their values are right already.
func followPrometheusAnnotations(s *scene, r *Result) {
	var unset map[string]string
	for i := range s.answers {
		a := &s.answers[i]
		if unset == nil && len(a.Change.Takeovers) > 0 {
			unset = unsetAnnotations(s.workload.Pod.Annotations, s.answers)
		}
		for j := range a.Change.Takeovers {
			p := annotationUpdater{w: s.workload, answers: s.answers, answer: a, takeover: &a.Change.Takeovers[j], r: r}
			p.followPod(unset)
			p.followServices()
		}
	}
}

// unsetAnnotations returns the annotations that no sidecar sets.
func unsetAnnotations(annotations map[string]string, answers []sidecar.Answer) map[string]string {
	out := maps.Clone(annotations)
	for i := range answers {
		for key := range answers[i].Change.Pod.Annotations {
			delete(out, key)
		}
	}
	return out
}

// An annotationUpdater updates the annotations about one port that was taken over.
type annotationUpdater struct {
	w        *sidecar.Workload
	answers  []sidecar.Answer
	answer   *sidecar.Answer
	takeover *sidecar.Takeover
	r        *Result
}

// scrapeAnnotations are the annotations of an object that Prometheus reads, and the ports that it scrapes if they name
// none.
type scrapeAnnotations struct {
	on   sidecar.Ref
	at   sidecar.Path // of the annotations
	have map[string]string
	all  []int32
}

func (p *annotationUpdater) followPod(have map[string]string) {
	ports := declaredNumbers(p.w)
	pod := scrapeAnnotations{p.w.Ref, p.w.Template.To("metadata", "annotations"), have, ports}
	if p.takeover.AnswersOnAppPort() {
		p.followAnnotations(pod)
	} else if closesAppPort(emittedPolicies(&Footprint{}, p.answer.Change.Objects), p.takeover) {
		p.followClosed(pod)
	}
}

func (p *annotationUpdater) followServices() {
	t := p.takeover
	for i := range p.w.Services {
		s := &p.w.Services[i]
		var ports []int32
		for _, port := range s.Spec.Ports {
			if number := p.portOf(port); number != 0 && !slices.Contains(ports, number) {
				ports = append(ports, number)
			}
		}
		if slices.Contains(ports, t.Port) {
			p.followAnnotations(scrapeAnnotations{s.Ref, sidecar.Fields("metadata", "annotations"), s.Annotations, ports})
		}
	}
}

// portOf returns the pod's port to which a TCP port of a Service leads once all sidecars are there, or 0.
func (p *annotationUpdater) portOf(port corev1.ServicePort) int32 {
	for i := range p.answers {
		for _, t := range p.answers[i].Change.Takeovers {
			if reachesTakeover(p.w, port, t) {
				return t.Port
			}
		}
	}
	if !sidecar.IsTCP(port.Protocol) {
		return 0
	}
	return p.w.TargetPort(port)
}

// followClosed replaces the app's own port, which a NetworkPolicy of the sidecar closes, by the sidecar's port.
func (p *annotationUpdater) followClosed(pod scrapeAnnotations) {
	t, have := p.takeover, pod.have
	at := pod.at.To(sidecar.ScrapePortKey)
	switch port := have[sidecar.ScrapePortKey]; {
	case have[sidecar.ScrapeKey] != "true":
	case port == strconv.Itoa(int(t.AppPort)):
		now := strconv.Itoa(int(t.Port))
		p.r.addEdits(sidecar.Edit{Owner: p.answer.Name, Object: pod.on, Path: at, Value: now, Was: port})
		pod.have = map[string]string{sidecar.ScrapeKey: "true", sidecar.ScrapePortKey: now,
			sidecar.ScrapeSchemeKey: have[sidecar.ScrapeSchemeKey]}
		p.followAnnotations(pod)
	case port == "" && slices.Contains(pod.all, t.AppPort):
		p.addWarning("scrape-closed", pod.on, at,
			fmt.Sprintf("all ports are scraped, but a NetworkPolicy closes port %d now", t.AppPort), namePort)
	}
}

// namePort is the hint for annotations that don't name a port.
const namePort = "set " + sidecar.ScrapePortKey + " to the port that has metrics"

// closesAppPort reports whether there are policies and none lets anybody in on the app's own port.
func closesAppPort(policies []networkPolicy, t *sidecar.Takeover) bool {
	return len(policies) > 0 && !slices.ContainsFunc(policies, func(p networkPolicy) bool {
		return letsIn(p.spec, nil, t.AppPort)
	})
}

// declaredNumbers returns the numbers of all TCP ports that the containers declare.
func declaredNumbers(w *sidecar.Workload) (ports []int32) {
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			if sidecar.IsTCP(p.Protocol) { // nothing is scraped over UDP
				ports = append(ports, p.ContainerPort)
			}
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// followAnnotations sets the scheme of one object's annotations, and reports what Prometheus needs beyond it.
func (p *annotationUpdater) followAnnotations(n scrapeAnnotations) {
	t := p.takeover
	port := n.have[sidecar.ScrapePortKey]
	announced := port == strconv.Itoa(int(t.Port)) || port == "" && slices.Contains(n.all, t.Port)
	if n.have[sidecar.ScrapeKey] != "true" || !announced {
		return
	}
	field, scheme := n.at.To(sidecar.ScrapeSchemeKey), n.have[sidecar.ScrapeSchemeKey]
	if t.SpeaksTLS() && scheme != "https" && port == "" && len(n.all) > 1 {
		p.checkAllPorts(n, field)
		return
	}
	if t.SpeaksTLS() {
		e := sidecar.Edit{Owner: p.answer.Name, Object: n.on, Path: field, Value: "https"}
		if scheme != "" {
			e.Was = scheme
		}
		if scheme != "https" {
			p.r.addEdits(e)
		}
	}
	switch {
	case t.SpeaksTLS() && !t.ClientCertificate && !t.Authenticated:
		p.addWarning("scrape-ca", n.on, field, "Prometheus verifies the certificate against the CAs of its configuration",
			"name the CA in the job's tls_config")
	case t.ClientCertificate || t.Authenticated:
		p.addWarning("scrape-refused", n.on, field,
			fmt.Sprintf("port %d requires credentials, which annotations can't name", t.Port),
			"scrape it with a PodMonitor, or allow its path without credentials")
	}
}

// tlsPorts returns those of the ports that speak TLS now, whichever sidecar made them.
func (p *annotationUpdater) tlsPorts(all []int32) (ports []int32) {
	for i := range p.answers {
		for _, t := range p.answers[i].Change.Takeovers {
			if t.SpeaksTLS() && slices.Contains(all, t.Port) && !slices.Contains(ports, t.Port) {
				ports = append(ports, t.Port)
			}
		}
	}
	slices.Sort(ports)
	return ports
}

// checkAllPorts warns, for all sidecars once, of annotations without a port where several are scraped. It sets no
// scheme, as that would be the work of several sidecars together.
func (p *annotationUpdater) checkAllPorts(n scrapeAnnotations, field sidecar.Path) {
	ports := p.tlsPorts(n.all)
	switch {
	case len(ports) == 0 || ports[0] != p.takeover.Port:
	case len(ports) == len(n.all):
		p.addWarning("scrape-scheme", n.on, field, "all ports are scraped, and they speak TLS now", "set it to https")
	default:
		p.addWarning("scrape-scheme", n.on, field,
			fmt.Sprintf("all ports are scraped, but only %s TLS now",
				listPorts(ports)+choose(len(ports) > 1, " speak", " speaks")), namePort)
	}
}

func (p *annotationUpdater) addWarning(code string, on sidecar.Ref, field sidecar.Path, message, hint string) {
	p.r.addFindings(sidecar.Finding{
		Severity: sidecar.Warning, Code: code, Object: on, Sidecar: p.answer.Name, Field: field.String(),
		Message: message, Hint: hint,
	})
}

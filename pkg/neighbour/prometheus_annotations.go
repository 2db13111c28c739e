package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

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
			p := annotationUpdater{w: s.workload, answer: a, takeover: &a.Change.Takeovers[j], r: r}
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
	if p.takeover.MovesApp() {
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
			if reachesTakeover(p.w, port, *t) {
				ports = append(ports, t.Port)
			} else {
				ports = append(ports, targetPort(p.w, port))
			}
		}
		if slices.Contains(ports, t.Port) {
			p.followAnnotations(scrapeAnnotations{s.Ref, sidecar.Fields("metadata", "annotations"), s.Annotations, ports})
		}
	}
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

// declaredNumbers returns the numbers of all ports that the containers declare.
func declaredNumbers(w *sidecar.Workload) (ports []int32) {
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			ports = append(ports, p.ContainerPort)
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
		p.addWarning("scrape-scheme", n.on, field,
			fmt.Sprintf("all ports are scraped, but only port %d speaks TLS now", t.Port), namePort)
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
		p.addWarning("scrape-ca", n.on, field, "Prometheus verifies the certificate against the CAs of its configuration",
			"name the CA in the job's tls_config")
	}
	if t.ClientCertificate || t.Authenticated {
		p.addWarning("scrape-refused", n.on, field,
			fmt.Sprintf("port %d requires credentials, which annotations can't name", t.Port),
			"scrape it with a PodMonitor, or allow its path without credentials")
	}
}

func (p *annotationUpdater) addWarning(code string, on sidecar.Ref, field sidecar.Path, message, hint string) {
	p.r.addFindings(sidecar.Finding{
		Severity: sidecar.Warning, Code: code, Object: on, Sidecar: p.answer.Name, Field: field.String(),
		Message: message, Hint: hint,
	})
}

package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followPrometheusAnnotations leads annotations of the pod template and of Services that
// announce a port which was taken over to its new scheme. A sidecar that announces one by
// itself has been told where it's reached.
func followPrometheusAnnotations(s *scene, r *Result) {
	var theirs map[string]string
	for i := range s.answers {
		a := &s.answers[i]
		if theirs == nil && len(a.Change.Takeovers) > 0 {
			theirs = unsetAnnotations(s.workload.Pod.Annotations, s.answers)
		}
		for j := range a.Change.Takeovers {
			p := annotationUpdater{w: s.workload, answer: a, takeover: &a.Change.Takeovers[j], r: r}
			p.followPod(theirs)
			p.followServices()
		}
	}
}

// unsetAnnotations are annotations that no sidecar sets.
func unsetAnnotations(annotations map[string]string, answers []sidecar.Answer) map[string]string {
	out := maps.Clone(annotations)
	for i := range answers {
		for key := range answers[i].Change.Pod.Annotations {
			delete(out, key)
		}
	}
	return out
}

// An annotationUpdater leads what announces one port that was taken over.
type annotationUpdater struct {
	w        *sidecar.Workload
	answer   *sidecar.Answer
	takeover *sidecar.Takeover
	r        *Result
}

// An scrapeAnnotations is a set of annotations; without a port they announce all that there
// are.
type scrapeAnnotations struct {
	on   sidecar.Ref
	at   sidecar.Path
	have map[string]string
	all  []int32
}

func (p *annotationUpdater) followPod(have map[string]string) {
	pod := scrapeAnnotations{p.w.Ref, p.w.Template.To("metadata", "annotations"), have, scrapedPorts(p.w)}
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
		var leadsTo []int32
		for _, port := range s.Spec.Ports {
			if reachesTakeover(p.w, port, *t) {
				leadsTo = append(leadsTo, t.Port)
			} else {
				leadsTo = append(leadsTo, targetPort(p.w, port))
			}
		}
		if slices.Contains(leadsTo, t.Port) {
			p.followAnnotations(scrapeAnnotations{s.Ref, sidecar.Fields("metadata", "annotations"), s.Annotations, leadsTo})
		}
	}
}

// followClosed leads what announces the app's own port, which a NetworkPolicy of ours
// closes, to the sidecar's in front.
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
		p.addWarning("scrape-closed", pod.on, at, fmt.Sprintf("all ports are scraped, of which a NetworkPolicy closes %d now",
			t.AppPort),
			"name the one that has metrics by "+sidecar.ScrapePortKey)
	}
}

// closesAppPort reports whether policies let nobody in on the app's own port.
func closesAppPort(policies []networkPolicy, t *sidecar.Takeover) bool {
	return len(policies) > 0 && !slices.ContainsFunc(policies, func(p networkPolicy) bool {
		return letsIn(p.spec, nil, t.AppPort)
	})
}

// scrapedPorts are the ports that Prometheus finds on the pod.
func scrapedPorts(w *sidecar.Workload) (ports []int32) {
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			ports = append(ports, p.ContainerPort)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// followAnnotations leads one announcement.
func (p *annotationUpdater) followAnnotations(n scrapeAnnotations) {
	t := p.takeover
	port := n.have[sidecar.ScrapePortKey]
	announced := port == strconv.Itoa(int(t.Port)) || port == "" && slices.Contains(n.all, t.Port)
	if n.have[sidecar.ScrapeKey] != "true" || !announced {
		return
	}
	field, scheme := n.at.To(sidecar.ScrapeSchemeKey), n.have[sidecar.ScrapeSchemeKey]
	if t.SpeaksTLS() && scheme != "https" && port == "" && len(n.all) > 1 {
		p.addWarning("scrape-scheme", n.on, field, fmt.Sprintf("all ports are scraped, and only %d speaks TLS now", t.Port),
			"name the one that has metrics by "+sidecar.ScrapePortKey)
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
		p.addWarning("scrape-ca", n.on, field, "Prometheus verifies the certificate by what its configuration says",
			"let the job's tls_config name the CA")
	}
	if t.ClientCertificate || t.Authenticated {
		p.addWarning("scrape-refused", n.on, field, fmt.Sprintf("port %d demands credentials, which annotations can't name",
			t.Port),
			"scrape it by a PodMonitor, or let the path in without")
	}
}

func (p *annotationUpdater) addWarning(code string, on sidecar.Ref, field sidecar.Path, message, hint string) {
	p.r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: code, Object: on, Sidecar: p.answer.Name, Field: field.String(),
		Message: message, Hint: hint})
}

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
			theirs = unset(s.workload.Pod.Annotations, s.answers)
		}
		for j := range a.Change.Takeovers {
			p := announcer{w: s.workload, a: a, takeover: &a.Change.Takeovers[j], r: r}
			p.followPod(theirs)
			p.followServices()
		}
	}
}

// unset are annotations that no sidecar sets.
func unset(annotations map[string]string, asked []sidecar.Answer) map[string]string {
	out := maps.Clone(annotations)
	for i := range asked {
		for key := range asked[i].Change.Pod.Annotations {
			delete(out, key)
		}
	}
	return out
}

// An announcer leads what announces one port that was taken over.
type announcer struct {
	w        *sidecar.Workload
	a        *sidecar.Answer
	takeover *sidecar.Takeover
	r        *Result
}

// An announcement is a set of annotations; without a port they announce all that there
// are.
type announcement struct {
	on   sidecar.Ref
	at   sidecar.Path
	have map[string]string
	all  []int32
}

func (p *announcer) followPod(have map[string]string) {
	pod := announcement{p.w.Ref, p.w.Template.To("metadata", "annotations"), have, declared(p.w)}
	if p.takeover.MovesApp() {
		p.follow(pod)
	} else if closes(emittedPolicies(&Footprint{}, p.a.Change.Objects), p.takeover) {
		p.followClosed(pod)
	}
}

func (p *announcer) followServices() {
	t := p.takeover
	for i := range p.w.Services {
		s := &p.w.Services[i]
		var leadsTo []int32
		for _, port := range s.Spec.Ports {
			if leads(p.w, port, *t) {
				leadsTo = append(leadsTo, t.Port)
			} else {
				leadsTo = append(leadsTo, target(p.w, port))
			}
		}
		if slices.Contains(leadsTo, t.Port) {
			p.follow(announcement{s.Ref, sidecar.Fields("metadata", "annotations"), s.Annotations, leadsTo})
		}
	}
}

// followClosed leads what announces the app's own port, which a NetworkPolicy of ours
// closes, to the sidecar's in front.
func (p *announcer) followClosed(pod announcement) {
	t, have := p.takeover, pod.have
	at := pod.at.To(sidecar.ScrapePortKey)
	switch port := have[sidecar.ScrapePortKey]; {
	case have[sidecar.ScrapeKey] != "true":
	case port == strconv.Itoa(int(t.AppPort)):
		now := strconv.Itoa(int(t.Port))
		p.r.edit(sidecar.Edit{Owner: p.a.Name, Object: pod.on, Path: at, Value: now, Was: port})
		pod.have = map[string]string{sidecar.ScrapeKey: "true", sidecar.ScrapePortKey: now,
			sidecar.ScrapeSchemeKey: have[sidecar.ScrapeSchemeKey]}
		p.follow(pod)
	case port == "" && slices.Contains(pod.all, t.AppPort):
		p.find("scrape-closed", pod.on, at, fmt.Sprintf("all ports are scraped, of which a NetworkPolicy closes %d now",
			t.AppPort),
			"name the one that has metrics by "+sidecar.ScrapePortKey)
	}
}

// closes reports whether policies let nobody in on the app's own port.
func closes(policies []networkPolicy, t *sidecar.Takeover) bool {
	return len(policies) > 0 && !slices.ContainsFunc(policies, func(p networkPolicy) bool {
		return lets(p.spec, nil, t.AppPort)
	})
}

// declared are the ports that Prometheus finds on the pod.
func declared(w *sidecar.Workload) (ports []int32) {
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			ports = append(ports, p.ContainerPort)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// follow leads one announcement.
func (p *announcer) follow(n announcement) {
	t := p.takeover
	port := n.have[sidecar.ScrapePortKey]
	announced := port == strconv.Itoa(int(t.Port)) || port == "" && slices.Contains(n.all, t.Port)
	if n.have[sidecar.ScrapeKey] != "true" || !announced {
		return
	}
	field, scheme := n.at.To(sidecar.ScrapeSchemeKey), n.have[sidecar.ScrapeSchemeKey]
	if t.SpeaksTLS() && scheme != "https" && port == "" && len(n.all) > 1 {
		p.find("scrape-scheme", n.on, field, fmt.Sprintf("all ports are scraped, and only %d speaks TLS now", t.Port),
			"name the one that has metrics by "+sidecar.ScrapePortKey)
		return
	}
	if t.SpeaksTLS() {
		e := sidecar.Edit{Owner: p.a.Name, Object: n.on, Path: field, Value: "https"}
		if scheme != "" {
			e.Was = scheme
		}
		if scheme != "https" {
			p.r.edit(e)
		}
		p.find("scrape-ca", n.on, field, "Prometheus verifies the certificate by what its configuration says",
			"let the job's tls_config name the CA")
	}
	if t.ClientCertificate || t.Authenticated {
		p.find("scrape-refused", n.on, field, fmt.Sprintf("port %d demands credentials, which annotations can't name",
			t.Port),
			"scrape it by a PodMonitor, or let the path in without")
	}
}

func (p *announcer) find(code string, on sidecar.Ref, field sidecar.Path, message, hint string) {
	p.r.find(sidecar.Finding{Severity: sidecar.Warning, Code: code, Object: on, Sidecar: p.a.Name, Field: field.String(),
		Message: message, Hint: hint})
}

package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// scrapes leads annotations of the pod template and of Services that announce a
// port which was taken over to its new scheme. A sidecar that announces one by itself
// has been told where it's reached.
func scrapes(w *sidecar.Workload, asked []sidecar.Answer) (edits []sidecar.Edit, fs sidecar.Findings) {
	var theirs map[string]string
	for i := range asked {
		if theirs == nil && len(asked[i].Change.Takeovers) > 0 {
			theirs = unset(w.Pod.Annotations, asked)
		}
		edits, fs = scraped(w, &asked[i], theirs, edits, fs)
	}
	return edits, fs
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

// scraped is scrapes for one sidecar; have are the pod's annotations.
func scraped(w *sidecar.Workload, a *sidecar.Answer, have map[string]string, edits []sidecar.Edit, fs sidecar.Findings) ([]sidecar.Edit, sidecar.Findings) {
	for _, t := range a.Change.Takeovers {
		if !t.MovesApp() {
			if closes(emittedPolicies(&Served{}, a.Change.Objects), &t) {
				edits, fs = shut(t, a.Name, w, have, edits, fs)
			}
		} else {
			edits, fs = announced(t, a.Name, w.Ref, w.Template.To("metadata", "annotations"), have, declared(w), edits, fs)
		}
		for i := range w.Services {
			s := &w.Services[i]
			var leadsTo []int32
			for _, p := range s.Spec.Ports {
				if leads(w, p, t) {
					leadsTo = append(leadsTo, t.Port)
				} else {
					leadsTo = append(leadsTo, target(w, p))
				}
			}
			if slices.Contains(leadsTo, t.Port) {
				edits, fs = announced(t, a.Name, s.Ref, sidecar.Fields("metadata", "annotations"), s.Annotations, leadsTo, edits, fs)
			}
		}
	}
	return edits, fs
}

// shut leads what announces the app's own port, which a NetworkPolicy of ours closes,
// to the sidecar's in front.
func shut(t sidecar.Takeover, owner string, w *sidecar.Workload, have map[string]string, edits []sidecar.Edit, fs sidecar.Findings) ([]sidecar.Edit, sidecar.Findings) {
	at := w.Template.To("metadata", "annotations")
	switch port := have[sidecar.ScrapePortKey]; {
	case have[sidecar.ScrapeKey] != "true":
	case port == strconv.Itoa(int(t.AppPort)):
		edits = append(edits, sidecar.Edit{Owner: owner, Object: w.Ref, Path: at.To(sidecar.ScrapePortKey), Value: strconv.Itoa(int(t.Port)), Was: port})
		led := map[string]string{sidecar.ScrapeKey: "true", sidecar.ScrapePortKey: strconv.Itoa(int(t.Port)), sidecar.ScrapeSchemeKey: have[sidecar.ScrapeSchemeKey]}
		edits, fs = announced(t, owner, w.Ref, at, led, nil, edits, fs)
	case port == "" && slices.Contains(declared(w), t.AppPort):
		fs = append(fs, sidecar.Finding{Severity: sidecar.Warning, Code: "scrape-closed", Object: w.Ref, Sidecar: owner, Field: at.To(sidecar.ScrapePortKey).String(),
			Message: fmt.Sprintf("all ports are scraped, of which a NetworkPolicy closes %d now", t.AppPort), Hint: "name the one that has metrics by " + sidecar.ScrapePortKey})
	}
	return edits, fs
}

// closes reports whether policies let nobody in on the app's own port.
func closes(policies []networkPolicy, t *sidecar.Takeover) bool {
	return len(policies) > 0 && !slices.ContainsFunc(policies, func(p networkPolicy) bool { return lets(p.spec, nil, t.AppPort) })
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

// announced is scrapes for one set of annotations; without a port they announce
// all that there are.
func announced(t sidecar.Takeover, owner string, on sidecar.Ref, at sidecar.Path, have map[string]string, all []int32, edits []sidecar.Edit, fs sidecar.Findings) ([]sidecar.Edit, sidecar.Findings) {
	port := have[sidecar.ScrapePortKey]
	if have[sidecar.ScrapeKey] != "true" || port != "" && port != fmt.Sprint(t.Port) || port == "" && !slices.Contains(all, t.Port) {
		return edits, fs
	}
	field := at.To(sidecar.ScrapeSchemeKey)
	find := func(code, message, hint string) {
		fs = append(fs, sidecar.Finding{Severity: sidecar.Warning, Code: code, Object: on, Sidecar: owner, Field: field.String(), Message: message, Hint: hint})
	}
	if t.Scheme == corev1.URISchemeHTTPS && have[sidecar.ScrapeSchemeKey] != "https" && port == "" && len(all) > 1 {
		find("scrape-scheme", fmt.Sprintf("all ports are scraped, and only %d speaks TLS now", t.Port), "name the one that has metrics by "+sidecar.ScrapePortKey)
		return edits, fs
	}
	if t.Scheme == corev1.URISchemeHTTPS {
		e := sidecar.Edit{Owner: owner, Object: on, Path: field, Value: "https"}
		if was := have[sidecar.ScrapeSchemeKey]; was != "" {
			e.Was = was
		}
		if have[sidecar.ScrapeSchemeKey] != "https" {
			edits = append(edits, e)
		}
		find("scrape-ca", "Prometheus verifies the certificate by what its configuration says", "let the job's tls_config name the CA")
	}
	if t.ClientCertificate || t.Authenticated {
		find("scrape-refused", fmt.Sprintf("port %d demands credentials, which annotations can't name", t.Port), "scrape it by a PodMonitor, or let the path in without")
	}
	return edits, fs
}

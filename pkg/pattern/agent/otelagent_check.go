package agent

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *OTelAgent) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckPodNetwork(w, &fs)
	for _, name := range p.headerNames() {
		h := p.Headers[name]
		if keys, known := w.Secrets[h.SecretName]; known && h.Key != "" && !slices.Contains(keys, h.Key) {
			fs.Add(sidecar.Error, "secret-missing", "headers."+name+".key",
				fmt.Sprintf("Secret %s has no key %s (it has %s)", h.SecretName, h.Key, pattern.JoinSorted(keys)),
				"name one of those")
		}
	}
	if p.CA != nil && p.CA.SecretName != "" {
		if keys, known := w.Secrets[p.CA.SecretName]; known && !slices.Contains(keys, cmp.Or(p.CA.Key, pattern.CAKey)) {
			fs.Add(sidecar.Error, "tls-invalid", "ca.secretName",
				fmt.Sprintf("Secret %s has no key %s (it has %s)", p.CA.SecretName, cmp.Or(p.CA.Key, pattern.CAKey),
					pattern.JoinSorted(keys)), "name one that has the key, or set key")
		}
	}
	for _, c := range w.ServedApps() {
		var bypasses []string
		for _, e := range c.Env {
			if strings.HasPrefix(e.Name, "OTEL_EXPORTER_OTLP_") && strings.HasSuffix(e.Name, "_ENDPOINT") &&
				e.Name != otelEndpointVar {
				bypasses = append(bypasses, e.Name)
			}
		}
		if len(bypasses) > 0 {
			fs.Add(sidecar.Warning, "otel-bypassed", "",
				fmt.Sprintf("container %s has %s, which takes precedence over %s and bypasses the collector", c.Name,
					strings.Join(bypasses, ", "), otelEndpointVar),
				"remove it")
		}
	}
	return fs
}

package agent

import (
	"fmt"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *OTelAgent) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckPodNetwork(w, &fs)
	pattern.CheckVersion(w.Image(pattern.OtelCollectorImage.Ref), &fs)
	for _, name := range p.headerNames() {
		h := p.Headers[name]
		if h.Key != "" {
			pattern.CheckSecretKeys(w, "secret-missing", "headers."+name+".key", h.SecretName, []string{h.Key},
				"name one of those", &fs)
		}
	}
	p.CA.CheckKey(w, "ca", &fs)
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

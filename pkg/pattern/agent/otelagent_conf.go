package agent

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// object is a JSON object. The whole configuration is made of these and encoded, so text of
// a user can't change its structure.
type object = map[string]any

func encodeJSON(v any) string {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("configuration in JSON: %v", err)) // texts, numbers and lists can always be encoded
	}
	return string(raw) + "\n"
}

// collectorConf returns the collector's configuration. The memory limiter reads the limit
// of the container, and refuses data before memory runs out; the app's SDK then retries.
// Attributes that the app sets aren't overwritten. Metrics of its own take another port, so
// they're there only where one is named.
func (p *OTelAgent) collectorConf(w *sidecar.Workload) object {
	exporter, settings := p.exporterName(w), object{"endpoint": p.Endpoint}
	if p.CA != nil {
		settings["tls"] = object{"ca_file": pattern.CADir + "/" + pattern.CAKey}
	}
	if len(p.Headers) > 0 {
		headers := object{}
		for i, name := range p.headerNames() {
			headers[name] = "${env:" + headerVar(i) + "}"
		}
		settings["headers"] = headers
	}
	attributes := []any{}
	for _, a := range [][2]string{{"k8s.pod.name", "POD_NAME"}, {"k8s.namespace.name", "POD_NAMESPACE"},
		{"k8s.pod.uid", "POD_UID"}, {"k8s.node.name", "NODE_NAME"}} {
		attributes = append(attributes, object{"key": a[0], "value": "${env:" + a[1] + "}", "action": "insert"})
	}
	pipeline := object{"receivers": []any{"otlp"}, "processors": []any{"memory_limiter", "resource", "batch"},
		"exporters": []any{exporter}}
	return object{
		"extensions": object{"health_check": object{"endpoint": ":" + strconv.Itoa(int(p.healthPort()))}},
		"receivers": object{"otlp": object{"protocols": object{
			"grpc": object{"endpoint": loopbackAddress(p.grpcPort())},
			"http": object{"endpoint": loopbackAddress(p.httpPort())},
		}}},
		"processors": object{
			"memory_limiter": object{"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 25},
			"resource":       object{"attributes": attributes},
			"batch":          object{},
		},
		"exporters": object{exporter: settings},
		"service": object{
			"extensions": []any{"health_check"},
			"pipelines":  object{"traces": pipeline, "metrics": pipeline, "logs": pipeline},
			"telemetry":  object{"metrics": p.ownMetrics()},
		},
	}
}

// ownMetrics returns what the collector tells of itself. The form with readers is there since
// release 0.110.
func (p *OTelAgent) ownMetrics() object {
	if p.MetricsPort == 0 {
		return object{"level": "none"}
	}
	prometheus := object{"host": "0.0.0.0", "port": p.MetricsPort, "without_scope_info": true, "without_type_suffix": true,
		"without_units": true}
	return object{"level": "basic",
		"readers": []any{object{"pull": object{"exporter": object{"prometheus": prometheus}}}}}
}

func loopbackAddress(port int32) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// exporterName returns the exporter of the protocol. Release 0.150 renamed both exporters,
// and warns of the earlier names.
func (p *OTelAgent) exporterName(w *sidecar.Workload) string {
	release := pattern.ReleaseOf(w.Image(pattern.OtelCollectorImage.Ref), "opentelemetry-collector", "otelcol")
	renamed := release.AtLeast(0, 150, 0)
	switch {
	case p.Protocol == OTLPHTTP && renamed:
		return "otlp_http"
	case p.Protocol == OTLPHTTP:
		return "otlphttp"
	case renamed:
		return "otlp_grpc"
	}
	return "otlp"
}

// headerNames returns the names of the headers, sorted.
func (p *OTelAgent) headerNames() []string { return slices.Sorted(maps.Keys(p.Headers)) }

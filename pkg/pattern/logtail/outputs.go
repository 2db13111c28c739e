package logtail

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// outputPorts are the default ports of fluent-bit's outputs that send to a server (plugins/out_*, at v5.1.1). Those of
// a cloud have a host of their own. Other outputs write files or to stdout.
var outputPorts = map[string]int32{
	"azure": 443, "azure_blob": 443, "azure_kusto": 443, "azure_logs_ingestion": 443, "bigquery": 443,
	"chronicle": 443, "cloudwatch": 443, "cloudwatch_logs": 443, "datadog": 443, "es": 9200, "firehose": 443,
	"forward": 24224, "gelf": 12201, "http": 80, "influxdb": 8086, "kafka": 9092, "kafka-rest": 8082, "kinesis": 443,
	"kinesis_firehose": 443, "kinesis_streams": 443, "logdna": 443, "loki": 3100, "nats": 4222, "nrlogs": 443,
	"opensearch": 9200, "opentelemetry": 80, "oracle_log_analytics": 443, "pgsql": 5432, "prometheus_remote_write": 80,
	"s3": 443, "skywalking": 12800, "slack": 443, "splunk": 8088, "stackdriver": 443, "syslog": 514, "tcp": 5170,
	"td": 443, "udp": 5170, "websocket": 80,
}

// outputServers returns where the outputs send the records.
func (f *FluentBit) outputServers() (all []sidecar.Dial) {
	for _, out := range f.Outputs {
		name, _ := out.findSetting("name")
		name = strings.ToLower(name)
		port, sends := outputPorts[name]
		if !sends {
			continue
		}
		all = append(all, f.serversOf(name, port, out)...)
	}
	return all
}

// serversOf returns where one output sends the records.
func (f *FluentBit) serversOf(name string, port int32, out Settings) (all []sidecar.Dial) {
	text := func(key string) string {
		value, _ := out.findSetting(key)
		return f.expandVariables(value)
	}
	d := sidecar.Dial{Port: port, Protocol: outputProtocol(name, text("mode")), For: "output " + name}
	if brokers := text("brokers"); brokers != "" {
		for broker := range strings.SplitSeq(brokers, ",") {
			all = append(all, pattern.DialsOf(strings.TrimSpace(broker))...)
		}
		return all
	}
	if address := cmp.Or(text("url"), text("endpoint")); strings.Contains(address, "://") {
		return pattern.DialsOf(address)
	}
	if text("port") != "" {
		d.Port = pattern.ParsePort(text("port"))
	}
	host := text("host")
	switch {
	case pattern.IsLoopback(host):
		return nil
	case pattern.IsHost(strings.ToLower(host)):
		d.Host, d.For = host, ""
	case host == "" && port != 443: // the output's own default
		return nil
	}
	return []sidecar.Dial{d}
}

// outputProtocol returns the protocol of an output's connections, which some outputs have a mode for.
func outputProtocol(name, mode string) corev1.Protocol {
	usesUDP := name == "udp" || (name == "gelf" || name == "syslog") && (mode == "" || mode == "udp")
	if usesUDP {
		return corev1.ProtocolUDP
	}
	return ""
}

// expandVariables replaces references to variables whose values are written in env.
func (f *FluentBit) expandVariables(text string) string {
	for _, e := range f.Env {
		if e.ValueFrom == nil {
			text = strings.ReplaceAll(text, "${"+e.Name+"}", e.Value)
		}
	}
	return text
}

//go:build cluster

package cluster

import (
	"path/filepath"
	"strings"
	"testing"
)

// tellSpans are fields of a container that tells its collector of the same span each second.
const tellSpans = `command: [sh, -c]
      args:
        - |
          trap 'exit 0' TERM
          while :; do
            curl -s -H 'Content-Type: application/json' "$OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces" -d '{
              "resourceSpans": [{"scopeSpans": [{"spans": [{
                "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "a-span",
                "startTimeUnixNano": "1", "endTimeUnixNano": "2"}]}]}]}'
            sleep 1 &
            wait $!
          done`

// TestOTelAgent has an app that tells its pod's collector of a span, which reaches the
// backend with the pod's name.
func TestOTelAgent(t *testing.T) {
	images(t)
	loadImage(t, "docker.io/otel/opentelemetry-collector:0.165.0", filepath.Join(bin, "otelcol"))
	n := newNamespace(t)
	n.apply(singleReplica(workload)) // the backend
	teller := strings.NewReplacer(
		"NAME", "teller",
		"args: [report]", tellSpans,
		appImage, "docker.io/curlimages/curl:8.22.0",
		"      env: [{name: LOG, value: /var/log/report/report.log}]\n", "",
		"restartPolicy: Never", "restartPolicy: Always",
	).Replace(report)
	n.inject(sidecars("Deployment", "teller", `
    - override: {resources: {requests: {cpu: 5m}}}
      otelAgent: {endpoint: "http://`+n.host("shop")+`:443", protocol: http}
`), `apiVersion: apps/v1
kind: Deployment
metadata: {name: teller}
spec:
  selector: {matchLabels: {app: teller}}
  template:
`+indented(4, teller))
	n.rolledOut("shop")
	n.rolledOut("teller")
	pod := n.pod("teller")
	becomes(t, "the span", "yes", func() string {
		said := body("http://" + n.host("shop") + ":443/v1/traces")
		return yes(strings.Contains(said, "a-span") && strings.Contains(said, pod))
	})
	for _, port := range []string{"4317", "4318"} {
		n.refused(n.address(pod) + ":" + port)
	}
	n.calm()
}

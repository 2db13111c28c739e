//go:build cluster

package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const settings = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {settings: one}
`

// TestConfigReload changes a ConfigMap, which reaches the app without a new pod.
func TestConfigReload(t *testing.T) {
	images(t)
	for name, c := range map[string]struct{ how, shared string }{
		"webhook": {`webhook: {url: "http://127.0.0.1:8080/-/reload"}`, ""},
		"signal":  {`signal: {process: app}`, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNamespace(t)
			reload := sidecars("Deployment", "shop", "    - configReload: {"+c.how+", periodSeconds: 2}\n")
			n.inject(reload, withSettings(workload)+settings)
			n.rolledOut("shop")
			before := n.kc("get", "pods", "-o", "name")
			config := func() string { return body("http://" + n.host("shop") + ":443/config") }
			becomes(t, "the file at the app's start", "one", config)
			n.apply(strings.Replace(settings, "one", "two", 1))
			begin := time.Now()
			becomesWithin(t, time.Minute, "the changed file", "two", func() string {
				for _, ip := range strings.Fields(n.kc("get", "pods", "-o", "jsonpath={.items[*].status.podIP}")) {
					if got := body("http://" + ip + ":8080/config"); got != "two" {
						return got
					}
				}
				return "two"
			})
			t.Logf("both pods knew after %.1f s", time.Since(begin).Seconds())
			require.Equal(t, before, n.kc("get", "pods", "-o", "name"))
			n.calm()
			require.Equal(t, c.shared, n.field("deployment/shop", ".spec.template.spec.shareProcessNamespace"))
		})
	}
}

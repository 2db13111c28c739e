//go:build cluster

package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const settings = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {settings: one}\n"

// TestConfigReload changes a ConfigMap, which reaches the app without a new pod.
func TestConfigReload(t *testing.T) {
	images(t)
	for name, how := range map[string]string{"webhook": `webhook: {url: "http://127.0.0.1:8080/-/reload"}`, "signal": `signal: {process: app}`} {
		t.Run(name, func(t *testing.T) {
			n := newNamespace(t)
			app := strings.NewReplacer(`env: [`, `env: [{name: CONFIG, value: /etc/shop/settings}, `,
				`          ports:`, "          volumeMounts: [{name: settings, mountPath: /etc/shop}]\n          ports:",
				"---\n", "      volumes: [{name: settings, configMap: {name: settings}}]\n---\n").Replace(workload)
			n.inject(sidecars("Deployment", "shop", "    - configReload: {"+how+", periodSeconds: 2}\n"), app+settings)
			n.rolledOut("shop")
			before := n.kc("get", "pods", "-o", "name")
			config := func() string { return n.body("http://shop." + n.name + ".svc.cluster.local:443/config") }
			becomes(t, "the file at the app's start", "one", config)
			n.apply(strings.Replace(settings, "one", "two", 1))
			begin := time.Now()
			becomesWithin(t, time.Minute, "the changed file", "two", func() string {
				for _, ip := range strings.Fields(n.kc("get", "pods", "-o", "jsonpath={.items[*].status.podIP}")) {
					if got := n.body("http://" + ip + ":8080/config"); got != "two" {
						return got
					}
				}
				return "two"
			})
			t.Logf("both pods knew after %.1f s", time.Since(begin).Seconds())
			require.Equal(t, before, n.kc("get", "pods", "-o", "name"))
			n.calm()
			require.Equal(
				t,
				map[string]string{"webhook": "", "signal": "true"}[name],
				n.field("deployment/shop", ".spec.template.spec.shareProcessNamespace"),
			)
		})
	}
}

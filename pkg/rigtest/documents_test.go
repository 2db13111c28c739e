package rigtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

const shopContainer = `        - name: shop
          image: shop:1
          env: []
          ports:
            - containerPort: 8080
`

const shop = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop # the one
  annotations: {}
spec:
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
` + shopContainer + `      terminationGracePeriodSeconds: 40 # seconds
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports:
    - port: 80
      targetPort: 8080
`

// documents are three that share a workload, its Service, and values in both.
var documents3 = map[string]string{
	"one": `name: alpha
      custom:
        containers: [{name: alpha, image: "alpha:1", ports: [{containerPort: 9001}]}]
        volumes: [{name: common, emptyDir: {}}]
        app: {env: [{name: MODE, value: beside}], volumeMounts: [{name: common, mountPath: /common}]}
        servicePorts: [{name: alpha, port: 9001}]
        pod: {minGracePeriodSeconds: 60, fsGroup: 7, sysctls: [{name: net.core.somaxconn, value: "512"}]}`,
	"two": `name: beta
      custom:
        containers: [{name: other, image: "beta:1"}]
        volumes: [{name: common, emptyDir: {}}]
        app: {env: [{name: MODE, value: beside}], volumeMounts: [{name: common, mountPath: /common}]}
        servicePorts: [{name: beta, port: 9002}]
        pod: {minGracePeriodSeconds: 50, fsGroup: 7, sysctls: [{name: net.core.somaxconn, value: "512"}]}`,
	"three": `waitFor: {targets: ["db:5432"]}`,
}

// newDocument is a config for one selector; the other fields of its spec are indented by two.
func newDocument(name, selector, spec string) string {
	return `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: ` + name + `}
spec:
  select: [` + selector + `]
` + spec
}

func mustRead(t *testing.T, text string) *config.Sidecars {
	t.Helper()
	conf, fs := config.Read([]byte(text), "")
	require.NoError(t, fs.Err())
	return conf
}

func document(t *testing.T, name string) *config.Sidecars {
	t.Helper()
	return mustRead(t, newDocument(name, "{name: shop}", "  patterns:\n    - "+documents3[name]+"\n"))
}

func place(t *testing.T, text, name string) string {
	t.Helper()
	out := rig.Run([]rig.File{{Text: text}}, document(t, name), rig.Options{InPlace: true})
	require.NoError(t, out.Findings.Err(), "%s on\n%s", name, text)
	return out.Files()[0].Text
}

func strip(t *testing.T, text, name string) string {
	t.Helper()
	out, fs := rig.Strip([]rig.File{{Text: text}}, name)
	require.NoError(t, fs.Err(), "%s off\n%s", name, text)
	return out[0].Text
}

// Several documents in place share marks, volumes, names of ports and pod settings. Each
// can be run again and taken off in any order, and what's left is what the others want.
func TestDocumentsShareAWorkload(t *testing.T) {
	orders := [][]string{
		{"one", "two", "three"},
		{"one", "three", "two"},
		{"two", "one", "three"},
		{"two", "three", "one"},
		{"three", "one", "two"},
		{"three", "two", "one"},
	}
	for _, form := range []string{"block", "flow"} {
		input := shop
		if form == "flow" {
			input = strings.Replace(input, "  annotations: {}\n", "  annotations: {a: 'b'} # c\n", 1)
			inFlow := "        - {name: shop, image: 'shop:1', env: [], ports: [{containerPort: 8080}]}\n"
			input = strings.Replace(input, shopContainer, inFlow, 1)
		}
		for _, on := range orders {
			laid := input
			for _, name := range on {
				laid = place(t, laid, name)
			}
			for _, again := range orders {
				text := laid
				for _, name := range again {
					text = place(t, text, name)
				}
				for _, name := range again {
					require.Contains(t, text, `"`+name+`":{"patterns"`)
				}
				require.Contains(t, text, "terminationGracePeriodSeconds: 60 #")
				require.Equal(t, input, strip(t, text, ""), "%v, then %v, all off", on, again)
				for i, name := range again {
					if text = strip(t, text, name); i < 2 {
						shared(t, text, again[i+1:])
					}
				}
				require.Equal(t, input, text, "%v, then %v, and off one by one", on, again)
			}
		}
	}
}

// shared checks that what the documents that are left want stands there.
func shared(t *testing.T, text string, left []string) {
	t.Helper()
	grace := 40
	for _, name := range left {
		if name == "three" {
			continue
		}
		grace = max(grace, map[string]int{"one": 60, "two": 50}[name])
		for _, want := range []string{
			"name: common", "/common", "beside", "fsGroup: 7", "net.core.somaxconn", "name: port-80",
		} {
			require.Contains(t, text, want, "%v are left", left)
		}
	}
	require.Contains(t, text, fmt.Sprintf("terminationGracePeriodSeconds: %d #", grace), "%v are left", left)
	if grace == 40 {
		require.NotContains(t, text, "common")
		require.NotContains(t, text, "port-80")
	}
}

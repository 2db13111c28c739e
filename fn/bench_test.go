package fn

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio"
)

// objects returns n objects as kustomize sends them: of ten, four are Deployments, two Services, two ConfigMaps, one an
// Ingress and one an HPA. The Deployments that the selector selects have a label.
func objects(n, percent int) string {
	var b strings.Builder
	b.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for i := range n {
		head := func(api, kind string) {
			fmt.Fprintf(&b, "- apiVersion: %s\n  kind: %s\n  metadata:\n    annotations:\n"+
				"      config.kubernetes.io/index: '%d'\n      kustomize.config.k8s.io/id: |\n        kind: %s\n"+
				"        name: app-%d\n      owner: team-%d\n    labels:\n      app: app-%d\n      sidecar: %q\n"+
				"    name: app-%d\n",
				api, kind, i, kind, i, i%17, i, map[bool]string{true: "yes", false: "no"}[i*37%100 < percent], i)
		}
		switch i % 10 {
		case 1, 6:
			head("v1", "Service")
			fmt.Fprintf(
				&b,
				"  spec:\n    ports:\n    - name: http\n      port: 80\n      targetPort: http\n    selector:\n      app: app-%d\n",
				i-1,
			)
		case 2, 7:
			head("v1", "ConfigMap")
			fmt.Fprintf(
				&b,
				"  data:\n    settings.ini: |\n%s",
				strings.Repeat("      # - apiVersion: v1\n      key = value\n", 20),
			)
		case 3:
			head("networking.k8s.io/v1", "Ingress")
			fmt.Fprintf(
				&b,
				"  spec:\n    rules:\n    - host: app-%d.example.com\n      http:\n        paths:\n        - backend:\n"+
					"            service:\n              name: app-%d\n              port:\n                name: http\n"+
					"          path: /\n          pathType: Prefix\n",
				i,
				i,
			)
		case 4:
			head("autoscaling/v2", "HorizontalPodAutoscaler")
			fmt.Fprintf(
				&b,
				"  spec:\n    maxReplicas: 10\n    minReplicas: 2\n    scaleTargetRef:\n      apiVersion: apps/v1\n"+
					"      kind: Deployment\n      name: app-%d\n",
				i,
			)
		default:
			head("apps/v1", "Deployment")
			fmt.Fprintf(
				&b,
				"  spec:\n    replicas: 2\n    selector:\n      matchLabels:\n        app: app-%d\n    template:\n"+
					"      metadata:\n        labels:\n          app: app-%d\n      spec:\n        containers:\n        - args:\n"+
					"          - --port=8080\n          - --level=info\n          env:\n          - name: REGION\n"+
					"            value: eu-west-1\n          - name: PASSWORD\n            valueFrom:\n"+
					"              secretKeyRef:\n                key: password\n                name: app-%d\n"+
					"          image: registry.example.com/app-%d:1.2.3\n          livenessProbe:\n            httpGet:\n"+
					"              path: /healthz\n              port: http\n          name: app\n          ports:\n"+
					"          - containerPort: 8080\n            name: http\n          resources:\n            limits:\n"+
					"              memory: 256Mi\n            requests:\n              cpu: 100m\n"+
					"              memory: 256Mi\n        serviceAccountName: app-%d\n",
				i,
				i,
				i,
				i,
				i,
			)
		}
	}
	b.WriteString("functionConfig:\n  apiVersion: outrigger.dev/v1alpha1\n  kind: Sidecars\n  metadata:\n" +
		"    name: bench\n  spec:\n    expect:\n      min: 0\n    patterns:\n    - tlsProxy:\n        port: 8080\n" +
		"        rebind:\n          args:\n          - --address=127.0.0.1:8081\n          port: 8081\n" +
		"        secretName: tls\n    select:\n    - labelSelector: sidecar=yes\n")
	return b.String()
}

var sizes = []int{1, 100, 1000, 10000}

// BenchmarkFunction runs the program on lists of n objects, where m percent of the workloads get a TLS proxy.
func BenchmarkFunction(b *testing.B) {
	for _, n := range sizes {
		for _, m := range []int{1, 10, 100} {
			in := objects(n, m)
			b.Run(fmt.Sprintf("n%d-m%d", n, m), func(b *testing.B) {
				b.SetBytes(int64(len(in)))
				b.ReportAllocs()
				for b.Loop() {
					var out, err bytes.Buffer
					require.NoError(b, Process(strings.NewReader(in), &out, &err))
				}
			})
		}
	}
}

// BenchmarkNull is a kyaml function that does nothing, on the same lists.
func BenchmarkNull(b *testing.B) {
	for _, n := range sizes {
		in := objects(n, 10)
		b.Run(fmt.Sprintf("n%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				rw := &kio.ByteReadWriter{
					Reader:                strings.NewReader(in),
					Writer:                io.Discard,
					KeepReaderAnnotations: true,
					OmitReaderAnnotations: true,
				}
				null := framework.ResourceListProcessorFunc(func(*framework.ResourceList) error { return nil })
				require.NoError(b, framework.Execute(null, rw))
			}
		})
	}
}

// BenchmarkStart runs the whole program as a process, with a list of one object. BenchmarkStartTrue is the machine's
// share of that. Both need make build.
func BenchmarkStart(b *testing.B) { start(b, objects(1, 0), filepath.Join("..", "bin", "outrigger")) }

func BenchmarkStartTrue(b *testing.B) { start(b, "", "/bin/true") }

func start(b *testing.B, in, program string) {
	if _, err := os.Stat(program); err != nil {
		b.Fatalf("%v; make build makes it", err)
	}
	for b.Loop() {
		cmd := exec.Command(program)
		cmd.Stdin = strings.NewReader(in)
		require.NoError(b, cmd.Run())
	}
}

// The function that is benchmarked works.
func TestObjects(t *testing.T) {
	code, out, err := call(objects(100, 100))
	require.Zero(t, code, err)
	require.Equal(t, 40, strings.Count(out, "name: tls-proxy\n"), "every Deployment")
	require.Equal(t, 40, strings.Count(out, "needsHashSuffix: enabled"), "and a ConfigMap for each")
	require.Equal(t, 20, strings.Count(out, "targetPort: 8080"), "Services follow")
}

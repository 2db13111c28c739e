package exporter

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/servers"
)

const elasticsearchExporter = "/usr/bin/prometheus-elasticsearch-exporter"

// elasticsearch is a stub of one that wants a password. It counts who asks for more
// nodes than its own.
func elasticsearch(t *testing.T, address string) (others *atomic.Int64) {
	t.Helper()
	others = new(atomic.Int64)
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, password, _ := r.BasicAuth(); name != "monitor" || password != "p@ss:w/rd%" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch {
		case r.URL.Path == "/":
			fmt.Fprint(w, `{"name":"node-0","cluster_name":"search","cluster_uuid":"u","version":`+
				`{"number":"8.19.0","build_date":"2026-01-01T00:00:00Z","lucene_version":"9.12.2"}}`)
		case r.URL.Path == "/_cluster/health":
			fmt.Fprint(w, `{"cluster_name":"search","status":"green","number_of_nodes":1,"number_of_data_nodes":1}`)
		case strings.HasPrefix(r.URL.Path, "/_nodes/_local/stats"):
			fmt.Fprint(w, `{"cluster_name":"search","nodes":{"id":`+
				`{"name":"node-0","host":"h","roles":["data"],"jvm":{"mem":{"heap_used_in_bytes":42}}}}}`)
		case strings.HasPrefix(r.URL.Path, "/_nodes"):
			others.Add(1)
			w.WriteHeader(http.StatusNotFound)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return others
}

var login = map[string]string{"username": "monitor", "password": "p@ss:w/rd%"}

// Each exporter tells of its own node, and of nothing but that.
func TestElasticsearch(t *testing.T) {
	others := elasticsearch(t, "127.0.0.1:9200")
	containers, _ := renderExporters(t, 9200,
		"    - exporter: {preset: elasticsearch, credentials: {secretName: monitor}, metricsPort: 9115}\n", login)
	spec := containers["exporter"]
	require.NotContains(t, strings.Join(spec.Args, " "), "p@ss", "arguments can be read by everybody on the node")
	c := launch(t, spec, elasticsearchExporter)
	scraped(t, c, spec, `elasticsearch_cluster_health_up 1`)
	scraped(t, c, spec, `elasticsearch_jvm_memory_used_bytes{area="heap",cluster="search"`)
	lives(t, c, spec)
	require.Zero(t, others.Load())
}

// A native sidecar starts before the app, and outlives it. Metrics come when the app
// does.
func TestBeforeTheApp(t *testing.T) {
	containers, _ := renderExporters(t, 9200,
		"    - exporter: {preset: elasticsearch, credentials: {secretName: monitor}}\n", login)
	spec := containers["exporter"]
	c := launch(t, spec, elasticsearchExporter)
	lives(t, c, spec)
	elasticsearch(t, "127.0.0.1:9200")
	scraped(t, c, spec, `elasticsearch_cluster_health_up 1`)
}

// redis runs one with a password, in plain or with a certificate for nobody.
func redis(t *testing.T, args ...string) {
	t.Helper()
	dir, err := os.MkdirTemp(pod.Roots, "redis")
	require.NoError(t, err)
	for name, text := range certs.NewAuthority(t, "nobody trusts it").IssueServer(t, "search.example") {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	own := []string{
		"--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no", "--requirepass", login["password"],
	}
	cmd := exec.Command("/usr/bin/redis-server", append(own, args...)...)
	cmd.Dir = dir
	servers.Start(t, cmd, syscall.SIGKILL)
}

func TestRedis(t *testing.T) {
	redis(t, "--port", "6379")
	pod.WaitForPort(t, "127.0.0.1:6379")
	pattern := "    - exporter: {preset: redis, credentials: {secretName: redis}, metricsPort: 9122}\n"
	containers, _ := renderExporters(t, 6379, pattern, login)
	spec := containers["exporter"]
	c := launch(t, spec, "/usr/bin/prometheus-redis-exporter")
	scraped(t, c, spec, `redis_up 1`)
	lives(t, c, spec)
	require.NotContains(t, c.Log.String(), "p@ss")
	c.Terminate()
	<-c.Done
}

func TestRedisWithTLS(t *testing.T) {
	redis(t, "--port", "0", "--tls-port", "6380", "--tls-cert-file", "tls.crt", "--tls-key-file", "tls.key",
		"--tls-ca-cert-file", "tls.crt", "--tls-auth-clients", "no")
	pod.WaitForPort(t, "127.0.0.1:6380")
	pattern := "    - exporter: {preset: valkey, port: 6380, tls: true, credentials: {secretName: redis}}\n"
	containers, _ := renderExporters(t, 6380, pattern, login)
	spec := containers["exporter"]
	scraped(t, launch(t, spec, "/usr/bin/prometheus-redis-exporter"), spec, `redis_up 1`)
}

// The password has all that breaks a URL.
func TestPostgres(t *testing.T) {
	servers.StartPostgres(t, servers.Postgres{User: login["username"], Password: login["password"]})
	containers, _ := renderExporters(t, 5432, "    - exporter: {preset: postgres, credentials: {secretName: db}}\n", login)
	spec := containers["exporter"]
	c := launch(t, spec, "/usr/bin/prometheus-postgres-exporter")
	scraped(t, c, spec, `pg_up 1`)
	lives(t, c, spec)
	require.NotContains(t, c.Log.String(), "p@ss")
}

const stubStatus = `daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    server { listen 127.0.0.1:8081; location = /stub_status { stub_status; } }
}
`

// Debian's exporter wants nginx to be there when it starts; that of the image doesn't.
func TestNginx(t *testing.T) {
	dir, err := os.MkdirTemp(pod.Roots, "nginx")
	require.NoError(t, err)
	conf := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(conf, []byte(stubStatus), 0o644))
	servers.Start(t, exec.Command("/usr/sbin/nginx", "-p", dir, "-c", conf, "-e", "stderr"), syscall.SIGTERM)
	pod.WaitForPort(t, "127.0.0.1:8081")
	containers, _ := renderExporters(t, 8080, "    - exporter: {preset: nginx, port: 8081}\n", nil)
	spec := containers["exporter"]
	c := launch(t, spec, "/usr/bin/prometheus-nginx-exporter")
	scraped(t, c, spec, `nginx_up 1`)
	lives(t, c, spec)
}

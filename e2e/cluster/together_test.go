//go:build cluster

package cluster

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTogether has as many of the patterns as one pod can use, in a strict namespace: they
// come up in the one order that works, lose nothing in a rolling update, and are gone in
// time.
func TestTogether(t *testing.T) {
	images(t)
	loadImage(t, "docker.io/ghostunnel/ghostunnel:v1.11.1-distroless", filepath.Join(bin, "ghostunnel"))
	n := newNamespace(t)
	domain := "." + n.name + ".svc.cluster.local"
	ca := newAuthority(t)
	for name, host := range map[string]string{"redis": "redis" + domain, "files": "files" + domain, "shop": "shop" + domain} {
		ca.issue(name, host)
		n.apply(ca.secret(name+"-tls", name))
	}
	content := model(t)
	n.apply(redis)
	n.serve(content)
	config := proxied("native", `    - configReload: {webhook: {url: "http://127.0.0.1:8080/-/reload"}, periodSeconds: 2}
    - exporter: {preset: redis, port: 6400}
    - redisCache: {engine: redis, port: 6400, maxMemory: 16Mi, env: {CACHE: "127.0.0.1:6400"}}
    - name: logs
      logTail: {directory: /var/log/shop, files: [shop.log], sizeLimit: 16Mi}
    - migrate: {command: [/bin/app, migrate]}
    - fetch:
        url: https://files`+domain+`/model.bin
        sha256: `+fmt.Sprintf("%x", sha256.Sum256(content))+`
        mountPath: /models
        sizeLimit: 16Mi
        ca: {secretName: shop-tls}
    - waitFor: {targets: ["redis`+domain+`:6380", "files`+domain+`:443"], intervalSeconds: 1}
    - tunnel:
        listenPort: 6379
        host: redis`+domain+`
        port: 6380
        ca: {secretName: shop-tls}
        clientCertificate: {secretName: shop-tls}
        env: {REDIS_HOST: 127.0.0.1, REDIS_PORT: "6379"}
`)
	app := strings.NewReplacer(
		`env: [`,
		`env: [{name: CONFIG, value: /etc/shop/settings}, {name: NEEDS, value: /models/model.bin}, `,
		`          ports:`,
		"          volumeMounts: [{name: settings, mountPath: /etc/shop}]\n          ports:",
		"---\n",
		"      volumes: [{name: settings, configMap: {name: settings}}]\n---\n",
	).Replace(
		workload,
	)
	n.rolledOut("redis")
	n.rolledOut("files")
	begin := time.Now()
	n.inject(config, app+settings)
	n.rolledOut("shop")
	t.Logf("two pods were ready after %.1f s", time.Since(begin).Seconds())
	require.Equal(
		t,
		"tunnel wait-for fetch migrate redis-cache tls-proxy config-reload exporter logs",
		n.field("deployment/shop", ".spec.template.spec.initContainers[*].name"),
	)
	url := "https://shop" + domain
	becomes(
		t,
		"PING through the tunnel",
		"200",
		func() string { return n.curl("--cacert", ca.file("ca.crt"), url+"/ping") },
	)
	n.scraped("http://shop"+domain+":9121/metrics", "redis_up")
	becomes(t, "the file", "one", func() string { return n.body("-k", url+"/config") })
	n.apply(strings.Replace(settings, "one", "two", 1))
	becomesWithin(t, time.Minute, "the changed file", "two", func() string { return n.body("-k", url+"/config") })
	n.calm()
	n.loss(t, url, n.restart)
	n.calm()
	begin = time.Now()
	n.kc("delete", "deployment", "shop", "--cascade=foreground", "--timeout=60s")
	n.kc("wait", "--for=delete", "pod", "-l", "app=shop", "--timeout=60s")
	t.Logf("gone after %.1f s", time.Since(begin).Seconds())
}

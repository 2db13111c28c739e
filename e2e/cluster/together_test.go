//go:build cluster

package cluster

import (
	"crypto/sha256"
	"fmt"
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
	loadTunnel(t)
	n := newNamespace(t)
	ca := newAuthority(t)
	for _, name := range []string{"redis", "files", "shop"} {
		ca.issue(name, n.host(name))
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
        url: https://`+n.host("files")+`/model.bin
        sha256: `+fmt.Sprintf("%x", sha256.Sum256(content))+`
        mountPath: /models
        sizeLimit: 16Mi
        ca: {secretName: shop-tls}
    - waitFor: {targets: ["`+n.host("redis")+`:6380", "`+n.host("files")+`:443"], intervalSeconds: 1}
    - tunnel:
        listenPort: 6379
        host: `+n.host("redis")+`
        port: 6380
        ca: {secretName: shop-tls}
        clientCertificate: {secretName: shop-tls}
        env: {REDIS_HOST: 127.0.0.1, REDIS_PORT: "6379"}
`)
	app := withSettings(withEnv(workload, "{name: NEEDS, value: /models/model.bin}"))
	n.rolledOut("redis")
	n.rolledOut("files")
	logSeconds(t, "two pods were ready", func() {
		n.inject(config, app+settings)
		n.rolledOut("shop")
	})
	order := n.field("deployment/shop", ".spec.template.spec.initContainers[*].name")
	require.Equal(t, "tunnel wait-for fetch migrate redis-cache tls-proxy config-reload exporter logs", order)
	url := "https://" + n.host("shop")
	n.answers("PING through the tunnel", "200", ca.trusted(url+"/ping")...)
	n.scraped("http://"+n.host("shop")+":9121/metrics", "redis_up")
	becomes(t, "the file", "one", func() string { return body("-k", url+"/config") })
	n.apply(strings.Replace(settings, "one", "two", 1))
	becomesWithin(t, time.Minute, "the changed file", "two", func() string { return body("-k", url+"/config") })
	n.calm()
	n.loss(t, url, n.restartShop)
	n.calm()
	n.remove("shop", "-l", "app=shop")
}

package agent

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *RedisCache) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	if p.Socket {
		pattern.CheckLinux(w, &fs)
	} else {
		pattern.CheckPodNetwork(w, &fs)
	}
	p.checkLimit(w, &fs)
	p.checkAppEnv(w, &fs)
	p.checkLinks(w, &fs)
	if p.Engine != Memcached {
		pattern.CheckVersion(w.Image(p.serverImage().Ref), &fs)
	}
	if ref := w.Image(p.serverImage().Ref); p.Engine != Memcached && !p.Socket &&
		!pattern.ReleaseOf(ref, "redis").AtLeast(6, 2, 0) {
		fs.Add(sidecar.Error, "image-version", "",
			"Redis of image "+ref+" doesn't start on nodes without IPv6",
			"use Redis 6.2 or newer")
	}
	return fs
}

// checkLimit finds overrides whose memory limit would get the cache killed before it's
// full.
func (p *RedisCache) checkLimit(w *sidecar.Workload, fs *sidecar.Findings) {
	if w.Override == nil {
		return
	}
	limit, ok := w.Override.Resources.Limits[corev1.ResourceMemory]
	if !ok || limit.IsZero() {
		return
	}
	least, size := resource.NewQuantity(p.leastMemory(), resource.BinarySI), p.maxMemory()
	switch {
	case limit.Value() < size.Value()+cacheIdle:
		fs.Add(sidecar.Error, "cache-memory", "maxMemory",
			fmt.Sprintf("with the override's limit of %s, a cache of %s would be killed when it's full", limit.String(),
				size.String()),
			"write a limit of "+least.String()+", or a smaller maxMemory")
	case limit.Cmp(*least) < 0:
		fs.Add(sidecar.Warning, "cache-memory", "maxMemory",
			fmt.Sprintf(
				"the override's limit of %s leaves little beyond the %s of the cache, for connections and fragmentation",
				limit.String(), size.String()),
			"write a limit of "+least.String())
	}
}

// checkAppEnv finds apps without a variable that points to the cache.
func (p *RedisCache) checkAppEnv(w *sidecar.Workload, fs *sidecar.Findings) {
	address, forms := fmt.Sprintf("127.0.0.1:%d", p.port()), []string{"127.0.0.1", "localhost", "::1"}
	if p.Socket {
		address = p.socketDir(w)
		forms = []string{address}
	}
	found := slices.ContainsFunc(slices.Collect(maps.Values(p.Env)), func(value string) bool {
		return slices.ContainsFunc(forms, func(s string) bool { return strings.Contains(value, s) })
	})
	switch {
	case len(p.Env) == 0:
		fs.Add(sidecar.Info, "cache-untold", "env", "no variable points the app to the cache",
			"make sure that its own configuration has "+address)
	case !found:
		fs.Add(sidecar.Warning, "cache-untold", "env", "no variable has the cache's address "+address,
			"write it into the variable that the app reads")
	}
}

// checkLinks finds variables with a host and none with its port. A Service in the namespace
// gives every container variables with its name: one named redis sets REDIS_PORT, not to a
// number but to tcp://10.0.0.1:6379
// (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
func (p *RedisCache) checkLinks(w *sidecar.Workload, fs *sidecar.Findings) {
	if links := w.Pod.Spec.EnableServiceLinks; links != nil && !*links || p.Socket {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		stem, is := strings.CutSuffix(name, "_HOST")
		if _, there := p.Env[stem+"_PORT"]; !is || there || stem == "" {
			continue
		}
		for _, c := range w.ServedApps() {
			if !slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == stem+"_PORT" }) {
				fs.Add(sidecar.Info, "service-link", "env."+name,
					fmt.Sprintf("if container %s reads %s_PORT too, a Service named %s would give it the value tcp://...", c.Name,
						stem, strings.ToLower(strings.ReplaceAll(stem, "_", "-"))),
					fmt.Sprintf(`write it too, as in {%s_PORT: "%d"}`, stem, p.port()))
			}
		}
	}
}

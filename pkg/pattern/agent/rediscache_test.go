package agent

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func size64(s string) *resource.Quantity { return new(resource.MustParse(s)) }

func TestRedisCache(t *testing.T) {
	const lru = " --maxmemory-policy allkeys-lru --save  --appendonly no --lazyfree-lazy-eviction yes " +
		"--lazyfree-lazy-expire yes"
	for name, c := range map[string]struct {
		p                     *RedisCache
		program, args, probe  string
		request, limit, image string
		claim                 int32
	}{
		"valkey": {&RedisCache{}, "valkey-server",
			"--bind 127.0.0.1 -::1 --port 6379 --maxmemory-clients 33554432 --maxmemory 67108864" + lru,
			"valkey-cli -h 127.0.0.1 -p 6379 ping", "80Mi", "128Mi", pattern.ValkeyImage.Ref, 6379},
		"redis, small": {&RedisCache{Engine: Redis, MaxMemory: size64("10Mi"), Port: 7000}, "redis-server",
			"--bind 127.0.0.1 -::1 --port 7000 --maxmemory-clients 16777216 --maxmemory 10485760" + lru,
			"redis-cli -h 127.0.0.1 -p 7000 ping", "26Mi", "42Mi", pattern.RedisImage.Ref, 7000},
		"another eviction": {&RedisCache{Eviction: VolatileTTL, MaxMemory: size64("1Gi")}, "valkey-server",
			"--bind 127.0.0.1 -::1 --port 6379 --maxmemory-clients 536870912 --maxmemory 1073741824" +
				strings.Replace(lru, "allkeys-lru", "volatile-ttl", 1),
			"valkey-cli -h 127.0.0.1 -p 6379 ping", "1040Mi", "2Gi", pattern.ValkeyImage.Ref, 6379},
		"a socket": {&RedisCache{Socket: true}, "valkey-server",
			"--port 0 --unixsocket /run/outrigger/cache/redis.sock --unixsocketperm 777 --maxmemory-clients 33554432 " +
				"--maxmemory 67108864" + lru,
			"valkey-cli -s /run/outrigger/cache/redis.sock ping", "80Mi", "128Mi", pattern.ValkeyImage.Ref, 0},
		"memcached": {&RedisCache{Engine: Memcached}, "memcached",
			"--listen=127.0.0.1 --port=11211 --memory-limit=64 --conn-limit=1024",
			`sh -c printf 'version\r\nquit\r\n' | nc 127.0.0.1 11211 | grep -q ^VERSION`, "80Mi", "128Mi",
			pattern.MemcachedImage.Ref, 11211},
		"memcached, a socket": {&RedisCache{Engine: Memcached, Socket: true}, "memcached",
			"--unix-socket=/run/outrigger/cache/memcached.sock --unix-mask=0777 --memory-limit=64 --conn-limit=1024",
			"test -S /run/outrigger/cache/memcached.sock", "80Mi", "128Mi", pattern.MemcachedImage.Ref, 0},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.p.Validate().Err())
			got, err := sidecar.Build(c.p, patterntest.NewShop(func(w *sidecar.Workload) { w.Name = "cache" }))
			require.NoError(t, err)
			require.Equal(t, sidecar.PhaseAgent, got.Phase)
			ctr := got.Containers[0]
			require.Equal(t, c.program, strings.Join(ctr.Command, " "))
			require.Equal(t, c.args, strings.Join(ctr.Args, " "))
			require.Equal(t, c.probe, strings.Join(ctr.LivenessProbe.Exec.Command, " "))
			require.Nil(t, ctr.ReadinessProbe)
			require.Equal(t, c.request, ctr.Resources.Requests.Memory().String())
			require.Equal(t, c.limit, ctr.Resources.Limits.Memory().String())
			require.Equal(t, c.image, ctr.Image)
			require.Empty(t, ctr.Ports, "nobody outside of the pod may use it")
			if c.claim == 0 {
				require.Empty(t, got.Claims)
				require.Equal(t, ctr.VolumeMounts, got.App.VolumeMounts)
				require.Equal(t, got.Volumes[0].Name, ctr.VolumeMounts[0].Name)
				require.NotNil(t, got.Volumes[0].EmptyDir.SizeLimit)
			} else {
				require.Equal(t, c.claim, got.Claims[0].Port)
			}
		})
	}
}

// Before 7, Redis doesn't start with a bound of what connections take.
func TestRedisCacheOfOldReleases(t *testing.T) {
	for image, bounded := range map[string]bool{
		"redis:6.2.14": false, "redis:7.0.15": true, "registry.example/r:1": true,
	} {
		got, err := sidecar.Build(&RedisCache{Engine: Redis}, patterntest.NewShop(func(w *sidecar.Workload) {
			w.Override = &corev1.Container{Image: image}
		}))
		require.NoError(t, err)
		require.Equal(t, bounded, slices.Contains(got.Containers[0].Args, "--maxmemory-clients"), image)
	}
}

func TestRedisCacheRefuses(t *testing.T) {
	env := map[string]string{"CACHE_URL": "redis://127.0.0.1:6379"}
	for name, c := range map[string]struct {
		p    *RedisCache
		view func(*sidecar.Workload)
		want []string
	}{
		"led there": {&RedisCache{Env: env}, nil, []string{}},
		"untold": {&RedisCache{}, nil, []string{"info cache-untold: env: no variable points the app to the cache; make " +
			"sure that its own configuration has 127.0.0.1:6379"}},
		"untold, a socket": {&RedisCache{Engine: Memcached, Socket: true}, nil,
			[]string{"info cache-untold: env: no variable points the app to the cache; make sure that its own configuration " +
				"has /run/outrigger/tunnel/memcached.sock"}},
		"not to the socket": {&RedisCache{Socket: true, Env: env}, nil,
			[]string{"warning cache-untold: env: no variable has the cache's address /run/outrigger/tunnel/redis.sock; " +
				"write it into the variable that the app reads"}},
		"words": {&RedisCache{Engine: "keydb", Eviction: "noeviction", Env: map[string]string{"A B": "localhost"}}, nil,
			[]string{
				`error bad-value: engine: "keydb" is unknown; write valkey or redis or memcached`,
				`error bad-value: eviction: "noeviction" is unknown; write allkeys-lru or allkeys-lfu or allkeys-random or ` +
					`volatile-lru or volatile-lfu or volatile-random or volatile-ttl`,
				`error bad-value: env: "A B" can't be the name of a variable; use letters, digits, _, - and dots, but no ` +
					`digit first`}},
		"memcached": {
			&RedisCache{Engine: Memcached, Eviction: AllKeysLFU, Env: map[string]string{"CACHE": "localhost:11211"}}, nil,
			[]string{
				"error bad-value: eviction: has no effect: memcached always evicts the least recently used items; remove it",
				"warning rebind-address: env.CACHE: localhost may resolve to ::1, where memcached doesn't listen; write " +
					"127.0.0.1"}},
		"sizes": {&RedisCache{MaxMemory: size64("64m"), Port: 70000, Env: env}, nil,
			[]string{"error bad-value: maxMemory: 64m isn't a valid cache size; write 1Mi to 1Ti, as in 64Mi",
				"error bad-value: port: 70000 isn't a valid port; write 1 to 65535"}},
		"a low port": {&RedisCache{Port: 637, Env: env}, nil,
			[]string{"error bad-value: port: port 637 needs root, and the sidecar doesn't run as root; write 1024 or more"}},
		"two ways": {
			&RedisCache{Port: 6379, Socket: true, Env: map[string]string{"A": "/run/outrigger/tunnel/redis.sock"}}, nil,
			[]string{"error bad-value: port: has no effect: there is no port with socket; remove it"}},
		"a small limit": {&RedisCache{Env: env}, limited("79Mi"),
			[]string{"error cache-memory: maxMemory: with the override's limit of 79Mi, a cache of 64Mi would be " +
				"killed when it's full; write a limit of 128Mi, or a smaller maxMemory"}},
		"a tight limit": {&RedisCache{Env: env}, limited("100Mi"),
			[]string{"warning cache-memory: maxMemory: the override's limit of 100Mi leaves little beyond the 64Mi of " +
				"the cache, for connections and fragmentation; write a limit of 128Mi"}},
		"a limit": {&RedisCache{Env: env}, limited("128Mi"), []string{}},
		"another limit": {&RedisCache{Env: env}, func(w *sidecar.Workload) {
			w.Override = &corev1.Container{ImagePullPolicy: "Always"}
		}, []string{}},
		"an old redis": {&RedisCache{Engine: Redis, Env: env}, func(w *sidecar.Workload) {
			w.Override = &corev1.Container{Image: "redis:6.0"}
		}, []string{"error image-version: Redis of image redis:6.0 doesn't start on nodes without IPv6; use Redis 6.2 " +
			"or newer"}},
		"a host and no port": {&RedisCache{Env: map[string]string{"SHOP_CACHE_HOST": "127.0.0.1"}}, nil, []string{
			`info service-link: env.SHOP_CACHE_HOST: if container shop reads SHOP_CACHE_PORT too, a Service named ` +
				`shop-cache would give it the value tcp://...; write it too, as in {SHOP_CACHE_PORT: "6379"}`}},
		"a host and a port": {&RedisCache{Env: map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "6379"}}, nil,
			[]string{}},
		"a port of the manifest": {&RedisCache{Env: map[string]string{"REDIS_HOST": "127.0.0.1"}}, func(w *sidecar.Workload) {
			w.Pod.Spec.Containers[0].Env = append(w.Pod.Spec.Containers[0].Env, corev1.EnvVar{Name: "REDIS_PORT", Value: "6379"})
		}, []string{}},
		"no links": {&RedisCache{Env: map[string]string{"REDIS_HOST": "127.0.0.1"}},
			func(w *sidecar.Workload) { w.Pod.Spec.EnableServiceLinks = new(false) }, []string{}},
		"the node's network": {&RedisCache{Env: env}, hostNetwork,
			[]string{"error host-network: Deployment prod/shop spec.template.spec.hostNetwork: the pod uses the host " +
				"network: " +
				"every program on the node could reach the app, and two of these pods would collide; remove hostNetwork, or " +
				"exclude this workload"}},
		"the node's, but not theirs": {
			&RedisCache{Socket: true, Env: map[string]string{"A": "/run/outrigger/tunnel/redis.sock"}}, hostNetwork, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			w := patterntest.NewShop()
			if c.view != nil {
				c.view(w)
			}
			require.Equal(t, c.want, patterntest.FindingLines(t, c.p, w))
		})
	}
}

func limited(memory string) func(*sidecar.Workload) {
	return func(w *sidecar.Workload) {
		w.Override = &corev1.Container{
			Resources: corev1.ResourceRequirements{
				Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}}}
	}
}

func hostNetwork(w *sidecar.Workload) { w.Pod.Spec.HostNetwork = true }

// FuzzRedisCache writes whatever there is into each field: it's refused, or it's a
// number or a known word among the arguments.
func FuzzRedisCache(f *testing.F) {
	f.Add("valkey", "allkeys-lru", "64Mi", int32(6379), false)
	f.Add("redis", "allkeys-lru --rename-command", "1e12", int32(-1), true)
	f.Add("memcached", "", "0.5", int32(0), false)
	f.Fuzz(func(t *testing.T, engine, eviction, memory string, port int32, socket bool) {
		p := &RedisCache{Engine: CacheEngine(engine), Eviction: CacheEviction(eviction), Port: port, Socket: socket}
		if q, err := resource.ParseQuantity(memory); err == nil {
			p.MaxMemory = &q
		}
		c, err := sidecar.Build(p, patterntest.NewShop())
		if err != nil {
			require.Nil(t, c)
			return
		}
		ctr := c.Containers[0]
		for _, arg := range append(ctr.Args, ctr.LivenessProbe.Exec.Command[:2]...) {
			require.Regexp(t, `^[a-zA-Z0-9./:=-]*$`, arg)
		}
		limit, holds := ctr.Resources.Limits.Memory().Value(), p.maxMemory().Value()
		require.GreaterOrEqual(t, limit, 2*holds)
		require.GreaterOrEqual(t, limit, holds+32<<20)
		require.LessOrEqual(t, ctr.Resources.Requests.Memory().Value(), limit)
		require.Contains(t, strings.Join(ctr.Args, " "),
			strconv.FormatInt(map[bool]int64{true: holds >> 20, false: holds}[p.Engine == Memcached], 10))
	})
}

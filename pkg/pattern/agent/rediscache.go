package agent

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// RedisCache is a cache for one pod, on 127.0.0.1 or a Unix socket. It has a size limit,
// which it keeps by evicting entries, and writes nothing to a disk. Each pod has its own
// cache, which is empty when the pod starts: evicted or overwritten entries stay in the
// caches of other pods. Init containers of the manifest run before the cache starts, unless
// before names them.
type RedisCache struct {
	// Engine is the program: valkey, redis or memcached. Default: valkey.
	Engine CacheEngine `json:"engine,omitempty"`
	// MaxMemory is the size of the cache. The container's limit is twice that, and at least
	// 32Mi more, for connections and fragmented memory: half of it is for answers that the
	// app hasn't read yet, beyond which the connection with the most is closed (valkey, and
	// redis from 7). memcached takes 900 connections. Default: 64Mi.
	MaxMemory *resource.Quantity `json:"maxMemory,omitempty"`
	// Eviction is the policy of a full cache, as Redis names it. memcached has no choice:
	// it always has allkeys-lru. Default: allkeys-lru.
	Eviction CacheEviction `json:"eviction,omitempty"`
	// Port on 127.0.0.1. Default: 6379; 11211 for memcached.
	Port int32 `json:"port,omitempty"`
	// Socket replaces the port with a Unix socket, redis.sock or memcached.sock, in the
	// folder /run/outrigger/NAME, which the app mounts too. NAME is the entry's name.
	// Default: false.
	Socket bool `json:"socket,omitempty"`
	// Env are variables that point the app to the cache, as in {CACHE_URL:
	// "redis://127.0.0.1:6379"}. If the app has one of them with another value, that's a
	// conflict.
	Env map[string]string `json:"env,omitempty"`
}

// A CacheEngine is the program of a cache.
type CacheEngine string

const (
	Valkey    CacheEngine = "valkey"
	Redis     CacheEngine = "redis"
	Memcached CacheEngine = "memcached"
)

// A CacheEviction is which keys a full cache evicts: of all keys or of those with a time to
// live, the least recently used, the least frequently used, random ones, or those that
// expire next.
type CacheEviction string

const (
	AllKeysLRU     CacheEviction = "allkeys-lru"
	AllKeysLFU     CacheEviction = "allkeys-lfu"
	AllKeysRandom  CacheEviction = "allkeys-random"
	VolatileLRU    CacheEviction = "volatile-lru"
	VolatileLFU    CacheEviction = "volatile-lfu"
	VolatileRandom CacheEviction = "volatile-random"
	VolatileTTL    CacheEviction = "volatile-ttl"
)

var _ sidecar.Pattern = (*RedisCache)(nil)

const (
	cacheMemory   = "64Mi"
	cacheReserve  = 32 << 20 // least memory of the limit beyond maxMemory
	cacheIdle     = 16 << 20 // memory of the request beyond maxMemory
	redisPort     = 6379
	memcachedPort = 11211

	memcachedConnections = 1024 // its default, of which its own files take a few; 17 KiB each at most
)

// Change adds the cache and points the app to it.
func (p *RedisCache) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{
		Phase:      sidecar.PhaseAgent,
		Containers: []corev1.Container{p.newServer(w)},
		App:        sidecar.App{Env: p.cacheEnv()},
	}
	if p.Socket {
		name := pattern.VolumeName(w, "socket")
		c.Volumes = []corev1.Volume{pattern.TmpVolume(name)}
		c.App.VolumeMounts = []corev1.VolumeMount{{Name: name, MountPath: socketDir(w)}}
	} else {
		c.Claims = []sidecar.Claim{{Port: p.port(), For: "cache " + w.Name + ", on 127.0.0.1"}}
	}
	return c, nil
}

func (p *RedisCache) cacheEnv() []sidecar.EnvVar {
	var env []corev1.EnvVar
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		env = append(env, corev1.EnvVar{Name: name, Value: p.Env[name]})
	}
	return sidecar.Vars(env...)
}

// newServer returns the cache's container. All of its configuration is in arguments: a
// dozen words, which aren't secret. The command skips the image's entrypoint, which would
// change users. The kubelet can't reach 127.0.0.1, so the probes run in the container.
// There is no readiness probe, since an app works without its cache.
func (p *RedisCache) newServer(w *sidecar.Workload) corev1.Container {
	i := p.serverImage()
	c := corev1.Container{
		Name:            w.Name,
		Image:           w.Pulled(i.Ref),
		Args:            p.serverArgs(w),
		Resources:       p.serverSize().Resources(w),
		StartupProbe:    p.newPingProbe(w, 1, 60),
		LivenessProbe:   p.newPingProbe(w, 20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(i),
	}
	switch p.Engine {
	case Memcached:
		c.Command = []string{"memcached"}
	case Redis:
		c.Command = []string{"redis-server"}
	default:
		c.Command = []string{"valkey-server"}
	}
	if p.Socket {
		c.VolumeMounts = []corev1.VolumeMount{{Name: pattern.VolumeName(w, "socket"), MountPath: socketDir(w)}}
	}
	return c
}

func (p *RedisCache) serverImage() pattern.Image {
	switch p.Engine {
	case Memcached:
		return pattern.MemcachedImage
	case Redis:
		return pattern.RedisImage
	}
	return pattern.ValkeyImage
}

// serverArgs returns the arguments. The socket is open to every user in the pod, and no
// other program has the volume.
func (p *RedisCache) serverArgs(w *sidecar.Workload) []string {
	port, bytes := strconv.Itoa(int(p.port())), p.maxMemory().Value()
	if p.Engine == Memcached {
		where := []string{"--listen=127.0.0.1", "--port=" + port}
		if p.Socket {
			where = []string{"--unix-socket=" + p.socketDir(w), "--unix-mask=0777"}
		}
		return append(where, "--memory-limit="+strconv.FormatInt(bytes>>20, 10),
			"--conn-limit="+strconv.Itoa(memcachedConnections))
	}
	where := []string{"--bind", "127.0.0.1", "-::1", "--port", port} // ::1 on nodes with IPv6
	if p.Socket {
		where = []string{"--port", "0", "--unixsocket", p.socketDir(w), "--unixsocketperm", "777"}
	}
	if p.limitsClients(w) {
		where = append(where, "--maxmemory-clients", strconv.FormatInt((p.leastMemory()-bytes)/2, 10))
	}
	return append(where,
		"--maxmemory", strconv.FormatInt(bytes, 10), "--maxmemory-policy", cmp.Or(string(p.Eviction), string(AllKeysLRU)),
		"--save", "", "--appendonly", "no", // nothing on a disk
		"--lazyfree-lazy-eviction", "yes", "--lazyfree-lazy-expire", "yes", // large values are freed in the background
	)
}

// limitsClients reports whether the program can bound what all connections take together.
// Neither maxmemory nor anything else would: answers wait in memory until they're read, and
// 10,000 connections may be open. Both programs raise their limit of open files themselves
// (adjustOpenFilesLimit in Redis' src/server.c, main in memcached.c).
func (p *RedisCache) limitsClients(w *sidecar.Workload) bool {
	ref := w.Image(p.serverImage().Ref)
	return p.Engine != Redis || pattern.ReleaseOf(ref, "redis").AtLeast(7, 0, 0)
}

// newPingProbe returns a probe that sends a ping to the cache. It depends on nothing else,
// so it can't deadlock. For memcached on a socket, it only tests that the socket exists.
func (p *RedisCache) newPingProbe(w *sidecar.Workload, period, failures int32) *corev1.Probe {
	port := strconv.Itoa(int(p.port()))
	cli := "valkey-cli"
	if p.Engine == Redis {
		cli = "redis-cli"
	}
	var command []string
	switch {
	case p.Engine == Memcached && p.Socket:
		command = []string{"test", "-S", p.socketDir(w)}
	case p.Engine == Memcached:
		command = []string{"sh", "-c", `printf 'version\r\nquit\r\n' | nc 127.0.0.1 ` + port + ` | grep -q ^VERSION`}
	case p.Socket:
		command = []string{cli, "-s", p.socketDir(w), "ping"}
	default:
		command = []string{cli, "-h", "127.0.0.1", "-p", port, "ping"}
	}
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}},
		TimeoutSeconds:   5, // a process has to start
		PeriodSeconds:    period,
		FailureThreshold: failures,
	}
}

// serverSize requests the memory of a full cache, so that the node reserves it.
func (p *RedisCache) serverSize() pattern.Size {
	bytes := p.maxMemory().Value()
	quantity := func(n int64) string { return resource.NewQuantity(n, resource.BinarySI).String() }
	return pattern.Size{CPU: "20m", Memory: quantity(bytes + cacheIdle), MaxMemory: quantity(p.leastMemory()),
		FixedCPU: "250m"}
}

// leastMemory returns the lowest limit that is safe for the container.
func (p *RedisCache) leastMemory() int64 {
	bytes := p.maxMemory().Value()
	return max(2*bytes, bytes+cacheReserve)
}

func (p *RedisCache) maxMemory() *resource.Quantity {
	if p.MaxMemory == nil {
		return new(resource.MustParse(cacheMemory))
	}
	return p.MaxMemory
}

func (p *RedisCache) port() int32 {
	switch {
	case p.Port != 0:
		return p.Port
	case p.Engine == Memcached:
		return memcachedPort
	}
	return redisPort
}

// socketDir returns the folder of the socket, in the cache and in the app.
func socketDir(w *sidecar.Workload) string { return "/run/outrigger/" + w.Name }

func (p *RedisCache) socketDir(w *sidecar.Workload) string {
	name := "redis.sock"
	if p.Engine == Memcached {
		name = "memcached.sock"
	}
	return fmt.Sprintf("%s/%s", socketDir(w), name)
}

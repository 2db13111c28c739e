package cache

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
)

// A client speaks to a cache over one connection.
type client struct {
	t *testing.T
	net.Conn
	*bufio.Reader
}

func dial(t *testing.T, network, address string) *client {
	t.Helper()
	conn, err := net.DialTimeout(network, address, pod.Patience)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(3*pod.Patience)))
	return &client{t, conn, bufio.NewReader(conn)}
}

// line is the next line of an answer.
func (c *client) line() string {
	c.t.Helper()
	line, err := c.ReadString('\n')
	require.NoError(c.t, err)
	return strings.TrimRight(line, "\r\n")
}

func (c *client) say(format string, args ...any) {
	c.t.Helper()
	_, err := fmt.Fprintf(c, format, args...)
	require.NoError(c.t, err)
}

// fill sets 100,000 keys to values of 1000 bytes, each of which must be answered.
func (c *client) fill(set, answer string) {
	c.t.Helper()
	value := strings.Repeat("x", 1000)
	for i := range 100 {
		for j := range 1000 {
			c.say(set, i, j, value)
		}
		for range 1000 {
			require.Equal(c.t, answer, c.line())
		}
	}
}

// redisInfo are the fields of a section of INFO.
func (c *client) redisInfo(section string) map[string]string {
	c.t.Helper()
	c.say("INFO %s\r\n", section)
	size, err := strconv.Atoi(strings.TrimPrefix(c.line(), "$"))
	require.NoError(c.t, err)
	info := map[string]string{}
	for size += 2; size > 0; { // the end of the line
		raw, err := c.ReadString('\n')
		require.NoError(c.t, err)
		size -= len(raw)
		if key, value, ok := strings.Cut(strings.TrimSpace(raw), ":"); ok {
			info[key] = value
		}
	}
	return info
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	require.NoError(t, err)
	return n
}

// private: the cache is on 127.0.0.1, and nobody outside of the pod reaches it.
func private(t *testing.T, port string) {
	t.Helper()
	pod.AddAddress(t, pod.IP)
	_, err := net.DialTimeout("tcp", pod.IP+":"+port, pod.Patience)
	require.ErrorContains(t, err, "connection refused")
}

// Three times of what fits goes in, each SET is answered by OK, and the memory stays
// within its bound and far from the container's limit.
func TestRedisKeepsItsBound(t *testing.T) {
	env := map[string]string{"CACHE_URL": "redis://127.0.0.1:6379"}
	spec, app := renderCache(t, agent.RedisCache{Engine: agent.Redis, Env: env})
	require.Equal(t, "redis://127.0.0.1:6379", app.Env[0].Value)
	valkey, _ := renderCache(t, agent.RedisCache{})
	require.Equal(t, []string{"valkey-server"}, valkey.Command)
	require.Equal(t, spec.Args, valkey.Args, "what is shown for one holds for the other")

	c := launch(t, spec, nil)
	pod.RequireRestricted(t, c.Cmd.Process.Pid, "999")
	r := dial(t, "tcp", "127.0.0.1:6379")
	r.fill("SET %d-%d %s\r\n", "+OK")
	memory := r.redisInfo("memory")
	require.Equal(t, int64(maxMemory), number(t, memory["maxmemory"]))
	require.Equal(t, "allkeys-lru", memory["maxmemory_policy"])
	// Redis evicts when the next command comes, and what INFO itself takes is counted, too.
	const slack = 64 << 10
	require.LessOrEqual(t, number(t, memory["used_memory"]), int64(maxMemory+slack))
	require.Positive(t, number(t, r.redisInfo("stats")["evicted_keys"]))
	require.Less(t, pod.PeakMemory(t, c.Cmd.Process.Pid), spec.Resources.Limits.Memory().Value()*9/10)
	t.Logf("%d of %d bytes, %d at the most in memory", number(t, memory["used_memory"]), maxMemory,
		pod.PeakMemory(t, c.Cmd.Process.Pid))

	disk := r.redisInfo("persistence")
	require.Equal(t, "0", disk["aof_enabled"])
	require.Equal(t, "0", disk["rdb_saves"])
	r.say("CONFIG GET save\r\n")
	require.Equal(t, []string{"*2", "$4", "save", "$0", ""}, []string{r.line(), r.line(), r.line(), r.line(), r.line()})
	private(t, "6379")

	c.Terminate()
	c.RequireSuccess()
}

// another is a program of a user other than the cache's.
func another(args ...string) *exec.Cmd {
	as := strings.Fields("--reuid=12345 --regid=12345 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs")
	return exec.Command("setpriv", append(as, args...)...)
}

// A user other than the cache's is served by the socket, and no port is open.
func TestRedisSocket(t *testing.T) {
	spec, app := renderCache(t, agent.RedisCache{Engine: agent.Redis, Socket: true})
	require.Equal(t, "/run/outrigger/cache", app.VolumeMounts[0].MountPath)
	socket := pod.EmptyVolume(t)
	c := launch(t, spec, socket)
	pod.RequireRestricted(t, c.Cmd.Process.Pid, "999")
	out, err := another("redis-cli", "-s", socket.Dir+"/redis.sock", "SET", "answer", "42").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "OK", strings.TrimSpace(string(out)))
	_, err = net.DialTimeout("tcp", "127.0.0.1:6379", pod.Patience)
	require.ErrorContains(t, err, "connection refused")

	c.Terminate() // a container that starts again finds its old socket
	c.RequireSuccess()
	launch(t, spec, socket)
}

// The probe fails where the cache doesn't answer.
func TestProbeFails(t *testing.T) {
	for _, p := range []agent.RedisCache{{Engine: agent.Redis}, {Engine: agent.Memcached}} {
		spec, _ := renderCache(t, p)
		c := launch(t, spec, nil)
		c.Terminate()
		c.RequireSuccess()
		require.Error(t, c.Command(spec.LivenessProbe.Exec.Command...).Run())
	}
}

func TestMemcachedKeepsItsBound(t *testing.T) {
	spec, _ := renderCache(t, agent.RedisCache{Engine: agent.Memcached})
	c := launch(t, spec, nil)
	pod.RequireRestricted(t, c.Cmd.Process.Pid, "11211")
	m := dial(t, "tcp", "127.0.0.1:11211")
	m.fill("set %d-%d 0 0 1000\r\n%s\r\n", "STORED")
	m.say("stats\r\n")
	stats := map[string]string{}
	for line := m.line(); line != "END"; line = m.line() {
		words := strings.Fields(line)
		stats[words[1]] = words[2]
	}
	require.Equal(t, int64(maxMemory), number(t, stats["limit_maxbytes"]))
	require.LessOrEqual(t, number(t, stats["bytes"]), int64(maxMemory))
	require.Positive(t, number(t, stats["evictions"]))
	require.Less(t, pod.PeakMemory(t, c.Cmd.Process.Pid), spec.Resources.Limits.Memory().Value()*9/10)
	private(t, "11211")
	c.Terminate()
	c.RequireSuccess()
}

func TestMemcachedSocket(t *testing.T) {
	spec, _ := renderCache(t, agent.RedisCache{Engine: agent.Memcached, Socket: true})
	socket := pod.EmptyVolume(t)
	launch(t, spec, socket)
	out, err := another("redis-cli", "-s", socket.Dir+"/memcached.sock", "PING").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), `got "E" as reply`, "memcached's ERROR, as it's not Redis")
	_, err = net.DialTimeout("tcp", "127.0.0.1:11211", pod.Patience)
	require.ErrorContains(t, err, "connection refused")
}

// Many connections are open at once, and each is answered. memcached counts its own files among its 1024.
func TestManyConnections(t *testing.T) {
	for engine, c := range map[agent.CacheEngine]struct {
		count                 int
		address, ask, answers string
	}{
		agent.Redis:     {1500, "127.0.0.1:6379", "PING\r\n", "+PONG"},
		agent.Memcached: {900, "127.0.0.1:11211", "verbosity 0\r\n", "OK"},
	} {
		t.Run(string(engine), func(t *testing.T) {
			spec, _ := renderCache(t, agent.RedisCache{Engine: engine})
			cache := launch(t, spec, nil)
			for range c.count {
				one := dial(t, "tcp", c.address)
				one.say("%s", c.ask)
				require.Equal(t, c.answers, one.line())
			}
			require.Less(t, pod.PeakMemory(t, cache.Cmd.Process.Pid), spec.Resources.Limits.Memory().Value())
			cache.Terminate()
			cache.RequireSuccess()
		})
	}
}

// Sixty connections ask for much and read nothing. The cache closes those with the most, rather than throwing away what
// it has, or being killed.
func TestLateReaders(t *testing.T) {
	for _, p := range []agent.RedisCache{{Engine: agent.Redis}, {Engine: agent.Memcached}} {
		t.Run(string(p.Engine), func(t *testing.T) {
			spec, _ := renderCache(t, p)
			c := launch(t, spec, nil)
			address, get, stored := "127.0.0.1:6379", "GET key\r\n", "+OK"
			set := "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1000000\r\n%s\r\n"
			if p.Engine == agent.Memcached {
				address, set, get, stored = "127.0.0.1:11211", "set key 0 0 1000000\r\n%s\r\n", "get key\r\n", "STORED"
			}
			first := dial(t, "tcp", address)
			value := strings.Repeat("x", 1_000_000)
			first.say(set, value)
			require.Equal(t, stored, first.line())
			for range 60 {
				late := dial(t, "tcp", address)
				late.say("%s", strings.Repeat(get, 20))
			}
			last := dial(t, "tcp", address) // comes after all that has been asked for
			last.say(set, value)
			require.Equal(t, stored, last.line())
			c.RequireRunning()
			if p.Engine == agent.Redis {
				require.Zero(t, number(t, last.redisInfo("stats")["evicted_keys"]), "the cache keeps what it has")
			}
			require.Less(t, pod.PeakMemory(t, c.Cmd.Process.Pid), spec.Resources.Limits.Memory().Value())
			t.Logf("%d MiB at the most", pod.PeakMemory(t, c.Cmd.Process.Pid)>>20)
			c.Terminate()
			c.RequireSuccess()
		})
	}
}

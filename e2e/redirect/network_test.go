package redirect

import (
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// Addresses of the pod, and of its clients.
const (
	pod4, client4 = "10.9.0.2", "10.9.0.1"
	pod6, client6 = "fd09::2", "fd09::1"
)

// A network is that of a pod, in which the test's thread is from now on with all that it starts, and another one with
// its clients.
type network struct {
	t       *testing.T
	clients int // a process there
}

// newNetwork makes both, with a cable between them.
func newNetwork(t *testing.T) *network {
	t.Helper()
	runtime.LockOSThread() // for ever: the thread ends with the test, and isn't used again
	require.NoError(t, syscall.Unshare(syscall.CLONE_NEWNET))
	client := exec.Command("sleep", "infinity")
	client.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	require.NoError(t, client.Start())
	t.Cleanup(func() {
		_ = client.Process.Kill()
		_ = client.Wait()
	})
	n := &network{t, client.Process.Pid}
	n.inPod("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(n.clients))
	for _, run := range []struct {
		in       func(...string) string
		ip4, ip6 string
	}{{n.inPod, pod4, pod6}, {n.outside, client4, client6}} {
		run.in("ip", "link", "set", "lo", "up")
		run.in("ip", "address", "add", run.ip4+"/24", "dev", "eth0")
		run.in("ip", "address", "add", run.ip6+"/64", "dev", "eth0", "nodad")
		run.in("ip", "link", "set", "eth0", "up")
	}
	return n
}

// inPod runs a program in the pod, and returns what it writes.
func (n *network) inPod(args ...string) string {
	n.t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	require.NoError(n.t, err, "%v: %s", args, out)
	return string(out)
}

// outside runs a program beside the pod.
func (n *network) outside(args ...string) string {
	n.t.Helper()
	return n.inPod(append([]string{"nsenter", "--net", "--target", strconv.Itoa(n.clients)}, args...)...)
}

// answer returns what is at a URL, and its status.
func answer(run func(...string) string, url string, args ...string) string {
	flags := []string{"curl", "--silent", "--max-time", strconv.Itoa(int(pod.Patience.Seconds())), "--write-out",
		" %{http_code}"}
	return run(append(append(flags, args...), url)...)
}

// linkLocal waits for the pod's address on its link, and for that of its clients.
func (n *network) linkLocal() (address string) {
	n.t.Helper()
	for _, run := range []func(...string) string{n.outside, n.inPod} {
		pod.Poll(n.t, "a link-local address", func() bool {
			fields := strings.Fields(run("ip", "-6", "-o", "address", "show", "dev", "eth0", "scope", "link", "-tentative"))
			if len(fields) < 4 {
				return false
			}
			address, _, _ = strings.Cut(fields[3], "/")
			return true
		})
	}
	return address
}

// rules are those that redirect, as a program of iptables lists them.
func (n *network) rules(program string) (rules []string) {
	n.t.Helper()
	for line := range strings.Lines(n.inPod(program, "-t", "nat", "-S")) {
		if strings.Contains(line, "REDIRECT") {
			rules = append(rules, strings.TrimSpace(line))
		}
	}
	return rules
}

func url4(scheme, address string, port int) string {
	return fmt.Sprintf("%s://%s:%d/", scheme, address, port)
}

func url6(scheme, address string, port int) string {
	return fmt.Sprintf("%s://[%s]:%d/", scheme, address, port)
}

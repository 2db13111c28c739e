//go:build cluster

package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// host is the name of a Service, for clients anywhere.
func (n *namespace) host(service string) string { return service + "." + n.name + ".svc.cluster.local" }

// pod is the one pod of an app.
func (n *namespace) pod(app string) string {
	n.t.Helper()
	name := n.kc("get", "pods", "-l", "app="+app, "-o", "jsonpath={.items[*].metadata.name}")
	require.NotEmpty(n.t, name)
	require.NotContains(n.t, name, " ")
	return name
}

// field is one of an object's, by its JSON path; "" where there is no such object or field.
func (n *namespace) field(object, path string) string {
	return n.try("get", object, "-o", "jsonpath={"+path+"}")
}

func (n *namespace) address(pod string) string {
	return n.field("pod/"+pod, ".status.podIP")
}

// logs is what a container has written.
func (n *namespace) logs(pod, container string) string { return n.try("logs", pod, "-c", container) }

// follow gives all that a container writes, when it has ended.
func (n *namespace) follow(pod, container string) <-chan string {
	done := make(chan string, 1)
	go func() { done <- n.try("logs", "-f", "--pod-running-timeout=60s", pod, "-c", container) }()
	return done
}

// first is what a container of an app's first pod has written.
func (n *namespace) first(app, container string) string {
	pod, _, _ := strings.Cut(n.field("pods", `.items[?(@.metadata.labels.app=="`+app+`")].metadata.name`), " ")
	return n.logs(pod, container)
}

// exec runs a command in a container, and gives what it writes.
func (n *namespace) exec(pod, container string, command ...string) string {
	out, err := kubectl(append([]string{"-n", n.name, "exec", pod, "-c", container, "--"}, command...)...)
	if err != nil {
		return out + err.Error()
	}
	return strings.TrimSpace(out)
}

// body is what a request from the node is answered, with names of the cluster.
func body(args ...string) string {
	out, _ := onNode("curl", append([]string{"-s", "--max-time", "5"}, args...)...)
	return out
}

// status is the one with which a request is answered; 000 is none.
func status(args ...string) string {
	return body(append([]string{"-o", "/dev/null", "-w", "%{http_code}"}, args...)...)
}

// answers waits until a request is answered with a status.
func (n *namespace) answers(what, want string, args ...string) {
	n.t.Helper()
	becomes(n.t, what, want, func() string { return status(args...) })
}

// refused asserts that nobody listens at an address of a pod.
func (n *namespace) refused(address string) {
	n.t.Helper()
	out := body("-o", "/dev/null", "-w", "%{exitcode}", "http://"+address+"/")
	require.Equal(n.t, "7", out, "%s: curl's 7 is a refused connection", address)
}

// tells waits until a container of an app's first pod has written a text.
func (n *namespace) tells(app, container, text string) {
	n.t.Helper()
	becomes(n.t, container+" to write "+text, "yes", func() string {
		return yes(strings.Contains(n.first(app, container), text))
	})
}

// calm asserts that no container was started twice.
func (n *namespace) calm() {
	n.t.Helper()
	counts := strings.Fields(n.kc("get", "pods", "-o", "jsonpath={.items[*].status..restartCount}"))
	require.NotEmpty(n.t, counts)
	for _, count := range counts {
		require.Equal(n.t, "0", count, n.kc("get", "pods"))
	}
}

// becomes polls: the network follows pods up to a second later, on an idle machine.
func becomes(t *testing.T, what, want string, get func() string) {
	t.Helper()
	becomesWithin(t, 90*time.Second, what, want, get)
}

func becomesWithin(t *testing.T, bound time.Duration, what, want string, get func() string) {
	t.Helper()
	got := ""
	for deadline := time.Now().Add(bound); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		if got = get(); got == want {
			return
		}
	}
	require.Equal(t, want, got, what)
}

// logSeconds logs how long an act took.
func logSeconds(t *testing.T, what string, act func()) {
	t.Helper()
	begin := time.Now()
	act()
	t.Logf("%s after %.1f s", what, time.Since(begin).Seconds())
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

//go:build cluster

package cluster

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// sidecars is a config for one workload; the entries of its patterns are indented by four.
func sidecars(kind, name, patterns string) string {
	return fmt.Sprintf(
		"apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: %s}\nspec:\n  select: [{kind: %s, name: %s}]\n  patterns:\n%s",
		name,
		kind,
		name,
		strings.TrimLeft(patterns, "\n"),
	)
}

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
	out, _ := run("", filepath.Join(tools, "kc"), "-n", n.name, "get", object, "-o", "jsonpath={"+path+"}")
	return out
}

func (n *namespace) address(pod string) string {
	return n.field("pod/"+pod, ".status.podIP")
}

// completes waits for a Job.
func (n *namespace) completes(job string) {
	n.t.Helper()
	n.kc("wait", "--for=condition=complete", "job/"+job, "--timeout=90s")
}

// logs is what a container has written.
func (n *namespace) logs(pod, container string) string {
	out, _ := run("", filepath.Join(tools, "kc"), "-n", n.name, "logs", pod, "-c", container)
	return out
}

// exec runs a command in a container, and gives what it writes.
func (n *namespace) exec(pod, container string, command ...string) string {
	out, err := run(
		"",
		filepath.Join(tools, "kc"),
		append([]string{"-n", n.name, "exec", pod, "-c", container, "--"}, command...)...)
	if err != nil {
		return out + err.Error()
	}
	return strings.TrimSpace(out)
}

// body is what a request from the node is answered.
func (n *namespace) body(args ...string) string {
	out, _ := run("", filepath.Join(tools, "in"), append([]string{"curl", "-s", "--max-time", "5"}, args...)...)
	return out
}

// refused asserts that nobody listens at an address of a pod.
func (n *namespace) refused(address string) {
	n.t.Helper()
	out, _ := run(
		"",
		filepath.Join(tools, "in"),
		"curl",
		"-s",
		"--max-time",
		"5",
		"-o",
		"/dev/null",
		"-w",
		"%{exitcode}",
		"http://"+address+"/",
	)
	require.Equal(n.t, "7", out, "%s: curl's 7 is a refused connection", address)
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

// follow gives all that a container writes, when it has ended.
func (n *namespace) follow(pod, container string) <-chan string {
	done := make(chan string, 1)
	go func() {
		out, _ := run(
			"",
			filepath.Join(tools, "kc"),
			"-n",
			n.name,
			"logs",
			"-f",
			"--pod-running-timeout=60s",
			pod,
			"-c",
			container,
		)
		done <- out
	}()
	return done
}

// first is what a container of an app's first pod has written.
func (n *namespace) first(app, container string) string {
	pod, _, _ := strings.Cut(n.field("pods", `.items[?(@.metadata.labels.app=="`+app+`")].metadata.name`), " ")
	return n.logs(pod, container)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

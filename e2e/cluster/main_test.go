//go:build cluster

package cluster

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

var (
	tools = os.Getenv("CLUSTER") // the folder of the cluster's programs
	bin   string
	built string // the programs of these tests
)

func TestMain(m *testing.M) {
	if _, err := os.Stat(filepath.Join(tools, "kc")); err != nil {
		fmt.Fprintln(os.Stderr, "e2e/cluster: there is no cluster: CLUSTER must name the folder of its programs kc and in")
		os.Exit(1)
	}
	if err := buildPrograms(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e/cluster:", err)
		os.Exit(1)
	}
	if err := tagImages(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e/cluster:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

func buildPrograms() (err error) {
	bin, err = made.Make("build", "bin/kustomize",
		"bin/ghostunnel", "bin/migrate", "bin/oauth2-proxy", "bin/otelcol", "bin/vault")
	if err != nil {
		return err
	}
	if built, err = os.MkdirTemp("", "outrigger-cluster"); err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-o", built+"/", "./app", "./load")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// run runs a program and gives what it writes.
func run(stdin string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// kubectl runs the cluster's kubectl.
func kubectl(args ...string) (string, error) { return run("", filepath.Join(tools, "kc"), args...) }

// onNode runs a program on the node, which knows the names of the cluster.
func onNode(program string, args ...string) (string, error) {
	return run("", filepath.Join(tools, "in"), append([]string{program}, args...)...)
}

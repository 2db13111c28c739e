// Package disk has what a failing disk and a killed process do to files that are
// written in place: system calls of the real program fail, or are its last ones.
package disk

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

var everywhere = flag.Bool("everywhere", false, "kill at each system call of each file, instead of a choice")

var bin string

func TestMain(m *testing.M) {
	var err error
	if bin, err = made.Make("build"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const config = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment}]
  patterns:
    - tlsProxy:
        port: 8080
        secretName: web-tls
        rebind: {port: 8081, env: {LISTEN: "127.0.0.1:8081"}}
`

const workload = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
spec:
  template:
    metadata: {labels: {app: NAME}}
    spec:
      containers:
        - name: web
          image: web:1 # pinned
          ports: [{name: http, containerPort: 8080}]
`

// folder makes files in memory where that can be had: what is measured here is
// the order of system calls, and a disk takes its time to sync.
func folder(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "outrigger")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, text := range texts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// writeConfig writes a config into a folder of its own.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	return filepath.Join(folder(t, map[string]string{"sidecars.yaml": text}), "sidecars.yaml")
}

func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	all := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		all[e.Name()] = string(text)
	}
	return all
}

// same compares the files of a folder with what is wanted, by name and then by text.
func same(t *testing.T, want map[string]string, dir, why string) {
	t.Helper()
	have := state(t, dir)
	require.Equal(t, sorted(want), sorted(have), why)
	for name, text := range want {
		require.Equal(t, text, have[name], why)
	}
}

func workloads(n int) map[string]string {
	all := map[string]string{}
	for i := range n {
		name := fmt.Sprintf("web-%02d", i)
		all[name+".yaml"] = strings.ReplaceAll(workload, "NAME", name)
	}
	return all
}

// temporary is the name under which the program writes the new text of a file.
func temporary(name string) string {
	sum := sha256.Sum256([]byte(name))
	return ".outrigger-" + hex.EncodeToString(sum[:8])
}

// run runs the program in a folder.
func run(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	return wait(t, exec.Command(filepath.Join(bin, "outrigger"), args...))
}

// disturbed runs it while something happens to system calls that have to do with
// some files of a folder; what happens is said as strace's option inject does, with
// a space between two.
func disturbed(t *testing.T, dir, inject string, names []string, args ...string) (code int, stderr string) {
	t.Helper()
	to := []string{"-f", "-qq", "-o", "/dev/null"}
	for one := range strings.SplitSeq(inject, " ") {
		to = append(to, "-e", "inject="+one)
	}
	for _, name := range names {
		to = append(to, "-P", name, "-P", filepath.Join(dir, name)) // by name in its folder, and as a descriptor
	}
	return wait(t, exec.Command("strace", append(append(to, filepath.Join(bin, "outrigger")), args...)...))
}

func wait(t *testing.T, cmd *exec.Cmd) (code int, stderr string) {
	t.Helper()
	var b strings.Builder
	cmd.Stderr = &b
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1") // else the tracer stops for each of its signals
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), b.String()
}

// killed kills a run at its first system call of a kind that has to do with names,
// and looks: each file is old or new, and the same command gives what an
// undisturbed one gives.
func killed(t *testing.T, old, want map[string]string, call string, names []string, args func(dir string) []string) {
	t.Helper()
	dir := folder(t, old)
	code, said := disturbed(t, dir, call, names, args(dir)...)
	require.Equal(t, -1, code, "killed at %s: %s", call, said)
	have := state(t, dir)
	for name, text := range have {
		if !strings.HasPrefix(name, ".outrigger-") {
			require.True(t, text == old[name] || text == want[name], "%s: %s is neither old nor new:\n%s", call, name, text)
		}
	}
	for name := range want {
		require.Contains(t, have, name)
	}
	code, said = run(t, args(dir)...)
	require.Zero(t, code, said)
	same(t, want, dir, call+": the next run mends it")
}

// kill is what strace does to the first system call of a name.
func kill(call string) string { return call + ":signal=KILL:when=1" }

func sorted(texts map[string]string) []string { return slices.Sorted(maps.Keys(texts)) }

// Killed at any system call of any of fifty files.
func TestKilled(t *testing.T) {
	conf := writeConfig(t, config)
	bare := workloads(50)
	inject := func(dir string) []string { return []string{"inject", "-c", conf, "-w", dir} }
	strip := func(dir string) []string { return []string{"strip", "-w", dir} }
	dir := folder(t, bare)
	code, said := run(t, inject(dir)...)
	require.Zero(t, code, said)
	laid := state(t, dir)

	other := writeConfig(t, strings.ReplaceAll(config, "8081", "8082"))
	again := func(dir string) []string { return []string{"inject", "-c", other, "-w", dir} }
	code, said = run(t, again(dir)...)
	require.Zero(t, code, said)
	moved := state(t, dir)
	require.NotEqual(t, laid, moved)

	for i, name := range sorted(bare) {
		for j, call := range []string{"renameat2", "write", "fsync", "unlinkat", "openat", "fchmod"} {
			if !*everywhere && i%10 != j {
				continue
			}
			t.Run(call+" "+name, func(t *testing.T) {
				t.Parallel()
				names := []string{temporary(name)}
				killed(t, bare, laid, kill(call), names, inject)
				if i == j || *everywhere {
					killed(t, laid, moved, kill(call), names, again)
					killed(t, moved, bare, kill(call), names, strip)
				}
			})
		}
	}
}

// Where a file holds nothing but what outrigger emitted, strip removes it; killed
// in between, it goes on with those that are left, even where it was told each by
// its name.
func TestKilledWhileRemoving(t *testing.T) {
	conf := writeConfig(t, config)
	bare := workloads(3)
	dir := folder(t, bare)
	code, said := run(t, "inject", "-c", conf, "-w", dir)
	require.Zero(t, code, said)
	old := map[string]string{}
	for name, text := range state(t, dir) { // a person puts them into files of their own
		deployment, object, ok := strings.Cut(text, "\n---\n")
		require.True(t, ok)
		old[name], old["of-"+name] = deployment+"\n", object
	}
	strip := func(dir string) []string {
		args := []string{"strip", "-w"}
		for _, name := range sorted(old) {
			args = append(args, filepath.Join(dir, name))
		}
		return args
	}
	for _, name := range sorted(bare) {
		killed(t, old, bare, kill("renameat"), []string{temporary("of-" + name)}, strip)
	}
	killed(t, old, bare, kill("unlinkat"), []string{temporary("of-web-00.yaml")}, strip)

	// when all is done but for the last temporary files, what is named is gone for good
	dir = folder(t, old)
	code, said = disturbed(t, dir, kill("unlinkat"), []string{temporary("of-web-01.yaml")}, strip(dir)...)
	require.Equal(t, -1, code, said)
	code, said = run(t, strip(dir)...)
	require.Equal(t, 1, code)
	require.Contains(t, said, "of-web-00.yaml: no such file")
	same(t, bare, dir, "all is as after an undisturbed run, which a second one finds so, too")
}

// Where the system can't swap two files, copies of the old ones are the way back.
func TestWithoutSwapping(t *testing.T) {
	conf := writeConfig(t, config)
	bare := workloads(3)
	args := func(dir string) []string { return []string{"inject", "-c", conf, "-w", dir} }
	dir := folder(t, bare)
	code, said := run(t, args(dir)...)
	require.Zero(t, code, said)
	laid := state(t, dir)

	probe := []string{temporary("/1")}
	dir = folder(t, bare)
	code, said = disturbed(t, dir, "renameat2:error=EINVAL", probe, args(dir)...)
	require.Zero(t, code, said)
	same(t, laid, dir, "")

	for _, name := range sorted(bare) {
		both := "renameat2:error=EINVAL "
		for _, call := range []string{"renameat", "unlinkat"} {
			killed(t, bare, laid, both+kill(call), append(probe, temporary(name), temporary(name)+"-old"), args)
		}
		dir := folder(t, bare)
		code, said := disturbed(t, dir, both+"renameat:error=EIO:when=1", append(probe, temporary(name)), args(dir)...)
		require.Equal(t, 1, code, said)
		require.Contains(t, said, "input/output error\nerror[io]: no file was changed\n")
		same(t, bare, dir, "put back from the copies")
	}
}

// Whatever fails, wherever: nothing was changed, and it says so.
func TestFails(t *testing.T) {
	conf := writeConfig(t, config)
	bare := workloads(50)
	for _, name := range []string{"web-00.yaml", "web-24.yaml", "web-49.yaml"} {
		for call, c := range map[string]struct{ fails, says string }{
			"openat":    {"EMFILE", "too many open files"},
			"write":     {"ENOSPC", "no space left on device"},
			"fchmod":    {"EPERM", "operation not permitted"},
			"fsync":     {"EIO", "input/output error"},
			"renameat2": {"EACCES", "permission denied"},
		} {
			t.Run(call+" "+name, func(t *testing.T) {
				t.Parallel()
				dir := folder(t, bare)
				fault := call + ":error=" + c.fails + ":when=1"
				code, said := disturbed(t, dir, fault, []string{temporary(name)}, "inject", "-c", conf, "-w", dir)
				require.Equal(t, 1, code)
				require.Equal(t, "error[io]: "+filepath.Join(dir, name)+": "+c.says+"\nerror[io]: no file was changed\n", said)
				same(t, bare, dir, "")
			})
		}
	}
	dir := folder(t, bare)
	names := []string{temporary("web-24.yaml")}
	code, said := disturbed(t, dir, "unlinkat:error=EIO:when=1", names, "inject", "-c", conf, "-w", dir)
	require.Equal(t, 1, code)
	require.Contains(t, said, `web-24.yaml: input/output error
error[io]: all files are written, but this couldn't be taken away
  hint: the next run tries it again
`)
	require.Contains(t, state(t, dir), temporary("web-24.yaml"))
	code, said = run(t, "strip", "-w", dir)
	require.Zero(t, code, said)
	same(t, bare, dir, "")
}

// Told to stop, as by Ctrl-C, it leaves nothing half done.
func TestStopped(t *testing.T) {
	conf := writeConfig(t, config)
	bare := workloads(50)
	for _, signal := range []string{"INT", "TERM"} {
		dir := folder(t, bare)
		faults := "write:signal=" + signal + ":when=1 fsync:delay_enter=500000:when=1"
		names := []string{temporary("web-00.yaml")}
		code, said := disturbed(t, dir, faults, names, "inject", "-c", conf, "-w", dir)
		require.Equal(t, 1, code, "the first file takes half a second to sync: %s", said)
		require.Equal(t, "error[io]: was interrupted\nerror[io]: no file was changed\n", said)
		same(t, bare, dir, "")
	}
}

// A disk that is really full.
func TestDiskFull(t *testing.T) {
	conf := writeConfig(t, config)
	bare := workloads(10)
	dir, disk := folder(t, bare), t.TempDir()
	out, err := exec.Command("unshare", "-rm", "sh", "-c", `
		mount -t tmpfs -o size=80k disk "$1" && cp "$2"/* "$1" || exit 9
		"$3" inject -c "$4" -w "$1" && exit 8
		diff -r "$1" "$2" && echo all as it was`, "sh", disk, dir, filepath.Join(bin, "outrigger"), conf).CombinedOutput()
	require.NoError(t, err, string(out))
	want := `^error\[io\]: \S*/web-0\d.yaml: no space left on device\nerror\[io\]: no file was changed\nall as it was\n$`
	require.Regexp(t, want, string(out))
}

// Two at once, each with its own sidecars: what one does isn't lost.
func TestTogether(t *testing.T) {
	second := strings.NewReplacer("search", "other", "- tlsProxy:", "- name: second\n      tlsProxy:").Replace(config)
	confs := folder(t, map[string]string{"a.yaml": config, "b.yaml": second})
	bare := workloads(20)
	for range 3 {
		dir := folder(t, bare)
		codes, said := [2]int{}, [2]string{}
		var ended sync.WaitGroup
		for i, name := range []string{"a.yaml", "b.yaml"} {
			ended.Go(func() { codes[i], said[i] = run(t, "inject", "-c", filepath.Join(confs, name), "-w", dir) })
		}
		ended.Wait()
		require.Contains(t, codes[:], 0, "one wins: %s", said)
		for i, code := range codes {
			if code != 0 { // one that came late may also find its port taken by the other's work
				require.Contains(t, said[i], "error[")
				continue
			}
			for name, text := range state(t, dir) {
				require.Contains(t, text, `"`+[]string{"search", "other"}[i]+`":{"patterns"`, name)
			}
		}
		code, all := run(t, "strip", "-w", dir)
		require.Zero(t, code, all)
		same(t, bare, dir, "")
	}
}

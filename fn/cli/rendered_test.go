package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// slack is how long a test waits for what takes two seconds on an idle machine.
const slack = 30 * time.Second

// A renderer that succeeds gives what a pipe gives.
func TestRun(t *testing.T) {
	conf, manifests := file(t, "sidecars.yaml", sidecars), file(t, "web.yaml", web)
	_, want, _ := call(web, "inject", "-c", conf)
	code, out, err := call("", "run", "-c", conf, "--", "cat", manifests)
	require.Zero(t, code, err)
	require.Equal(t, want, out)
	require.Contains(t, err, "Deployment web: ")

	t.Setenv("MANIFESTS", manifests)
	code, out, err = call("not read", "run", "-c", conf, "--", "sh", "-c", `cat; echo a word >&2; cat "$MANIFESTS"`)
	require.Zero(t, code, err)
	require.Equal(t, want, out, "it has the environment, and no standard input")
	require.Contains(t, err, "a word\n", "its messages are shown")

	both := web + "---\n" + strings.ReplaceAll(web, "web", "other")
	all := file(t, "all.yaml", strings.Replace(sidecars, "name: web}", "name: .*}", 1))
	_, _, total := call(both, "inject", "-c", all)
	require.Contains(t, total, "\ntotal: 2 workloads with sidecars")
	code, _, err = call("", "run", "-c", all, "--", "cat", file(t, "both.yaml", both))
	require.Zero(t, code, err)
	require.Equal(t, total, err, "the report is the same")

	const large = `cat "$1"; awk 'BEGIN {for (i = 0; i < 1000000; i++) printf "# %0100d\n", i}'`
	code, out, err = call("", "run", "-c", conf, "--", "sh", "-c", large, "sh", manifests)
	require.Zero(t, code, err)
	require.Greater(t, len(out), 100_000_000)
}

// A renderer that fails in any way, or prints anything but manifests, gives nothing.
func TestRunFails(t *testing.T) {
	conf := file(t, "sidecars.yaml", strings.Replace(sidecars, "spec:\n", "spec:\n  expect: {min: 0}\n", 1))
	manifests := file(t, "web.yaml", web)
	t.Setenv("SECRET", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"password":"geheim"}}`)
	const secretLines = `printf 'apiVersion: v1\ndata:\n  key: |\n    a\ngeheim\nkind: Secret\n---\n'; cat "$1"`
	for name, c := range map[string]struct{ script, says string }{
		"half of the output": {`head -5 "$1"; echo broken >&2; exit 3`,
			"broken\nerror[command-failed]: sh ended with code 3\n"},
		"killed":                 {`cat "$1"; kill -KILL $$`, "sh was ended by a signal: killed"},
		"a line of a log":        {`echo loading; cat "$1"`, `sh: the output isn't manifests alone: line 1: "loading"`},
		"a log like a field":     {`echo 2026/11/29 warning: old; cat "$1"`, `line 1: "2026/11/29 warning: old"`},
		"a log like YAML":        {`echo WARNING: old; cat "$1"`, `line 1: "WARNING: old"`},
		"a log in a document":    {`cat "$1"; echo ---; echo done`, `"done"`},
		"a log in JSON":          {`echo '{"level": "info"}'; cat "$1"`, "line 1: JSON without apiVersion and kind"},
		"a log behind":           {`cat "$1"; echo all done`, `"all done"`},
		"values":                 {`cat "$1"; echo ---; echo password: geheim`, "which begins with password\n"},
		"a list":                 {`echo '[1, 2]'`, "line 1: "},
		"empty":                  {`true`, "sh: the output has no objects"},
		"comments":               {`echo '# nothing'; echo ---`, "sh: the output has no objects"},
		"a List without members": {`echo '{apiVersion: v1, kind: List, items: []}'`, "sh: the output has no objects"},
		"a log before a field":   {`echo loading: 3; cat "$1"`, "line 1: a field that no Deployment has: loading\n"},
		"a log as a field":       {`cat "$1"; echo 'done: "geheim"'`, ": a field that no Deployment has: done\n"},
		"a word as a field":      {`cat "$1"; echo WARNING: old`, "a field that no Deployment has: WARNING\n"},
		"half an object":         {`cat "$1"; echo ---; echo kind: Foo`, "an object without apiVersion and kind"},
		"a field twice in JSON":  {`echo '{"apiVersion":"v1","kind":"Foo","kind":"Foo"}'`, "line 1: a field stands here"},
		"a List in a List": {`echo '{"apiVersion":"v1","kind":"List","items":[{"kind":"List","items":[{"kind":"a"}]}]}'`,
			"line 1: is a list in a list"},
		"broken JSON":            {`printf '{\n"apiVersion":"v1",\n"kind":"Foo"\n'`, "the output can't be read: line "},
		"a key that isn't moved": {secretLines, "a line that isn't shown, as it may be of a Secret\n"},
		"a Secret in JSON":       {`echo "[$SECRET]"; echo null`, "the output can't be read: line 1: "},
		"a Secret behind text":   {`echo '["x",'"$SECRET]"`, "line 1: a line that isn't shown"},
		"left running":           {`cat "$1"; sleep 1000 & echo $! >"$2"`, "sh has left a process running that holds its"},
		"busy behind":            {`while sleep 0.1; do :; done >&2 & echo $! >"$2"; exit 4`, "sh ended with code 4"},
	} {
		t.Run(name, func(t *testing.T) {
			note := filepath.Join(t.TempDir(), "pid")
			start := time.Now()
			code, out, err := call("", "run", "-c", conf, "--", "sh", "-c", c.script, "sh", manifests, note)
			require.Less(t, time.Since(start), slack)
			require.Equal(t, exitFailed, code)
			require.Empty(t, out)
			require.Contains(t, err, c.says)
			require.NotContains(t, err, "geheim")
			if pid, err := os.ReadFile(note); err == nil {
				requireGone(t, string(pid))
			}
		})
	}
	for name, command := range map[string][]string{
		"nosuchprogram isn't in PATH":              {"--", "nosuchprogram"},
		"web.yaml can't be started: permission de": {"--", manifests},
	} {
		code, out, err := call("", append([]string{"run", "-c", conf}, command...)...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, out)
		require.Contains(t, err, name)
	}
	for says, args := range map[string][]string{
		"write -- in front of cat":      {"-c", conf, "cat", manifests},
		"no command is given\n":         {"-c", conf, "--"},
		"no command is given":           {"-c", conf, "--", ""},
		"takes no arguments before --":  {"-c", conf, manifests, "--", "cat"},
		"no Sidecars document is given": {"--", "cat", manifests},
		"-c has no name":                {"-c", "", "--", "cat", manifests},
	} {
		code, _, err := call("", append([]string{"run"}, args...)...)
		require.Equal(t, exitMisuse, code, says)
		require.Contains(t, err, says)
	}
}

// Where standard error is a document, the last message of a renderer is in it.
func TestRunFindings(t *testing.T) {
	code, _, err := call("", "run", "--findings=json", "-c", file(t, "sidecars.yaml", sidecars), "--",
		"sh", "-c", "echo first >&2; echo the reason >&2; exit 2")
	require.Equal(t, exitFailed, code)
	require.True(t, strings.HasPrefix(err, "{") || strings.HasPrefix(err, "["), err)
	require.Contains(t, err, "sh ended with code 2")
	require.Contains(t, err, "the reason")
	code, _, err = call("", "run", "--findings=json", "-c", file(t, "sidecars.yaml", sidecars), "--", "nosuchprogram")
	require.Equal(t, exitFailed, code)
	require.Contains(t, err, `"hint": "install it, or write its path"`, "it has said nothing itself")
}

// A signal reaches what runs, and nothing is left of it.
func TestRunIsStopped(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	for name, c := range map[string]struct {
		signal syscall.Signal
		trap   string
		said   string
	}{
		"ends": {syscall.SIGTERM, `trap 'echo asked >&2; exit 0' TERM`,
			"asked\nerror[command-failed]: sh was stopped by a signal"},
		"interrupted":    {syscall.SIGINT, `trap 'echo asked >&2; exit 0' INT`, "asked\n"},
		"killed with us": {syscall.SIGKILL, `true`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			note := filepath.Join(t.TempDir(), "pid")
			script := c.trap + `; echo $$ >"$1.new"; mv "$1.new" "$1"; cat "$2"; while :; do sleep 0.1; done`
			p := exec.Command("outrigger", "run", "-c", conf, "--", "sh", "-c", script, "sh", note, file(t, "web.yaml", web))
			var out, err strings.Builder
			p.Stdout, p.Stderr, p.WaitDelay = &out, &err, slack
			require.NoError(t, p.Start())
			require.Eventually(t, func() bool { _, err := os.Stat(note); return err == nil }, slack, 10*time.Millisecond)
			require.NoError(t, p.Process.Signal(c.signal))
			require.Error(t, p.Wait())
			require.Empty(t, out.String())
			require.Contains(t, err.String(), c.said)
			requireGone(t, text(t, note))
		})
	}
}

// A renderer that is stopped, as by Ctrl-Z, still gets a signal, so that nothing waits for it.
func TestRunEndsWhatIsStopped(t *testing.T) {
	note := filepath.Join(t.TempDir(), "pid")
	p := exec.Command("outrigger", "run", "-c", file(t, "sidecars.yaml", sidecars), "--",
		"sh", "-c", `echo $$ >"$1.new"; mv "$1.new" "$1"; kill -STOP $$; sleep 1000`, "sh", note)
	var err strings.Builder
	p.Stderr, p.WaitDelay = &err, slack
	require.NoError(t, p.Start())
	defer p.Process.Kill() // after a failure
	require.Eventually(t, func() bool {
		pid, err := os.ReadFile(note)
		return err == nil && processState(strings.TrimSpace(string(pid))) == "T"
	}, slack, 10*time.Millisecond)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	requireGone(t, text(t, note))
	require.Error(t, p.Wait())
	require.Contains(t, err.String(), "sh was stopped by a signal: terminated")
}

// requireGone waits until a process is gone.
func requireGone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(pid))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return isGone(n) }, slack, 10*time.Millisecond, "process %d", n)
}

// isGone reports whether a process has ended, perhaps as one that nobody has asked for yet.
func isGone(pid int) bool {
	state := processState(strconv.Itoa(pid))
	return state == "Z" || state == "" && syscall.Kill(pid, 0) != nil
}

// processState returns the letter for the state of a process, or "" where it can't be read.
func processState(pid string) string {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return ""
	}
	return strings.Fields(string(stat)[strings.LastIndex(string(stat), ")")+1:])[0]
}

package merge_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

// Words of a command are separated by |, since scripts have blanks.
func words(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "|")
}

// installWeb makes web an app that prints its arguments.
func installWeb(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web"), []byte("#!/bin/sh\necho \"web: $@\"\n"), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// readsArgument runs words and an argument behind them, and reports whether the app gets it.
func readsArgument(t *testing.T, words []string) bool {
	out, _ := exec.Command(words[0], append(words[1:], "--moved")...).CombinedOutput() // it may fail
	return regexp.MustCompile(`(?m)^web:.* --moved`).Match(out)
}

// Arguments are appended only where the app reads them. Every Debian has the programs that are run here.
func TestArgsBehindPrograms(t *testing.T) {
	installWeb(t)
	run := []string{"sh", "/bin/sh", "env", "timeout", "nice"}
	const script, zeroth = "sh runs a script that doesn't pass them on", "sh takes the first one for the script's name"
	for _, c := range []struct{ command, args, lost string }{
		{"web", "--log=json", ""},
		{"", "--log=json", ""},
		{"/bin/sh|-c", "exec web --port=8080", script},
		{"/bin/sh|-c|exec web --port=8080", "", script},
		{"", "sh|-c|exec web", script},
		{"", "-c|exec web --port=8080", script},
		{"", "-c|web.yaml", ""},
		{"sh|-ec", "web", script},
		{"sh|-e|-c", "web", script},
		{"bash|-o|pipefail|-c", "web | tee /log", "bash runs a script that doesn't pass them on"},
		{"bash|--login|-c|web", "", "bash runs a script that doesn't pass them on"},
		{"sh|-c|--|web", "", script},
		{"sh|-c", `exec web "$@"`, zeroth},
		{"sh|-c", `exec web "$@"|sh`, ""},
		{"sh|-c", `exec "$@"|sh|web`, ""},
		{"sh|-c", `exec "$0" "$@"|web`, ""},
		{"sh|-c", `if true; then exec web ${@}; fi|sh`, ""},
		{"sh|-c", "cd /app\nexec web $*|sh", ""},
		{"sh|-c", `echo "$@"; exec web|sh`, script},
		{"sh|-c", `# "$@"` + "\nexec web|sh", script},
		{"sh|-c", `set -- web; exec "$@"|sh`, script},
		{"sh|-c", `set -- web "$@"; exec "$@"|sh`, ""},
		{"bash|-c", "exec web $1|sh", "bash runs a script that doesn't pass them on"}, // all of them
		{"bash", "/app/start.sh", ""},
		{"bash|-x", "/app/start.sh", ""},
		{"sh", "", "sh has nothing to start"},
		{"/sbin/tini|--", "web", ""},
		{"/sbin/tini|-g|--", "sh|-c|exec web", script},
		{"tini|-p|TERM|--|sh", "-c|exec web", script},
		{"dumb-init|sh|-c|exec web", "", script},
		{"dumb-init|--rewrite|15:3|--|web", "", ""},
		{"env|PORT=1|web", "", ""},
		{"/usr/bin/env|-i|A=b|bash|-c|web", "", "bash runs a script that doesn't pass them on"},
		{"env|-u|A|sh|-c|web", "", script},
		{"env|-S|sh -c web", "", script},
		{"timeout|-k|5|60|sh|-c|web", "", script},
		{"timeout|60|web", "", ""},
		{"gosu|app|sh|-c|web", "", script},
		{"su-exec|app|web", "", ""},
		{"s6-setuidgid|app|sh|-c|web", "", script},
		{"setpriv|--reuid=1000|--clear-groups|sh|-c|web", "", script},
		{"/usr/bin/with-contenv|bash|-c|web", "", "bash runs a script that doesn't pass them on"},
		{"nice|-n|5|web", "", ""},
		{"busybox|sh|-c|web", "", script},
		{"envconsul|-config|x|--|sh|-c|web", "", script},
		{"npm|run|start", "", "npm keeps them for itself"},
		{"npm|run|start|--", "", ""},
		{"su|app|-c|web", "", "su keeps them for itself"},
		{"supervisord|-c|/etc/s.conf", "", "supervisord keeps them for itself"},
		{"java|-jar|app.jar", "", ""},
		{"python|-c|import web", "", ""},
	} {
		t.Run(c.command+" "+c.args, func(t *testing.T) {
			w := sidecartest.Workload()
			w.App.Command, w.App.Args = words(c.command), words(c.args)
			if all := slices.Concat(w.App.Command, w.App.Args); slices.Contains(run, all[0]) {
				require.Equal(t, c.lost == "", readsArgument(t, all))
			}
			edits, fs := merge.Edits(w, []sidecar.Answer{sidecartest.Answer(w, "s",
				&sidecar.Change{App: sidecar.App{Args: []string{"--moved"}, ReplacesCMD: true}})})
			if c.lost == "" {
				require.Empty(t, fs)
				require.Contains(t, strings.Join(paths(edits), "\n"), "args[--moved]")
				return
			}
			require.Contains(t, fs.Error(), "the added arguments wouldn't reach the app, since "+c.lost+"; ")
			require.NotContains(t, strings.Join(paths(edits), "\n"), "args[")
		})
	}
}

// A variable is added only where nothing gives it another value on the way to the app.
func TestVariablesBehindPrograms(t *testing.T) {
	for _, c := range []struct {
		command string
		want    sidecar.Severity
	}{
		{"web", ""},
		{"env|HOST=x|web", ""},
		{"env|PORT=8081|web", ""},
		{"env|PORT=8080|web", sidecar.Error},
		{"tini|--|env|PORT=8080|web", sidecar.Error},
		{"env|-i|web", sidecar.Error},
		{"env|-|PORT=8081|web", ""},
		{"env|-u|PORT|web", sidecar.Error},
		{"sh|-c|exec web", ""},
		{"sh|-c|export PORT=8080; exec web", sidecar.Warning},
		{"sh|-c|PORT=8080 exec web", sidecar.Warning},
		{"sh|-c|PORT='8081' exec web", ""},
		{"sh|-c|PORT=${PORT:-8080} exec web", ""},
		{"sh|-c|exec web --PORT=8080", ""},
	} {
		t.Run(c.command, func(t *testing.T) {
			w := sidecartest.Workload()
			w.App.Command = words(c.command)
			_, fs := merge.Edits(w, []sidecar.Answer{sidecartest.Answer(w, "s",
				&sidecar.Change{App: sidecar.App{Env: sidecartest.Vars("PORT=8081")}})})
			if c.want == "" {
				require.Empty(t, fs)
				return
			}
			require.Len(t, fs, 1)
			require.Equal(t, c.want, fs[0].Severity)
			require.Equal(t, "env-overwritten", fs[0].Code)
		})
	}
}

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInjectStream(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	in := "# first\n---\n" + web + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: web-tls}\n" +
		"stringData: {tls.crt: geheim-1, tls.key: geheim-2}\n"
	code, out, err := call(in, "inject", "-c", conf)
	require.Zero(t, code, err)
	require.True(t, strings.HasPrefix(out, "# first\n---\n"))
	require.Contains(t, out, "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-tls-proxy\n")
	require.Equal(t, "Deployment web: tls-proxy (1 native sidecar, 1 object, takes over port 8080); requests 20m "+
		"CPU, 32Mi\n", err)

	code, out, err = call(strings.Replace(in, "tls.key: geheim-2", "key: geheim-2", 1), "inject", "-c", conf)
	require.Equal(t, 1, code)
	require.Empty(t, out, "someone may pipe it into kubectl apply")
	require.Contains(t, err, "tls.key")
	require.NotContains(t, err, "geheim")
}

func TestInjectList(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	in := "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(web), "\n", "\n  ") + "\n"
	code, out, err := call(in, "inject", "-c", conf)
	require.Zero(t, code, err)
	require.Contains(t, out, "\n- apiVersion: v1\n  kind: ConfigMap\n")
	require.NotContains(t, out, "---")
}

func TestInjectFails(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	for name, c := range map[string]struct {
		in   string
		args []string
		says string // with a "2 " in front where the command line is wrong
	}{
		"no config": {
			web,
			[]string{"inject"},
			"2 inject: no Sidecars document is given\n  hint: name it with -c FILE\n",
		},
		"missing config": {web, []string{"inject", "-c", "none.yaml"}, "none.yaml: no such file"},
		"empty stream":   {"", []string{"inject", "-c", conf}, "standard input is empty"},
		"broken YAML":    {"a: b\n  c: [", []string{"inject", "-c", conf}, "line 2: mapping values are not allowed"},
		"field twice": {
			web + "spec: {}\n",
			[]string{"inject", "-c", conf},
			"line 13: a field stands here that its mapping has already in line",
		},
		"stdin in place": {web, []string{"inject", "-c", conf, "-w"}, "2 inject: -w needs files or folders to write to\n"},
		"missing folder": {"", []string{"inject", "-c", conf, "none"}, "none: no such file"},
		"unknown flag": {
			"",
			[]string{"inject", "-x"},
			"2 inject: unknown shorthand flag: 'x' in -x\n  hint: see outrigger inject --help\n",
		},
		"alias bomb": {bomb(web), []string{"inject", "-c", conf}, "stand for more than a million values"},
		"deep nesting": {
			strings.Replace(web, "spec:\n  template", "spec:\n  deep: "+strings.Repeat("[", 20000)+"\n  template", 1),
			[]string{"inject", "-c", conf},
			"exceeded max depth",
		},
		"strip unrecorded": {
			strings.Replace(web, "  name: web\nspec", "  name: web\n  annotations: {outrigger.dev/patterns: x}\nspec", 1),
			[]string{"strip"},
			"no record of what was there before",
		},
		"damaged record": {
			strings.Replace(
				web,
				"  name: web\nspec",
				"  name: web\n  annotations: {outrigger.dev/applied: '{'}\nspec",
				1,
			),
			[]string{"strip"},
			"is damaged",
		},
		"older record": {
			strings.Replace(
				web,
				"  name: web\nspec",
				"  name: web\n  annotations: {outrigger.dev/applied: '{\"v\":1,\"marks\":[]}'}\nspec",
				1,
			),
			[]string{"strip"},
			"has version 1, of an older outrigger\n  hint: strip the object with that one",
		},
		"record in a pipe": {
			strings.Replace(
				web,
				"  name: web\nspec",
				"  name: web\n  annotations: {outrigger.dev/applied: '{\"v\":3,\"marks\":[]}'}\nspec",
				1,
			),
			[]string{"inject", "-c", conf},
			"render it with -w or kpt, or set record: always in the config, or remove what was added with outrigger strip first",
		},
		"path in a pipe": {
			strings.Replace(
				web,
				"  name: web\nspec",
				"  name: web\n  annotations: {internal.config.kubernetes.io/path: a.yaml, outrigger.dev/applied: "+
					"'{\"v\":3,\"marks\":[]}'}\nspec",
				1,
			),
			[]string{"inject", "-c", conf},
			"is only used when files are written back",
		},
		"foreign record": {
			strings.Replace(
				web,
				"  name: web\nspec",
				"  name: web\n  annotations: {outrigger.dev/applied: '{\"v\":9,\"marks\":[]}'}\nspec",
				1,
			),
			[]string{"strip"},
			"has version 9",
		},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := call(c.in, c.args...)
			says, misused := strings.CutPrefix(c.says, "2 ")
			require.Equal(t, map[bool]int{false: exitFailed, true: exitMisuse}[misused], code)
			require.Empty(t, out)
			require.Contains(t, err, says)
			require.Regexp(t, `^error\[[a-z0-9-]+\]: `, err)
		})
	}
}

// bomb adds pod labels made of aliases to a manifest: 10^9 values.
func bomb(text string) string {
	var b strings.Builder
	b.WriteString("x0: &x0 [a]\n")
	for i := 1; i < 10; i++ {
		n := string(rune('0' + i))
		p := "*x" + string(rune('0'+i-1))
		b.WriteString("x" + n + ": &x" + n + " [" + strings.Repeat(p+", ", 9) + p + "]\n")
	}
	return strings.Replace(b.String()+text, "      containers:", "      nodeSelector: {a: *x9}\n      containers:", 1)
}

func TestInjectInPlace(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	dir := t.TempDir()
	path := filepath.Join(dir, "web.yaml")
	other := filepath.Join(dir, "other.yml")
	require.NoError(t, os.WriteFile(path, []byte(web), 0o640))
	require.NoError(t, os.WriteFile(other, []byte("a: [b\n"), 0o600))
	code, _, err := call("", "inject", "-c", conf, "-w", dir)
	require.Equal(t, 1, code)
	require.Contains(t, err, "other.yml:1: ")
	require.Equal(t, web, text(t, path), "files stay as they are")

	require.NoError(t, os.WriteFile(other, []byte("a: b\n"), 0o600))
	code, _, err = call("", "inject", "-c", conf, "-w", dir)
	require.Zero(t, code, err)
	laid := text(t, path)
	require.Contains(t, laid, "outrigger.dev/applied")
	info, e := os.Stat(path)
	require.NoError(t, e)
	require.EqualValues(t, 0o640, info.Mode().Perm())
	code, _, err = call("", "inject", "-c", conf, "-w", dir)
	require.Zero(t, code, err)
	require.Equal(t, laid, text(t, path), "twice is once")

	// a person's own edits stay
	mine := strings.Replace(laid, "image: web:1 # pinned", "image: web:2 # newer", 1)
	require.NoError(t, os.WriteFile(path, []byte(mine), 0o640))
	code, _, err = call("", "inject", "-c", conf, "-w", dir)
	require.Zero(t, code, err)
	require.Equal(t, mine, text(t, path))

	code, _, err = call("", "strip", "-w", dir)
	require.Zero(t, code, err)
	require.Equal(t, strings.Replace(web, "web:1 # pinned", "web:2 # newer", 1), text(t, path))

	// a changed generated part is never overwritten silently
	require.NoError(
		t,
		os.WriteFile(path, []byte(strings.Replace(laid, "periodSeconds: 20", "periodSeconds: 30", 1)), 0o640),
	)
	code, _, err = call("", "inject", "-c", conf, "-w", dir)
	require.Equal(t, 1, code)
	require.Contains(
		t,
		err,
		"initContainers[name=tls-proxy]: was changed by hand since outrigger wrote it\n"+
			"  hint: move the change into the sidecar's override",
	)
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestInjectFolderToStream(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(strings.TrimSuffix(web, "\n")), 0o600))
	require.NoError(
		t,
		os.WriteFile(
			filepath.Join(dir, "b.yaml"),
			[]byte("---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"+
				"spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n"),
			0o600,
		),
	)
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".git"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".git", "c.yaml"), []byte("["), 0o600))
	code, out, err := call("", "inject", "-c", conf, dir)
	require.Zero(t, code, err)
	require.Contains(
		t,
		out,
		"ports: [{port: 80, targetPort: 8080}]",
		"a named targetPort becomes the number, in its place",
	)
}

func TestStripRemovesEmittedFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web-tls-proxy.yaml")
	_, laid, err := inPlace(t, sidecars, web)
	_, emitted, found := strings.Cut(laid, "\n---\n")
	require.True(t, found, err)
	require.NoError(t, os.WriteFile(path, []byte(emitted), 0o600))
	code, _, err := call("", "strip", "-w", dir)
	require.Zero(t, code, err)
	require.NoFileExists(t, path)
	require.Contains(t, err, "ConfigMap web-tls-proxy: was written by outrigger, and is removed")
}

// Helm 4 calls a post-renderer for hooks alone, and a chart may render nothing: only with
// --no-match=ok that's no error, and only that.
func TestInjectHooksAlone(t *testing.T) {
	const hook = `apiVersion: batch/v1
kind: Job
metadata:
  name: check
  annotations: {helm.sh/hook: test}
spec:
  template:
    spec: {containers: [{name: check, image: "curl:1"}]}
`
	conf := file(t, "sidecars.yaml", sidecars)
	for name, c := range map[string]struct {
		stream string
		ok     bool
	}{
		"hooks":              {hook, true},
		"hooks and more":     {hook + "---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n", false},
		"another workload":   {strings.ReplaceAll(web, "name: web", "name: other"), false},
		"comments":           {"# Source: chart/templates/none.yaml\n---\n", true},
		"a line break":       {"\n", true},
		"nothing":            {"", true},
		"one with an origin": {"---\n# Source: chart/templates/check.yaml\n" + hook, true},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := call(c.stream, "inject", "-c", conf, "--no-match=ok")
			if c.ok {
				require.Zero(t, code, err)
				require.Equal(t, c.stream, out)
			} else {
				require.Equal(t, exitFailed, code)
				require.Contains(t, err, "error[nothing-selected]")
			}
			code, out, _ = call(c.stream, "inject", "-c", conf)
			require.Equal(t, exitFailed, code)
			require.Empty(t, out)
		})
	}
}

// Where a run fails, nothing is said to be removed.
func TestNothingIsRemoved(t *testing.T) {
	conf, path := file(t, "sidecars.yaml", sidecars), file(t, "web.yaml", web)
	code, _, stderr := call("", "inject", "-c", conf, "-w", path)
	require.Zero(t, code, stderr)
	var kept []string
	for line := range strings.Lines(text(t, path)) {
		if !strings.Contains(line, "outrigger.dev/applied") {
			kept = append(kept, line)
		}
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(kept, "")), 0o640))
	code, _, stderr = call("", "strip", "-w", path)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "error[record-missing]: ")
	require.NotContains(t, stderr, "is removed")
	require.Equal(t, strings.Join(kept, ""), text(t, path))
}

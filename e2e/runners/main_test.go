//go:build runners

package runners

import (
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/image"
	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

const (
	alpha = "--enable-alpha-plugins"
	exe   = "--enable-exec"
)

var (
	root       string            // of the repository
	kustomizes map[string]string // their paths, by version
	kpts       []made.Kpt
	forms      []form
	tables     []*table
)

// A form is how kustomize is told to run outrigger: what replaces the function's annotation in each document, the
// flags that it needs, and the folder with the examples in this form.
type form struct {
	name, function string
	flags          []string
	folder         string
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "outrigger-runners-")
	if err == nil {
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	for _, one := range tables {
		one.print(os.Stdout)
	}
	for _, missing := range []string{"kubectl"} {
		if _, err := exec.LookPath(missing); err != nil {
			fmt.Fprintf(os.Stderr, "e2e/runners: %s: %s isn't in PATH\n", notRun, missing)
		}
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// prepare makes the programs, the image and a folder of plugins, and writes the examples in all forms.
func prepare(dir string) (err error) {
	if root, err = made.FindRoot(); err != nil {
		return err
	}
	bin, err := made.Make("build", "bin/kustomize", "bin/kustomize-4.5.7", "bin/kustomize-5.0.3", "bin/kustomize-5.4.3",
		"bin/helm3", "bin/helm4")
	if err != nil {
		return err
	}
	if kustomizes, err = findKustomizes(bin); err != nil {
		return err
	}
	if kpts, err = made.FindKpts(); err != nil {
		return err
	}
	if _, err := image.Build(dir); err != nil {
		return err
	}
	os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	os.Setenv("KUSTOMIZE_PLUGIN_HOME", filepath.Join(dir, "plugins"))
	if out, err := exec.Command("outrigger", "install", "--kustomize-plugin").CombinedOutput(); err != nil {
		return fmt.Errorf("outrigger install: %w: %s", err, out)
	}
	container := "${1}annotations:${2}config.kubernetes.io/function: |${3}container: {image: " + image.Name + "}\n"
	for _, f := range []form{
		{name: "exec", function: "$0", flags: []string{alpha, exe}},
		{name: "container", function: container, flags: []string{alpha}},
		{name: "legacy", function: "", flags: []string{alpha}},
	} {
		f.folder = filepath.Join(dir, f.name)
		if err := f.writeFolder("examples"); err != nil {
			return err
		}
		forms = append(forms, f)
	}
	return nil
}

// findKustomizes returns the paths of all kustomizes by the versions of which they were built.
func findKustomizes(bin string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(bin, "kustomize*"))
	found := map[string]string{}
	for _, path := range paths {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, err
		}
		found[strings.TrimPrefix(info.Main.Version, "v")] = path
	}
	for _, version := range []string{"4.5.7", "5.0.3", "5.4.3", newest} {
		if found[version] == "" {
			return nil, fmt.Errorf("there is no kustomize %s in %s", version, bin)
		}
	}
	return found, err
}

// newest is the kustomize that all other tests use.
const newest = "5.8.2"

func versions() []string { return slices.Sorted(maps.Keys(kustomizes)) }

var function = regexp.MustCompile(
	`( *)annotations:(\s+)config.kubernetes.io/function: \|(\s+)exec: \{path: outrigger\}\n`)

// writeFolder writes a folder of the repository, with the examples' documents in this form.
func (f form) writeFolder(of string) error {
	all := os.DirFS(root)
	return fs.WalkDir(all, of, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(f.path(name), 0o755)
		}
		text, err := fs.ReadFile(all, name)
		if err != nil {
			return err
		}
		return os.WriteFile(f.path(name), function.ReplaceAll(text, []byte(f.function)), 0o644)
	})
}

// build builds a folder of the form with a version of kustomize.
func (f form) build(t *testing.T, version, folder string) string {
	t.Helper()
	return program.Output(t, "", kustomizes[version], append(append([]string{"build"}, f.flags...), f.path(folder))...)
}

func (f form) path(folder string) string { return filepath.Join(f.folder, folder) }

// needFlags checks that a build without flags fails with a message that names them, whatever the form.
func (f form) needFlags(t *testing.T, version, folder string) {
	t.Helper()
	for n := range f.flags {
		got := program.Run(t, "", kustomizes[version], append(append([]string{"build"}, f.flags[:n]...), f.path(folder))...)
		require.NotZero(t, got.Code, "a build without the sidecars went through")
		require.Empty(t, got.Stdout)
		want := "external plugins disabled; unable to load external plugin 'Sidecars'"
		if n > 0 {
			want = "has not run: kustomize needs --enable-alpha-plugins --enable-exec"
		}
		require.Contains(t, got.Stderr, want)
	}
}

// need leaves a check out where a program isn't installed: the table says so.
func need(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(notRun + ": " + name + " isn't in PATH")
	}
}

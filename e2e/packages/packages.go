// Package packages runs the packages of examples/kpt, which are in the form of kpt's function catalogue: a package with
// its own .expected folder. A second run in place must change no byte, and have the same results, which kpt's own
// runner doesn't compare.
package packages

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/program"
)

const (
	expected    = ".expected"
	configFile  = "config.yaml"
	diffFile    = "diff.patch"
	resultsFile = "results.yaml"
	script      = "exec.sh" // is run in the package, in place of kpt
)

// A Package is one folder of examples/kpt.
type Package struct {
	Name string
	dir  string
	conf config
}

// config is the part of the catalogue's config.yaml that these packages use.
type config struct {
	TestType        string            `yaml:"testType"`
	AllowExec       bool              `yaml:"allowExec"`
	ImagePullPolicy string            `yaml:"imagePullPolicy"`
	Image           string            `yaml:"image"`
	FnConfig        string            `yaml:"fnConfig"` // from .expected
	Args            map[string]string `yaml:"args"`
	ExitCode        int               `yaml:"exitCode"`
	StdErr          string            `yaml:"stdErr"` // a part of it
}

// Find returns the packages below a folder: those that run images, or those that don't.
func Find(t *testing.T, root string, images bool) (found []Package) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*", expected, configFile))
	require.NoError(t, err)
	for _, file := range files {
		dir := filepath.Dir(filepath.Dir(file))
		p := Package{Name: filepath.Base(dir), dir: dir}
		strict := yaml.NewDecoder(strings.NewReader(readText(t, file)))
		strict.KnownFields(true)
		require.NoError(t, strict.Decode(&p.conf), file)
		if p.usesImage(t) == images {
			found = append(found, p)
		}
	}
	require.NotEmpty(t, found)
	return found
}

var imageLine = regexp.MustCompile(`(?m)^[ -]*image: .*/outrigger:`)

// usesImage reports whether a package runs outrigger as a container.
func (p Package) usesImage(t *testing.T) bool {
	t.Helper()
	return p.conf.Image != "" || imageLine.MatchString(readText(t, filepath.Join(p.dir, "Kptfile")))
}

// RunTwice runs a package with the kpt in PATH, and compares the difference and the results with the expected ones,
// or writes these. Then it runs the package again where it is.
func (p Package) RunTwice(t *testing.T, update bool) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), p.Name)
	require.NoError(t, os.CopyFS(dir, os.DirFS(p.dir)))
	runGit(t, dir, "init", "--quiet")
	runGit(t, dir, "add", "--all")
	runGit(t, dir, "commit", "--quiet", "-m", "before")

	results := p.runOnce(t, dir)
	once, diff := ReadFiles(t, dir), findChanges(t, dir)
	require.NotEmpty(t, diff)
	if update {
		p.writeExpected(t, diffFile, diff)
		p.writeExpected(t, resultsFile, results)
	}
	const mend = "mend with: make golden"
	require.Equal(t, p.readExpected(t, diffFile), diff, mend)
	require.Equal(t, p.readExpected(t, resultsFile), results, mend)

	require.Equal(t, results, p.runOnce(t, dir), "results of a second run in place")
	require.Equal(t, once, ReadFiles(t, dir), "a second run in place")
}

// runOnce runs a package, and returns the results for tools, if the form writes any.
func (p Package) runOnce(t *testing.T, dir string) (results string) {
	t.Helper()
	folder := t.TempDir()
	name, words := "kpt", p.kptWords(dir, folder)
	if p.hasExpected(script) {
		path, err := filepath.Abs(filepath.Join(p.dir, expected, script))
		require.NoError(t, err)
		name, words = "bash", []string{"-c", `cd "$0" && exec bash "$1"`, dir, path}
	}
	got := program.Run(t, "", name, words...)
	require.Equal(t, p.conf.ExitCode, got.Code, got.Stderr)
	require.Contains(t, got.Stderr, p.conf.StdErr)
	if _, err := os.Stat(filepath.Join(folder, resultsFile)); err != nil {
		return ""
	}
	return readText(t, filepath.Join(folder, resultsFile))
}

// kptWords returns the arguments of kpt.
func (p Package) kptWords(dir, results string) []string {
	words := []string{"fn", p.conf.TestType, dir, "--results-dir", results}
	if p.conf.ImagePullPolicy != "" {
		words = append(words, "--image-pull-policy", p.conf.ImagePullPolicy)
	}
	if p.conf.AllowExec {
		words = append(words, "--allow-exec")
	}
	if p.conf.Image != "" {
		words = append(words, "--image", p.conf.Image)
	}
	if p.conf.FnConfig != "" {
		words = append(words, "--fn-config", filepath.Join(dir, expected, p.conf.FnConfig))
	}
	var pairs []string
	for key, value := range p.conf.Args {
		pairs = append(pairs, key+"="+value)
	}
	if len(pairs) > 0 {
		slices.Sort(pairs)
		words = append(append(words, "--"), pairs...)
	}
	return words
}

// ReadFiles returns the files of a folder and those below it, by path, but those of git.
func ReadFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git":
			return filepath.SkipDir
		case d.IsDir():
			return nil
		}
		name, err := filepath.Rel(dir, path)
		found[name] = readText(t, path)
		return err
	}))
	return found
}

// CutStatus returns a Kptfile without what kpt says there of the last render, from beta.62 on.
func CutStatus(kptfile string) string {
	before, _, found := strings.Cut(kptfile, "\nstatus:\n")
	if found {
		before += "\n"
	}
	return before
}

// findChanges returns what has changed in a package since it was committed, but for the status in Kptfiles.
func findChanges(t *testing.T, dir string) string {
	t.Helper()
	for name, text := range ReadFiles(t, dir) {
		if filepath.Base(name) == "Kptfile" {
			file := filepath.Join(dir, name)
			require.NoError(t, os.WriteFile(file, []byte(CutStatus(text)), 0o644))
			defer func() { require.NoError(t, os.WriteFile(file, []byte(text), 0o644)) }()
		}
	}
	runGit(t, dir, "add", "--all")
	return runGit(t, dir, "diff", "--cached", "--no-color", "--no-ext-diff", "--abbrev=7", "HEAD")
}

// runGit runs git in a folder without anybody's settings.
func runGit(t *testing.T, dir string, words ...string) string {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	own := []string{"-C", dir, "-c", "user.name=none", "-c", "user.email=none"}
	return program.Output(t, "", "git", append(own, words...)...)
}

func (p Package) hasExpected(name string) bool {
	_, err := os.Stat(filepath.Join(p.dir, expected, name))
	return err == nil
}

// readExpected returns an expected file, and nothing where there is none.
func (p Package) readExpected(t *testing.T, name string) string {
	t.Helper()
	if !p.hasExpected(name) {
		return ""
	}
	return readText(t, filepath.Join(p.dir, expected, name))
}

func (p Package) writeExpected(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(p.dir, expected, name)
	if text == "" {
		require.NoError(t, os.RemoveAll(file))
		return
	}
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

func readText(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

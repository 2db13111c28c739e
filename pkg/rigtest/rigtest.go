// Package rigtest checks the laws of the house: one call for each case, all laws.
package rigtest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// update rewrites what is expected: make golden.
var update = flag.Bool("update", false, "rewrite expected.yaml and errors.txt of all cases")

// A Case is a config and manifests, as a case directory has them.
type Case struct {
	Config    string // config.yaml
	Input     string // input.yaml
	InputName string // file name that findings mention

	Untouched []string // texts in Input of objects that the config isn't concerned with
	Secrets   []string // values that nothing may tell
	Sample    uint64   // not 0: checks one of many alike, by this number, where all of them would take long

	done *memory // where it isn't nil
}

// A memory has what was read and run already: laws often begin alike.
type memory struct {
	runs    map[[2]string]rig.Output // by config and input
	configs map[string]*config.Sidecars
	objects map[string][]map[string]any // by text
}

func newMemory() *memory {
	return &memory{map[[2]string]rig.Output{}, map[string]*config.Sidecars{}, map[string][]map[string]any{}}
}

// readObjects are those of a text, for reading only.
func (c Case) readObjects(t T, text string) []map[string]any {
	t.Helper()
	if c.done == nil {
		return decodeObjects(t, text)
	}
	all, ok := c.done.objects[text]
	if !ok {
		all = decodeObjects(t, text)
		c.done.objects[text] = all
	}
	return all
}

// A T is what the laws need of a test.
type T interface {
	require.TestingT
	Helper()
}

// Check runs the case in a folder and checks that it gives what is expected, and
// all laws. A case has config.yaml and input.yaml, and either expected.yaml (the
// manifests after a run) or errors.txt (the findings of one that fails). With
// report.txt it says what was done.
func Check(t *testing.T, dir string) {
	t.Helper()
	c := Case{Config: readFile(t, dir, "config.yaml"), Input: readFile(t, dir, "input.yaml"), InputName: "input.yaml"}
	out := c.runConfig(t, c.Config, c.Input)
	if _, err := os.Stat(filepath.Join(dir, "errors.txt")); err == nil {
		CheckGolden(t, filepath.Join(dir, "errors.txt"), c.runFindings(t))
		require.Empty(t, out.Texts, "law 6: a run that fails gives nothing")
		return
	}
	require.NoError(t, out.Findings.Err())
	CheckGolden(t, filepath.Join(dir, "expected.yaml"), out.Files()[0].Text)
	if w := listWarnings(out); w != "" || fileExists(dir, "warnings.txt") {
		CheckGolden(t, filepath.Join(dir, "warnings.txt"), w)
	}
	if fileExists(dir, "report.txt") {
		CheckGolden(t, filepath.Join(dir, "report.txt"), strings.Join(out.Report, "\n")+"\n")
	}
	Laws(t, c)
}

// runConfig is what a run gives; the same one isn't run twice.
func (c Case) runConfig(t T, conf, input string) rig.Output {
	t.Helper()
	if c.done == nil {
		return c.runTwice(t, conf, input)
	}
	key := [2]string{conf, input}
	out, ok := c.done.runs[key]
	if !ok {
		if parsed, fs := c.readConfig(conf); fs.Failed() {
			out = rig.Output{Findings: fs}
		} else {
			out = rig.Run(c.readFiles(input), parsed, rig.Options{})
		}
		c.done.runs[key] = out
	}
	return out
}

// runTwice reads the config and runs; findings of the config are failures.
func (c Case) runTwice(t T, conf, input string) rig.Output {
	t.Helper()
	parsed, fs := config.Read([]byte(conf), "config.yaml")
	if fs.Failed() {
		return rig.Output{Findings: fs}
	}
	return rig.Run(c.readFiles(input), parsed, rig.Options{})
}

func (c Case) readFiles(text string) []rig.File { return []rig.File{{Name: c.InputName, Text: text}} }

// readConfig reads a config, once.
func (c Case) readConfig(conf string) (*config.Sidecars, sidecar.Findings) {
	if c.done == nil {
		return config.Read([]byte(conf), "config.yaml")
	}
	if parsed := c.done.configs[conf]; parsed != nil {
		return parsed, nil
	}
	parsed, fs := config.Read([]byte(conf), "config.yaml")
	if !fs.Failed() {
		c.done.configs[conf] = parsed
	}
	return parsed, fs
}

// readSpec is what a config says, which has to be right.
func (c Case) readSpec(t T, conf string) *config.Spec {
	t.Helper()
	parsed, fs := c.readConfig(conf)
	require.NoError(t, fs.Err())
	return &parsed.Spec
}

// mustRun is the text after a run that has to work.
func (c Case) mustRun(t T, conf, input string) string {
	t.Helper()
	out := c.runConfig(t, conf, input)
	require.NoError(t, out.Findings.Err(), "a field that a record can't restore needs a row in pkg/editable/fields.go\n"+
		"config:\n%s\ninput:\n%s", conf, input)
	return out.Files()[0].Text
}

func (c Case) runFindings(t T) string {
	t.Helper()
	var b strings.Builder
	for _, f := range c.runConfig(t, c.Config, c.Input).Findings {
		b.WriteString(string(f.Severity) + " " + f.Code + ": " + f.String() + "\n")
	}
	return b.String()
}

func listWarnings(out rig.Output) string {
	var b strings.Builder
	for _, f := range out.Findings {
		b.WriteString(string(f.Severity) + " " + f.Code + ": " + f.String() + "\n")
	}
	return b.String()
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(b)
}

func fileExists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// --findings writes all findings for a program, and nothing else on standard error.
func TestFindings(t *testing.T) {
	conf, path := file(t, "sidecars.yaml", warned), file(t, "web.yaml", web)
	inject := []string{"inject", "-c", conf, path}
	_, want, _ := call("", inject...)

	code, out, stderr := call("", append(inject, "--findings=json")...)
	require.Equal(t, exitDone, code, stderr)
	require.Equal(t, want, out)
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(stderr), &all))
	require.Equal(t, "warning", all[0]["severity"])
	require.Equal(t, "port-unknown", all[0]["code"])
	require.Equal(t, "exporter", all[0]["sidecar"])
	require.Equal(t, map[string]any{"group": "apps", "kind": "Deployment", "name": "web"}, all[0]["object"])
	require.NotEmpty(t, all[0]["hint"])

	code, out, stderr = call("", append(inject, "--findings=github", "--warnings=error", "-q")...)
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, stderr, "::error file="+path+",line=1,title=port-unknown::Deployment web: exporter: port: ")
	require.NotContains(t, stderr, "error[")

	typo := file(t, "sidecars.yaml", strings.Replace(sidecars, "secretName", "secretname", 1))
	code, out, stderr = call("", "inject", "-c", typo, "--findings=sarif", path)
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	var log struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stderr), &log))
	require.Equal(t, "2.1.0", log.Version)
	first := log.Runs[0].Results[0]
	require.Equal(t, "unknown-field", first.RuleID)
	require.Equal(t, "error", first.Level)
	require.Equal(t, "file://"+typo, first.Locations[0].PhysicalLocation.ArtifactLocation.URI)
	require.Equal(t, 9, first.Locations[0].PhysicalLocation.Region.StartLine)

	code, _, stderr = call("", "inject", "-c", conf, "--findings=json", "nothing.yaml")
	require.Equal(t, exitFailed, code)
	require.NoError(t, json.Unmarshal([]byte(stderr), &all))
	require.Equal(t, "io", all[0]["code"])
}

// --findings-file writes them to a file, and people read the text as always.
func TestFindingsFile(t *testing.T) {
	conf, path := file(t, "sidecars.yaml", warned), file(t, "web.yaml", web)
	_, want, text1 := call("", "inject", "-c", conf, path)
	for name, has := range map[string]string{"f.json": `"code": "port-unknown"`, "f.sarif": `"ruleId": "port-unknown"`} {
		to := filepath.Join(t.TempDir(), name)
		code, out, stderr := call("", "inject", "-c", conf, "--findings-file", to, path)
		require.Equal(t, exitDone, code, stderr)
		require.Equal(t, want, out)
		require.Equal(t, text1, stderr)
		require.Contains(t, text(t, to), has)
	}
	to := filepath.Join(t.TempDir(), "f")
	code, _, _ := call("", "inject", "-c", conf, "-w", "--check", "--findings=github", "--findings-file", to, path)
	require.Equal(t, exitChange, code)
	require.Contains(t, text(t, to), "::warning file="+path+",line=1,title=port-unknown::")

	code, out, stderr := call("", "inject", "-c", conf, "--findings-file", filepath.Join(to, "below"), path)
	require.Equal(t, exitFailed, code)
	require.Empty(t, out, "no manifest is written where the findings can't be")
	require.Contains(t, stderr, "error[io]: open "+to+"/below: not a directory\n")

	code, _, stderr = call("", "inject", "-c", conf, "--findings=xml", path)
	require.Equal(t, exitMisuse, code)
	require.Contains(t, stderr, "it's one of text, json, sarif, github")
}

// The file of findings is none that the run reads or writes: it would be lost.
func TestFindingsFileIsApart(t *testing.T) {
	dir := t.TempDir()
	conf, path, link := file(t, "sidecars.yaml", sidecars), filepath.Join(dir, "web.yaml"), filepath.Join(dir, "f.json")
	require.NoError(t, os.WriteFile(path, []byte(web), 0o640))
	require.NoError(t, os.Symlink(path, link))
	for _, args := range [][]string{
		{path, path}, {path, "-w", path}, {path, dir}, {conf, path}, {link, "--check", dir},
		{path, "-c", dir, conf},
	} {
		args = append([]string{"inject", "-c", conf, "--findings-file"}, args...)
		code, out, stderr := call("", args...)
		require.Equal(t, exitMisuse, code, args)
		require.Empty(t, out)
		require.Contains(t, stderr, "--findings-file")
		require.Contains(t, stderr, "  hint: name another file\n")
		require.Equal(t, web, text(t, path))
		require.Equal(t, sidecars, text(t, conf))
	}

	both := filepath.Join(t.TempDir(), "both")
	out, err := os.Create(both)
	require.NoError(t, err)
	defer out.Close()
	p := exec.Command("outrigger", "inject", "-c", conf, "--findings-file", both, path)
	p.Stdout = out
	require.Error(t, p.Run())
	require.Equal(t, exitMisuse, p.ProcessState.ExitCode())

	fresh := filepath.Join(t.TempDir(), "f.json")
	code, _, _ := call("", "inject", "--findings-file", fresh, path)
	require.Equal(t, exitMisuse, code)
	require.NoFileExists(t, fresh, "a wrong command line leaves nothing behind")
	require.NoError(t, os.WriteFile(fresh, []byte(strings.Repeat("longer than the next ", 100)), 0o640))
	code, _, stderr := call("", "inject", "-q", "-c", conf, "--findings-file", fresh, path)
	require.Equal(t, exitDone, code, stderr)
	require.Equal(t, "[]\n", text(t, fresh))
}

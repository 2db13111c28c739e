package vault

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/vault"
)

// hostile values break whatever isn't quoted.
var hostile = map[string]any{
	"PLAIN": "pa55", "QUOTES": `it's "so"`, "LINES": "one\ntwo\n\n",
	"SHELL":  "$(touch /tmp/x) `id` ${HOME} $HOME !! \\ \\' '; exit 3 #",
	"BRACES": `{{ "x" }}`, "HTML": "<a href='x'>&amp;</a>", "UNICODE": "ünï \u2028", "EMPTY": "", "BLANKS": "  a\tb  ",
	"NUMBER": 8443, "NO": false, "LIST": []any{"a", "it's"},
}

// as is what a value becomes in a file of lines or of itself.
func as(t *testing.T, v any) string {
	t.Helper()
	if s, ok := v.(string); ok {
		return s
	}
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

func once(p *vault.Vault) { p.Mode = vault.VaultInit }

func cli(p *vault.Vault) { p.Mode = vault.VaultCLI }

func fresh(p *vault.Vault) { p.RefreshSeconds = 1 }

// The app is held back until its files are there; they follow the secrets; the agent
// ends when it's told.
func TestAgent(t *testing.T) {
	s := serve(t)
	own := "{{ with secret \"secret/data/shop\" -}}\n\\ ${x} \"<&>\" é\t{{ .Data.data.user }}{{ end }}"
	f := launch(t, s, fresh, s.token(nil),
		vault.VaultFile{Path: "password", Secret: "secret/data/shop", Field: "pass word"},
		vault.VaultFile{Path: "sub/all.json", Secret: "legacy/shop", KVVersion: 1},
		vault.VaultFile{Path: "own", Template: own})
	pod.Poll(t, "a first try", func() bool {
		return strings.Contains(f.Log.String(), "no secret exists at secret/data/shop")
	})
	require.False(t, f.ready())
	s.put("secret/shop", map[string]any{"pass word": "one", "user": "alice"})
	pod.Poll(t, "the first file", func() bool {
		_, err := os.Stat(filepath.Join(f.files.Dir, "password"))
		return err == nil
	})
	s.put("legacy/shop", map[string]any{"n": 1, "html": "<&>"})
	pod.Poll(t, "the probe", f.ready)
	require.Equal(t, "one", f.text("password"))
	require.Equal(t, `{"html":"<&>","n":1}`+"\n", f.text("sub/all.json"))
	require.Equal(t, "\\ ${x} \"<&>\" é\talice", f.text("own"))

	s.put("secret/shop", map[string]any{"pass word": "two", "user": "bob"})
	pod.Poll(t, "the new password", func() bool { return f.text("password") == "two" })
	pod.Poll(t, "the new user", func() bool { return strings.HasSuffix(f.text("own"), "bob") })
	require.NotContains(t, f.Log.String(), "two", "secrets aren't logged")
	left, err := filepath.Glob(filepath.Join(f.files.Dir, "*"))
	require.NoError(t, err)
	require.Len(t, left, 3, "no token is written, and nothing is left")
	require.Equal(t, "0000000000000000", pod.ReadStatus(t, f.Cmd.Process.Pid, "CapEff"))
	f.Terminate()
	f.RequireSuccess()
}

// Whatever values are, a shell reads from the file what was put.
func TestEnvFile(t *testing.T) {
	s := serve(t)
	s.put("secret/team/shop", hostile)
	f := launch(t, s, once, s.token(nil),
		vault.VaultFile{Path: "app.env", Secret: "secret/data/team/shop", Format: vault.VaultEnv})
	f.RequireSuccess()
	f.text("app.env")
	for _, shell := range []string{"sh", "busybox sh", "bash"} {
		for name, want := range hostile {
			args := append(strings.Fields(shell), "-c", `set -a; . "$1"; exec env -0`, "sh",
				filepath.Join(f.files.Dir, "app.env"))
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Env = []string{"PATH=/usr/bin:/bin"}
			out, err := cmd.Output()
			require.NoError(t, err)
			require.Contains(t, strings.Split(string(out), "\x00"), name+"="+as(t, want), shell)
		}
	}
}

// A name that would be a command to the shell is an error that names it, and no value.
func TestEnvFileRefuses(t *testing.T) {
	s := serve(t)
	for _, name := range []string{"touch /tmp/x; A", "a-b", "é", "A\nB"} {
		s.put("secret/shop", map[string]any{name: "hush"})
		f := launch(t, s, once, s.token(nil),
			vault.VaultFile{Path: "app.env", Secret: "secret/data/shop", Format: vault.VaultEnv})
		f.RequireFailure()
		require.Contains(t, f.Log.String(), "can't be the name of a variable")
		require.NotContains(t, f.Log.String(), "hush")
		require.NoFileExists(t, filepath.Join(f.files.Dir, "app.env"))
	}
}

// Each value alone, by template and by command, with KV of both versions.
func TestValues(t *testing.T) {
	s := serve(t)
	s.put("secret/team/shop", hostile)
	s.put("legacy/shop", hostile)
	var files []vault.VaultFile
	for name := range hostile {
		if name != "EMPTY" {
			files = append(files, vault.VaultFile{Path: "two/" + name, Secret: "secret/data/team/shop", Field: name},
				vault.VaultFile{Path: "one/" + name, Secret: "legacy/shop", KVVersion: 1, Field: name})
		}
	}
	files = append(files,
		vault.VaultFile{Path: "two.json", Secret: "secret/data/team/shop"},
		vault.VaultFile{Path: "one.json", Secret: "legacy/shop", KVVersion: 1})
	for name, mode := range map[string]func(*vault.Vault){"init": once, "cli": cli} {
		t.Run(name, func(t *testing.T) {
			f := launch(t, s, mode, s.token(nil), files...)
			f.RequireSuccess()
			for value, want := range hostile {
				if _, text := want.(string); text && value != "EMPTY" {
					require.Equal(t, want, f.text("two/"+value))
					require.Equal(t, want, f.text("one/"+value))
				}
			}
			wanted, err := json.Marshal(hostile)
			require.NoError(t, err)
			require.JSONEq(t, string(wanted), f.text("two.json"))
			require.JSONEq(t, string(wanted), f.text("one.json"))
		})
	}
}

// Nobody else gets in: the pod's own account, for this server, with its own role.
func TestRefuses(t *testing.T) {
	s := serve(t)
	s.put("secret/shop", map[string]any{"key": "hush"})
	file := vault.VaultFile{Path: "key", Secret: "secret/data/shop", Field: "key"}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	foreign := &server{t: t, key: key}
	good := s.token(nil)
	byCLI := func(edit func(*vault.Vault)) func(*vault.Vault) {
		return func(p *vault.Vault) { cli(p); edit(p) }
	}
	noField := func(p *vault.Vault) { once(p); p.Files[0].Field = "none" }
	for name, c := range map[string]struct {
		token string
		edit  func(*vault.Vault)
		says  string
	}{
		"another audience": {s.token(map[string]any{"aud": []string{"https://kubernetes.default.svc"}}), cli, "audience"},
		"another account":  {s.token(map[string]any{"sub": "system:serviceaccount:prod:default"}), cli, "sub"},
		"another signer":   {foreign.token(nil), cli, "signature"},
		"another role":     {good, byCLI(func(p *vault.Vault) { p.Role = "admin" }), "role"},
		"another name":     {good, byCLI(func(p *vault.Vault) { p.ServerName = "vault.example" }), "certificate"},
		"no CA":            {good, byCLI(func(p *vault.Vault) { p.CA = nil }), "certificate signed by unknown authority"},
		"no secret":        {good, byCLI(func(p *vault.Vault) { p.Files[0].Secret = "secret/data/none" }), "No value found"},
		"no field":         {good, byCLI(func(p *vault.Vault) { p.Files[0].Field = "none" }), "none"},
		"an empty field":   {good, noField, "value none is missing or empty"},
	} {
		t.Run(name, func(t *testing.T) {
			f := launch(t, s, c.edit, c.token, file)
			f.RequireFailure()
			require.Contains(t, f.Log.String(), c.says)
			require.NotContains(t, f.Log.String(), "hush")
			require.NoFileExists(t, filepath.Join(f.files.Dir, "key"))
		})
	}
}

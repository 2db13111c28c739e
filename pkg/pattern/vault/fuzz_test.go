package vault

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"text/template/parse"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// skeleton is a template with the strings in it left out, in which users' words may
// stand, and those strings.
func skeleton(t *testing.T, text string) (bones string, words []string) {
	t.Helper()
	tree := parse.New("")
	tree.Mode = parse.SkipFuncCheck
	_, err := tree.Parse(text, "{{", "}}", map[string]*parse.Tree{})
	require.NoError(t, err, text)
	// A node writes strings as they were written: quoted, so that none ends early.
	quoted := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	bones = quoted.ReplaceAllStringFunc(tree.Root.String(), func(q string) string {
		var word string
		require.NoError(t, json.Unmarshal([]byte(q), &word), q)
		words = append(words, word)
		return "WORD"
	})
	return bones, words
}

// blocks wants every object of the agent's config, but the whole, to stand in a list.
func blocks(t *testing.T, v any, listed bool) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		require.True(t, listed, "a block that isn't a list")
		for _, below := range v {
			blocks(t, below, false)
		}
	case []any:
		for _, below := range v {
			blocks(t, below, true)
		}
	}
}

// FuzzVault writes whatever there is into each field: it's refused, or it's one
// string of a template, one value of the config, one argument.
func FuzzVault(f *testing.F) {
	f.Add("https://vault.example", "shop", "", "", "db.env", "secret/data/shop", "", "env", "", byte(0))
	f.Add("https://[::1]:8200", "a b", "team", "x/y", "a/b", `secret/data/x" }}{{ "`, "p`w", "raw", "0400", byte(1))
	f.Add("http://127.0.0.1", "@/etc/passwd", "-ns", "auth/x", "../../etc/x", "-field=x/y", "-x", "json", "7777", byte(2))
	f.Add("https://$(X)", "shop", "", "", "a", `kv/data/{{ key "x" }}`, `"\`, "", "", byte(0))
	f.Add("https://vault.example", "shop", "", "", "a", "kv/data/é\n", "a b/c", "", "", byte(2))
	f.Fuzz(func(t *testing.T, address, role, namespace, auth, path, secret, field, format, perms string, mode byte) {
		p := &Vault{Address: address, Role: role, Namespace: namespace, AuthPath: auth, Audience: namespace,
			ServerName: namespace,
			Mode:       []VaultMode{VaultAgent, VaultInit, VaultCLI}[mode%3], MountPath: address,
			Files: []VaultFile{{Path: path, Secret: secret, Field: field, Format: VaultFormat(format), Perms: perms}}}
		if strings.Contains(address, "://") {
			p.MountPath = ""
		}
		c, err := sidecar.Build(p, patterntest.NewShop(account))
		if err != nil {
			require.Nil(t, c)
			return
		}
		require.NoError(t, p.Validate().Err())
		ctr := append(c.Containers, c.InitContainers...)[0]
		for _, arg := range append(ctr.Command, ctr.Args...) {
			require.NotContains(t, arg, "$(", "the kubelet would expand it")
			require.NotContains(t, arg, "\n")
		}
		for _, e := range ctr.Env {
			require.NotContains(t, e.Value, "$(")
		}
		for _, arg := range ctr.Args {
			require.False(t, strings.HasPrefix(arg, "-") || strings.HasPrefix(arg, "@"), arg)
		}
		if p.Mode == VaultCLI {
			require.Equal(t, vaultScript, data(t, c, fetchKey), "nothing of a user's is in it")
			require.Len(t, ctr.Args, 9)
			return
		}
		var whole map[string]any
		require.NoError(t, json.Unmarshal([]byte(data(t, c, agentKey)), &whole))
		for _, below := range whole {
			blocks(t, below, false)
		}
		var config agentConf
		require.NoError(t, json.Unmarshal([]byte(data(t, c, agentKey)), &config))
		require.Len(t, config.Template, 1)
		require.Equal(t, role, config.AutoAuth[0].Method[0].Config[0].Role)
		require.True(t, strings.HasPrefix(config.Template[0].Destination, "/vault/secrets/"))
		require.NotContains(t, config.Template[0].Destination, "..")

		harmless := p.Files[0]
		harmless.Secret, harmless.Field, harmless.KVVersion = "a/b", "", 1
		if harmless.fileFormat() == VaultRaw || field != "" {
			harmless.Field = "c"
		}
		if p.Files[0].isKV2() {
			harmless.Secret, harmless.KVVersion = "a/data/b", 0
		}
		want, _ := skeleton(t, harmless.fileTemplate())
		got, words := skeleton(t, config.Template[0].Contents)
		require.Equal(t, want, got)
		require.Equal(t, secret, words[0])
		if field != "" {
			require.Equal(t, field, words[1])
		}
	})
}

// FuzzVaultTemplate: a user's template comes through as it is, or is refused.
func FuzzVaultTemplate(f *testing.F) {
	for _, s := range []string{"{{ with secret \"a/b\" }}{{ .Data.x }}{{ end }}", "{{", "${x} \\ \" \t\r\n", "{{/* a */}}",
		"\x00é\u2028", "{{ template \"x\" }}", "{{ define \"x\" }}{{ end }}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // no YAML has it
		}
		p := vault(func(p *Vault) { p.Files = []VaultFile{{Path: "a", Template: text}} })
		c, err := sidecar.Build(p, patterntest.NewShop(account))
		if err != nil {
			return
		}
		var config agentConf
		require.NoError(t, json.Unmarshal([]byte(data(t, c, agentKey)), &config))
		require.Equal(t, text, config.Template[0].Contents)
	})
}

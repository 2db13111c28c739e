package logtail

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// FuzzLogTailFiles tries to break out of the scripts with names: what isn't refused is
// one argument of them, and below the volume. A real shell, where there is one, finds
// the file of that name, or what the pattern matches, and nothing else.
func FuzzLogTailFiles(f *testing.F) {
	for _, s := range []string{"app.log", "a b.log", "*.json", "[a-c]?.log", "../etc/passwd", "/etc/passwd", "a/../../b",
		"-n", "$(id)", "`id`", "a;b", "a\nb", "~", "''\"", "a//b", "é\u200b", "*/*", "[", "\\*", "a\x00b", "#x", "&"} {
		f.Add(s, s)
	}
	shell, err := exec.LookPath("sh")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, file, dir string) {
		p := &LogTail{Directory: dir, Files: []string{file}}
		w := logPod()
		c, err := sidecar.Build(p, w)
		if err != nil {
			require.Nil(t, c)
			p.Directory = "/var/log/shop"
			if c, err = sidecar.Build(p, w); err != nil {
				return
			}
		}
		require.NoError(t, p.Validate().Err())
		ctr := c.Containers[0]
		require.Len(t, ctr.Args, 3)
		require.Contains(t, []string{tailScript, patternsScript}, ctr.Command[2], "no text of a user is in the script")
		arg := ctr.Args[2]
		require.Equal(t, "/logs/"+file, arg)
		require.NotContains(t, arg, "$", "the kubelet would expand it")
		require.Equal(t, filepath.Clean(arg), arg)

		root := t.TempDir() + "/logs"
		target := filepath.Join(root, file)
		if len(file) > 200 || os.MkdirAll(filepath.Dir(target), 0o755) != nil || os.WriteFile(target, nil, 0o600) != nil {
			return // no file system has it
		}
		out, err := exec.Command(shell, "-c",
			`IFS=''; for pattern; do for file in $pattern; do printf '%s\0' "$file"; done; done`, "tail", target).Output()
		require.NoError(t, err)
		for _, found := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			require.True(t, found == target || isPattern(file) && strings.HasPrefix(found, root+"/"), "%q for %q", found, file)
		}
	})
}

// FuzzFluentBit writes whatever there is into its settings: it's refused, or it's that
// value of that key, and what outrigger writes stays.
func FuzzFluentBit(f *testing.F) {
	f.Add("host", "logs.example.com", "app.log", "json")
	f.Add("path", "/etc/passwd", "a,b", "x\"y")
	f.Add("a b", "x\"}]}, {\"name\": \"exec\"", "*.log", "regex")
	f.Add("HTTP_Passwd", "hunter2", "a", "")
	f.Add("name", "${X}", "a", "logfmt")
	f.Add("match", "\u2028<>&\x7f\u0085", "a", "ltsv")
	f.Fuzz(func(t *testing.T, key, value, file, format string) {
		one := Settings{{Key: key, Values: []any{value}}}
		p := &LogTail{Directory: "/var/log/shop", Files: []string{file}, FluentBit: &FluentBit{
			Parser:  Settings{{Key: "format", Values: []any{format}}, {Key: "regex", Values: []any{value}}},
			Input:   one,
			Filters: []Settings{append(Settings{{Key: "name", Values: []any{"grep"}}}, one...)},
			Outputs: []Settings{append(Settings{{Key: "name", Values: []any{"es"}}}, one...)},
		}}
		c, err := sidecar.Build(p, logPod())
		if err != nil {
			require.Nil(t, c)
			if len(value) > 8 && !strings.Contains(key+file+format, value) {
				require.NotContains(t, err.Error(), value, "it may be secret")
			}
			return
		}
		var m struct{ Data map[string]string }
		require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &m))
		var conf struct {
			Service  map[string]any
			Parsers  []map[string]any
			Pipeline struct{ Inputs, Filters, Outputs []map[string]any }
		}
		text := m.Data[fluentKey]
		require.NoError(t, json.Unmarshal([]byte(text), &conf))
		require.Len(t, conf.Pipeline.Inputs, 1)
		in := conf.Pipeline.Inputs[0]
		require.Equal(t, []any{"tail", "/logs/" + file}, []any{in["name"], in["path"]})
		require.Equal(t, value, in[key])
		require.Len(t, conf.Pipeline.Outputs, 1)
		require.Equal(t, "es", conf.Pipeline.Outputs[0]["name"])
		require.Equal(t, value, conf.Pipeline.Outputs[0][key])
		require.Equal(t, format, conf.Parsers[0]["format"])
		for _, r := range text { // what libyaml refuses to read
			require.False(t, unicode.IsControl(r) && r != '\n', "%q", r)
			require.False(t, r == 0xfeff || r == 0xfffd && !strings.ContainsRune(value, r), "%q", r)
		}
	})
}

package proxy

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// flatten gives the directives of an nginx.conf, one a line: "http server listen
// 9200 ssl". Blocks are those of the names before.
func flatten(conf string) ([]string, error) {
	var out []string
	all, err := directives(conf)
	for _, d := range all {
		out = append(out, strings.Join(append(slices.Clip(d.blocks), d.words...), " "))
	}
	return out, err
}

// A directive stands within blocks, and has words: first its name.
type directive struct{ blocks, words []string }

// directives reads an nginx.conf as nginx's own parser does (ngx_conf_read_token).
func directives(conf string) (out []directive, err error) {
	var words, blocks []string
	for i := 0; i < len(conf); {
		switch ch := conf[i]; {
		case strings.IndexByte(" \t\r\n", ch) >= 0:
			i++
		case ch == '#':
			for i < len(conf) && conf[i] != '\n' {
				i++
			}
		case ch == ';' || ch == '{':
			if len(words) == 0 {
				return nil, errors.New("unexpected " + string(ch))
			}
			out = append(out, directive{blocks, words})
			if ch == '{' {
				blocks = append(slices.Clip(blocks), words[0])
			}
			words = nil
			i++
		case ch == '}':
			if len(words) > 0 || len(blocks) == 0 {
				return nil, errors.New("unexpected }")
			}
			blocks = blocks[:len(blocks)-1]
			i++
		default:
			word, next, err := token(conf, i)
			if err != nil {
				return nil, err
			}
			words, i = append(words, word), next
		}
	}
	if len(words) > 0 || len(blocks) > 0 {
		return nil, errors.New("unexpected end")
	}
	return out, nil
}

// token reads the word that begins at i.
func token(conf string, i int) (word string, next int, err error) {
	var b strings.Builder
	quote := conf[i]
	if quote == '"' || quote == '\'' {
		i++
	} else {
		quote = 0
	}
	for ; i < len(conf); i++ {
		ch := conf[i]
		switch {
		case ch == '\\' && i+1 < len(conf):
			i++
			switch ch := conf[i]; ch { // nginx knows these, and leaves any other as it is
			case '"', '\'', '\\':
				b.WriteByte(ch)
			case 't', 'r', 'n':
				b.WriteString(map[byte]string{'t': "\t", 'r': "\r", 'n': "\n"}[ch])
			default:
				b.WriteString(`\` + string(ch))
			}
		case quote != 0 && ch == quote:
			return b.String(), i + 1, nil
		case quote == 0 && strings.IndexByte(" \t\r\n;{", ch) >= 0:
			return b.String(), i, nil
		default:
			b.WriteByte(ch)
		}
	}
	return "", i, errors.New("unexpected end of a word")
}

func TestFlatten(t *testing.T) {
	out, err := flatten("a 1; # b 2; {\nb \"x;\\\"}\" { c 'd e';\n\tc f$g; h { } }\n")
	require.NoError(t, err)
	require.Equal(t, []string{"a 1", `b x;"}`, "b c d e", "b c f$g", "b h"}, out)
	for _, bad := range []string{";", "a {", "a", "}", "a }", "a 'b;", "{ }"} {
		_, err := flatten(bad)
		require.Error(t, err, bad)
	}
}

var listenAddress = regexp.MustCompile(`listen (\S+)`)

// testConf has Debian's nginx read a configuration. Its listeners become sockets
// in a temporary directory, as even nginx -t opens them: ports of this machine
// may be taken, privileged, or without IPv6. It's fine without nginx on the
// machine: e2e/nginx insists, and runs the text as it is.
func testConf(t testing.TB, conf string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // where Debian puts it, off people's PATH
	}
	if _, err := os.Stat(program); err != nil {
		t.Log("nginx isn't installed: its own parser wasn't asked")
		return
	}
	dir := t.TempDir()
	conf = strings.ReplaceAll(conf, " /tmp/", " "+dir+"/")
	n := 0
	conf = listenAddress.ReplaceAllStringFunc(conf, func(string) string {
		n++
		return fmt.Sprintf("listen unix:%s/%d", dir, n)
	})
	file := filepath.Join(dir, confKey)
	require.NoError(t, os.WriteFile(file, []byte(conf), 0o600))
	out, err := exec.Command(program, "-e", "stderr", "-c", file, "-t").CombinedOutput()
	require.NoErrorf(t, err, "%s\n%s", out, conf)
	require.NotContains(t, string(out), "[warn]", conf)
}

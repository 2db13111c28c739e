package wire

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/rigtest/generate"
)

var pairs = flag.Int("pairs", 150, "of how many generated pairs TestEveryConfStarts tries the nginx.confs")

// nginx accepts the configurations of all cases and examples, and of generated pairs.
func TestEveryConfStarts(t *testing.T) {
	dir := folder(t)
	writeCertificates(t, dir)
	write(t, dir, "users/htpasswd", "alice:{PLAIN}x\n")
	verifier, err := os.ReadFile("../../pkg/rigtest/testdata/auth-jwt/expected.yaml")
	require.NoError(t, err)
	write(t, dir, "nginx/jwt.js", blocks(string(verifier), "jwt.js")[0])
	tried := map[string]bool{}
	try := func(what, conf string) {
		conf = of(t, conf)
		if tried[conf] {
			return
		}
		tried[conf] = true
		write(t, dir, "nginx.conf", here(dir, conf))
		out, err := exec.Command(program(), "-e", "stderr", "-c", filepath.Join(dir, "nginx.conf"), "-t").CombinedOutput()
		require.NoErrorf(t, err, "%s: %s\n%s", what, out, conf)
	}
	for _, pattern := range []string{"../../pkg/rigtest/testdata/*/expected*", "../../examples/*/expected*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, conf := range confs(string(text)) {
				try(file, conf)
			}
		}
	}
	shown := len(tried)
	require.Greater(t, shown, 20)
	for seed := range uint64(*pairs) {
		p := generate.New(seed)
		if !strings.Contains(p.Config(), "Proxy") {
			continue // there's no nginx in it
		}
		c, fs := config.Read([]byte(p.Config()), "")
		if fs.Failed() {
			continue
		}
		out := rig.Run([]rig.File{{Text: p.Input()}}, c, rig.Options{})
		if out.Findings.Failed() {
			continue
		}
		for _, f := range out.Files() {
			for _, conf := range confs(f.Text) {
				try(p.Config()+p.Input(), conf)
			}
		}
	}
	t.Logf("%d of cases and examples, %d of %d generated pairs", shown, len(tried)-shown, *pairs)
	require.Greater(t, len(tried), shown)
}

// confs returns the nginx.confs in a text: block scalars and strings of JSON. Of a diff, it reads the added lines.
func confs(text string) (all []string) {
	all = blocks(text, "nginx.conf")
	for _, s := range quoted.FindAllString(text, -1) {
		var conf string
		if yaml.Unmarshal([]byte(strings.TrimPrefix(s, `"nginx.conf":`)), &conf) == nil {
			all = append(all, conf)
		}
	}
	return all
}

// blocks returns the block scalars of a key.
func blocks(text, key string) (all []string) {
	block := regexp.MustCompile(`(?m)^([ +]*)` + regexp.QuoteMeta(key) + `: \|-?\n`)
	for _, at := range block.FindAllStringSubmatchIndex(text, -1) {
		indent := len(strings.ReplaceAll(text[at[2]:at[3]], "+", ""))
		var b strings.Builder
		for line := range strings.Lines(text[at[1]:]) {
			line = strings.TrimPrefix(line, "+")
			if strings.TrimSpace(line) != "" && (len(line) <= indent || strings.TrimLeft(line[:indent+1], " ") != "") {
				break
			}
			b.WriteString(line[min(len(line)-1, indent):])
		}
		all = append(all, b.String())
	}
	return all
}

var quoted = regexp.MustCompile(`"nginx\.conf": ?"(?:[^"\\]|\\.)*"`)

// oldVersion matches versions before 1.25.
var oldVersion = regexp.MustCompile(`^1\.([01]?\d|2[0-4])\.`)

// of removes directives that are newer than the program from a configuration.
func of(t testing.TB, conf string) string {
	t.Helper()
	if oldVersion.MatchString(strings.TrimPrefix(image(t), "docker.io/library/nginx:")) {
		if strings.Contains(conf, "http2 on;") {
			conf = regexp.MustCompile(`(?m)^ *http2 on;\n`).ReplaceAllString(conf, "")
			conf = regexp.MustCompile(`( ssl);`).ReplaceAllString(conf, "$1 http2;")
		}
		conf = regexp.MustCompile(`(?m)^ *(ssl_certificate_cache|keepalive_min_timeout) .*\n`).ReplaceAllString(conf, "")
	}
	return conf
}

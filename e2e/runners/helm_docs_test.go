//go:build runners

package runners

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var helmDocs = &table{title: "what docs say of Helm", columns: []string{"typed"}}

func init() { tables = append(tables, helmDocs) }

// The quick starts of docs/runners.md are typed as they stand, in a folder with nothing but the examples.
func TestHelmQuickStarts(t *testing.T) {
	t.Parallel()
	for helm, title := range map[string]string{"helm3": "Helm 3", "helm4": "Helm 4"} {
		helmDocs.check(t, "quick start of "+title, "typed", "", func(t *testing.T) {
			r := release{helm: helm, dir: filepath.Join(t.TempDir(), "clone")}
			program := newRelease(t, helm)
			program.enter(t, "mkdir -p "+r.dir+"/examples && cp -r . "+r.dir+"/examples/helm")
			r.enter(t, "rm -f examples/helm/outrigger/outrigger")
			section := cutSection(t, "runners.md", title)
			var out string
			for _, fence := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(section, -1) {
				if fence[1] == "yaml" {
					head, _, _ := strings.Cut(fence[2], "\n")
					writeFile(t, filepath.Join(r.dir, strings.TrimPrefix(head, "# ")), fence[2])
					continue
				}
				there := filepath.Join(filepath.Dir(r.dir), "there")
				out = r.enter(t, fence[2]+"pwd >"+there)
				r.dir = strings.TrimSpace(readFile(t, there)) // where the next one is typed
			}
			require.Contains(t, out, "name: tls-proxy\n")
			document := readFile(t, filepath.Join(root, "examples/helm/sidecars.yaml"))
			require.Contains(t, cutSection(t, "runners.md", "Helm 3"), "# sidecars.yaml\n"+document)
		})
	}
}

// cutSection returns a section of a file in docs.
func cutSection(t *testing.T, file, title string) string {
	t.Helper()
	_, section, found := strings.Cut(readFile(t, filepath.Join(root, "docs", file)), "\n## "+title+"\n")
	require.True(t, found, title)
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

const templateShop = "helm template shop search"

// helmTroubles make each message of Helm's section in docs/troubleshooting.md.
var helmTroubles = map[string]struct {
	helm  string
	wrong func(t *testing.T, r release) string
}{
	"error while running command": {"helm3", func(t *testing.T, r release) string {
		return r.refuse(t, "sed -i s/name=search/name=nothing/ sidecars.yaml; "+templateShop+r.args)
	}},
	"expected MappingNode but got ScalarNode": {"helm4", func(t *testing.T, r release) string {
		return r.refuse(t, "sed -i s/name=search/name=nothing/ sidecars.yaml; "+templateShop+r.args)
	}},
	"unable to find binary at outrigger": {"helm3", func(t *testing.T, r release) string {
		return r.refuse(t, "mkdir only; ln -s $(command -v helm) only; PATH=$PWD/only:/usr/bin:/bin; "+templateShop+r.args)
	}},
	"Type:postrenderer/v1} not found": {"helm4", func(t *testing.T, r release) string {
		r.refuse(t, templateShop+strings.Replace(r.args, "outrigger", "./outrigger/outrigger", 1))
		return r.refuse(t, "helm plugin uninstall outrigger >&2; "+templateShop+r.args)
	}},
	"fork/exec": {"helm4", func(t *testing.T, r release) string {
		return r.refuse(t, "rm outrigger/outrigger; "+templateShop+r.args)
	}},
	"exited with error": {"helm4", func(t *testing.T, r release) string {
		said := r.refuse(t, "sed -i 's/--helm-plugin, //' outrigger/plugin.yaml; sed -i s/name=search/name=nothing/ "+
			"sidecars.yaml; "+templateShop+r.args+"--post-renderer-args --findings-file=findings.json")
		require.Contains(t, r.enter(t, "cat findings.json"), "selects no workload")
		return said
	}},
	"no provenance file (.prov) found": {"helm4", func(t *testing.T, r release) string {
		r.enter(t, "helm plugin uninstall outrigger; helm plugin package --sign=false outrigger")
		return r.run(t, "helm plugin install outrigger-0.1.0.tgz").Stderr
	}},
	"failed to load plugins": {"helm3", func(t *testing.T, r release) string {
		r.run(t, "outrigger install outrigger; helm plugin install outrigger")
		got := r.run(t, templateShop+r.args)
		require.Zero(t, got.Code, "it's only a warning")
		require.Empty(t, r.run(t, "export HELM_DATA_HOME=$PWD/empty; "+templateShop+r.args).Stderr)
		return got.Stderr
	}},
	"--helm-plugin is for plugins of Helm 4": {"helm3", func(t *testing.T, r release) string {
		return r.refuse(t, templateShop+r.args+"--post-renderer-args --helm-plugin")
	}},
	"standard input is empty": {"helm3", func(t *testing.T, r release) string {
		const only = "find search/templates -name '[ds]e*.yaml' -delete; "
		r.enter(t, only+templateShop+r.args+"--post-renderer-args --no-match=ok")
		return r.refuse(t, templateShop+r.args)
	}},
}

// What docs/troubleshooting.md says of Helm's messages is what Helm prints.
func TestHelmTroubles(t *testing.T) {
	t.Parallel()
	section := cutSection(t, "troubleshooting.md", "Helm")
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ").FindAllStringSubmatch(section, -1)
	require.Len(t, rows, len(helmTroubles))
	for _, row := range rows {
		helmDocs.check(t, row[1], "typed", "", func(t *testing.T) {
			trouble, found := helmTroubles[row[1]]
			require.True(t, found)
			require.Contains(t, trouble.wrong(t, newRelease(t, trouble.helm)), row[1])
		})
	}
}

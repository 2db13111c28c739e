//go:build runners

package runners

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/program"
	"github.com/outrigger-dev/outrigger/pkg/rigtest"
)

var examples = &table{title: "example", columns: []string{
	"exec", "container", "legacy", "transformers", "guard", "kubectl legacy", "kubectl container", "kubectl guard",
	"kpt render, again, prune", "kpt eval", "-w", "-w again", "strip", "pipe", "ejected", "kubectl ejected",
}}

func init() { tables = append(tables, examples) }

// An example is an overlay with its base and its document. Some have several, with a variant in their names.
type example struct{ name, folder, variant string }

func (e example) base() string    { return filepath.Join(e.folder, "base") }
func (e example) overlay() string { return filepath.Join(e.folder, "overlay"+e.variant) }
func (e example) document() string {
	return filepath.Join(e.folder, "sidecars"+e.variant, "sidecars.yaml")
}

func findExamples(t *testing.T) (all []example) {
	t.Helper()
	overlays, err := filepath.Glob(filepath.Join(root, "examples/*/overlay*"))
	require.NoError(t, err)
	require.NotEmpty(t, overlays)
	for _, overlay := range overlays {
		folder, err := filepath.Rel(root, filepath.Dir(overlay))
		require.NoError(t, err)
		variant := strings.TrimPrefix(filepath.Base(overlay), "overlay")
		all = append(all, example{filepath.Base(folder) + variant, folder, variant})
	}
	return all
}

// Every example gives the bytes that are expected, with every version of kustomize and in every form, and what kpt,
// files in place and pipes make of it agree.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, e := range findExamples(t) {
		examples.addRow(e.name)
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			base := program.Output(t, "", kustomizes[newest], "build", filepath.Join(root, e.base()))
			want := forms[0].build(t, newest, e.overlay())
			if diff := filepath.Join(root, e.folder, "expected"+e.variant+".diff"); isFile(diff) {
				require.Equal(t, readFile(t, diff), rigtest.DiffTexts(t, base, want))
			}
			splitOverlay(t, e)
			piped := program.Output(t, base, "outrigger", "inject", "-c", filepath.Join(root, e.document()))
			for _, version := range versions() {
				for _, f := range forms {
					examples.check(t, e.name, f.name, version, func(t *testing.T) {
						require.Equal(t, want, f.build(t, version, e.overlay()))
					})
				}
				examples.check(t, e.name, "transformers", version, func(t *testing.T) {
					require.Equal(t, want, forms[0].build(t, version, filepath.Join(e.folder, "outer"+e.variant)))
				})
				examples.check(t, e.name, "guard", version, func(t *testing.T) { forms[0].needFlags(t, version, e.overlay()) })
				examples.check(t, e.name, "pipe", version, func(t *testing.T) {
					manifests := program.Output(t, "", kustomizes[version], "build", filepath.Join(root, e.base()))
					require.Equal(t, base, manifests)
					have := program.Output(t, manifests, "outrigger", "inject", "-c", filepath.Join(root, e.document()))
					require.Equal(t, piped, have)
				})
			}
			checkKubectl(t, e, want)
			checkFiles(t, e)
			checkEjected(t, e, want)
			for _, kpt := range kpts {
				examples.check(t, e.name, "kpt eval", kpt.Version, func(t *testing.T) { checkEval(t, kpt.Program, e) })
			}
		})
	}
}

// kubectl has a kustomize of its own, without --enable-exec.
func checkKubectl(t *testing.T, e example, want string) {
	t.Helper()
	build := func(t *testing.T, f form) program.Result {
		t.Helper()
		need(t, "kubectl")
		return program.Run(t, "", "kubectl", "kustomize", alpha, f.path(e.overlay()))
	}
	for _, f := range forms[1:] {
		examples.check(t, e.name, "kubectl "+f.name, "", func(t *testing.T) {
			got := build(t, f)
			require.Zero(t, got.Code, got.Stderr)
			require.Equal(t, want, got.Stdout)
		})
	}
	examples.check(t, e.name, "kubectl guard", "", func(t *testing.T) {
		got := build(t, forms[0])
		require.NotZero(t, got.Code)
		require.Empty(t, got.Stdout)
		require.Contains(t, got.Stderr, "has not run: kustomize needs --enable-alpha-plugins --enable-exec")
	})
}

// checkFiles checks what a run in place does to manifests: the same as a pipe does to what kustomize builds of them.
func checkFiles(t *testing.T, e example) {
	t.Helper()
	dir := makeFolder(t, nil)
	manifests, err := filepath.Glob(filepath.Join(root, e.base(), "*.yaml"))
	require.NoError(t, err)
	var names []string
	for _, file := range manifests {
		if name := filepath.Base(file); name != "kustomization.yaml" {
			names = append(names, name)
			writeFile(t, filepath.Join(dir, name), readFile(t, file))
		}
	}
	list := "resources: [" + strings.Join(names, ", ") + "]\n"
	writeFile(t, filepath.Join(dir, "kustomization.yaml"), list)
	before := readFiles(t, dir)
	run := []string{"inject", "-c", filepath.Join(root, e.document())}
	piped := program.Output(t, program.Output(t, "", kustomizes[newest], "build", dir), "outrigger", run...)
	inject := func(t *testing.T) map[string]string {
		t.Helper()
		program.Output(t, "", "outrigger", append(run, "-w", dir)...)
		return readFiles(t, dir)
	}
	var once map[string]string
	examples.check(t, e.name, "-w", "", func(t *testing.T) {
		once = inject(t)
		require.NotEqual(t, before, once)
		added := makeFolder(t, map[string]string{"all.yaml": piped, "kustomization.yaml": "resources: [all.yaml]\n"})
		require.Equal(t, withoutRecords(t, added), withoutRecords(t, dir), "as a pipe")
	})
	examples.check(t, e.name, "-w again", "", func(t *testing.T) { require.Equal(t, once, inject(t)) })
	examples.check(t, e.name, "strip", "", func(t *testing.T) {
		program.Output(t, "", "outrigger", "strip", "-w", dir)
		require.Equal(t, before, readFiles(t, dir))
	})
}

// makeFolder writes files into a folder of their own.
func makeFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.Mkdir(dir, 0o755))
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

// withoutRecords builds a folder, and leaves out what only files have: the record of what was laid on.
func withoutRecords(t *testing.T, dir string) string {
	t.Helper()
	var objects []string
	for text := range strings.SplitSeq(program.Output(t, "", kustomizes[newest], "build", dir), "\n---\n") {
		o, err := yaml.Parse(text)
		require.NoError(t, err)
		for _, name := range []string{"applied", "by", "content"} {
			require.NoError(t, o.PipeE(yaml.ClearAnnotation("outrigger.dev/"+name)))
		}
		require.NoError(t, yaml.ClearEmptyAnnotations(o))
		objects = append(objects, o.MustString())
	}
	return strings.Join(objects, "---\n")
}

// splitOverlay writes an overlay as two kustomizations, and the document into transformers: of the one in which it
// takes part, without a Component. The outer one is named outer.
func splitOverlay(t *testing.T, e example) {
	t.Helper()
	f := forms[0]
	inner, outer := f.path(filepath.Join(e.folder, "inner"+e.variant)), f.path(filepath.Join(e.folder, "outer"+e.variant))
	function := filepath.Dir(f.path(e.document()))
	require.NoError(t, os.CopyFS(inner, os.DirFS(function)))
	overlay := readFile(t, filepath.Join(f.path(e.overlay()), "kustomization.yaml"))
	const head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	const listed = "transformers: [sidecars.yaml, guard-check.yaml]\n"
	within := head + readFile(t, filepath.Join(function, "kustomization.yaml"))
	within = strings.NewReplacer("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n", "",
		"resources:\n", "resources:\n  - ../base\n").Replace(within)
	around := strings.NewReplacer("../base", "../inner", "components:\n  - ../sidecars\n", "").Replace(overlay)
	if !strings.Contains(overlay, "components:\n") { // the function comes last
		within = strings.Replace(overlay, "transformers:\n  - ../sidecars"+e.variant+"\n", "", 1)
		within = strings.Replace(within, "  - guard.yaml\n", "", 1)
		around = head + "resources: [../inner" + e.variant + ", guard.yaml]\n" + listed
		require.NoError(t, os.CopyFS(outer, os.DirFS(function)))
		guard := readFile(t, filepath.Join(f.path(e.overlay()), "guard.yaml"))
		writeFile(t, filepath.Join(outer, "guard.yaml"), guard)
	}
	require.NotContains(t, within+around, "../sidecars")
	require.NoError(t, os.MkdirAll(outer, 0o755))
	writeFile(t, filepath.Join(inner, "kustomization.yaml"), within)
	writeFile(t, filepath.Join(outer, "kustomization.yaml"), around)
}

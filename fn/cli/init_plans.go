package cli

import (
	_ "embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/eject"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/starter"
)

var (
	//go:embed start/argocd-plugin.yaml
	argocdPlugin string
	//go:embed start/helm-plugin.yaml
	helmPlugin string
)

// kustomizationFiles are the names under which kustomize looks for one.
var kustomizationFiles = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// component is the kustomization of the Component that init kustomize writes.
const component = `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [guard.yaml]
transformers: [sidecars.yaml, guard-check.yaml]
`

// planDocument begins a plan with the document and its schema, in a folder below that of the manifests.
func (b *beginning) planDocument(below string) *plan {
	p := &plan{dir: b.dir, document: b.path(path.Join(below, documentFile))}
	p.addFile(p.document, b.document.Text)
	p.addFile(b.path(path.Join(below, b.schema)), string(config.Schema()))
	return p
}

func (b *beginning) planKustomize() (*plan, error) {
	p := b.planDocument("sidecars")
	guards, err := fs.Glob(guardFiles, "guard/*")
	if err != nil {
		return nil, err
	}
	for _, name := range guards {
		p.addFile(b.path("sidecars/"+path.Base(name)), readGuard(name))
	}
	p.addFile(b.path("sidecars/kustomization.yaml"), component)
	return p, b.planComponent(p, "sidecars")
}

func (b *beginning) planKpt() (*plan, error) {
	p := b.planDocument(".")
	const mutator = "exec: outrigger\nconfigPath: " + documentFile
	where := b.path("Kptfile")
	text, err := readIfThere(where)
	switch {
	case err != nil:
		return nil, err
	case text == "":
		dir, err := filepath.Abs(b.dir)
		if err != nil {
			return nil, err
		}
		p.addFile(where, "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: "+starter.QuoteName(filepath.Base(dir))+
			"\npipeline:\n  mutators:\n    - exec: outrigger\n      configPath: "+documentFile+"\n")
		return p, nil
	}
	changed, err := starter.AddItem(text, mutator, "pipeline", "mutators")
	if err != nil {
		return nil, fmt.Errorf("%s: %w; add {exec: outrigger, configPath: %s} to pipeline.mutators, and run this again",
			where, err, documentFile)
	}
	p.changeFile(where, text, changed)
	return p, nil
}

func (b *beginning) planArgoCD() (*plan, error) {
	p := b.planDocument(".")
	p.addFile(b.path(pluginFile), argocdPlugin)
	if _, text, err := b.readKustomization(); err != nil || text != "" {
		return p, err
	}
	return p, b.planKustomization(p, "")
}

func (b *beginning) planHelm() (*plan, error) {
	p := b.planDocument(".")
	p.addFile(b.path("outrigger/"+pluginFile), helmPlugin)
	return p, nil
}

// planFlux writes the Component that eject makes. That needs all of what kustomize builds, so the kustomization may
// have nothing but files of the folder.
func (b *beginning) planFlux() (*plan, error) {
	p := b.planDocument("sidecars")
	dir := b.path("sidecars/ejected")
	names, err := b.listResources()
	if err != nil {
		return nil, err
	}
	e := ejection{documents: []string{p.document}, dir: dir}
	var base []rig.File
	var paths []string
	for _, f := range b.files {
		if slices.Contains(names, b.relative(f.Name)) {
			base, paths = append(base, f), append(paths, f.Name)
		}
	}
	objects, err := decodeBase(base)
	if err != nil {
		return nil, err
	}
	made, err := eject.Eject(objects, functionOf([]*config.Sidecars{b.config}),
		eject.Options{Header: e.header(paths), Notes: rig.ReadNotes(eject.AnyPort)})
	if err != nil {
		return nil, tellUnsayable(err)
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		p.addFile(filepath.Join(dir, filepath.FromSlash(name)), made[name])
	}
	return p, b.planComponent(p, "sidecars/ejected")
}

// listResources returns the files that the kustomization of the folder lists, or would list.
func (b *beginning) listResources() ([]string, error) {
	where, text, err := b.readKustomization()
	if err != nil {
		return nil, err
	}
	if text == "" {
		return b.resources()
	}
	var k map[string]any
	if err := yaml.Unmarshal([]byte(text), &k); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	hint := "render it, and give that to outrigger eject, as its help shows"
	for _, field := range slices.Sorted(maps.Keys(k)) {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "resources", "components"}, field) {
			return nil, fmt.Errorf("%s: %s may change what the Component must be made of; %s", where, field, hint)
		}
	}
	var names []string
	for _, field := range []string{"resources", "components"} {
		list, _ := k[field].([]any)
		for _, item := range list {
			name, _ := item.(string)
			switch {
			case field == "components" && name == "sidecars/ejected": // of an earlier run
			case !slices.ContainsFunc(b.files, func(f rig.File) bool { return b.relative(f.Name) == path.Clean(name) }):
				return nil, fmt.Errorf("%s: %s isn't a file of the folder; %s", where, name, hint)
			default:
				names = append(names, path.Clean(name))
			}
		}
	}
	return names, nil
}

// planComponent lists a Component in the kustomization of the folder.
func (b *beginning) planComponent(p *plan, name string) error {
	where, text, err := b.readKustomization()
	switch {
	case err != nil:
		return err
	case text == "":
		return b.planKustomization(p, "components:\n  - "+name+"\n")
	}
	changed, err := starter.AddItem(text, name, "components")
	if err != nil {
		return fmt.Errorf("%s: %w; add %s to components, and run this again", where, err, name)
	}
	p.changeFile(where, text, changed)
	return nil
}

// planKustomization writes a kustomization for a folder without one.
func (b *beginning) planKustomization(p *plan, more string) error {
	names, err := b.resources()
	if err != nil {
		return err
	}
	for _, name := range b.apart { // of a run that was killed, or of a person
		if !slices.ContainsFunc(p.all, func(f planned) bool { return b.relative(f.path) == name }) {
			return fmt.Errorf("%s wouldn't be built; move it out of the folder that init writes", b.path(name))
		}
	}
	text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
	for _, name := range names {
		text += "  - " + starter.QuoteName(name) + "\n"
	}
	p.addFile(b.path(kustomizationFiles[0]), text+more)
	return nil
}

// resources returns the files of the folder with what a cluster takes.
func (b *beginning) resources() (names []string, err error) {
	for _, f := range b.files {
		if dir, base := path.Split(b.relative(f.Name)); slices.Contains(kustomizationFiles, base) {
			return nil, fmt.Errorf("%s has no kustomization, but %s has one; name the folder whose kustomization is built",
				b.dir, path.Join(b.dir, dir))
		}
	}
	kept, _ := rig.WithoutLocal(b.files)
	for _, f := range kept {
		names = append(names, b.relative(f.Name))
	}
	return names, nil
}

// readKustomization reads the kustomization of the folder; its text is "" if there is none.
func (b *beginning) readKustomization() (where, text string, err error) {
	for _, name := range kustomizationFiles {
		where = b.path(name)
		if text, err = readIfThere(where); text != "" || err != nil {
			return where, text, err
		}
	}
	return b.path(kustomizationFiles[0]), "", nil
}

// readIfThere reads a file to which a line is added: a regular one.
func readIfThere(where string) (string, error) {
	info, err := os.Lstat(where)
	switch {
	case os.IsNotExist(err):
		return "", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s isn't a regular file; name the folder in which the file itself lies", where)
	}
	text, err := os.ReadFile(where)
	if err == nil && strings.TrimSpace(string(text)) == "" {
		return "", fmt.Errorf("%s is empty; remove it", where)
	}
	return string(text), err
}

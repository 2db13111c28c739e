package files

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// kubectlReads reports whether kubectl takes a file in a folder for manifests
// (k8s.io/cli-runtime, resource.FileExtensions). It walks hidden folders, too.
func kubectlReads(name string) bool { return isYAML(name) || filepath.Ext(name) == ".json" }

// notePassedOver tells of a file that isn't read though kubectl would read it and apply what
// looks like a workload: nobody may get around sidecars by a file's name.
func (r *reader) notePassedOver(at place, name string, e fs.DirEntry) {
	switch {
	case e.IsDir() && e.Name() == ".git": // people can't put files there
		return
	case e.IsDir():
		if strings.Count(at.rel, string(filepath.Separator)) >= deepest {
			return
		}
		entries, _ := r.listFolder(at) // what can't be read can't be applied
		for _, e := range entries {
			r.notePassedOver(at.childOf(e.Name()), filepath.Join(name, e.Name()), e)
		}
		return
	case !kubectlReads(e.Name()):
		return
	}
	what := ": skipped: is a link"
	if e.Type()&fs.ModeSymlink == 0 {
		root, err := r.openTop(at.top)
		if err != nil {
			return
		}
		text, _, err := readRegular(root, at.rel)
		if err != nil || !strings.Contains(text, "apiVersion") || !strings.Contains(text, "containers") {
			return
		}
		if what = ": skipped: lies in a hidden folder"; !isYAML(name) {
			what = ": skipped: is no .yaml or .yml file"
		}
	}
	r.over = append(r.over, passedOver{
		real: at.realPath(),
		note: showName(name) + what + ", though kubectl would apply it; give it itself if it's a manifest",
	})
}

// passedOver is a file that isn't read, unless another path leads to it.
type passedOver struct{ real, note string }

func (r *reader) reportPassedOver() {
	for _, p := range r.over {
		if !r.seen[p.real] {
			r.addNote("%s", p.note)
			r.seen[p.real] = true
		}
	}
}

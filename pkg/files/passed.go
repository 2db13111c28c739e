package files

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// kubectlReads reports whether kubectl reads a file of a folder as a manifest
// (k8s.io/cli-runtime, resource.FileExtensions). It reads hidden folders, too.
func kubectlReads(name string) bool { return isYAML(name) || filepath.Ext(name) == ".json" }

// notePassedOver adds a note about a file that isn't read but that kubectl would apply, if
// it looks like a workload: a file's name must not be a way around sidecars.
func (r *reader) notePassedOver(at place, name string, e fs.DirEntry) {
	switch {
	case e.IsDir() && e.Name() == ".git", // it can't be part of a commit
		r.isSkipped(name):
		return
	case e.IsDir():
		if strings.Count(at.rel, string(filepath.Separator)) >= deepest {
			return
		}
		entries, _ := r.listFolder(at) // kubectl couldn't read them either
		for _, e := range entries {
			r.notePassedOver(at.childOf(e.Name()), filepath.Join(name, e.Name()), e)
		}
		return
	case !kubectlReads(e.Name()):
		return
	}
	what := ": skipped: is a link"
	if e.Type()&fs.ModeSymlink == 0 {
		if !r.mentions(at, "apiVersion", "containers") {
			return
		}
		if what = ": skipped: is in a hidden folder"; strings.HasPrefix(e.Name(), ".") {
			what = ": skipped: is hidden"
		}
	}
	r.over = append(r.over, passedOver{
		real: at.realPath(),
		note: showName(name) + what + ", though kubectl would apply it; name it as an argument if it's a manifest",
	})
}

// mentions reports whether a file can be read and has all of some words.
func (r *reader) mentions(at place, words ...string) bool {
	root, err := r.openTop(at.top)
	if err != nil {
		return false
	}
	text, _, err := readRegular(root, at.rel)
	missing := func(word string) bool { return !strings.Contains(text, word) }
	return err == nil && !slices.ContainsFunc(words, missing)
}

// passedOver is a skipped file. It may still be read by another path.
type passedOver struct{ real, note string }

func (r *reader) reportPassedOver() {
	for _, p := range r.over {
		if !r.seen[p.real] {
			r.addNote("%s", p.note)
			r.seen[p.real] = true
		}
	}
}

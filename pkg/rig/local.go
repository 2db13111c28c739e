package rig

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
)

// WithoutLocal returns files without what no cluster takes: configuration of tools, what is
// annotated as local, patches, values and other documents without a kind. left names it.
func WithoutLocal(files []File) (kept []File, left []string) {
	texts, fs := parseFiles(files)
	if fs.Failed() {
		return files, nil
	}
	manifest.MarkPatches(texts)
	for i, t := range texts {
		if t.IsResourceList() {
			kept = append(kept, files[i])
			continue
		}
		text, local, empty := t.WithoutLocal()
		if empty {
			left = append(left, t.Name)
			continue
		}
		if len(local) > 0 {
			left = append(left, t.Name+" ("+strings.Join(local, ", ")+")")
		}
		kept = append(kept, File{t.Name, text})
	}
	return kept, left
}

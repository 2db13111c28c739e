package rig

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
)

// WithoutLocal returns files without what no cluster takes: configuration of tools, what is
// annotated as local, values and other documents without a kind. left names it.
func WithoutLocal(files []File) (kept []File, left []string) {
	for _, f := range files {
		t, err := manifest.Parse(f.Name, f.Text)
		if err != nil || t.IsResourceList() {
			kept = append(kept, f)
			continue
		}
		text, local, empty := t.WithoutLocal()
		if empty {
			left = append(left, f.Name)
			continue
		}
		if len(local) > 0 {
			left = append(left, f.Name+" ("+strings.Join(local, ", ")+")")
		}
		kept = append(kept, File{f.Name, text})
	}
	return kept, left
}

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

// JoinFiles joins files into one stream. JSON alone stays JSON, with its values one behind
// another; among YAML, each value is a document.
func JoinFiles(files []File) string {
	var b strings.Builder
	texts, json := splitValues(files)
	for i, text := range texts {
		if i > 0 {
			if !strings.HasSuffix(b.String(), "\n") {
				b.WriteByte('\n')
			}
			if !json && !strings.HasPrefix(text, "---") {
				b.WriteString("---\n")
			}
		}
		b.WriteString(text)
	}
	return b.String()
}

// splitValues returns the texts of files, of JSON each value alone; json says that there is
// nothing else.
func splitValues(files []File) (texts []string, json bool) {
	json = true
	for _, f := range files {
		values, ok := []string{f.Text}, false
		if len(files) > 1 {
			if all, isJSON := manifest.SplitJSON(f.Text); isJSON {
				values, ok = all, true
			}
		}
		texts, json = append(texts, values...), json && ok
	}
	return texts, json
}

package fn

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkTwins reports two entries of a Kptfile in the flat form that are the same document, as
// they have one sidecar and one selection: each would replace the work of the other.
func checkTwins(text *manifest.Text, conf *config.Sidecars) (fs sidecar.Findings) {
	if conf == nil || !conf.IsFlat() || !text.HasPackages() {
		return nil
	}
	for _, o := range text.Objects {
		var p pipeline
		if o.Ref.Group != "kpt.dev" || o.Ref.Kind != "Kptfile" || o.Decode(sidecar.Fields("pipeline"), &p) != nil {
			continue
		}
		same := slices.DeleteFunc(p.Mutators, func(e entry) bool { return nameEntry(e) != conf.Metadata.Name })
		if len(same) < 2 || maps.Equal(same[0].ConfigMap, same[1].ConfigMap) {
			continue
		}
		fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "document-twice", Object: o.Ref, File: o.File(),
			Field:   "pipeline.mutators",
			Message: "two entries are " + conf.Metadata.Name + ", so each would replace the work of the other",
			Hint:    "give one of them a sidecar of another name, with sidecar=NAME"})
	}
	return fs
}

// nameEntry returns the name of the document that an entry is; "" if it isn't a flat config of
// outrigger.
func nameEntry(e entry) string {
	if e.ConfigMap["pattern"] == "" {
		return ""
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": e.ConfigMap})
	if err != nil {
		return ""
	}
	conf, _ := config.Read(text, "")
	if conf == nil {
		return ""
	}
	return conf.Metadata.Name
}

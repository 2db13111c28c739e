package fn

import (
	"maps"
	"path"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkPosition reports entries of a Kptfile under which kpt wouldn't keep what is added.
func checkPosition(text *manifest.Text) sidecar.Findings {
	if text.IsSelection() {
		document, file := config.PlaceOf(text.FunctionConfig)
		return sidecar.Findings{{Severity: sidecar.Error, Code: "kpt-selection", Object: document, File: file,
			Message: "the function has selectors or exclude in the Kptfile, so it doesn't see the objects that it has added",
			Hint: "remove them, and choose workloads with spec.select and spec.exclude of the document, or with kind and " +
				"name of a flat config"}}
	}
	listed := findEntry(text)
	if listed == nil {
		return nil
	}
	return sidecar.Findings{{Severity: sidecar.Error, Code: "kpt-validator", Object: listed.Ref, File: listed.File(),
		Field:   "pipeline.validators",
		Message: "lists this config here, where kpt drops everything that a function adds",
		Hint:    "list it under pipeline.mutators"}}
}

// A pipeline is that of a Kptfile.
type pipeline struct {
	Mutators   []entry `json:"mutators"`
	Validators []entry `json:"validators"`
}

// An entry names the config of one function.
type entry struct {
	ConfigPath string            `json:"configPath"`
	ConfigMap  map[string]string `json:"configMap"`
}

// findEntry returns the Kptfile that lists the config as a validator, where none lists it as
// a mutator. What a runner gives a validator differs in nothing from what it gives a mutator.
func findEntry(text *manifest.Text) (listed *manifest.Object) {
	if !text.HasPackages() {
		return nil
	}
	var conf struct {
		Kind     string
		Metadata struct{ Name string }
		Data     map[string]string
	}
	_ = text.FunctionConfig.Decode(&conf) // it has been read already
	files := map[string]bool{}            // that may be the config's
	for _, o := range text.Objects {
		if o.Ref.Kind == conf.Kind && o.Ref.Name == conf.Metadata.Name {
			files[o.File()] = true
		}
	}
	for _, o := range text.Objects {
		var p pipeline
		if o.Ref.Group != "kpt.dev" || o.Ref.Kind != "Kptfile" || o.Decode(sidecar.Fields("pipeline"), &p) != nil {
			continue
		}
		is := func(e entry) bool {
			if e.ConfigMap != nil {
				return maps.Equal(e.ConfigMap, conf.Data)
			}
			return e.ConfigPath != "" && files[path.Join(path.Dir(o.File()), e.ConfigPath)]
		}
		if slices.ContainsFunc(p.Mutators, is) {
			return nil
		}
		if slices.ContainsFunc(p.Validators, is) {
			listed = o
		}
	}
	return listed
}

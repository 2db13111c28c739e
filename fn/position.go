package fn

import (
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// inTransformers says where a document belongs in a kustomization.
const inTransformers = "list the Sidecars document in transformers: of the kustomization"

// isDocument reports whether an object is a Sidecars document.
func isDocument(o *manifest.Object) bool {
	return o.Ref.Group == config.Group && o.Ref.Kind == config.Kind
}

// isGenerator reports whether kustomize has a document in generators: a function gets the document itself there, and no
// other object. A document that expects no workload is fine with that.
func isGenerator(conf *config.Sidecars, objects []*manifest.Object) bool {
	return *conf.Spec.Expect.Min > 0 && len(objects) == 1 && isDocument(objects[0]) && objects[0].IsLocal() &&
		objects[0].Ref.Name == conf.Metadata.Name
}

// noObjects reports a document that kustomize has passed no objects.
func noObjects(conf *config.Sidecars) sidecar.Findings {
	return sidecar.Findings{{Severity: sidecar.Error, Code: "no-objects",
		Message: "there are no objects beside the document " + conf.Metadata.Name + "; kustomize passes none in generators",
		Hint:    inTransformers}}
}

// checkResources reports documents among the objects that kustomize has of resources. They're never run there, and no
// cluster knows their kind.
func checkResources(objects []*manifest.Object) (fs sidecar.Findings) {
	for _, o := range objects {
		if isDocument(o) && o.ByKustomize() && !o.IsLocal() {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Warning, Code: "document-unused", Object: o.Ref,
				Message: "is one of the resources, where nothing runs it and no cluster knows it", Hint: inTransformers})
		}
	}
	return fs
}

package manifest

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// known are the annotations that are asked for on every object, for which split looks out. The last is a prefix.
var known = []string{
	pathAnnotation, legacyPathAnnotation, indexAnnotation, legacyIndexAnnotation, packageAnnotation, localAnnotation,
	originAnnotation, kustomizeAnnotation, previousNames, previousNamespaces, needsHash, ids[0], ids[1],
	selectionAnnotations[0], selectionAnnotations[1], OwnerKey, contentKey, recordKey, carriedKey,
	sidecar.PatternsKey, sidecar.ContainersKey, sidecar.HelmHookKey, sidecar.ArgoHookKey, formerPrefix,
}

// knownBits returns the bits of an annotation, or 0.
func knownBits(key string) uint64 {
	for i, k := range known {
		if k == key || k == formerPrefix && strings.HasPrefix(key, formerPrefix) {
			return 1 << i
		}
	}
	return 0
}

// noteKnown notes which of the known annotations an object certainly doesn't have.
func (o *Object) noteKnown(h *split.Head) {
	if o.lacks = 0; !h.Unsure {
		o.lacks = ^h.Known
	}
}

// lacksKnown reports whether an object certainly lacks an annotation.
func (o *Object) lacksKnown(key string) bool { return o.lacks&knownBits(key) != 0 }

// mayAnnotate reports whether an object of the text may have an annotation.
func (t *Text) mayAnnotate(key string) bool {
	bit := knownBits(key)
	for _, o := range t.Objects {
		if o.lacks&bit == 0 {
			return t.containsWord(key)
		}
	}
	return false
}

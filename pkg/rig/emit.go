package rig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// hashed are the kinds whose references kustomize leads to a name with a hash
// (kustomize api/internal/konfig, namereference). In others they'd dangle.
var hashed = []string{"Pod", "PodTemplate", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob"}

// emitObjects collects the objects of one sidecar, and gives the edits by which their
// content rolls the pods.
func (r *run) emitObjects(o *manifest.Object, w *sidecar.Workload, a sidecar.Answer) []sidecar.Edit {
	var sum []byte
	byName := o.ByKustomize() && slices.Contains(hashed, w.Ref.Kind) && w.Ref.Group != "argoproj.io"
	roll := r.conf.Spec.Rollout
	for _, obj := range a.Change.Objects {
		obj, err := ownObject(obj, w.Ref.Namespace)
		if err != nil {
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "object-unreadable", Object: w.Ref, Sidecar: a.Name,
				Message: err.Error()})
			continue
		}
		ref := obj.Ref()
		content := (ref.Kind == "ConfigMap" || ref.Kind == "Secret") && ref.Group == ""
		hash := content && (roll == config.RolloutHash || roll != config.RolloutChecksum && roll != config.RolloutNone &&
			byName)
		if content && !hash && roll != config.RolloutNone {
			sum = append(append(sum, obj.RawMessage...), '\n')
		}
		r.addEmit(w.Ref, a.Name, ref, obj, manifest.Emit{Object: obj, For: o, Sidecar: a.Name, Hash: hash})
	}
	if sum == nil {
		return nil
	}
	h := sha256.Sum256(sum)
	key := sidecar.ChecksumPrefix + a.Name
	e := sidecar.Edit{Owner: a.Name, Object: w.Ref, Path: w.Template.To("metadata", "annotations", key),
		Value: hex.EncodeToString(h[:])[:16]}
	if was := w.Pod.Annotations[key]; was != "" {
		e.Was = was // ours, of an earlier content
	}
	return []sidecar.Edit{e}
}

// addEmit remembers an object to emit; two that are one must be equal.
func (r *run) addEmit(workload sidecar.Ref, owner string, ref sidecar.Ref, obj sidecar.Object, em manifest.Emit) {
	if r.emitted == nil {
		r.emitted, r.spaced, r.owners = map[sidecar.Ref]sidecar.Object{}, map[sidecar.Ref][]sidecar.Object{},
			map[sidecar.Ref]string{}
	}
	if first, twice := r.emitted[ref]; twice {
		if string(first.RawMessage) != string(obj.RawMessage) {
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "object-conflict", Object: workload, Sidecar: owner,
				Message: "wants a " + ref.String() + " with other content than " + r.owners[ref] + " does",
				Hint:    "give one of them another name"})
		}
		return
	}
	r.spaced[manifest.NormalizeRef(ref)] = append(r.spaced[manifest.NormalizeRef(ref)], obj)
	r.emitted[ref], r.owners[ref] = obj, workload.String()+"'s "+owner
	r.emits = append(r.emits, em)
}

// ownObject gives an object the workload's namespace and the label that says whose
// it is. The order of its fields stays.
func ownObject(obj sidecar.Object, namespace string) (sidecar.Object, error) {
	v := map[string]string{sidecar.ManagedLabel: sidecar.ManagedBy}
	raw, err := manifest.WithMetadata(json.RawMessage(obj.RawMessage), namespace, v)
	return sidecar.Object{RawMessage: raw}, err
}

// emitAll writes the objects behind the last one that stands there, so after all that is
// laid on it.
func (r *run) emitAll() {
	if !r.findings.Failed() {
		r.layer.Emit(r.emits)
	}
}

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

// hashedKinds are the kinds in which kustomize changes references to a name with a hash (kustomize api/internal/konfig,
// namereference). In other kinds, a reference would keep the old name.
var hashedKinds = []string{
	"Pod", "PodTemplate", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob",
}

// isHashed reports whether emitted names get a hash, which only kustomize adds.
func isHashed(roll config.Rollout, o *manifest.Object, w *sidecar.Workload) bool {
	switch {
	case !o.ByKustomize() || roll == config.RolloutChecksum || roll == config.RolloutNone:
		return false
	case roll == config.RolloutHash:
		return true
	}
	return slices.Contains(hashedKinds, w.Ref.Kind) && w.Ref.Group != "argoproj.io"
}

// emitObjects collects the objects that one sidecar emits. It returns the edits that replace the pods when the content
// of these objects changes.
func (r *run) emitObjects(q *request, o *manifest.Object, w *sidecar.Workload, a sidecar.Answer) []sidecar.Edit {
	var sum []byte
	roll := q.owner[a.Name].Spec.Rollout
	byName := isHashed(roll, o, w)
	for _, obj := range a.Change.Objects {
		obj, err := ownObject(obj, w.Ref.Namespace)
		if err != nil {
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "object-unreadable", Object: w.Ref, Sidecar: a.Name,
				Message: err.Error()})
			continue
		}
		ref := obj.Ref()
		content := (ref.Kind == "ConfigMap" || ref.Kind == "Secret") && ref.Group == ""
		hash := content && byName
		if content && !hash && roll != config.RolloutNone {
			sum = append(append(sum, readByPods(obj)...), '\n')
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
		e.Was = was // from an earlier run
	}
	return []sidecar.Edit{e}
}

// readByPods returns what pods see of a ConfigMap or Secret: neither its name, nor its namespace and labels, which
// other functions of a pipeline may set. A namespace alone must not replace all pods.
func readByPods(obj sidecar.Object) []byte {
	var content struct {
		Data       map[string]string `json:"data,omitempty"`
		BinaryData map[string]string `json:"binaryData,omitempty"`
		StringData map[string]string `json:"stringData,omitempty"`
	}
	_ = json.Unmarshal(obj.RawMessage, &content) // what isn't an object is reported elsewhere
	raw, _ := json.Marshal(content)              // strings always can be
	return raw
}

// addEmit collects an object to emit. Two with the same reference must be equal.
func (r *run) addEmit(workload sidecar.Ref, owner string, ref sidecar.Ref, obj sidecar.Object, em manifest.Emit) {
	if r.emitted == nil {
		r.emitted, r.emittedBySpace = map[sidecar.Ref]sidecar.Object{}, map[sidecar.Ref][]sidecar.Object{}
		r.owners, r.emitters = map[sidecar.Ref]string{}, map[sidecar.Ref][]emitter{}
	}
	r.emitters[ref] = append(r.emitters[ref], emitter{em.For, owner})
	if first, twice := r.emitted[ref]; twice {
		if string(first.RawMessage) != string(obj.RawMessage) {
			hint := "give one of them another name"
			if em.For != nil && em.For.IsGenerated() {
				hint = "give one of them another generateName"
			}
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "object-conflict", Object: workload, Sidecar: owner,
				Message: "emits " + ref.String() + " with other content than " + r.owners[ref] + " does", Hint: hint})
		} else if em.For != r.findObject(workload) {
			r.checkEmittedTwins(workload, owner, ref)
		}
		return
	}
	r.emittedBySpace[manifest.NormalizeRef(ref)] = append(r.emittedBySpace[manifest.NormalizeRef(ref)], obj)
	r.emitted[ref], r.owners[ref] = obj, workload.String()+"'s "+owner
	r.checkRememberedObject(workload, owner, ref)
	if q := r.served[workload]; r.remembers() && q != nil {
		em.By, em.Carried = q.owner[owner].Metadata.Name, r.carry
	}
	em.Ref = ref
	r.emits = append(r.emits, em)
}

// ownObject returns an object with the workload's namespace and the label of emitted objects. It keeps the order of the
// fields.
func ownObject(obj sidecar.Object, namespace string) (sidecar.Object, error) {
	v := map[string]string{sidecar.ManagedLabel: sidecar.ManagedBy}
	raw, err := manifest.WithMetadata(json.RawMessage(obj.RawMessage), namespace, v)
	return sidecar.Object{RawMessage: raw}, err
}

// emitAll writes the collected objects behind the last one of the manifests.
func (r *run) emitAll() {
	if r.applyBefore(); !r.findings.Failed() {
		var prune func(string) bool
		if r.record || len(r.stood) > 0 { // in a build nothing was written before but what a record tells of
			prune = r.prunes
		}
		r.layer.Emit(r.emits, prune)
	}
}

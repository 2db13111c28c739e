package rig

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// rememberDocuments reads the documents of a workload that this run doesn't know.
func (r *run) rememberDocuments(o recorded) {
	for _, name := range slices.Sorted(maps.Keys(o.Documents)) {
		if name == r.dropped || r.isGiven(name) {
			continue
		}
		f := sidecar.Finding{Severity: sidecar.Error, Code: "document-unknown", Object: o.object.Ref, File: o.object.File(),
			Message: "document " + name + " serves this workload, too, and isn't recorded, as it may hold a password",
			Hint:    "give all documents of the workload in one run, as in -c a.yaml -c b.yaml"}
		spec := o.Documents[name]
		if string(spec) == "null" {
			r.addFindings(f)
			continue
		}
		d := r.readDocument(name, spec)
		if d == nil {
			f.Message = "its record of document " + name + " isn't valid: " + r.unread[name+"\n"+string(spec)]
			r.addFindings(f)
			continue
		}
		r.remembered[o.object.Ref] = append(r.remembered[o.object.Ref], d)
	}
}

// mostDocuments is how many different ones a run reads from records.
const mostDocuments = 1000

// readDocument reads a document that a record has; nil where it isn't valid. Workloads mostly
// have the same.
func (r *run) readDocument(name string, spec json.RawMessage) *document {
	key := name + "\n" + string(spec)
	if d, known := r.read[key]; known {
		return d
	}
	if r.read == nil {
		r.read, r.unread = map[string]*document{}, map[string]string{}
	}
	var d *document
	if len(r.read) < mostDocuments { // whoever writes manifests can write any number
		conf, fs := config.ReadRecorded(name, spec)
		if d = (&document{Sidecars: conf}); fs.Failed() {
			d, r.unread[key] = nil, describeMistake(fs)
		}
	} else {
		r.unread[key] = fmt.Sprintf("there are more than %d in all records", mostDocuments)
	}
	r.read[key] = d
	return d
}

// describeMistake returns the field and the reason of the first error. No finding about a document has a secret.
func describeMistake(fs sidecar.Findings) string {
	first := fs[slices.IndexFunc(fs, func(f sidecar.Finding) bool { return f.Severity == sidecar.Error })]
	return strings.TrimPrefix(first.Field+": ", ": ") + first.Message
}

// checkRemembered checks what documents that come from a record ask for. Whoever writes a
// manifest can write the record, so it's believed only as far as its work stood there
// before: what runs in the pod, and what is changed in other objects.
func (r *run) checkRemembered(edits []sidecar.Edit) {
	for i := range edits {
		if len(r.remembered) == 0 {
			return
		}
		e := &edits[i]
		name := r.rememberedOwner(e)
		if name == "" || stoodBefore(r.stood[e.Object], r.findObject(e.Object), e) || r.isRenamedVolume(e) {
			continue
		}
		r.addFindings(unproven(e.Object, e.Owner, e.Path.String(), name))
	}
}

// checkRememberedObject checks an object that a document from a record emits.
func (r *run) checkRememberedObject(workload sidecar.Ref, owner string, ref sidecar.Ref) {
	name := r.rememberedOwner(&sidecar.Edit{Object: workload, Owner: owner})
	if name == "" {
		return
	}
	if o := r.findObject(ref); o != nil {
		if document, _ := o.WrittenFor(); document == name {
			return
		}
	}
	if !r.emittedBefore(name, ref) {
		r.addFindings(unproven(ref, owner, "", name))
	}
}

// emittedBefore reports whether an object was emitted for a document under another name. A
// Job's ends with a hash of what it runs, which may depend on other documents; and kustomize
// may have renamed the workload since, so that there the name doesn't count.
func (r *run) emittedBefore(name string, ref sidecar.Ref) bool {
	return slices.ContainsFunc(r.texts, func(t *manifest.Text) bool {
		return slices.ContainsFunc(t.Objects, func(o *manifest.Object) bool {
			document, _ := o.WrittenFor()
			return document == name && o.Ref.Kind == ref.Kind && o.Ref.Group == ref.Group && (r.carry ||
				o.Ref.Namespace == ref.Namespace && withoutHash(o.Ref.Name) == withoutHash(ref.Name))
		})
	})
}

// hashSuffix is what the name of a Job ends with.
var hashSuffix = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`-[0-9a-f]{8}$`) })

func withoutHash(name string) string { return hashSuffix().ReplaceAllString(name, "") }

func unproven(object sidecar.Ref, owner, field, document string) sidecar.Finding {
	return sidecar.Finding{Severity: sidecar.Error, Code: "document-unproven",
		Object: object, Sidecar: owner, Field: field,
		Message: "document " + document + ", as the record has it, asks for something else than what stood here",
		Hint: "give all documents of the workload in one run, as in -c a.yaml -c b.yaml; or take the work off first " +
			"with outrigger strip"}
}

// rememberedOwner is the document that wants an edit, where it comes from a record; else "".
func (r *run) rememberedOwner(e *sidecar.Edit) string {
	for _, ref := range append(e.For, e.Object) {
		q := r.served[ref]
		if q == nil {
			continue
		}
		if d := q.owner[e.Owner]; d != nil && slices.Contains(r.remembered[ref], d) {
			return d.Metadata.Name
		}
	}
	return ""
}

// stoodBefore reports whether what an edit wants stood in an object before an earlier run was
// taken off. The variables and arguments of a container may depend on other documents, and so
// may the pod's marks and checksums; its image may be that of the app.
func stoodBefore(before, bare *manifest.Object, e *sidecar.Edit) bool {
	if before == nil {
		return false
	}
	if c, ok := e.Value.(corev1.Container); ok {
		var was corev1.Container
		return before.Decode(e.Path, &was) == nil && was.Name == c.Name && sameProgram(&was, &c, bare)
	}
	there, same := compareAt(before, e.Path, e.Value)
	if value, isText := e.Value.(string); isText && e.Path[len(e.Path)-1].Key == "." {
		// An argument is addressed by what it is, and then it was what it becomes again.
		_, same = compareAt(before, e.Path[:len(e.Path)-1].At(".", value), e.Value)
	}
	switch {
	case e.Delete:
		return !there
	case same:
		return true
	}
	return bare != nil && len(e.For) == 0 && slices.ContainsFunc(e.Path, dependsOnOthers)
}

// dependsOnOthers reports whether what stands at a step of a pod may depend on several
// documents.
func dependsOnOthers(s sidecar.Step) bool {
	return slices.Contains([]string{"annotations", "env", "args", "terminationGracePeriodSeconds", "resources"}, s.Field)
}

// isRenamedVolume reports whether a volume has a ConfigMap that this run emits, where it had
// another one: kustomize may have renamed the workload since, after which it's named.
func (r *run) isRenamedVolume(e *sidecar.Edit) bool {
	v, ok := e.Value.(corev1.Volume)
	if !ok || v.ConfigMap == nil || !r.carry {
		return false
	}
	var was corev1.Volume
	before := r.stood[e.Object]
	if before == nil || before.Decode(e.Path, &was) != nil || was.ConfigMap == nil {
		return false
	}
	_, emitted := r.emitted[sidecar.Ref{Kind: "ConfigMap", Namespace: e.Object.Namespace, Name: v.ConfigMap.Name}]
	return emitted
}

// sameProgram reports whether two containers run the same program with the same rights. One
// that is like the app follows its image.
func sameProgram(was, now *corev1.Container, bare *manifest.Object) bool {
	return (was.Image == now.Image || runsImage(bare, now.Image)) && slices.Equal(was.Command, now.Command) &&
		reflect.DeepEqual(was.SecurityContext, now.SecurityContext)
}

// runsImage reports whether a container of a workload has an image.
func runsImage(o *manifest.Object, image string) bool {
	return slices.ContainsFunc(o.Templates(nil), func(at sidecar.Path) bool {
		var pod corev1.PodTemplateSpec
		return o.Decode(at, &pod) == nil &&
			slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Image == image })
	})
}

// provesCarried reports whether the records that kustomize carries are those of this build.
// They may have come with a base, to take out what an overlay has added. So the documents in
// them are laid on alone: that has to give what stood there.
func (r *run) provesCarried() bool {
	if len(r.stood) == 0 {
		return true
	}
	again := newRun(r.texts, nil)
	again.carry, again.stood, again.remembered, again.read = true, r.stood, r.remembered, r.read
	again.others = r.others
	out := again.layDocuments()
	r.overRecords = again.overRecords
	if len(r.overRecords) > 0 || out.Findings.Failed() {
		return r.refuseCarried()
	}
	now, err := readLaid(out.Texts)
	if err != nil {
		return r.refuseCarried()
	}
	for ref, before := range r.stood {
		if now[ref] == nil || !before.IsLike(now[ref]) {
			return r.refuseCarried()
		}
	}
	r.proven = true
	return true
}

// refuseCarried ends a run that can't use the records that kustomize carries. The next one
// ignores them, so nobody reads the finding.
func (r *run) refuseCarried() bool {
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "record-forged",
		Message: "the records that kustomize carries aren't those of this build"})
	return false
}

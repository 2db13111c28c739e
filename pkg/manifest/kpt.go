package manifest

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A place is a file of a package of kpt's.
type place struct{ pkg, file string }

// placeOf returns the file of an object that a runner writes back.
func placeOf(o *Object) place {
	return place{o.Annotation(packageAnnotation), o.Annotation(pathAnnotation)}
}

// placeIndex returns the index of an object in its file, where a runner tells it; else 0.
func (o *Object) placeIndex() int {
	index, err := strconv.Atoi(o.Annotation(indexAnnotation))
	if err != nil {
		return 0
	}
	return index
}

// placeAnnotations returns the annotations that put a new object into a file beside that of
// its workload, behind all that is in it already: kpt refuses two objects at one place, and
// one without an index is at the same place as another one without.
func (l *Layer) placeAnnotations(em Emit) []annotation {
	if !em.For.InPlace() {
		return nil
	}
	at := placeOf(em.For)
	at.file = path.Join(path.Dir(at.file), em.Ref.Name+".yaml")
	index := l.takeIndex(at)
	as := []annotation{
		{pathAnnotation, at.file}, {legacyPathAnnotation, at.file}, {indexAnnotation, index}, {legacyIndexAnnotation, index},
	}
	if at.pkg != "" {
		as = append(as, annotation{packageAnnotation, at.pkg})
	}
	return as
}

// takeIndex returns the index behind the last object of a file.
func (l *Layer) takeIndex(at place) string {
	if l.next == nil {
		l.next = map[place]int{}
		for _, t := range l.texts {
			for _, o := range t.Objects {
				if o.InPlace() {
					l.next[placeOf(o)] = max(l.next[placeOf(o)], o.placeIndex()+1)
				}
				o.Release()
			}
		}
	}
	defer func() { l.next[at]++ }()
	return strconv.Itoa(l.next[at])
}

// ids are the annotations by which kpt finds the item again that it gave to a function.
var ids = []string{
	kioutil.IdAnnotation,
	//lint:ignore SA1019 kpt reads it where the other one is missing
	kioutil.LegacyIdAnnotation,
}

// ForgetIDs removes kpt's ids from the objects that differ from those of the text before. To
// an item with an id, kpt copies comments and the order of fields from what it was, by the
// positions in lists: a comment of the first container would land on one that was added
// before it. Comments and order are in the text already.
func (e Edited) ForgetIDs(before *Text) (Edited, sidecar.Findings) {
	if e.text == before && !e.Changed() || !before.IsWrittenBack() || !before.mayAnnotate(ids[0]) {
		return e, nil
	}
	after, err := Parse(e.Name, e.String())
	if err != nil {
		return e, sidecar.Findings{{Severity: sidecar.Error, Code: "internal", Message: err.Error()}}
	}
	was := map[string]string{}
	for _, o := range before.Objects {
		was[o.Annotation(ids[0])] = o.source()
		o.Release()
	}
	l := NewLayer([]*Text{after})
	for _, o := range after.Objects {
		if o.InPlace() && was[o.Annotation(ids[0])] != o.source() {
			l.forgetIDs(o)
		}
		o.Release()
	}
	out, fs := l.Texts()
	if fs.Failed() {
		return e, fs
	}
	return out[0], fs
}

func (l *Layer) forgetIDs(o *Object) {
	var edits []sidecar.Edit
	for _, key := range ids {
		if o.Annotation(key) != "" {
			edits = append(edits, sidecar.Edit{Object: o.Ref, Delete: true,
				Path: sidecar.Fields("metadata", "annotations", key)})
		}
	}
	if len(edits) > 0 {
		l.Edit(o, edits, nil)
	}
}

// source returns the object as it's written.
func (o *Object) source() string {
	from, to := o.from, o.to
	if from == to {
		from, to = o.rootNode().Start, o.rootNode().End
	}
	return strings.TrimRight(o.text.lines.Text[from:to], " \r\n")
}

// selectionAnnotations are on what kpt has chosen for a function, by its versions.
var selectionAnnotations = []string{
	"internal.config.k8s.io/kpt-resource-id", "internal.config.kubernetes.io/kpt-resource-id",
}

// IsSelection reports whether kpt has chosen some of a package's objects for the function,
// and keeps the others to itself. Where it has chosen none, the config tells.
func (t *Text) IsSelection() bool {
	if len(t.Objects) == 0 && t.FunctionConfig != nil {
		as := yaml.NewRNode(t.FunctionConfig).GetAnnotations()
		return slices.ContainsFunc(selectionAnnotations, func(key string) bool { return as[key] != "" })
	}
	return slices.ContainsFunc(t.Objects, func(o *Object) bool {
		has := func(key string) bool { return o.Annotation(key) != "" }
		return slices.ContainsFunc(selectionAnnotations, has) && o.InPlace()
	})
}

// IsWrittenBack reports whether a runner writes the objects back to their files, as kpt does. In
// a plain stream, such an annotation means nothing. kustomize's objects aren't written back, but
// one that looks like kustomize's proves nothing for the rest.
func (t *Text) IsWrittenBack() bool {
	return t.IsResourceList() && slices.ContainsFunc(t.Objects, (*Object).InPlace)
}

// HasPackages reports whether the objects are those of packages, as kpt renders them.
func (t *Text) HasPackages() bool { return t.IsResourceList() && t.mayAnnotate(packageAnnotation) }

// fromOuterPackage returns a path of the object's package from the outermost package, to which a runner's results and
// messages belong: each package may have a file of that name.
func (o *Object) fromOuterPackage(file string) string {
	outer := o.text.findOuterPackage()
	if inner, found := strings.CutPrefix(o.Annotation(packageAnnotation), outer+"/"); found && outer != "" && file != "" {
		return path.Join(inner, file)
	}
	return file
}

// findOuterPackage returns the folder of the package that has all others, or "" where there's none.
func (t *Text) findOuterPackage() string {
	if t.outer != nil {
		return *t.outer
	}
	outer := ""
	for _, o := range t.Objects {
		if o.Ref.Kind != "Kptfile" {
			continue
		}
		if folder := o.Annotation(packageAnnotation); outer == "" || len(folder) < len(outer) {
			outer = folder
		}
	}
	t.outer = &outer
	return outer
}

package manifest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/editable"
	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// proof compares an object before and after its records were undone. Whatever the records
// say, only fields of package editable may differ.
type proof struct {
	on            sidecar.Ref
	pods          []sidecar.Path
	key           string // of the record, which goes
	before, after any    // the pod that is compared, or the object
	marker        []string
	open          bool // the text ends in a block scalar that had no line break before
	wrong         []sidecar.Path
}

// findForged returns the paths of changes that a record must not make.
func findForged(before, after *Object, s *stripper) []sidecar.Path {
	a, errA := positioned.ValueOf(before.rootNode())
	b, errB := positioned.ValueOf(after.rootNode())
	if errA != nil || errB != nil || after.err != nil {
		return []sidecar.Path{{}}
	}
	p := &proof{on: before.Ref, pods: podPaths(a), key: s.key, before: a, after: b, open: after.text.endsOpen(),
		marker: slices.Concat(splitNames(before.Annotation(sidecar.PatternsKey)),
			splitNames(before.Annotation(sidecar.ContainersKey)), s.containers)}
	p.compareValues(a, b, nil)
	for _, c := range s.comes {
		if !c.isBack(after.rootNode(), after.text.lines.Text) {
			p.wrong = append(p.wrong, c.path)
		}
	}
	return p.wrong
}

// isBack reports whether a restored text is one value at its path.
func (c comeback) isBack(root *positioned.Node, text string) bool {
	if c.out {
		return locateNode(root, c.path) != nil
	}
	parent := locateNode(root, c.path[:len(c.path)-1]).Resolve()
	if parent == nil {
		return false
	}
	return slices.ContainsFunc(parent.Values, func(v *positioned.Node) bool { return text[v.Start:v.End] == c.was })
}

func (p *proof) compareValues(before, after any, path sidecar.Path) {
	if slices.ContainsFunc(p.pods, path.HasShape) { // volumes and ports are of one pod
		defer func(b, a any) { p.before, p.after = b, a }(p.before, p.after)
		p.before, p.after = before, after
	}
	if values.Equal(before, after) {
		if addsNulls(before, after) {
			p.wrong = append(p.wrong, path)
		}
		return
	}
	if p.mayBecome(before, after, path) {
		return
	}
	if whole := before == nil || after == nil; whole && editable.FieldAt(p.on, p.pods, path) != nil {
		p.wrong = append(p.wrong, path)
		return
	}
	if m, n, ok := bothOf[values.Map](before, after); ok && p.mayBeEmpty(before, after, len(m)+len(n), path) {
		for _, e := range m {
			p.compareValues(e.Value, n.Get(e.Key), path.To(e.Key))
		}
		for _, e := range n {
			if m.IndexOf(e.Key) < 0 && e.Value == nil {
				p.wrong = append(p.wrong, path.To(e.Key))
			} else if m.IndexOf(e.Key) < 0 {
				p.compareValues(nil, e.Value, path.To(e.Key))
			}
		}
		return
	}
	if m, n, ok := bothOf[[]any](before, after); ok && p.mayBeEmpty(before, after, len(m)+len(n), path) {
		p.compareLists(m, n, path)
		return
	}
	p.wrong = append(p.wrong, path)
}

// addsNulls reports whether one of two equal values has null fields that the other one
// doesn't have.
func addsNulls(before, after any) bool {
	switch a := after.(type) {
	case values.Map:
		b, _ := before.(values.Map)
		return slices.ContainsFunc(a, func(e values.Entry) bool {
			return b.IndexOf(e.Key) < 0 || addsNulls(b.Get(e.Key), e.Value)
		})
	case []any:
		for i, b := range before.([]any) {
			if addsNulls(b, a[i]) {
				return true
			}
		}
	}
	return false
}

// bothOf returns two collections of one kind. One of them may be missing.
func bothOf[T values.Map | []any](before, after any) (a, b T, ok bool) {
	a, okA := before.(T)
	b, okB := after.(T)
	fits := (okA || before == nil) && (okB || after == nil)
	return a, b, fits && (okA || okB)
}

// mayBeEmpty reports whether an empty collection may be added or removed.
func (p *proof) mayBeEmpty(before, after any, entries int, path sidecar.Path) bool {
	return entries > 0 || before != nil && after != nil || editable.HasFieldsBelow(p.on, p.pods, path)
}

// compareLists compares two lists, whose entries keep their order.
func (p *proof) compareLists(before, after []any, path sidecar.Path) {
	entry := func(v any) sidecar.Path { return path.At("", entryIdentity(v)) }
	later := func(v any, in []any) bool {
		return slices.ContainsFunc(in, func(o any) bool { return values.Equal(v, o) || sameEntry(v, o) })
	}
	for i, j := 0, 0; i < len(before) || j < len(after); {
		switch {
		case i < len(before) && before[i] == nil || j < len(after) && after[j] == nil: // an entry may be null
			if i == len(before) || j == len(after) || before[i] != nil || after[j] != nil {
				p.wrong = append(p.wrong, path)
				return
			}
			i, j = i+1, j+1
		case i < len(before) && j < len(after) && (values.Equal(before[i], after[j]) || sameEntry(before[i], after[j])):
			p.compareValues(before[i], after[j], entry(before[i]))
			i, j = i+1, j+1
		case i < len(before) && j < len(after) && p.mayReplace(before[i], after[j], entry(before[i])):
			i, j = i+1, j+1
		case len(before) == len(after) && i == j && isNameless(before[i]) && isNameless(after[j]):
			p.compareValues(before[i], after[j], entry(before[i]))
			i, j = i+1, j+1
		case i < len(before) && !later(before[i], after[j:]):
			p.compareValues(before[i], nil, entry(before[i]))
			i++
		case j < len(after) && !later(after[j], before[i:]):
			p.compareValues(nil, after[j], entry(after[j]))
			j++
		default: // the order has changed
			p.wrong = append(p.wrong, path)
			return
		}
	}
}

// mayReplace reports whether a plain entry may replace another one.
func (p *proof) mayReplace(before, after any, path sidecar.Path) bool {
	_, a := before.(string)
	_, b := after.(string)
	return a && b && p.mayBecome(before, after, path)
}

// isNameless reports whether an entry of a list is a mapping that nothing but its position tells from others.
func isNameless(v any) bool {
	m, ok := v.(values.Map)
	return ok && !slices.ContainsFunc(keys, func(key string) bool { return m.Get(key) != nil })
}

// keys are the fields that identify entries of lists.
var keys = []string{"name", "groupName", "containerPort", "mountPath", "port", "portNumber", "targetPort"}

// sameEntry reports whether two entries of a list have the same key.
func sameEntry(a, b any) bool {
	x, okX := a.(values.Map)
	y, okY := b.(values.Map)
	if !okX || !okY {
		return false
	}
	for _, key := range keys {
		if x.Get(key) != nil && y.Get(key) != nil {
			return fmt.Sprint(x.Get(key)) == fmt.Sprint(y.Get(key)) &&
				(!sidecar.IsPortKey(key) || protocolOf(x) == protocolOf(y))
		}
	}
	return false
}

func protocolOf(m values.Map) string {
	if p, ok := m.Get("protocol").(string); ok {
		return p
	}
	return "TCP"
}

func entryIdentity(v any) string {
	if m, ok := v.(values.Map); ok {
		for _, key := range keys {
			if m.Get(key) != nil {
				return fmt.Sprint(m.Get(key))
			}
		}
	}
	return "..."
}

// mayBecome reports whether a record may change before into after.
func (p *proof) mayBecome(before, after any, path sidecar.Path) bool {
	annotation := len(path) == 3 && path[0].Field == "metadata" && path[1].Field == "annotations"
	if after == nil && annotation && path[2].Field == p.key {
		return true
	}
	if text, ok := after.(string); ok && p.open && before == any(text+"\n") {
		return true
	}
	f := editable.FieldAt(p.on, p.pods, path)
	switch {
	case f == nil:
		return false
	case before == nil:
		return f.Removed && p.fitsKind(f.Value, nil, after)
	case after == nil:
		return f.Added && p.mayRemove(f.Value, before)
	}
	return f.Replaced && p.fitsKind(f.Value, before, after)
}

// mayRemove reports whether a record may remove a value.
func (p *proof) mayRemove(kind editable.Value, v any) bool {
	m, _ := v.(values.Map)
	name, _ := m.Get("name").(string)
	switch kind {
	case editable.Container:
		return namesContainer(p.marker, name)
	case editable.Volume:
		return !mountsVolume(p.after, name)
	case editable.PortEntry: // nothing refers to it
		return holdsOnly(v, "containerPort")
	}
	return true
}

// mountsVolume reports whether a container below v mounts a volume.
func mountsVolume(v any, volume string) bool {
	switch v := v.(type) {
	case values.Map:
		for _, e := range v {
			if list, ok := e.Value.([]any); ok && (e.Key == "volumeMounts" || e.Key == "volumeDevices") {
				if slices.ContainsFunc(list, func(m any) bool { o, _ := m.(values.Map); return o.Get("name") == any(volume) }) {
					return true
				}
			}
			if mountsVolume(e.Value, volume) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(o any) bool { return mountsVolume(o, volume) })
	}
	return false
}

// mountsVolumeBelow is mountsVolume for a node. One without aliases needn't become a value for that.
func mountsVolumeBelow(n *positioned.Node, volume string) bool {
	if hasAlias(n) {
		v, _ := positioned.ValueOf(n) // what can't be read mounts nothing
		return mountsVolume(v, volume)
	}
	isMount := func(m *positioned.Node) bool {
		name := m.Field("name")
		if name == nil {
			return false
		}
		v, _ := positioned.ValueOf(name)
		return v == any(volume)
	}
	var look func(n *positioned.Node) bool
	look = func(n *positioned.Node) bool {
		if n.Kind == positioned.Sequence {
			return slices.ContainsFunc(n.Values, look)
		}
		for field, v := range n.EachField {
			isList := v.Kind == positioned.Sequence && (field == "volumeMounts" || field == "volumeDevices")
			if isList && slices.ContainsFunc(v.Values, isMount) || look(v) {
				return true
			}
		}
		return false
	}
	return look(n)
}

// fitsKind reports whether a restored value has the form that the table requires.
func (p *proof) fitsKind(kind editable.Value, before, after any) bool {
	text, isText := after.(string)
	_, isNumber := after.(json.Number)
	was, _ := before.(string)
	switch kind {
	case editable.Text:
		return isText
	case editable.Number:
		return isNumber
	case editable.Quantity:
		more, fits := sidecar.ReadQuantity(before)
		less, lower := sidecar.ReadQuantity(after)
		return fits && lower && less.Sign() >= 0 && less.Cmp(more) < 0
	case editable.Port:
		return isNumber || isText && portName().MatchString(text)
	case editable.Scheme:
		return isText && (strings.EqualFold(text, "http") || strings.EqualFold(text, "https"))
	case editable.PortEntry:
		return p.movedPort(after)
	case editable.Socket:
		return holdsOnly(after, "port", "host")
	case editable.Command:
		return isText && digits().ReplaceAllString(was, "0") == digits().ReplaceAllString(text, "0")
	case editable.Address:
		return isText && overTLS(was, text)
	case editable.List:
		return isText && len(withoutNames(splitNames(text), splitNames(was))) == 0
	}
	return false
}

var (
	digits   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]+`) })
	portName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9-]{1,63}$`) })
	address  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`([a-z0-9]+)://([A-Za-z0-9.-]+)(:[0-9]+)?`)
	})
)

// overTLS reports whether two texts are equal, except that addresses of one are over TLS: the
// scheme differs, and a port may be added.
func overTLS(over, plain string) bool {
	a, b := address().FindAllStringSubmatch(over, -1), address().FindAllStringSubmatch(plain, -1)
	if len(a) == 0 || len(a) != len(b) || address().ReplaceAllString(over, "") != address().ReplaceAllString(plain, "") {
		return false
	}
	for i := range a {
		if a[i][2] != b[i][2] || a[i][3] != b[i][3] && b[i][3] != "" || !sidecar.OverTLS(b[i][1], a[i][1]) {
			return false
		}
	}
	return true
}

// holdsOnly reports whether a value is a mapping with only some plain fields.
func holdsOnly(v any, fields ...string) bool {
	m, ok := v.(values.Map)
	return ok && !slices.ContainsFunc(m, func(e values.Entry) bool {
		_, isMap := e.Value.(values.Map)
		_, isList := e.Value.([]any)
		return isMap || isList || !slices.Contains(fields, e.Key)
	})
}

// movedPort reports whether a restored port belongs to a container that is removed.
func (p *proof) movedPort(v any) bool {
	m, _ := v.(values.Map)
	number := m.Get("containerPort")
	return number != nil && holdsOnly(v, "name", "containerPort", "protocol", "hostPort", "hostIP") &&
		countDeclarations(p.before, number) >= countDeclarations(p.after, number)
}

// countDeclarations counts the containers that declare a port, under however many names.
func countDeclarations(v any, number any) (n int) {
	declares := func(o any) bool {
		m, _ := o.(values.Map)
		have := m.Get("containerPort")
		return have != nil && values.Equal(have, number)
	}
	switch v := v.(type) {
	case values.Map:
		for _, e := range v {
			n += countDeclarations(e.Value, number)
		}
	case []any:
		if slices.ContainsFunc(v, declares) {
			n++
		}
		for _, o := range v {
			n += countDeclarations(o, number)
		}
	}
	return n
}

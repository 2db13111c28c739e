package manifest

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// IsLike reports whether two objects are equal, but for records, for names of
// ConfigMaps that volumes have, which may be made of a name that it has changed since, and
// for checksums of their content.
func (o *Object) IsLike(other *Object) bool {
	a, errA := positioned.ValueOf(o.rootNode())
	b, errB := positioned.ValueOf(other.rootNode())
	return errA == nil && errB == nil && values.Equal(comparedValue(a), comparedValue(b))
}

// comparedValue is a value without what IsLike passes over.
func comparedValue(v any) any {
	switch v := v.(type) {
	case values.Map:
		m := make(values.Map, 0, len(v))
		for _, e := range v {
			below, _ := e.Value.(values.Map)
			switch {
			case e.Key == recordKey || e.Key == carriedKey || strings.HasPrefix(e.Key, sidecar.ChecksumPrefix):
			case e.Key == "annotations" && len(below) > 0 && len(comparedValue(below).(values.Map)) == 0:
			case e.Key == "configMap" && below.Get("name") != nil:
				m = append(m, values.Entry{Key: e.Key, Value: below.WithField("", "name")})
			default:
				m = append(m, values.Entry{Key: e.Key, Value: comparedValue(e.Value)})
			}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = comparedValue(v[i])
		}
		return list
	}
	return v
}

// mostHeld is the longest text of an object that Holds looks at, in bytes: each entry of a
// list is compared with each of another.
const mostHeld = 50_000

// Holds reports whether an object has all that another one has, but for what IsLike passes
// over. The order of a list doesn't matter. It's false for objects that are longer than any
// real one.
func (o *Object) Holds(other *Object) bool {
	if len(o.Source()) > mostHeld || len(other.Source()) > mostHeld {
		return false
	}
	a, errA := positioned.ValueOf(o.rootNode())
	b, errB := positioned.ValueOf(other.rootNode())
	return errA == nil && errB == nil && holdsValue(comparedValue(a), comparedValue(b))
}

func holdsValue(have, want any) bool {
	switch want := want.(type) {
	case values.Map:
		m, _ := have.(values.Map)
		return !slices.ContainsFunc(want, func(e values.Entry) bool {
			return e.Value != nil && (m.IndexOf(e.Key) < 0 || !holdsValue(m.Get(e.Key), e.Value))
		})
	case []any:
		list, _ := have.([]any)
		return !slices.ContainsFunc(want, func(w any) bool {
			return !slices.ContainsFunc(list, func(h any) bool { return holdsValue(h, w) })
		})
	}
	return values.Equal(have, want)
}

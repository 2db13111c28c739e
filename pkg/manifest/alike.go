package manifest

import (
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

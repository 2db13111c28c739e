package field

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestOf(t *testing.T) {
	fields := Of(reflect.TypeFor[corev1.Volume]())
	require.Equal(t, []string{"name", "hostPath", "emptyDir"}, Names(fields)[:3], "inline fields stand in their place")
	empty := Find(fields, "emptyDir")
	require.Equal(t, reflect.TypeFor[corev1.VolumeSource](), empty.Owner)
	require.Equal(
		t,
		reflect.TypeFor[*corev1.EmptyDirVolumeSource](),
		reflect.TypeFor[corev1.Volume]().FieldByIndex(empty.Index).Type,
	)
	require.True(t, Find(fields, "name").Required)
	require.False(t, empty.Required)
	require.Nil(t, Find(fields, "volumeSource"))

	type made struct {
		A      string   `json:"a"`
		B      []string `json:"b"`
		C      *int     `json:"c"`
		D      string   `json:"d,omitempty"`
		E      struct{} `json:"e,omitzero" config:"partial"`
		F      []int    `json:"f" config:"nonempty"`
		Hidden string   `json:"-"`
		Bare   string
		inside string
	}
	var required []string
	for _, f := range Of(reflect.TypeFor[made]()) {
		if f.Required {
			required = append(required, f.Name)
		}
		require.Equal(t, f.Name == "e", f.Partial)
		require.Equal(t, f.Name == "f", f.NonEmpty)
	}
	require.Equal(t, []string{"a"}, required)
	require.Equal(t, []string{"a", "b", "c", "d", "e", "f"}, Names(Of(reflect.TypeFor[made]())))
	require.Empty(t, made{}.inside)
}

func TestStruct(t *testing.T) {
	require.Equal(t, reflect.TypeFor[corev1.Volume](), Struct(reflect.TypeFor[[]*corev1.Volume]()))
	require.Nil(t, Struct(reflect.TypeFor[resource.Quantity]()), "it reads itself")
	require.Nil(t, Struct(reflect.TypeFor[map[string]corev1.Volume]()))
}

package sidecar_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

func TestNamesContainer(t *testing.T) {
	for container, want := range map[string]bool{
		"log-tail": true, "log-tail-access": true, "log-tail-": true,
		"log-tailor": false, "log": false, "a-log-tail": false, "": false,
	} {
		require.Equal(t, want, sidecar.NamesContainer("log-tail", container), container)
		require.Equal(t, want, sidecar.ParseMarker("web, log-tail=80").NamesContainer(container), container)
	}
}

// Names made by Shorten and Label are in people's clusters: this test never changes.
func TestNamesAreFrozen(t *testing.T) {
	long := strings.Repeat("a", 70)
	require.Equal(t, "web-tls-proxy", sidecar.Shorten("web-tls-proxy", 63))
	require.Equal(t, long[:63], sidecar.Shorten(long[:63], 63))
	require.Equal(t, strings.Repeat("a", 54)+"-6bd5e503", sidecar.Shorten(long, 63))
	require.Len(t, sidecar.Shorten(strings.Repeat("b-", 40), 63), 62)
	require.NotEqual(t, sidecar.Shorten(long, 63), sidecar.Shorten(long+"a", 63))

	much := strings.Repeat("a", 250)
	require.Equal(t, much+"-x", sidecar.Shorten(much+"-x", 253))
	require.Equal(t, much[:244]+"-8482b298", sidecar.Shorten(much+"-tls-proxy", 253))
	require.Equal(t, "76f97476", sidecar.Shorten(strings.Repeat(".", 70), 63), "nothing but the hash is left")
	require.Equal(t, strings.Repeat("ü", 27)+"-bdf9bfe5", sidecar.Shorten(strings.Repeat("ü", 40), 63),
		"no letter is cut in two")
	require.Equal(t, long[:53]+"-73ce8676", sidecar.Shorten(long[:53]+"üüüüüüüü", 63))

	for name, want := range map[string]string{
		"web": "web", "a--b": "a--b", "9": "9", long[:63]: long[:63],
		long: strings.Repeat("a", 54) + "-6bd5e503", "my.app": "my-app-13d7e337", "My_App": "my-app-0e86b84b",
		"web-": "web-9161755a", "-x": "x-a4209624", "üü": "acc58130", "": "e3b0c442",
	} {
		require.Equal(t, want, sidecar.Label(name), name)
	}
}

func TestObjectNameLeavesRoomForKustomize(t *testing.T) {
	w := sidecartest.Workload()
	require.Equal(t, "web-proxy", w.ObjectName())
	w.Ref.Name = strings.Repeat("w", 253)
	require.Len(t, w.ObjectName()+"-2222222222", 253)
}

// Whatever a name is, what is made of it has the form that the API wants, and two
// names stay two.
func FuzzNames(f *testing.F) {
	f.Add("web", "web.")
	f.Add(strings.Repeat("é", 50), "9200")
	f.Add("-", "--")
	label := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	f.Fuzz(func(t *testing.T, a, b string) {
		got := sidecar.Label(a)
		require.Regexp(t, label, got)
		require.LessOrEqual(t, len(got), sidecar.LabelLength)
		require.Equal(t, got, sidecar.Label(got), "a name that fits stays")
		require.Equal(t, a == b, got == sidecar.Label(b))
		short := sidecar.Shorten(a, 20)
		require.LessOrEqual(t, len(short), 20)
		require.True(t, utf8.ValidString(short) || !utf8.ValidString(a))
	})
}

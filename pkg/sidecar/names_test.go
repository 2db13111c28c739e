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

// Names made by Shorten, Label and PortLabel are in people's clusters: this test
// never changes.
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
	for name, want := range map[string]string{
		"http": "http", "h2c-9": "h2c-9", "http-metrics-long": "http-m-ceea88b9", "My.Port": "my-por-28f531d1",
		"a--b": "a-b-90827a2e", "9200": "9200-7114a088", "": "e3b0c442", "123456789012345678": "123456-37f96542",
	} {
		require.Equal(t, want, sidecar.PortLabel(name), name)
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
	label, port := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`), regexp.MustCompile(`[a-z]`)
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, c := range []struct {
			make func(string) string
			max  int
		}{{sidecar.Label, sidecar.LabelLength}, {sidecar.PortLabel, sidecar.PortNameLength}} {
			got := c.make(a)
			require.Regexp(t, label, got)
			require.LessOrEqual(t, len(got), c.max)
			require.Equal(t, got, c.make(got), "a name that fits stays")
			require.Equal(t, a == b, got == c.make(b))
		}
		p := sidecar.PortLabel(a)
		require.Regexp(t, port, p)
		require.NotContains(t, p, "--")
		short := sidecar.Shorten(a, 20)
		require.LessOrEqual(t, len(short), 20)
		require.True(t, utf8.ValidString(short) || !utf8.ValidString(a))
	})
}

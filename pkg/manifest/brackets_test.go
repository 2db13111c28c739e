package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// pods are a list in brackets, with that many members.
func pods(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: w%d}, spec: {containers: [{name: app}]}}", i)
	}
	return "apiVersion: v1\nkind: List\nitems: [" + strings.Join(members, ", ") + "]\n"
}

// layOn lays a field on every object of a text.
func layOn(t *testing.T, text, field string) (string, sidecar.Findings) {
	in, err := Parse("", text)
	require.NoError(t, err)
	l := NewLayer([]*Text{in}, Options{})
	for _, o := range in.Objects {
		l.Edit(o, []sidecar.Edit{{Object: o.Ref, Path: sidecar.Fields("spec", field), Value: "b"}})
	}
	require.False(t, l.reread[in] && !strings.Contains(text, "&"), "read again as a whole")
	out, fs := l.Texts()
	if fs.Failed() {
		return "", fs
	}
	return out[0].String(), fs
}

// A member of a list in brackets is read again alone once it was edited: all of them
// at once would take more memory than there may be.
func TestMembersInBracketsAreReadAgainAlone(t *testing.T) {
	const n = 3
	out, fs := layOn(t, pods(n), "nodeName")
	require.Empty(t, fs)
	require.Equal(t, strings.ReplaceAll(pods(n), "[{name: app}]", "[{name: app}], nodeName: b"), out)
}

func TestMembersWithAnchorsAreReadAgainTogether(t *testing.T) {
	text := strings.Replace(pods(2), "name: app", "name: &a app", 1)
	out, fs := layOn(t, text, "nodeName")
	require.Empty(t, fs)
	require.Equal(t, strings.ReplaceAll(text, "app}]", "app}], nodeName: b"), out)
}

// What an escape says isn't found by a search, nor is base64.
func TestObjectsThatHideWordsAreRead(t *testing.T) {
	for text, hides := range map[string]bool{
		"kind: B\n---\n!!map\nkind: A\nspec: a\n":             false,
		"kind: B\n---\n!!map\nkind: A\n\"sp\\x65c\": a\n":     true,
		"kind: B\n---\n!!map\nkind: A\nspec: !!binary YQ==\n": true,
		"kind: List\nitems:\n- !!map\n  kind: A\n":            false,
		"kind: List\nitems:\n- kind: !!str \"\\x41\"\n":       true,
	} {
		in, err := Parse("", text)
		require.NoError(t, err, text)
		last := in.Objects[len(in.Objects)-1]
		require.Equal(t, "A", last.Ref.Kind, text)
		require.Equal(t, hides, last.mentions("elsewhere"), text)
	}
}

package rig

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHasAddress(t *testing.T) {
	for word, want := range map[string]bool{"http://127.0.0.1:9200/x": true, "127.0.0.1:9200": true,
		"a=127.0.0.1:9200,b": true, "127.0.0.1:92000": false, "127.0.0.1:92000 127.0.0.1:9200": true, "": false} {
		require.Equal(t, want, hasAddress(word, "127.0.0.1:9200"), word)
	}
}

package sidecar

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Shorten fits a name into max bytes: what is too long is cut and gets a hash of
// the whole name, so that two long names stay two. Never change how: names made
// by it are in people's clusters.
func Shorten(name string, max int) string {
	if len(name) <= max {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.TrimRight(name[:max-9], "-.") + "-" + hex.EncodeToString(sum[:])[:8]
}

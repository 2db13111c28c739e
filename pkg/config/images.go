package config

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/exporter"
)

// Images returns every image that a pattern of [Entry] may add to a pod: the table in pkg/pattern/images.go, and the
// images of the exporter presets.
func Images() []pattern.Image {
	return slices.Concat(pattern.Images(), exporter.Images())
}

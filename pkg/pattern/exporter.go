package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Exporter is to be written.
type Exporter struct{}

var _ sidecar.Pattern = (*Exporter)(nil)

// Change fails so far.
func (p *Exporter) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("exporter can't be done yet")
}

package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Migrate is to be written.
type Migrate struct{}

var _ sidecar.Pattern = (*Migrate)(nil)

// Change fails so far.
func (p *Migrate) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("migrate can't be done yet")
}

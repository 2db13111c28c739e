package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Permissions is to be written.
type Permissions struct{}

var _ sidecar.Pattern = (*Permissions)(nil)

// Change fails so far.
func (p *Permissions) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("permissions can't be done yet")
}

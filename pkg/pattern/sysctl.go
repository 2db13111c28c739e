package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Sysctl is to be written.
type Sysctl struct{}

var _ sidecar.Pattern = (*Sysctl)(nil)

// Change fails so far.
func (p *Sysctl) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("sysctl can't be done yet")
}

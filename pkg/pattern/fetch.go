package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Fetch is to be written.
type Fetch struct{}

var _ sidecar.Pattern = (*Fetch)(nil)

// Change fails so far.
func (p *Fetch) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("fetch can't be done yet")
}

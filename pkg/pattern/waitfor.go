package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WaitFor is to be written.
type WaitFor struct{}

var _ sidecar.Pattern = (*WaitFor)(nil)

// Change fails so far.
func (p *WaitFor) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("waitFor can't be done yet")
}

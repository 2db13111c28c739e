package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// JavaAgent is to be written.
type JavaAgent struct{}

var _ sidecar.Pattern = (*JavaAgent)(nil)

// Change fails so far.
func (p *JavaAgent) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("javaAgent can't be done yet")
}

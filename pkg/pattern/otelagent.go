package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// OTelAgent is to be written.
type OTelAgent struct{}

var _ sidecar.Pattern = (*OTelAgent)(nil)

// Change fails so far.
func (p *OTelAgent) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("otelAgent can't be done yet")
}

package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// ConfigReload is to be written.
type ConfigReload struct{}

var _ sidecar.Pattern = (*ConfigReload)(nil)

// Change fails so far.
func (p *ConfigReload) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("configReload can't be done yet")
}

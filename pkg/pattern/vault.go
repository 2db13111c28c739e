package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Vault is to be written.
type Vault struct{}

var _ sidecar.Pattern = (*Vault)(nil)

// Change fails so far.
func (p *Vault) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("vault can't be done yet")
}

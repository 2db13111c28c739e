package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// GitSync is to be written.
type GitSync struct{}

var _ sidecar.Pattern = (*GitSync)(nil)

// Change fails so far.
func (p *GitSync) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("gitSync can't be done yet")
}

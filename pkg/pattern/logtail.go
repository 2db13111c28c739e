package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// LogTail is to be written.
type LogTail struct{}

var _ sidecar.Pattern = (*LogTail)(nil)

// Change fails so far.
func (p *LogTail) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("logTail can't be done yet")
}

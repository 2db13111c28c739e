package pattern

import (
	"encoding/json"
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Custom is the generic form that every other pattern expands to: its config is
// the Change itself, spelled out in YAML. (The type can't embed Change: the field
// and the method would have one name.)
type Custom sidecar.Change

var _ sidecar.Pattern = (*Custom)(nil)

// Change is what the config says, whatever the workload is. The caller may write
// to it.
func (p *Custom) Change(*sidecar.Workload) (*sidecar.Change, error) {
	c := new(sidecar.Change)
	raw, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(raw, c)
	}
	if err != nil {
		return nil, fmt.Errorf("config of custom: %w", err) // an object that isn't JSON
	}
	return c, nil
}

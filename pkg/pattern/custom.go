package pattern

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Custom is the generic form that every other pattern expands to: everything that a sidecar
// can change, spelled out in YAML.
// ---
// The type can't embed Change: the field and the method would have the same name.
type Custom sidecar.Change

var _ sidecar.Pattern = (*Custom)(nil)

// Change returns a copy of the config, which is the same for every workload. The caller may
// modify it.
func (p *Custom) Change(*sidecar.Workload) (*sidecar.Change, error) {
	for i, o := range p.Objects {
		if !json.Valid(o.RawMessage) {
			return nil, fmt.Errorf("config of custom: objects[%d] isn't valid JSON", i)
		}
	}
	return (*sidecar.Change)(p).Clone(), nil
}

// Check finds nothing: custom is applied as it's written, and package verify checks the
// pod.
func (p *Custom) Check(*sidecar.Workload) sidecar.Findings { return nil }

// ContainerNames returns the names of the containers.
func (p *Custom) ContainerNames(string) []string {
	var names []string
	for c := range (*sidecar.Change)(p).AllContainers() {
		names = append(names, c.Name)
	}
	return names
}

// TakenPorts returns the ports of the app that are taken over.
func (p *Custom) TakenPorts() []int32 {
	ports := make([]int32, len(p.Takeovers))
	for i := range p.Takeovers {
		ports[i] = p.Takeovers[i].ClientPort()
	}
	return ports
}

// RewritesCallers reports whether a takeover edits other workloads that call the app.
func (p *Custom) RewritesCallers() bool {
	return slices.ContainsFunc(p.Takeovers, func(t sidecar.Takeover) bool { return t.RewriteCallers })
}

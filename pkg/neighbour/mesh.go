package neighbour

import (
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A meshedPod is a pod into which a mesh injects a proxy that may start after the pod's init containers.
type meshedPod struct {
	*sidecar.Mesh
	excluded []int32 // ports of the dials that don't go through the proxy
	written  string  // the annotation's value, with all excluded ports
}

// meshOf returns the mesh of a workload's pods, or nil if its proxy comes first, or there's none.
func (f *Footprint) meshOf(w *sidecar.Workload) *meshedPod {
	mesh := w.InjectingMesh()
	if mesh == nil || mesh.StartsFirst(w) {
		return nil
	}
	m := &meshedPod{Mesh: mesh, written: w.Pod.Annotations[mesh.Exclude]}
	for _, d := range f.dials {
		if mesh.Excludes(w, d.Port) {
			m.excluded = append(m.excluded, d.Port)
		}
	}
	return m
}

// checkMeshStart finds steps that need the network before a mesh's proxy runs. Where the proxy is an ordinary
// container, it starts after all init containers: with the mesh's CNI plugin, these have no network (istio.io/latest/
// docs/setup/additional-setup/cni), and without it, they reach only servers that do without the mesh's certificates,
// as it's the last of them that redirects connections (pkg/kube/inject of Istio, reorderPod).
func checkMeshStart(s *scene, r *Result) {
	c := connections{scene: s}
	for _, f := range s.footprints {
		if f.mesh == nil {
			continue
		}
		early := slices.DeleteFunc(slices.Clone(f.dials), func(d ownDial) bool {
			return !d.waits || slices.Contains(f.mesh.excluded, d.Port)
		})
		for _, group := range byDocument(&c, f, early, func(d ownDial) string { return d.sidecar }) {
			f.mesh.reportStart(f, group, r)
		}
	}
}

// reportStart warns of the steps of one document.
func (m *meshedPod) reportStart(f *Footprint, steps []ownDial, r *Result) {
	var servers, ports []string
	if m.written != "" {
		ports = append(ports, m.written)
	}
	for _, d := range steps {
		servers = append(servers, fmt.Sprintf("%s (%s)", d.Dial, d.sidecar))
		if port := fmt.Sprint(d.Port); d.Port != 0 && !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	var ways []string
	if m.Native != "" {
		ways = append(ways, fmt.Sprintf("%s: \"true\", so that the proxy starts first", m.Native))
	}
	if ports != nil && ports[len(ports)-1] != m.written {
		ways = append(ways, fmt.Sprintf("%s: %q, if the servers aren't in the mesh", m.Exclude, strings.Join(ports, ",")))
	}
	hint := "exclude this workload, or remove it from the mesh"
	if ways != nil {
		hint = "give the pods the annotation " + strings.Join(ways, ", or ")
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "mesh-startup", Object: f.Ref,
		Sidecar: steps[0].sidecar,
		Message: fmt.Sprintf("%s injects a proxy into these pods, and unless it's a native sidecar, it starts only after "+
			"they have reached %s", m.Name, strings.Join(servers, ", ")),
		Hint: hint})
}

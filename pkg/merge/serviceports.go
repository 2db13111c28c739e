package merge

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// servicePorts adds ports to each Service in front of the workload. Merge tells
// names that two want; the API server wants numbers to be unique, too, for each
// protocol.
func (f *flattener) servicePorts(asked []sidecar.Answer) {
	at := sidecar.Fields("spec", "ports")
	for i := range asked {
		a := &asked[i]
		ports := a.Change.ServicePorts
		if len(ports) > 0 && len(f.w.Services) == 0 {
			f.findings = append(f.findings, sidecar.Finding{Severity: sidecar.Warning, Code: "service-missing", Object: f.w.Ref,
				Sidecar: a.Name,
				Message: "no Service among the manifests selects these pods, so none gets the port",
				Hint:    "render the Service together with the workload"})
		}
		if len(ports) == 0 {
			continue
		}
		for j := range f.w.Services {
			s := &f.w.Services[j]
			named := false
			for _, p := range ports {
				if p.Internal && s.Public() {
					continue
				}
				if first := s.Spec.Ports; !named && (len(first) == 1 && first[0].Name == "" || len(first) > 1 &&
					first[0].Name == firstName(first[0])) {
					// one port of several must have a name, which may be another document's work, too
					f.edits = append(f.edits, sidecar.Edit{Owner: a.Name, Object: s.Ref,
						Path: at.At("port", sidecar.PortKey(first[0].Port, first[0].Protocol)).To("name"), Value: firstName(first[0])})
				}
				named = true
				f.edits = append(f.edits, sidecar.Edit{Owner: a.Name, Object: s.Ref, Path: at.At("name", p.Name),
					Value: p.ServicePort, View: f.w, Hint: "give the port another name"})
				f.number(asked[:i], a.Name, s, p.ServicePort)
			}
		}
	}
}

// firstName is what the only port of a Service is called once it has a sibling: by
// the name of the pod's port that it leads to, where it has one.
func firstName(p corev1.ServicePort) string {
	if name := p.TargetPort.StrVal; name != "" && sidecar.Label(name) == name && sidecar.HasLetter(name) {
		return name
	}
	return "port-" + strconv.Itoa(int(p.Port))
}

// number looks for the number of a new port in a Service and among those that
// earlier sidecars add.
func (f *flattener) number(earlier []sidecar.Answer, owner string, s *sidecar.Service, p corev1.ServicePort) {
	conflict := func(who string, other corev1.ServicePort) {
		if other.Port != p.Port || sidecar.ProtocolOf(other.Protocol) != sidecar.ProtocolOf(p.Protocol) ||
			other.Name == p.Name {
			return
		}
		name := other.Name
		if name == "" {
			name = "one without a name"
		}
		f.findings = append(f.findings, sidecar.Finding{Severity: sidecar.Error, Code: "service-port-conflict",
			Object: s.Ref, Sidecar: owner, Field: "spec.ports",
			Message: fmt.Sprintf("wants %s to be port %d/%s, but %s has %s there", p.Name, p.Port,
				sidecar.ProtocolOf(p.Protocol), who, name),
			Hint: "give one of them another number"})
	}
	for _, other := range s.Spec.Ports {
		conflict("the manifest", other)
	}
	for i := range earlier {
		for _, other := range earlier[i].Change.ServicePorts {
			if !other.Internal || !s.Public() {
				conflict(earlier[i].Name, other.ServicePort)
			}
		}
	}
}

package merge

import (
	"cmp"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// flattenServicePorts adds ports to each Service in front of the workload. Merge finds
// names that two sidecars use. Numbers must be unique, too, for each protocol: the API
// server refuses others.
func (f *flattener) flattenServicePorts(answers []sidecar.Answer) {
	at := sidecar.Fields("spec", "ports")
	for i := range answers {
		a := &answers[i]
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
				if p.Internal && s.IsPublic() {
					continue
				}
				if first := s.Spec.Ports; !named && (len(first) == 1 && first[0].Name == "" || len(first) > 1 &&
					first[0].Name == firstName(f.w, first[0])) {
					// one of several ports needs a name; another document may have given it already
					f.edits = append(f.edits, sidecar.Edit{Owner: a.Name, Object: s.Ref,
						Path:  at.At("port", sidecar.PortKey(first[0].Port, first[0].Protocol)).To("name"),
						Value: firstName(f.w, first[0])})
				}
				named = true
				f.edits = append(f.edits, sidecar.Edit{Owner: a.Name, Object: s.Ref, Path: at.At("name", p.Name),
					Value: p.ServicePort, View: f.w, Hint: "give the port another name"})
				f.checkPortNumber(answers[:i], a.Name, s, p.ServicePort)
			}
		}
	}
}

// firstName returns the name that the only port of a Service gets when a second one is
// added: that of the pod's port, to which targetPort leads by its name or its number. A
// proxy that another document has put there has the name of the port that it took over.
func firstName(w *sidecar.Workload, p corev1.ServicePort) string {
	name := p.TargetPort.StrVal
	if name == "" {
		name = portName(w, cmp.Or(p.TargetPort.IntVal, p.Port), p.Protocol)
	}
	if name != "" && sidecar.Label(name) == name && sidecar.HasLetter(name) {
		return name
	}
	return "port-" + strconv.Itoa(int(p.Port))
}

// portName returns the name of the pod's port with a number, or "".
func portName(w *sidecar.Workload, number int32, protocol corev1.Protocol) string {
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			if p.ContainerPort == number && sidecar.ProtocolOf(p.Protocol) == sidecar.ProtocolOf(protocol) && p.Name != "" {
				return p.Name
			}
		}
	}
	return ""
}

// checkPortNumber reports a new port that has the number of another one: in the Service,
// or among those that earlier sidecars add.
func (f *flattener) checkPortNumber(earlier []sidecar.Answer, owner string, s *sidecar.Service, p corev1.ServicePort) {
	compare := func(who string, other corev1.ServicePort) {
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
			Message: fmt.Sprintf("adds %s as port %d/%s, but %s has %s there", p.Name, p.Port,
				sidecar.ProtocolOf(p.Protocol), who, name),
			Hint: "give one of them another number"})
	}
	for _, other := range s.Spec.Ports {
		compare("the manifest", other)
	}
	for i := range earlier {
		for _, other := range earlier[i].Change.ServicePorts {
			if !other.Internal || !s.IsPublic() {
				compare(earlier[i].Name, other.ServicePort)
			}
		}
	}
}

package neighbour

import (
	"regexp"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Footprint is what is kept of a workload that got sidecars until all are known:
// one Ingress, monitor or caller may be concerned with several.
type Footprint struct {
	Ref           sidecar.Ref
	Labels        map[string]string // of its pods
	sidecars      []sidecarContainer
	ownContainers []string // its sidecars' containers, with those that end
	taken         []*takenPort
	plainPorts    map[sidecar.Ref][]int32 // ports of Services that lead past its sidecars
	policies      []networkPolicy         // emitted for it
	ports         []corev1.ContainerPort  // of its pods, as they'll be
}

// A takenPort is a port that a sidecar answers on now.
type takenPort struct {
	sidecar.Takeover
	footprint    *Footprint
	sidecar      string // its name
	placement    sidecar.Placement
	appContainer string // name of the container behind it
	portName     string // of the port
	appPortName  string // of the app's port behind, in front of which it stands
	servicePorts []servicePort
}

// A servicePort is a port of a Service that leads to a port that was taken over.
type servicePort struct {
	*takenPort
	service *sidecar.Service
	port    corev1.ServicePort
	alias   bool // the Service is only another name for one
}

// newFinding is one about an object around.
func (t *takenPort) newFinding(s sidecar.Severity, code string, object sidecar.Ref, field, message,
	hint string) sidecar.Finding {
	return sidecar.Finding{Severity: s, Code: code, Object: object, Sidecar: t.sidecar, Field: field, Message: message,
		Hint: hint}
}

func (t *takenPort) newEdit(object sidecar.Ref, at sidecar.Path, value any) sidecar.Edit {
	return sidecar.Edit{Owner: t.sidecar, Object: object, Path: at, Value: value}
}

// Observe takes down what its neighbours will have to know of a workload.
func Observe(w *sidecar.Workload, answers []sidecar.Answer) *Footprint {
	s := &Footprint{Ref: w.Ref, Labels: w.Pod.Labels, plainPorts: map[sidecar.Ref][]int32{},
		ports: declaredPorts(w.Pod.Spec.Containers, w.Pod.Spec.InitContainers)}
	for i := range answers {
		a := &answers[i]
		s.ports = append(s.ports, declaredPorts(a.Change.Containers)...)
		s.recordContainers(a)
		for _, t := range a.Change.Takeovers {
			k := &takenPort{Takeover: t, footprint: s, sidecar: a.Name, placement: a.Placement, portName: w.PortName(t.Port, ""),
				appPortName: w.PortName(t.AppPort, ""), appContainer: a.App.Name}
			for j := range w.Services {
				for _, p := range w.Services[j].Spec.Ports {
					if reachesTakeover(w, p, t) {
						k.servicePorts = append(k.servicePorts, servicePort{takenPort: k, service: &w.Services[j], port: p})
					}
				}
			}
			s.taken = append(s.taken, k)
		}
		if len(a.Change.Takeovers) > 0 {
			s.policies = append(s.policies, emittedPolicies(s, a.Change.Objects)...)
		}
	}
	for i := range w.Services {
		for _, p := range w.Services[i].Spec.Ports {
			led := slices.ContainsFunc(s.taken, func(t *takenPort) bool { return reachesTakeover(w, p, t.Takeover) })
			if !led && targetPort(w, p) != 0 {
				s.plainPorts[w.Services[i].Ref] = append(s.plainPorts[w.Services[i].Ref], p.Port)
			}
		}
	}
	return s
}

// declaredPorts are those of containers.
func declaredPorts(lists ...[]corev1.Container) (out []corev1.ContainerPort) {
	for _, list := range lists {
		for i := range list {
			out = append(out, list[i].Ports...)
		}
	}
	return out
}

// reachesTakeover reports whether a port of a Service leads to a port that was taken over,
// or will when services has led it there.
func reachesTakeover(w *sidecar.Workload, p corev1.ServicePort, t sidecar.Takeover) bool {
	return sidecar.IsTCP(p.Protocol) && t.Reaches(targetPort(w, p))
}

// A World is what neighbours may see of the manifests.
type World interface {
	// Objects are those of a kind in a namespace, or in any with "*". Where named is
	// given, those may be left out that mention no such name.
	Objects(k Kind, namespace string, named func(string) bool) []Object
	// Pods visits the other workloads of a namespace, but those that mention no label
	// of such a value.
	Pods(namespace string, valued func(string) bool, visit func(sidecar.Ref, *corev1.PodTemplateSpec))
	// Callers finds the objects in whose text something is dialled that has one of
	// the names, and visits their strings.
	Callers(named func(host string) bool, visit func(Caller))
}

// A Kind names a kind of objects, whatever the version.
type Kind struct{ Group, Kind string }

// An Object is one of the manifests, read only.
type Object struct {
	Ref         sidecar.Ref
	Labels      map[string]string
	Annotations map[string]string
	Spec        any // what New makes for its kind
}

// A Caller is an object that may dial somebody.
type Caller struct {
	Ref         sidecar.Ref
	Template    sidecar.Path // where its pod template stands; nil where it has none
	Annotations map[string]string
	Scalars     func(visit func(at sidecar.Path, value string))
}

// A Result is what follows around all workloads.
type Result struct {
	Edits    []sidecar.Edit
	Emits    []Emit
	Findings sidecar.Findings

	listEdits map[listAnnotation]int // which edits extend lists
}

// An Emit is an object to emit for a workload's sidecar.
type Emit struct {
	For     sidecar.Ref
	Sidecar string
	Object  sidecar.Object
}

func (r *Result) addEdits(e ...sidecar.Edit)        { r.Edits = append(r.Edits, e...) }
func (r *Result) addFindings(fs ...sidecar.Finding) { r.Findings = append(r.Findings, fs...) }

// A scene is what neighbours look at: one workload with the answers of its sidecars, or
// all that was taken over, and the manifests.
type scene struct {
	workload *sidecar.Workload
	answers  []sidecar.Answer

	World
	footprints  []*Footprint
	taken       []*takenPort
	tlsPorts    map[sidecar.Ref][]servicePort // ports that speak TLS now, by their Service
	tlsServices []sidecar.Ref                 // of services, in their order
	tlsNames    map[string]bool               // of services
	namespaces  []string                      // namespaces of what was taken over
}

func newScene(served []*Footprint, world World) *scene {
	s := &scene{World: world, footprints: served, tlsPorts: map[sidecar.Ref][]servicePort{}, tlsNames: map[string]bool{}}
	for _, w := range served {
		for _, t := range w.taken {
			s.taken = append(s.taken, t)
			s.namespaces = append(s.namespaces, w.Ref.Namespace)
			if !t.SpeaksTLS() {
				continue
			}
			for _, sp := range t.servicePorts {
				if s.tlsPorts[sp.service.Ref] == nil {
					s.tlsServices = append(s.tlsServices, sp.service.Ref)
				}
				s.tlsNames[sp.service.Ref.Name] = true
				s.tlsPorts[sp.service.Ref] = append(s.tlsPorts[sp.service.Ref], sp)
			}
		}
	}
	slices.Sort(s.namespaces)
	s.namespaces = slices.Compact(s.namespaces)
	return s
}

// findServicePort finds the lead of a Service's port, by number or name; nil where it speaks
// no TLS.
func (s *scene) findServicePort(namespace, service string, number int32, name string) *servicePort {
	all := s.tlsPorts[sidecar.Ref{Kind: "Service", Namespace: namespace, Name: service}]
	for i := range all {
		if p := all[i].port; number != 0 && p.Port == number || name != "" && p.Name == name {
			return &all[i]
		}
	}
	return nil
}

// hasTLS reports whether a Service of a name has ports that speak TLS now.
func (s *scene) hasTLS(name string) bool { return s.tlsNames[name] }

// setAnnotation sets an annotation of an object, where it hasn't the value.
func setAnnotation(t *takenPort, object sidecar.Ref, have map[string]string, key, value, hint string) []sidecar.Edit {
	if have[key] == value {
		return nil
	}
	e := t.newEdit(object, sidecar.Fields("metadata", "annotations", key), value)
	e.Hint = hint
	return []sidecar.Edit{e}
}

// lazyRegexp is a regular expression that is compiled when it's first used: a run needs
// few of all that there are.
func lazyRegexp(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

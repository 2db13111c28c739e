package neighbour

import (
	"regexp"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Footprint is a workload that got sidecars, and what they change for its neighbours. It's kept until all workloads
// are known, as one Ingress, monitor or caller may refer to several of them.
type Footprint struct {
	Ref           sidecar.Ref
	Template      sidecar.Path      // of its pods; an object may have several
	Labels        map[string]string // of its pods
	sidecars      []sidecarContainer
	others        []sidecarContainer // the pod's other containers
	ownContainers []string           // names of the sidecars' containers, init containers included
	taken         []*takenPort
	plainPorts    []plainPort
	policies      []networkPolicy        // emitted for it
	ports         []corev1.ContainerPort // of its pods, with those of the sidecars
	dials         []ownDial
	scraped       []ownPort
	onNode        bool // its pods use the node's network
	mesh          *meshedPod
	admitted      admittedPod
}

// A plainPort is one of a Service that doesn't lead to a sidecar.
type plainPort struct {
	service sidecar.Ref
	number  int32
}

// A takenPort is a port of a pod where a sidecar answers now.
type takenPort struct {
	sidecar.Takeover
	footprint    *Footprint
	sidecar      string // its name
	placement    sidecar.Placement
	appContainer string   // name of the container behind the sidecar
	portNames    []string // of the port
	appPortNames []string // of the app's own port behind it
	servicePorts []servicePort
}

// A servicePort is a port of a Service that leads to a port that was taken over.
type servicePort struct {
	*takenPort
	service *sidecar.Service
	port    corev1.ServicePort
	alias   bool // the Service is another name for the real one
}

// newFinding returns a finding of the sidecar about another object.
func (t *takenPort) newFinding(s sidecar.Severity, code string, object sidecar.Ref, field, message,
	hint string) sidecar.Finding {
	return sidecar.Finding{
		Severity: s, Code: code, Object: object, Sidecar: t.sidecar, Field: field, Message: message, Hint: hint,
	}
}

// addWarning adds a warning of the sidecar about another object.
func (t *takenPort) addWarning(r *Result, code string, object sidecar.Ref, field, message, hint string) {
	r.addFindings(t.newFinding(sidecar.Warning, code, object, field, message, hint))
}

// newEdit returns an edit of another object for the sidecar.
func (t *takenPort) newEdit(object sidecar.Ref, at sidecar.Path, value any) sidecar.Edit {
	return sidecar.Edit{Owner: t.sidecar, For: []sidecar.Ref{t.footprint.Ref}, Object: object, Path: at, Value: value}
}

// Observe records a workload, the answers of its sidecars, and its pod with their containers. The pod is needed where a
// kind that [Limits] tells is in its namespace, and may be nil elsewhere.
func Observe(w *sidecar.Workload, answers []sidecar.Answer, with *corev1.PodSpec) *Footprint {
	f := &Footprint{
		Ref: w.Ref, Template: w.Template, Labels: w.Pod.Labels,
		ports:  declaredPorts(w.Pod.Spec.Containers, w.Pod.Spec.InitContainers),
		onNode: w.Pod.Spec.HostNetwork,
	}
	if with != nil {
		f.admitted = newAdmittedPod(w, answers, with)
	}
	for i := range answers {
		a := &answers[i]
		f.ports = append(f.ports, declaredPorts(a.Change.Containers)...)
		f.recordContainers(a)
		f.recordConnections(w, a)
		for _, t := range a.Change.Takeovers {
			f.recordTakeover(w, a, t)
		}
		if len(a.Change.Takeovers) > 0 {
			f.policies = append(f.policies, emittedPolicies(f, a.Change.Objects)...)
		}
	}
	f.recordOthers(&w.Pod.Spec)
	f.mesh = f.meshOf(w)
	for i := range w.Services {
		for _, p := range w.Services[i].Spec.Ports {
			taken := slices.ContainsFunc(f.taken, func(t *takenPort) bool { return reachesTakeover(w, p, t.Takeover) })
			if !taken && sidecar.IsTCP(p.Protocol) && w.TargetPort(p) != 0 {
				f.plainPorts = append(f.plainPorts, plainPort{w.Services[i].Ref, p.Port})
			}
		}
	}
	return f
}

// recordTakeover records a port that was taken over, and the ports of Services that lead to it.
func (f *Footprint) recordTakeover(w *sidecar.Workload, a *sidecar.Answer, takeover sidecar.Takeover) {
	t := &takenPort{
		Takeover: takeover, footprint: f, sidecar: a.Name, placement: a.Placement, appContainer: a.App.Name,
		portNames: w.PortNames(takeover.Port), appPortNames: w.PortNames(takeover.AppPort),
	}
	for i := range w.Services {
		for _, p := range w.Services[i].Spec.Ports {
			if reachesTakeover(w, p, takeover) {
				t.servicePorts = append(t.servicePorts, servicePort{takenPort: t, service: &w.Services[i], port: p})
			}
		}
	}
	f.taken = append(f.taken, t)
}

// declaredPorts returns the ports that containers declare.
func declaredPorts(lists ...[]corev1.Container) (out []corev1.ContainerPort) {
	for _, list := range lists {
		for i := range list {
			out = append(out, list[i].Ports...)
		}
	}
	return out
}

// reachesTakeover reports whether a port of a Service leads to a port that was taken over, now or once followServices
// has changed its targetPort.
func reachesTakeover(w *sidecar.Workload, p corev1.ServicePort, t sidecar.Takeover) bool {
	return sidecar.IsTCP(p.Protocol) && t.Reaches(w.TargetPort(p))
}

// A World is what neighbours can read of the manifests.
type World interface {
	// Objects returns the objects of a kind in a namespace; "*" means all namespaces. It may leave out objects in whose
	// text no word passes named, if named isn't nil.
	Objects(k Kind, namespace string, named func(string) bool) []Object
	// Pods visits the workloads of a namespace that got no sidecars. It may leave out those without a label whose value
	// passes valued.
	Pods(namespace string, valued func(string) bool, visit func(sidecar.Ref, *corev1.PodTemplateSpec))
	// Callers visits the objects whose text contains an address of a host that passes named.
	Callers(named func(host string) bool, visit func(Caller))
	// Document returns the name of the document that has a sidecar of a workload.
	Document(workload sidecar.Ref, sidecar string) string
}

// A Kind is a group and a kind, in any version.
type Kind struct{ Group, Kind string }

// An Object is one of the manifests, to be read only.
type Object struct {
	Ref         sidecar.Ref
	Labels      map[string]string
	Annotations map[string]string
	Spec        any // decoded into what New returns for its kind
}

// A Caller is an object that may connect to others.
type Caller struct {
	Ref         sidecar.Ref
	Templates   []sidecar.Path // of its pod templates
	Annotations map[string]string
	Scalars     func(visit func(at sidecar.Path, value string)) // visits its strings

	settings    settings             // its variables, or a ConfigMap's data, by their names
	options     map[argument]setting // options by the arguments that are their values
	httpClients map[string]bool      // containers that run a program which takes addresses for URLs
}

// A Result is how the neighbours follow.
type Result struct {
	Edits    []sidecar.Edit
	Emits    []Emit
	Findings sidecar.Findings

	listEdits map[listAnnotation]int // the index in Edits of the edit that extends a list
}

// An Emit is an object to emit for a sidecar of a workload.
type Emit struct {
	For     sidecar.Ref
	Sidecar string
	Object  sidecar.Object
}

func (r *Result) addEdits(e ...sidecar.Edit)        { r.Edits = append(r.Edits, e...) }
func (r *Result) addFindings(fs ...sidecar.Finding) { r.Findings = append(r.Findings, fs...) }

// A scene is what neighbours follow: one workload with the answers of its sidecars, or all ports that were taken over
// together with the manifests.
type scene struct {
	workload *sidecar.Workload
	answers  []sidecar.Answer

	World
	footprints  []*Footprint
	taken       []*takenPort
	tlsPorts    map[sidecar.Ref][]servicePort // ports that speak TLS now, by their Service
	tlsServices []sidecar.Ref                 // the Services of tlsPorts, in their order
	tlsNames    map[string]bool               // the names of these Services
	namespaces  []string                      // where ports were taken over, sorted
}

func newScene(footprints []*Footprint, world World) *scene {
	s := &scene{
		World: world, footprints: footprints, tlsPorts: map[sidecar.Ref][]servicePort{}, tlsNames: map[string]bool{},
	}
	for _, f := range footprints {
		for _, t := range f.taken {
			s.taken = append(s.taken, t)
			s.namespaces = append(s.namespaces, f.Ref.Namespace)
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

// findServicePort finds a port of a Service by its number or name. It returns nil for a port that doesn't speak TLS
// now.
func (s *scene) findServicePort(namespace, service string, number int32, name string) *servicePort {
	all := s.tlsPorts[sidecar.Ref{Kind: "Service", Namespace: namespace, Name: service}]
	for i := range all {
		if p := all[i].port; number != 0 && p.Port == number || name != "" && p.Name == name {
			return &all[i]
		}
	}
	return nil
}

// hasTLS reports whether a Service with the name has ports that speak TLS now.
func (s *scene) hasTLS(name string) bool { return s.tlsNames[name] }

// lazyRegexp returns a regular expression that is compiled when it's first used, since a run uses few of them.
func lazyRegexp(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

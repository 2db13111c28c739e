package neighbour

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An Object is one of those around the workloads. It's read when somebody looks.
type Object interface {
	Is() sidecar.Ref
	Labels() map[string]string
	Annotations() map[string]string
	Text() string                               // its YAML
	Decode(path sidecar.Path, into any) error   // nothing there leaves it as it is
	Have(path sidecar.Path) (v any, there bool) // a value made of maps, lists and scalars
	PodTemplate() (at sidecar.Path, isPod bool) // where it has one
}

// A Laid is a workload with what it got.
type Laid struct {
	Workload *sidecar.Workload
	Asked    []sidecar.Asked
}

// A Door is a port of a Service that leads to a taken port.
type Door struct {
	Owner    string // the sidecar
	Workload sidecar.Ref
	Service  sidecar.Service
	Port     corev1.ServicePort
	Takeover sidecar.Takeover
}

// tls reports whether clients have to speak TLS now.
func (d *Door) tls() bool { return d.Takeover.Scheme == corev1.URISchemeHTTPS }

// Doors are the Services' ports that lead to what a workload's sidecars took over.
func Doors(l Laid) (doors []Door) {
	for _, a := range l.Asked {
		for _, t := range a.Change.Takeovers {
			for _, s := range l.Workload.Services {
				for _, p := range s.Spec.Ports {
					to := target(l.Workload, p)
					if (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP) && (to == t.Port || t.Front && to == t.AppPort) {
						doors = append(doors, Door{a.Name, l.Workload.Ref, s, p, t})
					}
				}
			}
		}
	}
	return doors
}

// A World is all that is around the workloads of a run.
type World struct {
	Laid    []Laid
	Doors   []Door
	Objects map[string][]Object // of the kinds in Kinds, by kind
}

// An Emission is an object that has to be there because of a sidecar.
type Emission struct {
	For     sidecar.Ref // the workload
	Sidecar string
	Object  sidecar.Object
}

// A Result is what the objects around need.
type Result struct {
	Edits     []sidecar.Edit
	Findings  sidecar.Findings
	Emissions []Emission
}

// around is the table of all that is looked at when all workloads are known.
var around = []func(*World, *Result){ingresses, routes, balancers, monitors, policies, autoscalers}

// Kinds are those whose objects they look at.
var Kinds = []string{"Ingress", "HTTPRoute", "GRPCRoute", "Route", "BackendTLSPolicy", "ServiceMonitor", "PodMonitor", "NetworkPolicy", "HorizontalPodAutoscaler", "Service"}

// Around gives what the objects around the workloads need.
func Around(w *World) Result {
	var r Result
	for _, look := range around {
		look(w, &r)
	}
	return r
}

func (r *Result) warn(code string, o sidecar.Ref, owner, field, message, hint string) {
	r.Findings = append(r.Findings, sidecar.Finding{Severity: sidecar.Warning, Code: code, Object: o, Sidecar: owner, Field: field, Message: message, Hint: hint})
}

// annotate sets an annotation. An earlier value that means plain HTTP is replaced,
// any other one is a person's and a conflict.
func (r *Result) annotate(o Object, owner, key, value string, plain ...string) {
	have, there := o.Annotations()[key]
	if there && have == value {
		return
	}
	e := sidecar.Edit{Owner: owner, Object: o.Is(), Path: sidecar.Fields("metadata", "annotations", key), Value: value,
		Hint: "the app speaks TLS now: write " + key + ": " + value}
	for _, p := range plain {
		if there && have == p {
			e.Was = have
		}
	}
	r.Edits = append(r.Edits, e)
}

// door finds the one that a backend means: a Service of a namespace, and its port
// by number or by name; without a port, any.
func (w *World) door(namespace, service string, port intstr.IntOrString) *Door {
	for i := range w.Doors {
		d := &w.Doors[i]
		if d.tls() && d.Service.Ref.Namespace == namespace && d.Service.Ref.Name == service &&
			(port == intstr.IntOrString{} || port.Type == intstr.Int && port.IntVal == d.Port.Port || port.Type == intstr.String && port.StrVal == d.Port.Name) {
			return d
		}
	}
	return nil
}

// object finds one of a kind.
func (w *World) object(kind string, ref sidecar.Ref) Object {
	for _, o := range w.Objects[kind] {
		if o.Is().Namespace == ref.Namespace && o.Is().Name == ref.Name {
			return o
		}
	}
	return nil
}

func subset(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}

func text(n int32) string { return strconv.Itoa(int(n)) }

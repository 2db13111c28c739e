// Package sidecar holds the words that the rest of outrigger is written in: what a
// pattern is asked (Pattern, Workload), what it answers (Change), and what becomes of
// the answers (Edit, Finding). A Change is also what a user writes as the pattern
// "custom". The package knows the Kubernetes API types and nothing of YAML, files or
// runners; package merge makes edits of answers, and package verify finds what can't
// work.
package sidecar

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// A Pattern says what one workload needs. It is pure: the same config and the
// same workload give the same findings and the same Change; it reads no clock, file,
// network or environment.
type Pattern interface {
	// Validate finds what is wrong with the config, whatever the workload is.
	Validate() Findings
	// Check finds what is wrong with the config for this workload. The config is valid.
	Check(w *Workload) Findings
	// Change is what the workload needs. The config is valid and fits the workload. An
	// error is a [Findings] where more than one thing is wrong.
	Change(w *Workload) (*Change, error)
}

// Build returns the Change of a pattern for a workload. What Validate finds to be wrong
// is the error, or else what Check finds. What is only worth a word is in the Notes of
// the Change: that of Check comes first, and that of Validate has been reported when the
// config was read.
func Build(p Pattern, w *Workload) (*Change, error) {
	if err := p.Validate().Err(); err != nil {
		return nil, err
	}
	notes := p.Check(w)
	if notes.Failed() {
		return nil, notes
	}
	c, err := p.Change(w)
	if c != nil {
		c.Notes = append(notes, c.Notes...)
	}
	return c, err
}

// A PortTaker is a Pattern that takes ports of the app over. It says which, so that
// of several containers it's asked about the one that has them.
type PortTaker interface {
	TakenPorts() []int32
}

// A ContainerNamer is a Pattern that adds several containers. It says how they're named in a
// sidecar of a name, so that those of an earlier run are known.
type ContainerNamer interface {
	ContainerNames(sidecar string) []string
}

// A Standalone is a Pattern that makes pods of its own from the app's, without the
// sidecars. It's asked last, and its view has Alone, if Lone says so.
type Standalone interface {
	RunsAlone() bool
}

// A Closer is a Pattern that may close ports of the pod by a NetworkPolicy, which is
// named as the workload's objects are (see [Workload.ObjectName]). Closes says
// whether it does, so that the one of an earlier run is known, and SaysIsolated whether
// the user says that another one, of which the manifests know nothing, isolates the
// pods: that goes for all sidecars of a config.
type Closer interface {
	Closes() bool
	SaysIsolated() bool
}

// A CallerRewriter is a Pattern that may edit other workloads, which call the app. It
// says whether it does: their own edits are kept until then.
type CallerRewriter interface {
	RewritesCallers() bool
}

// A Ref names an object. The version is left out: two versions of one kind are
// one object.
type Ref struct {
	Group     string
	Kind      string
	Namespace string
	Name      string
}

// String gives the form that people type, as in "Deployment prod/search".
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// Placement says in which list of the pod a long-running sidecar stands.
type Placement string

const (
	// Native is an init container with restartPolicy Always (KEP-753, stable
	// since Kubernetes 1.33): it starts before the app, stops after it, and
	// doesn't keep a Job from completing.
	Native Placement = "native"
	// Beside is an ordinary container next to the app's.
	Beside Placement = "beside"
)

// A Workload is a read-only view of one pod template and of the objects around
// it, made for one sidecar. Writing to it changes nothing.
type Workload struct {
	Ref         Ref
	Annotations map[string]string      // of the object
	Template    Path                   // where the pod template stands in the object
	Pod         corev1.PodTemplateSpec // decoded; fields newer than k8s.io/api are missing here
	App         *corev1.Container      // whom the sidecar serves, the first of several; points into Pod
	Apps        []*corev1.Container    // all of them
	Services    []Service              // those in the namespace whose selector matches the pod's labels
	MatchLabels map[string]string      // by which the workload selects its pods; nil where it doesn't say
	Claims      []string               // names of the volumes that a StatefulSet claims
	Replicas    *int32                 // as many pods are wanted; nil where the workload doesn't say

	// What the namespace has among the input.
	Secrets         map[string][]string                 // keys, never values, by name
	ConfigMaps      func(name string) *ConfigMap        `json:"-"` // see ConfigMap
	SecretObjects   func(name string) *ConfigMap        `json:"-"` // see Secret
	ServiceAccounts func(name string) map[string]string `json:"-"` // see ServiceAccount
	Namespace       Meta                                // the namespace's own object
	PodSecurity     string                              // the level that it enforces by its label; "" where it doesn't say
	// NetworkPolicies that may be for the pods, but those that the run emits itself; for a Closer only
	Policies []Policy
	Isolated bool  // the user says so, see Closer
	Unread   []Ref // what else may close the pods, in words that nobody here reads; for a Closer only

	Added     []string               // containers of the pod that have names of those that the config adds
	Takeovers []Takeover             // by which other sidecars of the config move this app
	Opened    []corev1.ContainerPort // of other sidecars of the config; for those that stand in front of the app
	// TCP ports that other sidecars of the config close, or that only the kubelet asks; for those, too
	Shut []int32
	Bare *Bare // the pod without what other sidecars of the config change; for a Loner only

	Name       string            // of the sidecar: its container's name and the stem of its objects
	Placement  Placement         // of long-running containers
	Override   *corev1.Container // what the user lays over the generated container; may be nil
	Kubernetes Version           // the oldest cluster that must accept the result
}

// Selector are labels that select the workload's pods: those that it selects them
// by itself, else all that they have. Not every kind is refused by the API server where
// the pods don't have the labels of its selector.
func (w *Workload) Selector() map[string]string {
	for key, value := range w.MatchLabels {
		if have, ok := w.Pod.Labels[key]; !ok || have != value {
			return w.Pod.Labels
		}
	}
	if len(w.MatchLabels) > 0 {
		return w.MatchLabels
	}
	return w.Pod.Labels
}

// Meta are the words that an object has about itself.
type Meta struct{ Labels, Annotations map[string]string }

// A Service is a Service in front of a workload.
type Service struct {
	Ref         Ref
	Labels      map[string]string
	Annotations map[string]string
	Spec        corev1.ServiceSpec
}

// A Policy is a NetworkPolicy that stands in the manifests.
type Policy struct {
	Ref  Ref
	Spec networkingv1.NetworkPolicySpec
}

// A ConfigMap is what is known of one, or of a Secret.
type ConfigMap struct {
	Keys      []string // in order
	Immutable bool     // it never changes
	Hashed    bool     // kustomize will give it a name that changes with its content
}

// ConfigMap finds one of the namespace; nil where it isn't among the input.
func (w *Workload) ConfigMap(name string) *ConfigMap {
	if w.ConfigMaps == nil {
		return nil
	}
	return w.ConfigMaps(name)
}

// Secret finds one of the namespace, and never its values; nil where it isn't among
// the input.
func (w *Workload) Secret(name string) *ConfigMap {
	if w.SecretObjects == nil {
		return nil
	}
	return w.SecretObjects(name)
}

// ServiceAccount is the name of the pod's account, and its annotations; nil where
// it isn't among the input.
func (w *Workload) ServiceAccount() (name string, annotations map[string]string) {
	if name = w.Pod.Spec.ServiceAccountName; name == "" {
		name = "default" // as admission writes it
	}
	if w.ServiceAccounts == nil {
		return name, nil
	}
	return name, w.ServiceAccounts(name)
}

// IsPublic reports whether the Service is reached from outside of the cluster.
func (s *Service) IsPublic() bool {
	return s.Spec.Type == corev1.ServiceTypeLoadBalancer || s.Spec.Type == corev1.ServiceTypeNodePort ||
		len(s.Spec.ExternalIPs) > 0
}

// LoopbackPort is where in the pod the app is reached on 127.0.0.1 whose clients come
// in at port: a takeover of another sidecar may have moved it.
func (w *Workload) LoopbackPort(port int32) int32 {
	for _, t := range w.Takeovers {
		if t.MovesApp() && t.Port == port {
			return t.AppPort
		}
	}
	return port
}

// Image is the image that the sidecar will run: the override's, or def.
func (w *Workload) Image(def string) string {
	if w.Override != nil && w.Override.Image != "" {
		return w.Override.Image
	}
	return def
}

// PortName is the name that the app's containers gave to a TCP port, or def. A
// takeover inherits it. Where an earlier run has moved the port to the sidecar
// already, the sidecar's own container has the name.
func (w *Workload) PortName(port int32, def string) string {
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			if p.ContainerPort == port && IsTCP(p.Protocol) && p.Name != "" {
				return p.Name
			}
		}
	}
	return def
}

// DeclaresPort reports whether the app, or this sidecar after an earlier run,
// declares a TCP port.
func (w *Workload) DeclaresPort(port int32) bool {
	own := w.Container(w.Name)
	return w.App != nil && DeclaresPort(w.App, port) || own != nil && DeclaresPort(own, port)
}

// FindOwners are those of the served containers that declare all of some TCP ports.
func (w *Workload) FindOwners(ports []int32) []*corev1.Container {
	var out []*corev1.Container
next:
	for _, c := range w.Apps {
		for _, port := range ports {
			if !DeclaresPort(c, port) {
				continue next
			}
		}
		out = append(out, c)
	}
	return out
}

// EndsBeforeApp reports whether c is an init container that ends before the app starts.
func (w *Workload) EndsBeforeApp(c *corev1.Container) bool {
	for i := range w.Pod.Spec.InitContainers {
		if in := &w.Pod.Spec.InitContainers[i]; in.Name == c.Name {
			return !RunsWithPod(in)
		}
	}
	return false
}

// ServedApps are all containers that the sidecar serves.
func (w *Workload) ServedApps() []*corev1.Container {
	if w.Apps == nil && w.App != nil {
		return []*corev1.Container{w.App}
	}
	return w.Apps
}

// Container finds a container or init container of the pod, or nil.
func (w *Workload) Container(name string) *corev1.Container {
	for c := range w.AllContainers() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// IsJob reports whether pods of this workload are meant to end.
func (w *Workload) IsJob() bool {
	return strings.HasSuffix(w.Ref.Kind, "Job") && (w.Ref.Group == "batch" || w.Ref.Group == "keda.sh")
}

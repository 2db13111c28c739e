// Package sidecar has the types that all of outrigger uses: a Pattern reads a Workload and
// returns a Change, which becomes Edits and Findings. A Change is also what a user writes
// as the pattern "custom". The package uses the Kubernetes API types, and knows nothing of
// YAML, files or runners. Package merge makes edits of changes, and package verify finds
// what can't work.
package sidecar

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// A Pattern decides what one workload needs. It is pure: the same config and workload give
// the same findings and the same Change. It reads no clock, file, network or environment.
type Pattern interface {
	// Validate finds errors of the config, whatever the workload is.
	Validate() Findings
	// Check finds what doesn't suit this workload. The config is valid.
	Check(w *Workload) Findings
	// Change returns what the workload needs. The config is valid and suits the workload.
	// The error is [Findings] if more than one thing is wrong.
	Change(w *Workload) (*Change, error)
}

// Build returns the Change of a pattern for a workload. The error has those of Validate, or
// else those of Check. Warnings of Check come first in the Notes of the Change; those of
// Validate were reported when the config was read.
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

// A PortTaker is a Pattern that takes over ports of the app. If the config doesn't name the
// app's container, it's the one that declares TakenPorts. Without any, it may find some
// itself, of those that no other sidecar takes.
type PortTaker interface {
	TakenPorts() []int32
}

// A Placer is a Pattern that has a default of its own for the placement. Others have Native.
type Placer interface {
	DefaultPlacement() Placement
}

// A ContainerNamer is a Pattern that adds several containers. ContainerNames returns their
// names for the name of a sidecar, so that those of an earlier run are recognised.
type ContainerNamer interface {
	ContainerNames(sidecar string) []string
}

// A Standalone is a Pattern that may make pods of its own from the app's, without the
// sidecars. If RunsAlone returns true, its Change is built last, and its view has Bare.
type Standalone interface {
	RunsAlone() bool
}

// A Closer is a Pattern that may close ports of the pod with a NetworkPolicy, which has the
// name of [Workload.ObjectName]. Closes reports whether it does, so that the policy of an
// earlier run is recognised. SaysIsolated reports whether the config says that a policy
// outside of the manifests isolates the pods. That holds for all sidecars of a config.
type Closer interface {
	Closes() bool
	SaysIsolated() bool
}

// A CallerRewriter is a Pattern that may edit other workloads, which call the app.
// RewritesCallers reports whether it does. If so, the edits of those workloads are
// kept until then.
type CallerRewriter interface {
	RewritesCallers() bool
}

// A Ref names an object. It has no version: two versions of one kind are one object.
type Ref struct {
	Group     string
	Kind      string
	Namespace string
	Name      string
	Nth       int // from 1, of the workloads whose names the API server makes of this one; 0 where it's the name
}

// String returns the form that people type, as in "Deployment prod/search".
func (r Ref) String() string {
	switch {
	case r.Name == "":
		return r.Kind
	case r.Namespace == "":
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// Placement is the list of the pod that has a long-running sidecar.
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
	Stem        string                 // of names of objects for it, where its own name isn't one: see ObjectName
	Part        string                 // which of several pod templates of the object it is, for names; "" of the main one
	IsPart      bool                   // the object has several pod templates, or may have
	Annotations map[string]string      // of the object
	Template    Path                   // where the pod template stands in the object
	Pod         corev1.PodTemplateSpec // decoded; fields newer than k8s.io/api are missing here
	Written     func(at Path) string   `json:"-"` // see WrittenText
	App         *corev1.Container      // the container that is served, or the first of several; points into Pod
	Apps        []*corev1.Container    // all of them
	Services    []Service              // those in the namespace whose selector matches the pod's labels
	MatchLabels map[string]string      // of the workload's own selector; nil if it has none
	Claims      []string               // names of a StatefulSet's volumeClaimTemplates
	Replicas    *int32                 // number of pods; nil if the workload doesn't say
	FirstPod    int32                  // the number in the name of a StatefulSet's first pod

	// Objects of the namespace in the input.
	Secrets         map[string][]string                 // keys, never values, by name
	ConfigMaps      func(name string) *ConfigMap        `json:"-"` // see ConfigMap
	SecretObjects   func(name string) *ConfigMap        `json:"-"` // see Secret
	HashedNames     func(kind, name string) string      `json:"-"` // see HashedName
	ServiceAccounts func(name string) map[string]string `json:"-"` // see ServiceAccount
	Namespace       Meta                                // the namespace's own object
	PodSecurity     string                              // the level that its label enforces; "" if it has none
	// NetworkPolicies that may select the pods, without those that the run emits; for a Closer only
	Policies []Policy
	Isolated bool  // the config says so, see Closer
	Unread   []Ref // other kinds of policies, which outrigger doesn't read; for a Closer only

	Added     []string               // containers of the pod with names of those that the config adds
	Takeovers []Takeover             // of other sidecars of the config that are in front of this app
	Opened    []corev1.ContainerPort // of other sidecars of the config; for proxies in front of the app
	// TCP ports that other sidecars of the config close, or that only the kubelet uses; for such proxies, too
	Shut []int32
	Bare *Bare // the pod without other sidecars of the config; for a Standalone only

	Name      string                  // of the sidecar: its container's name and the stem of its objects
	Placement Placement               // of long-running containers
	Override  *corev1.Container       // the user's changes of the generated container; may be nil
	Removed   Nulls                   // the fields of it that the user's changes remove
	Platform  Platform                // of that cluster; "": nothing more than Kubernetes
	Images    func(ref string) string `json:"-"` // see Pulled
	// PullSecrets are Secrets for pulling images, for pods of the sidecar's own
	PullSecrets []corev1.LocalObjectReference
	Kubernetes  Version // the oldest cluster that must accept the result
}

// Selector returns labels that select the workload's pods: its own matchLabels if the pods
// have them, or else all labels of the pods. The API server doesn't check for every kind
// that the pods have the labels.
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

// WrittenText returns a text or a number of the pod template as it's written, or "" where there's none.
func (w *Workload) WrittenText(at Path) string {
	if w.Written == nil {
		return ""
	}
	return w.Written(at)
}

// Meta has the labels and annotations of an object.
type Meta struct{ Labels, Annotations map[string]string }

// A Service is a Service in front of a workload.
type Service struct {
	Ref         Ref
	Labels      map[string]string
	Annotations map[string]string
	Spec        corev1.ServiceSpec
}

// A Policy is a NetworkPolicy of the manifests.
type Policy struct {
	Ref  Ref
	Spec networkingv1.NetworkPolicySpec
}

// A ConfigMap describes a ConfigMap, or a Secret, without its values.
type ConfigMap struct {
	Keys      []string // in order
	Immutable bool     // its field immutable
	Hashed    bool     // kustomize appends a hash of its content to its name
}

// ConfigMap finds a ConfigMap of the namespace. It returns nil if the input has none.
func (w *Workload) ConfigMap(name string) *ConfigMap {
	if w.ConfigMaps == nil {
		return nil
	}
	return w.ConfigMaps(name)
}

// Secret finds a Secret of the namespace, without its values. It returns nil if the input
// has none.
func (w *Workload) Secret(name string) *ConfigMap {
	if w.SecretObjects == nil {
		return nil
	}
	return w.SecretObjects(name)
}

// HashedName returns the name of a ConfigMap or Secret of the namespace to which kustomize has appended a hash of its
// content, by the name without it. It returns "" if the input has one of that very name, or none.
func (w *Workload) HashedName(kind, name string) string {
	if w.HashedNames == nil {
		return ""
	}
	return w.HashedNames(kind, name)
}

// ServiceAccount returns the name of the pod's account and its annotations, which are nil
// if the input doesn't have the account.
func (w *Workload) ServiceAccount() (name string, annotations map[string]string) {
	if name = w.Pod.Spec.ServiceAccountName; name == "" {
		name = "default" // as admission writes it
	}
	if w.ServiceAccounts == nil {
		return name, nil
	}
	return name, w.ServiceAccounts(name)
}

// IsPublic reports whether the Service is reachable from outside of the cluster.
func (s *Service) IsPublic() bool {
	return s.Spec.Type == corev1.ServiceTypeLoadBalancer || s.Spec.Type == corev1.ServiceTypeNodePort ||
		len(s.Spec.ExternalIPs) > 0
}

// LoopbackPort returns the port on 127.0.0.1 of the app that serves port. It differs from
// port if another sidecar has taken that over.
func (w *Workload) LoopbackPort(port int32) int32 {
	for _, t := range w.Takeovers {
		if t.MovesApp() && t.Port == port {
			return t.AppPort
		}
	}
	return port
}

// Image returns the image of the sidecar: that of the override, or what is pulled for def.
func (w *Workload) Image(def string) string {
	if w.Override != nil && w.Override.Image != "" {
		return w.Override.Image
	}
	return w.Pulled(def)
}

// Pulled returns what pods pull in place of a pattern's own image: def, unless the config
// replaces it.
func (w *Workload) Pulled(def string) string {
	if w.Images == nil || def == "" {
		return def
	}
	return w.Images(def)
}

// PortName returns the name of a TCP port of the pod, or def. A takeover inherits it from
// the app, or from the sidecar's own container of an earlier run.
func (w *Workload) PortName(port int32, def string) string {
	if names := w.PortNames(port); names != nil {
		return names[0]
	}
	return def
}

// PortNames returns all names of a TCP port of the pod.
func (w *Workload) PortNames(port int32) (names []string) {
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			if p.ContainerPort == port && IsTCP(p.Protocol) && p.Name != "" {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

// DeclaresPort reports whether the app, or this sidecar after an earlier run,
// declares a TCP port.
func (w *Workload) DeclaresPort(port int32) bool {
	own := w.Container(w.Name)
	return w.App != nil && DeclaresPort(w.App, port) || own != nil && DeclaresPort(own, port)
}

// FindOwners returns those of the served containers that declare all of the TCP ports.
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

// ServedApps returns all containers that the sidecar serves.
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

// IsKnative reports whether Knative makes the pods. Its webhook takes few of the fields of a pod.
func (w *Workload) IsKnative() bool { return w.Ref.Group == "serving.knative.dev" }

// IsJob reports whether pods of this workload run to completion.
func (w *Workload) IsJob() bool {
	groups := []string{"batch", "batch.volcano.sh", "keda.sh", "kubeflow.org"}
	switch w.Ref.Group {
	case "jobset.x-k8s.io":
		return w.Ref.Kind == "JobSet"
	case "argoproj.io": // their metrics may be Jobs
		return strings.Contains(w.Ref.Kind, "Analysis")
	}
	return strings.HasSuffix(w.Ref.Kind, "Job") && slices.Contains(groups, w.Ref.Group)
}

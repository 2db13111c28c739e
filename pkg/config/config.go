// Package config reads what a user writes: one document of kind Sidecars that says which workloads get which patterns.
// It's read strictly: all mistakes are found at once, each with its line, the path of the field and a hint. The
// comments of the types are the documentation: the JSON Schema and the README's table of patterns are generated from
// them.
package config

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

//go:generate go run ./gen

const (
	// APIVersion of the documents that this package reads.
	APIVersion = Group + "/v1alpha1"
	// Group of them.
	Group = "outrigger.dev"
	// Kind of the documents that this package reads.
	Kind = "Sidecars"
)

// Sidecars says which sidecars and init containers which workloads get.
type Sidecars struct {
	// APIVersion is outrigger.dev/v1alpha1.
	APIVersion string `json:"apiVersion"`
	// Kind is Sidecars.
	Kind string `json:"kind"`
	// Metadata is that of all Kubernetes objects. kustomize and kpt require a name in it.
	Metadata metav1.ObjectMeta `json:"metadata,omitzero"`
	// Spec says which workloads get which patterns.
	Spec Spec `json:"spec"`

	flat   *speller // of a document in the flat form
	source *source  // nil: it was made by a program
}

// A Spec says which workloads get which patterns.
type Spec struct {
	// Select says which workloads get the patterns: those that match one of the
	// entries.
	Select []Selector `json:"select" config:"nonempty"`
	// Exclude removes workloads from the selection: those that match one of the
	// entries.
	Exclude []Selector `json:"exclude,omitempty"`
	// Expect says how many workloads are expected. Fewer or more are an error.
	Expect *Expect `json:"expect,omitempty"`
	// Skips says whether a selected workload may opt out of a sidecar, with
	// annotations and labels or because of unfit: allowed (each skip is reported) or
	// forbidden (each skip is an error). Default: allowed.
	Skips Skips `json:"skips,omitempty"`
	// Patterns are what the workloads get.
	Patterns []Entry `json:"patterns,omitempty"`
	// KubernetesVersion is that of the oldest cluster that must accept the result.
	// Write it in quotes, since 1.30 is the number 1.3. Default: "1.33".
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`
	// Platform is the kind of cluster: kubernetes, or openshift. On OpenShift, the SCC
	// restricted-v2 chooses the user of all containers and the group of volumes, so no
	// runAsUser, runAsGroup and fsGroup is written, except those in an override and in
	// custom. Containers that need root or a capability are an error there. An image of
	// your own must let any user with group 0 read its files, and may write only to
	// volumes. Ports below 1024 need the safe sysctl that the proxies set. Default:
	// kubernetes.
	Platform sidecar.Platform `json:"platform,omitempty"`
	// PodTemplatePaths are the paths of pod templates in custom resources, such as
	// spec.workers.template, if outrigger doesn't find them by itself. With [*] they lead to
	// all entries of a list, as in spec.groups[*].template. All templates of an object that
	// select chooses get the sidecars.
	PodTemplatePaths []string `json:"podTemplatePaths,omitempty"`
	// RebindPresets say how your own programs are moved to 127.0.0.1, for
	// rebind.preset. They override outrigger's presets.
	RebindPresets []proxy.RebindPreset `json:"rebindPresets,omitempty"`
	// Images replace images that patterns bring, for the whole document: those of a
	// registry by those of a mirror, or one by another name, tag or digest. An image that
	// an entry of patterns names itself stays, as in override.image.
	Images []Replacement `json:"images,omitempty"`
	// ImagePullSecrets are Secrets for pulling images, of type
	// kubernetes.io/dockerconfigjson. Each pod that gets a container from the document
	// gets them, beside those that it has.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// Record says whether the additions are recorded in an annotation of the object,
	// so that a later run can remove them again: auto (if the runner writes files back
	// in place, as kpt does), always or never. Default: auto.
	Record Record `json:"record,omitempty"`
	// Rollout says how a change of a generated ConfigMap replaces the pods: hash
	// (kustomize adds a hash to its name; other runners get a checksum), checksum (an
	// annotation on the pod template), none, or auto (hash for the built-in kinds,
	// otherwise checksum). In a custom resource such as Argo's Rollout, kustomize
	// changes no name that refers to the ConfigMap, be it for a hash or for an
	// overlay's namePrefix, which a base can't know. Tell it the fields with a
	// nameReference in configurations:, as the example argo-rollout does.
	// Default: auto.
	Rollout Rollout `json:"rollout,omitempty"`
}

// An Expect says how many workloads are expected.
type Expect struct {
	// Min is the smallest number of workloads that get every pattern. A workload that
	// skips a pattern doesn't count. With 0, a selection that matches nothing is
	// fine. Default: 1.
	Min *int `json:"min,omitempty"`
	// Max is the largest number of workloads that are selected. Without it, there is
	// no limit.
	Max *int `json:"max,omitempty"`
}

// Skips says whether a selected workload may opt out of a sidecar.
type Skips string

const (
	SkipsAllowed   Skips = "allowed"
	SkipsForbidden Skips = "forbidden"
)

// A Record says whether the additions are recorded in the object.
type Record string

const (
	RecordAuto   Record = "auto"
	RecordAlways Record = "always"
	RecordNever  Record = "never"
)

// A Rollout says how a change of a ConfigMap replaces the pods.
type Rollout string

const (
	RolloutAuto     Rollout = "auto"
	RolloutHash     Rollout = "hash"
	RolloutChecksum Rollout = "checksum"
	RolloutNone     Rollout = "none"
)

// defaultVersion is the first version of Kubernetes in which native sidecars are stable.
const defaultVersion = "1.33"

// setDefaults sets the fields that the user left out to their defaults.
func (s *Spec) setDefaults() {
	if s.KubernetesVersion == "" {
		s.KubernetesVersion = defaultVersion
	}
	if s.Platform == "" {
		s.Platform = sidecar.Kubernetes
	}
	if s.Record == "" {
		s.Record = RecordAuto
	}
	if s.Rollout == "" {
		s.Rollout = RolloutAuto
	}
	if s.Skips == "" {
		s.Skips = SkipsAllowed
	}
	if s.Expect == nil {
		s.Expect = &Expect{}
	}
	if s.Expect.Min == nil {
		s.Expect.Min = new(1)
	}
	for i := range s.Patterns {
		s.Patterns[i].setDefaults()
		for _, base := range s.Patterns[i].listProxies() {
			if base.Rebind != nil {
				base.Rebind.UsePresets(s.RebindPresets)
			}
		}
	}
}

// Bare returns the spec without fields that have their defaults.
func (s Spec) Bare() Spec {
	if s.KubernetesVersion == defaultVersion {
		s.KubernetesVersion = ""
	}
	if s.Platform == sidecar.Kubernetes {
		s.Platform = ""
	}
	if s.Record == RecordAuto {
		s.Record = ""
	}
	if s.Rollout == RolloutAuto {
		s.Rollout = ""
	}
	if s.Skips == SkipsAllowed {
		s.Skips = ""
	}
	if e := s.Expect; e != nil && e.Max == nil && (e.Min == nil || *e.Min == 1) {
		s.Expect = nil
	}
	s.Patterns = slices.Clone(s.Patterns)
	for i := range s.Patterns {
		if e := &s.Patterns[i]; e.Placement == e.defaultPlacement() {
			e.Placement = ""
		}
	}
	return s
}

// Kubernetes returns the version of the oldest cluster that must accept the result.
func (s *Spec) Kubernetes() sidecar.Version {
	v, err := sidecar.ParseVersion(s.KubernetesVersion)
	if err != nil {
		v, _ = sidecar.ParseVersion(defaultVersion) // the Spec wasn't read from a document
	}
	return v
}

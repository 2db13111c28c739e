package pattern

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// tmpSize bounds the temporary files of a sidecar. They're in memory, and so
// count as its container's memory.
const tmpSize = "16Mi"

// RestrictedSecurityContext is a securityContext that Pod Security's level restricted admits.
// User and group are always written: see Image.
func RestrictedSecurityContext(i Image) *corev1.SecurityContext {
	return &corev1.SecurityContext{
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		RunAsUser:                new(i.UID),
		RunAsGroup:               new(i.GID),
		RunAsNonRoot:             new(true),
		ReadOnlyRootFilesystem:   new(true),
		AllowPrivilegeEscalation: new(false),
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// RunsAs is the user and the group of a container, as far as the manifest says.
func RunsAs(w *sidecar.Workload, c *corev1.Container) (user, group *int64) {
	if pod := w.Pod.Spec.SecurityContext; pod != nil {
		user, group = pod.RunAsUser, pod.RunAsGroup
	}
	if c != nil && c.SecurityContext != nil {
		if u := c.SecurityContext.RunAsUser; u != nil {
			user = u
		}
		if g := c.SecurityContext.RunAsGroup; g != nil {
			group = g
		}
	}
	return user, group
}

// A Size is what a container asks for. Requests for both, since a
// HorizontalPodAutoscaler on utilisation stops working where one container has
// none; a limit for memory only, since a limited CPU makes a proxy's slowest
// answers slower.
type Size struct {
	CPU, Memory string // requested
	MaxMemory   string // the limit
	FixedCPU    string // request and limit in a pod of QoS class Guaranteed
}

// Resources are those of a sidecar in the pod of w. A Guaranteed pod stays one
// only if every container's requests equal its limits.
func (s Size) Resources(w *sidecar.Workload) corev1.ResourceRequirements {
	if isGuaranteed(w) {
		both := ResourceList(s.FixedCPU, s.MaxMemory)
		return corev1.ResourceRequirements{Limits: both, Requests: both.DeepCopy()}
	}
	return corev1.ResourceRequirements{
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(s.MaxMemory)},
		Requests: ResourceList(s.CPU, s.Memory),
	}
}

// ResourceList is one of CPU and memory.
func ResourceList(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu),
		corev1.ResourceMemory: resource.MustParse(memory)}
}

// isGuaranteed reports whether the pod, without sidecars, is of QoS class Guaranteed:
// all of its containers, init containers too, have equal requests and
// limits for CPU and memory; a request that isn't written is the limit
// (k8s.io/kubernetes/pkg/apis/core/v1/helper/qos.ComputePodQOS). With resources
// of the pod itself (KEP-2837), those of the containers don't decide.
func isGuaranteed(w *sidecar.Workload) bool {
	if w.Pod.Spec.Resources != nil {
		return false
	}
	some := false
	for c := range w.AllContainers() {
		if c.Name == w.Name || slices.Contains(w.Added, c.Name) {
			continue // those of an earlier run aren't to decide otherwise than it did
		}
		some = true
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			limit, ok := c.Resources.Limits[name]
			request, asked := c.Resources.Requests[name]
			if !ok || limit.IsZero() || asked && request.Cmp(limit) != 0 {
				return false
			}
		}
	}
	return some
}

// CPULimit is the limit that the sidecar's container will have: the override's,
// or what we give it. Zero: none.
func CPULimit(w *sidecar.Workload, given corev1.ResourceRequirements) resource.Quantity {
	if w.Override != nil {
		given = sidecar.OverlayResources(given, w.Override.Resources)
	}
	return given.Limits[corev1.ResourceCPU]
}

// NewTCPProbe connects to a port, by number: names of native sidecars' ports can be
// shadowed by the app's.
func NewTCPProbe(port int32, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}},
		PeriodSeconds:    period,
		FailureThreshold: failures,
	}
}

// NewHTTPProbe gets a path from a port, by number as NewTCPProbe does.
func NewHTTPProbe(path string, port int32, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(port)}},
		PeriodSeconds:    period,
		FailureThreshold: failures,
	}
}

// Volumes. Each is mounted as a whole directory: the kubelet never updates what
// is mounted by subPath. Secrets keep the default mode 0644: their files belong
// to root, and anything stricter is unreadable for a user other than root.

// ConfigMapVolume shows all keys of a ConfigMap.
func ConfigMapVolume(name, configMap string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: configMap}}}}
}

// SecretVolume shows only the keys that are needed: a Secret may have others.
func SecretVolume(name, secret string, keys ...string) corev1.Volume {
	source := &corev1.SecretVolumeSource{SecretName: secret}
	for _, key := range keys {
		source.Items = append(source.Items, corev1.KeyToPath{Key: key, Path: key})
	}
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Secret: source}}
}

// TmpVolume is a small one in memory, for temporary files.
func TmpVolume(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory,
			SizeLimit: new(resource.MustParse(tmpSize))}}}
}

// Metadata of what we emit, in the order of the API's documentation.
type Metadata struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
}

// NewMetadata is that of an object of ours: its name, and our label.
func NewMetadata(name string) Metadata {
	return Metadata{Name: name, Labels: map[string]string{sidecar.ManagedLabel: sidecar.ManagedBy}}
}

// NewConfigMap is an emitted ConfigMap. (corev1's own type writes kind before
// apiVersion, which nobody does by hand.)
func NewConfigMap(name string, data map[string]string) sidecar.Object {
	return sidecar.NewObject(struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Metadata   Metadata          `json:"metadata"`
		Data       map[string]string `json:"data"`
	}{"v1", "ConfigMap", NewMetadata(name), data})
}

// VolumeName is the name of one of the sidecar's volumes.
func VolumeName(w *sidecar.Workload, what string) string { return sidecar.Shorten(w.Name+"-"+what, 63) }

// SecretEnvVar is a variable whose value is a key of a Secret.
func SecretEnvVar(name, secret, key string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
		SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key}}}
}

// OverriddenUser is the user that the override writes, if any.
func OverriddenUser(w *sidecar.Workload) *int64 {
	if w.Override == nil || w.Override.SecurityContext == nil {
		return nil
	}
	return w.Override.SecurityContext.RunAsUser
}

// GhostunnelSize is for some 25 MiB when idle, two buffers of 32 KiB per connection.
var GhostunnelSize = Size{CPU: "10m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "100m"}

// TLSKeys are the keys of a Secret of type kubernetes.io/tls.
var TLSKeys = []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey}

// VolumeNames are those of all volumes of the pod.
func VolumeNames(w *sidecar.Workload) []string {
	names := append([]string(nil), w.Claims...)
	for _, v := range w.Pod.Spec.Volumes {
		names = append(names, v.Name)
	}
	return names
}

// IsReadOnlySource reports whether nobody can write to a volume of a source: it shows
// what the cluster has.
func IsReadOnlySource(s *corev1.VolumeSource) bool {
	return s.ConfigMap != nil || s.Secret != nil || s.Projected != nil || s.DownwardAPI != nil || s.Image != nil
}

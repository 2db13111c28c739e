package pattern

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// tmpSize is the size limit of a sidecar's temporary files. They're in memory, so they
// count as memory of its container.
const tmpSize = "16Mi"

// RestrictedSecurityContext returns a securityContext that the Pod Security level
// restricted admits. It always has a user and a group, for the reason that Image gives.
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

// RootSecurityContext returns a securityContext of root with only these capabilities. The
// Pod Security level restricted doesn't admit it, and baseline only with its own ones.
func RootSecurityContext(capabilities ...corev1.Capability) *corev1.SecurityContext {
	c := RestrictedSecurityContext(Image{})
	c.RunAsNonRoot = new(false)
	c.Capabilities.Add = capabilities
	return c
}

// RunsAs returns the user and group of a container that the manifest sets, or nil.
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

// A Size is the resources of a container. CPU and memory both have requests, since a
// HorizontalPodAutoscaler on utilisation fails if one container lacks them. Only memory has
// a limit, since a CPU limit adds to the latency of a proxy's slowest responses.
type Size struct {
	CPU, Memory string // requested
	MaxMemory   string // the limit
	FixedCPU    string // request and limit in a pod of QoS class Guaranteed
}

// Resources returns the resources of a sidecar in the pod of w. In a pod of QoS class
// Guaranteed, requests equal limits: otherwise the pod would lose its class.
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

// ResourceList returns a list of CPU and memory.
func ResourceList(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu),
		corev1.ResourceMemory: resource.MustParse(memory)}
}

// isGuaranteed reports whether the pod without sidecars has QoS class Guaranteed: each
// container and init container has limits for CPU and memory, and requests that are equal
// or missing (k8s.io/kubernetes/pkg/apis/core/v1/helper/qos.ComputePodQOS). If the pod
// itself has resources (KEP-2837), those of the containers don't decide.
func isGuaranteed(w *sidecar.Workload) bool {
	if w.Pod.Spec.Resources != nil {
		return false
	}
	some := false
	for c := range w.AllContainers() {
		if c.Name == w.Name || slices.Contains(w.Added, c.Name) {
			continue // added by an earlier run, which decided without it
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

// CPULimit returns the CPU limit that the sidecar's container gets: the override's, else
// the given one. Zero means none.
func CPULimit(w *sidecar.Workload, given corev1.ResourceRequirements) resource.Quantity {
	return limitOf(w, given, corev1.ResourceCPU)
}

// MemoryLimit returns the memory limit in force for a pattern's container, as CPULimit does; zero is none.
func MemoryLimit(w *sidecar.Workload, given corev1.ResourceRequirements) resource.Quantity {
	return limitOf(w, given, corev1.ResourceMemory)
}

func limitOf(w *sidecar.Workload, given corev1.ResourceRequirements, name corev1.ResourceName) resource.Quantity {
	if c, err := sidecar.OverlayContainer(corev1.Container{Resources: given}, w.Override, w.Removed); err == nil {
		given = c.Resources
	}
	return given.Limits[name]
}

// NewTCPProbe returns a probe that connects to a port. The port is a number, since the app
// may have a port with the same name as a native sidecar's.
func NewTCPProbe(port int32, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}},
		PeriodSeconds:    period,
		FailureThreshold: failures,
	}
}

// NewHTTPProbe returns a probe that gets a path. The port is a number, as in NewTCPProbe.
func NewHTTPProbe(path string, port int32, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(port)}},
		PeriodSeconds:    period,
		FailureThreshold: failures,
	}
}

// Volumes. Each is mounted as a whole directory, since the kubelet never updates a mount with
// subPath. Files of Secrets keep the default mode 0644: they belong to root, and users other
// than root couldn't read them with a stricter mode.

// ConfigMapVolume returns a volume with all keys of a ConfigMap.
func ConfigMapVolume(name, configMap string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: configMap}}}}
}

// SecretVolume returns a volume with some keys of a Secret, which may have others.
func SecretVolume(name, secret string, keys ...string) corev1.Volume {
	source := &corev1.SecretVolumeSource{SecretName: secret}
	for _, key := range keys {
		source.Items = append(source.Items, corev1.KeyToPath{Key: key, Path: key})
	}
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Secret: source}}
}

// TmpVolume returns a small volume in memory for temporary files.
func TmpVolume(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory,
			SizeLimit: new(resource.MustParse(tmpSize))}}}
}

// Metadata is the metadata of objects that we emit, in the order of the API's
// documentation.
type Metadata struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
}

// NewMetadata returns metadata with a name and our label.
func NewMetadata(name string) Metadata {
	return Metadata{Name: name, Labels: map[string]string{sidecar.ManagedLabel: sidecar.ManagedBy}}
}

// NewConfigMap returns a ConfigMap to emit. (corev1's own type writes kind before
// apiVersion, which nobody does by hand.)
func NewConfigMap(name string, data map[string]string) sidecar.Object {
	return sidecar.NewObject(struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Metadata   Metadata          `json:"metadata"`
		Data       map[string]string `json:"data"`
	}{"v1", "ConfigMap", NewMetadata(name), data})
}

// VolumeName returns the name of one of the sidecar's volumes.
func VolumeName(w *sidecar.Workload, what string) string { return sidecar.Shorten(w.Name+"-"+what, 63) }

// SecretEnvVar returns a variable with the value of a Secret's key.
func SecretEnvVar(name, secret, key string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
		SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key}}}
}

// OverriddenUser returns the user that the override sets, or nil.
func OverriddenUser(w *sidecar.Workload) *int64 {
	if w.Override == nil || w.Override.SecurityContext == nil {
		return nil
	}
	return w.Override.SecurityContext.RunAsUser
}

// RemovesUser reports whether the override or the platform removes the user that the pattern
// sets, as OpenShift wants. Then the container may have the user of its image, or that of all other
// containers of the pod.
func RemovesUser(w *sidecar.Workload) bool {
	return w.Platform == sidecar.OpenShift && OverriddenUser(w) == nil ||
		w.Removed.Contains("securityContext", "runAsUser")
}

// GhostunnelSize allows for about 25 MiB when idle, and two buffers of 32 KiB for each
// connection.
var GhostunnelSize = Size{CPU: "10m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "100m"}

// TLSKeys are the keys of a Secret of type kubernetes.io/tls.
var TLSKeys = []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey}

// VolumeNames returns the names of all volumes of the pod, and of the volume claim
// templates.
func VolumeNames(w *sidecar.Workload) []string {
	names := append([]string(nil), w.Claims...)
	for _, v := range w.Pod.Spec.Volumes {
		names = append(names, v.Name)
	}
	return names
}

// IsReadOnlySource reports whether a volume of this source can't be written to, as it shows
// data of the cluster.
func IsReadOnlySource(s *corev1.VolumeSource) bool {
	return s.ConfigMap != nil || s.Secret != nil || s.Projected != nil || s.DownwardAPI != nil || s.Image != nil
}

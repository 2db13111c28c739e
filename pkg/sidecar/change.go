package sidecar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// A Change is everything one sidecar needs, as data: it adds and sets, it never
// removes. Written as YAML it is the config of the pattern "custom", so every
// pattern can be spelled out by hand.
type Change struct {
	// Phase decides the place among init containers and native sidecars; see
	// the Phase constants. Default: 70 for long-running containers, 60 else.
	Phase Phase `json:"phase,omitempty"`
	// InitContainers run to their end before the app starts, in this order.
	InitContainers []corev1.Container `json:"initContainers,omitempty"`
	// Containers run as long as the pod. The placement decides whether as native
	// sidecars or as ordinary containers; restartPolicy is set accordingly.
	Containers []corev1.Container `json:"containers,omitempty"`
	// Volumes of the pod. A volume of the same name and content is shared.
	Volumes []corev1.Volume `json:"volumes,omitempty"`
	// App is what the app's container gets, or each of several.
	App App `json:"app,omitzero"`
	// Takeovers say which of the app's ports the containers now answer on.
	Takeovers []Takeover `json:"takeovers,omitempty"`
	// ServicePorts are added to each Service in front of the workload.
	ServicePorts []corev1.ServicePort `json:"servicePorts,omitempty"`
	// Pod holds settings that all containers of the pod share.
	Pod Pod `json:"pod,omitzero"`
	// Objects are emitted beside the workload: ConfigMaps, Secrets,
	// Certificates. They get the workload's namespace.
	Objects []Object `json:"objects,omitempty"`
	// Claims are ports in use that no container declares.
	Claims []Claim `json:"claims,omitempty"`
	// Notes are findings that don't stop the run.
	Notes Findings `json:"-"`
}

// An App is what the app's container gets.
type App struct {
	// Env is appended; a variable of the same name and value is left as it is.
	// References as $(NAME) resolve: a variable comes after those it refers to.
	Env []EnvVar `json:"env,omitempty"`
	// Args are appended unless an equal one is there already. Write a flag and its
	// value as one argument, as in --flag=value.
	Args []string `json:"args,omitempty"`
	// VolumeMounts are appended.
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
	// DrainSeconds is how long the app waits between the beginning of the pod's
	// termination and its own, as lifecycle.preStop.sleep, so that endpoints are
	// gone before it stops. An app with a preStop hook of its own keeps it.
	DrainSeconds int64 `json:"drainSeconds,omitempty"`
}

// A Takeover is the heart of an ambassador: a sidecar answers on the app's port,
// and the app listens on loopback only. The declared port leaves the app's
// container; probes, hooks and Services follow.
type Takeover struct {
	// Port is where clients come in: the app's port until now, the sidecar's from now on.
	Port int32 `json:"port"`
	// AppPort is where the app listens now, on 127.0.0.1.
	AppPort int32 `json:"appPort"`
	// Scheme is what clients, and so the kubelet, speak on Port. Default: HTTP.
	Scheme corev1.URIScheme `json:"scheme,omitempty"`
}

// A Pod holds settings that all containers of a pod share.
type Pod struct {
	// ShareProcessNamespace lets containers see each other's processes.
	ShareProcessNamespace *bool `json:"shareProcessNamespace,omitempty"`
	// Sysctls are kernel settings of the pod.
	Sysctls []corev1.Sysctl `json:"sysctls,omitempty"`
	// ImagePullSecrets are Secrets with which images are pulled.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
}

// A Claim is a port in use, on any address of the pod, that no container
// declares: all containers of a pod share one network namespace.
type Claim struct {
	// Port number.
	Port int32 `json:"port"`
	// Protocol of the port. Default: TCP.
	Protocol corev1.Protocol `json:"protocol,omitempty"`
	// For says what listens there, for messages.
	For string `json:"for,omitempty"`
}

// An Object is a whole object to emit: a JSON manifest, its keys in the order in
// which they're to be written.
type Object struct{ json.RawMessage }

// Clone is a copy that shares no memory with c.
func (c *Change) Clone() *Change {
	out := *c
	out.InitContainers = deep(c.InitContainers)
	out.Containers = deep(c.Containers)
	out.Volumes = deep(c.Volumes)
	out.App.Env = slices.Clone(c.App.Env)
	for i := range out.App.Env {
		out.App.Env[i].ValueFrom = c.App.Env[i].ValueFrom.DeepCopy()
	}
	out.App.Args = slices.Clone(c.App.Args)
	out.App.VolumeMounts = deep(c.App.VolumeMounts)
	out.Takeovers = slices.Clone(c.Takeovers)
	out.ServicePorts = deep(c.ServicePorts)
	if c.Pod.ShareProcessNamespace != nil {
		out.Pod.ShareProcessNamespace = new(*c.Pod.ShareProcessNamespace)
	}
	out.Pod.Sysctls = slices.Clone(c.Pod.Sysctls)
	out.Pod.ImagePullSecrets = slices.Clone(c.Pod.ImagePullSecrets)
	out.Objects = slices.Clone(c.Objects)
	for i := range out.Objects {
		out.Objects[i].RawMessage = bytes.Clone(c.Objects[i].RawMessage)
	}
	out.Claims = slices.Clone(c.Claims)
	out.Notes = slices.Clone(c.Notes)
	return &out
}

// deep copies a list of API types.
func deep[T any, P interface {
	*T
	DeepCopyInto(*T)
}](list []T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	for i := range list {
		P(&list[i]).DeepCopyInto(&out[i])
	}
	return out
}

// NewObject makes an Object of an API type. It panics on what can't be encoded,
// which a value made of API types always can.
func NewObject(v any) Object {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sidecar.NewObject: %v", err))
	}
	return Object{raw}
}

// UnmarshalJSON keeps the manifest as it is.
func (o *Object) UnmarshalJSON(b []byte) error {
	o.RawMessage = bytes.Clone(b)
	return nil
}

// Head is the part of an object that says which one it is.
type Head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
}

// Head reads apiVersion, kind and name; the zero Head where there are none.
func (o Object) Head() Head {
	var h Head
	if json.Unmarshal(o.RawMessage, &h) != nil {
		return Head{}
	}
	return h
}

// Ref names the object.
func (o Object) Ref() Ref {
	h := o.Head()
	group := ""
	for i := range h.APIVersion {
		if h.APIVersion[i] == '/' {
			group = h.APIVersion[:i]
			break
		}
	}
	return Ref{Group: group, Kind: h.Kind, Namespace: h.Metadata.Namespace, Name: h.Metadata.Name}
}

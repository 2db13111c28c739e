package sidecar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// A Change is everything that one sidecar needs, as data. It adds and sets, and never
// removes. As YAML it is the config of the pattern "custom", so every pattern can be
// written by hand.
type Change struct {
	// Phase is the place among init containers and native sidecars: lower numbers start
	// first. 10 is for kernel settings and permissions, 20 for secrets, 30 for tunnels, 40
	// for waiting, 50 for files, 60 for migrations, 65 for the manifest's own init
	// containers, 70 for caches and agents, 80 for proxies in front of the app, 90 for
	// exporters and log tails. Default: 70 for long-running containers, 60 for others.
	Phase Phase `json:"phase,omitempty"`
	// InitPhase is the place of the init containers, if they start earlier than the
	// containers. Default: phase.
	InitPhase Phase `json:"initPhase,omitempty"`
	// InitContainers run to their end before the app starts, in this order.
	InitContainers []corev1.Container `json:"initContainers,omitempty"`
	// Containers run as long as the pod. The placement decides whether as native
	// sidecars or as ordinary containers; restartPolicy is set accordingly.
	Containers []corev1.Container `json:"containers,omitempty"`
	// Volumes of the pod. A volume of the same name and content is shared.
	Volumes []corev1.Volume `json:"volumes,omitempty"`
	// App is what the app's container gets. If there are several, each gets it.
	App App `json:"app,omitzero"`
	// Takeovers are ports of the app that the containers take over.
	Takeovers []Takeover `json:"takeovers,omitempty"`
	// ServicePorts are added to each Service in front of the workload.
	ServicePorts []ServicePort `json:"servicePorts,omitempty"`
	// LikeApp are names of those containers that run the app's program. They get image,
	// env, envFrom, mounts, working directory and security context of the app's container,
	// unless they have their own.
	LikeApp []string `json:"likeApp,omitempty"`
	// Pod holds settings that all containers of the pod share.
	Pod Pod `json:"pod,omitzero"`
	// Objects are emitted beside the workload: ConfigMaps, Secrets,
	// Certificates. They get the workload's namespace.
	Objects []Object `json:"objects,omitempty"`
	// Claims are ports that are used but that no container declares.
	Claims []Claim `json:"claims,omitempty"`
	// Dials are servers outside of the pod to which the containers connect. A NetworkPolicy
	// that forbids that is reported, and so is a mesh whose proxy starts too late for it.
	Dials []Dial `json:"dials,omitempty"`
	// Scraped are ports of the pod to which Prometheus connects. A NetworkPolicy that forbids
	// that is reported.
	Scraped []int32 `json:"scraped,omitempty"`
	// OverrideApplied says that the pattern has applied the user's override itself, as for
	// a container of an object.
	OverrideApplied bool `json:"-"`
	// Notes are findings that don't stop the run.
	Notes Findings `json:"-"`
	// AsInit is what the config needs to make the long-running container an init container.
	// It's for messages; "": it can't be one.
	AsInit string `json:"-"`
	// NeedsEnv are variables that the app needs, and that other sidecars may set.
	NeedsEnv []EnvNeed `json:"-"`
}

// An EnvNeed is one of some variables that each container of the app needs.
type EnvNeed struct {
	Names   []string // one of them is enough, and so is a variable or argument with the text Or
	Or      string
	Ports   []int32 // it isn't needed where a container of the pod declares one of them
	Finding Finding // is reported if a container has none
}

// An App is what the app's container gets.
type App struct {
	// Env is appended. A variable of the same name and value stays as it is.
	// References such as $(NAME) resolve: a variable comes after those it refers to.
	Env []EnvVar `json:"env,omitempty"`
	// Args are appended unless an equal one is there already. Write a flag and its
	// value as one argument, as in --flag=value.
	Args []string `json:"args,omitempty"`
	// ReplacesCMD says that args are meant to replace the image's CMD, which they do in a
	// container without args. Without it, that is a warning.
	ReplacesCMD bool `json:"replacesCMD,omitempty"`
	// VolumeMounts are appended.
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
	// Ports are TCP ports that the container declares. One that it declares already stays as
	// it is.
	Ports []int32 `json:"ports,omitempty"`
	// DrainSeconds is how long the app keeps running after the pod's termination has begun,
	// through lifecycle.preStop.sleep, so that endpoints are gone before it stops. An app
	// with a preStop hook of its own keeps that.
	DrainSeconds int64 `json:"drainSeconds,omitempty"`
}

// A Takeover makes a sidecar listen in place of the app. Usually it takes the app's own
// port, and the app listens on loopback only: the app's container no longer declares the
// port, and probes, hooks and Services are updated. If the app can't be moved, the sidecar
// has a port of its own, and Services use that, or the pod redirects the app's port to it.
type Takeover struct {
	// Port is where the sidecar listens. Unless front is true, it's the port that the app
	// had before.
	Port int32 `json:"port"`
	// AppPort is where the app listens: on 127.0.0.1, or with front or redirected on all
	// addresses, as before.
	AppPort int32 `json:"appPort"`
	// Front leaves the app and its port as they are: only Services use the sidecar.
	Front bool `json:"front,omitempty"`
	// Redirected leaves the app and its port as they are, too, and appPort is port: an init
	// container makes the pod's network redirect the port to the sidecar, which listens on
	// one of its own. The kubelet and all clients reach the sidecar. Only connections to
	// 127.0.0.1 and ::1 within the pod reach the app.
	Redirected bool `json:"redirected,omitempty"`
	// Scheme is the scheme of clients, including the kubelet, on port. Default: HTTP.
	Scheme corev1.URIScheme `json:"scheme,omitempty"`
	// Protocol is the app's protocol, inside of TLS: http, grpc or tcp. Default: http.
	Protocol Protocol `json:"protocol,omitempty"`
	// HealthPort is for the kubelet's HTTP probes and hooks of the port, with the same
	// scheme, if port refuses clients without credentials. Default: port.
	HealthPort int32 `json:"healthPort,omitempty"`
	// GRPCHealthPort is the same for gRPC probes, which can't use TLS.
	GRPCHealthPort int32 `json:"grpcHealthPort,omitempty"`
	// ClientCertificate says that clients must present a certificate.
	ClientCertificate bool `json:"clientCertificate,omitempty"`
	// Authenticated says that clients must present a token, a password or a session.
	Authenticated bool `json:"authenticated,omitempty"`
	// Commands replaces port by appPort in commands of exec probes and hooks that have a
	// known form. Use it if the app answers there as before. Without it, such commands are
	// only reported.
	Commands bool `json:"commands,omitempty"`
	// RewriteCallers changes the scheme in environment variables and arguments of other
	// workloads that call the port without TLS. Without it, they are only reported.
	RewriteCallers bool `json:"rewriteCallers,omitempty"`
	// Trust says how the sidecar's certificate is verified, for a Gateway's
	// BackendTLSPolicy.
	Trust *Trust `json:"trust,omitempty"`
}

// A Protocol is the protocol between clients and an app, inside of TLS.
type Protocol string

const (
	HTTP Protocol = "http"
	GRPC Protocol = "grpc"
	TCP  Protocol = "tcp"
)

// Trust says how a server's certificate is verified.
type Trust struct {
	// Hostname is the name that the certificate is for.
	Hostname string `json:"hostname"`
	// ConfigMapName names the ConfigMap whose ca.crt has the certificates of the
	// CA. Default: the verifier's own list of public CAs.
	ConfigMapName string `json:"configMapName,omitempty"`
}

// A ServicePort is a port that Services get.
type ServicePort struct {
	corev1.ServicePort `json:",inline"`
	// Internal excludes Services that are reachable from outside of the cluster: those of
	// type LoadBalancer and NodePort, and those with external addresses.
	Internal bool `json:"internal,omitempty"`
}

// A Pod holds settings that all containers of a pod share.
type Pod struct {
	// Annotations of the pod.
	Annotations map[string]string `json:"annotations,omitempty"`
	// FSGroup is the group of volumes that support one.
	FSGroup *int64 `json:"fsGroup,omitempty"`
	// FSGroupChangePolicy says when the group of volumes is changed: Always or
	// OnRootMismatch. Default: Always.
	FSGroupChangePolicy corev1.PodFSGroupChangePolicy `json:"fsGroupChangePolicy,omitempty"`
	// ShareProcessNamespace lets containers see each other's processes.
	ShareProcessNamespace *bool `json:"shareProcessNamespace,omitempty"`
	// Sysctls are kernel settings of the pod.
	Sysctls []corev1.Sysctl `json:"sysctls,omitempty"`
	// MinGracePeriodSeconds raises a lower terminationGracePeriodSeconds of the pod. The
	// largest of several is used.
	MinGracePeriodSeconds int64 `json:"minGracePeriodSeconds,omitempty"`
	// ImagePullSecrets are Secrets for pulling images.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
}

// A Claim is a port that is used, on any address of the pod, but that no container
// declares. All containers of a pod share one network namespace.
type Claim struct {
	// Port number.
	Port int32 `json:"port"`
	// Protocol of the port. Default: TCP.
	Protocol corev1.Protocol `json:"protocol,omitempty"`
	// For describes what listens there, for messages.
	For string `json:"for,omitempty"`
}

// An Object is a whole object to emit: a JSON manifest with its keys in the order of the
// output.
type Object struct{ json.RawMessage }

// Clone returns a copy that shares no memory with c.
func (c *Change) Clone() *Change {
	out := new(Change)
	copyInto(reflect.ValueOf(out).Elem(), reflect.ValueOf(c).Elem())
	return out
}

// AddPullSecrets adds Secrets for pulling images, if there are containers or volumes that
// need them.
func (c *Change) AddPullSecrets(secrets []corev1.LocalObjectReference) {
	pulls := len(c.Containers)+len(c.InitContainers) > 0 ||
		slices.ContainsFunc(c.Volumes, func(v corev1.Volume) bool { return v.Image != nil })
	if pulls {
		c.Pod.ImagePullSecrets = WithPullSecrets(c.Pod.ImagePullSecrets, secrets)
	}
}

// WithPullSecrets returns a list of Secrets with more, each once.
func WithPullSecrets(have, more []corev1.LocalObjectReference) []corev1.LocalObjectReference {
	out := slices.Clone(have)
	for _, s := range more {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// copyInto copies a value with everything that it points to. Types of the API have a
// method for that.
func copyInto(out, in reflect.Value) {
	switch from := in.Addr().Interface().(type) { // what most changes consist of
	case *corev1.Container:
		from.DeepCopyInto(out.Addr().Interface().(*corev1.Container))
		return
	case *corev1.Volume:
		from.DeepCopyInto(out.Addr().Interface().(*corev1.Volume))
		return
	}
	switch in.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Map:
		if deep := in.Addr().MethodByName("DeepCopyInto"); deep.IsValid() && deep.Type().NumIn() == 1 &&
			deep.Type().In(0) == out.Addr().Type() {
			deep.Call([]reflect.Value{out.Addr()})
			return
		}
	}
	switch in.Kind() {
	case reflect.Struct:
		for i := range in.NumField() {
			copyInto(out.Field(i), in.Field(i))
		}
	case reflect.Pointer:
		if !in.IsNil() {
			out.Set(reflect.New(in.Type().Elem()))
			copyInto(out.Elem(), in.Elem())
		}
	case reflect.Slice:
		if !in.IsNil() {
			out.Set(reflect.MakeSlice(in.Type(), in.Len(), in.Len()))
			for i := range in.Len() {
				copyInto(out.Index(i), in.Index(i))
			}
		}
	case reflect.Map:
		if !in.IsNil() {
			out.Set(reflect.MakeMapWithSize(in.Type(), in.Len()))
			for key, value := range in.Seq2() {
				out.SetMapIndex(key, value) // all maps have string values
			}
		}
	default:
		out.Set(in)
	}
}

// NewObject makes an Object of an API type. It panics if v can't be encoded, which doesn't
// happen for API types.
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

// Head is the part of an object that identifies it.
type Head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
}

// Head reads apiVersion, kind and name. It returns the zero Head if there are none.
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

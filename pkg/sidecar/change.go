package sidecar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
)

// A Change is everything one sidecar needs, as data: it adds and sets, it never
// removes. Written as YAML it is the config of the pattern "custom", so every
// pattern can be spelled out by hand.
type Change struct {
	// Phase decides the place among init containers and native sidecars: lower numbers
	// start first. 10 is for kernel settings and permissions, 20 for secrets, 30 for
	// tunnels, 40 for waiting, 50 for files, 60 for migrations, 65 are the manifest's own
	// init containers, 70 is for caches and agents, 80 for proxies in front of the app, 90
	// for exporters and log tails. Default: 70 for long-running containers, 60 else.
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
	ServicePorts []ServicePort `json:"servicePorts,omitempty"`
	// LikeApp are names of containers among the above that run the app's program:
	// they get what its container will have, as far as they don't say it themselves:
	// image, env, envFrom, mounts, working directory and security context.
	LikeApp []string `json:"likeApp,omitempty"`
	// Pod holds settings that all containers of the pod share.
	Pod Pod `json:"pod,omitzero"`
	// Objects are emitted beside the workload: ConfigMaps, Secrets,
	// Certificates. They get the workload's namespace.
	Objects []Object `json:"objects,omitempty"`
	// Claims are ports in use that no container declares.
	Claims []Claim `json:"claims,omitempty"`
	// Overlaid, where it's true, says that the pattern has laid the user's override
	// over what it made itself: a container of an object, say.
	OverrideApplied bool `json:"-"`
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
	// ReplacesCMD says that args are made for a container without any of its own,
	// where they replace the image's CMD; else that is a warning.
	ReplacesCMD bool `json:"replacesCMD,omitempty"`
	// VolumeMounts are appended.
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
	// DrainSeconds is how long the app waits between the beginning of the pod's
	// termination and its own, as lifecycle.preStop.sleep, so that endpoints are
	// gone before it stops. An app with a preStop hook of its own keeps it.
	DrainSeconds int64 `json:"drainSeconds,omitempty"`
}

// A Takeover is the heart of an ambassador: a sidecar answers where clients come
// in. Mostly it does so on the app's own port, and the app listens on loopback
// only: the declared port leaves the app's container; probes, hooks and Services
// follow. In front of an app that can't be moved, it has a port of its own, and
// Services lead there.
type Takeover struct {
	// Port is where the sidecar listens. Unless front is true, it's the app's port
	// until now.
	Port int32 `json:"port"`
	// AppPort is where the app listens: on 127.0.0.1 from now on; with front on
	// all addresses, as before.
	AppPort int32 `json:"appPort"`
	// Front leaves the app and its port where they are: only what leads through
	// Services is led to the sidecar.
	Front bool `json:"front,omitempty"`
	// Scheme is what clients, and so the kubelet, speak on port. Default: HTTP.
	Scheme corev1.URIScheme `json:"scheme,omitempty"`
	// Protocol is what is spoken inside: http, grpc or tcp. Default: http.
	Protocol Protocol `json:"protocol,omitempty"`
	// HealthPort is where the kubelet's HTTP probes and hooks of the port are
	// answered, by scheme, where clients without credentials are refused on port
	// itself. Default: port.
	HealthPort int32 `json:"healthPort,omitempty"`
	// GRPCHealthPort is the same for its gRPC probes, which can't speak TLS.
	GRPCHealthPort int32 `json:"grpcHealthPort,omitempty"`
	// ClientCertificate: clients must show a certificate.
	ClientCertificate bool `json:"clientCertificate,omitempty"`
	// Authenticated: clients must show a token, a password or a session.
	Authenticated bool `json:"authenticated,omitempty"`
	// Commands leads the commands of exec probes and hooks that name port to appPort,
	// where they're of a known form: the app is known to answer there as it did. Else
	// they're reported only.
	Commands bool `json:"commands,omitempty"`
	// RewriteCallers leads environment variables and arguments of other workloads
	// that dial the port in plain to the new scheme. Else they're reported only.
	RewriteCallers bool `json:"rewriteCallers,omitempty"`
	// Trust says how the sidecar's certificate is verified, for a Gateway's
	// BackendTLSPolicy.
	Trust *Trust `json:"trust,omitempty"`
}

// A Protocol is what clients speak with an app, inside of TLS.
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
	// Internal, where it's true, leaves out Services that are reached from outside of
	// the cluster: those of type LoadBalancer and NodePort, and those with external
	// addresses.
	Internal bool `json:"internal,omitempty"`
}

// A Pod holds settings that all containers of a pod share.
type Pod struct {
	// Annotations of the pod.
	Annotations map[string]string `json:"annotations,omitempty"`
	// FSGroup is the group that volumes belong to, as far as they can have one.
	FSGroup *int64 `json:"fsGroup,omitempty"`
	// FSGroupChangePolicy says when volumes are given to the group: Always or
	// OnRootMismatch. Default: Always.
	FSGroupChangePolicy corev1.PodFSGroupChangePolicy `json:"fsGroupChangePolicy,omitempty"`
	// ShareProcessNamespace lets containers see each other's processes.
	ShareProcessNamespace *bool `json:"shareProcessNamespace,omitempty"`
	// Sysctls are kernel settings of the pod.
	Sysctls []corev1.Sysctl `json:"sysctls,omitempty"`
	// MinGracePeriodSeconds is what the pod's terminationGracePeriodSeconds is raised
	// to where it's less. Of several, the largest counts.
	MinGracePeriodSeconds int64 `json:"minGracePeriodSeconds,omitempty"`
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
	out := new(Change)
	copyInto(reflect.ValueOf(out).Elem(), reflect.ValueOf(c).Elem())
	return out
}

// copyInto copies a value with all that it points to. Types of the API do so themselves.
func copyInto(out, in reflect.Value) {
	if deep := in.Addr().MethodByName("DeepCopyInto"); deep.IsValid() && deep.Type().NumIn() == 1 &&
		deep.Type().In(0) == out.Addr().Type() {
		deep.Call([]reflect.Value{out.Addr()})
		return
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
				out.SetMapIndex(key, value) // of strings
			}
		}
	default:
		out.Set(in)
	}
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

package pattern

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds what the API server would refuse, and what can't be intended. What depends
// on the pod, such as a mount without a volume, is left to package verify.
func (p *Custom) Validate() sidecar.Findings {
	var fs sidecar.Findings
	p.validateContainers(&fs)
	p.validatePod(&fs)
	p.validateApp(&fs)
	for i, t := range p.Takeovers {
		at := fmt.Sprintf("takeovers[%d]", i)
		ValidatePort(at+".port", t.Port, "write the port where clients come in", &fs)
		ValidatePort(at+".appPort", t.AppPort, "write the port of 127.0.0.1 on which the app listens", &fs)
		switch {
		case t.Redirected && t.Front:
			fs.Add(sidecar.Error, "bad-value", at+".redirected", "a takeover has one of redirected and front", "remove one")
		case t.Redirected && t.AppPort != t.Port:
			fs.Add(sidecar.Error, "bad-value", at+".appPort", "an app whose port is redirected keeps it",
				fmt.Sprintf("write %d", t.Port))
		case !t.Redirected && t.Port == t.AppPort && t.Port != 0:
			fs.Add(sidecar.Error, "bad-value", at+".appPort", fmt.Sprintf("port %d is the one that is taken over", t.Port),
				"write another one")
		}
		ValidateEnum(at+".scheme", t.Scheme, &fs, corev1.URISchemeHTTP, corev1.URISchemeHTTPS)
		ValidateEnum(at+".protocol", t.Protocol, &fs, sidecar.HTTP, sidecar.GRPC, sidecar.TCP)
		for _, health := range []struct {
			field string
			port  int32
		}{{".healthPort", t.HealthPort}, {".grpcHealthPort", t.GRPCHealthPort}} {
			if health.port != 0 {
				ValidatePort(at+health.field, health.port, "", &fs)
			}
		}
		if t.Trust != nil && t.Trust.Hostname == "" {
			fs.Add(sidecar.Error, "missing-field", at+".trust.hostname", "no name is given",
				"write the name that the certificate is for")
		}
	}
	for i, c := range p.Claims {
		at := fmt.Sprintf("claims[%d]", i)
		ValidatePort(at+".port", c.Port, "write the port in use", &fs)
		validateProtocol(at+".protocol", c.Protocol, &fs)
	}
	for i, d := range p.Dials {
		at := fmt.Sprintf("dials[%d]", i)
		if d.Host == "" && d.For == "" {
			fs.Add(sidecar.Error, "missing-field", at+".host", "no server is named",
				"write its name or address, or describe it in for")
		} else if d.Host != "" && !IsHost(strings.ToLower(strings.TrimSuffix(d.Host, "."))) {
			fs.Add(sidecar.Error, "bad-value", at+".host", fmt.Sprintf("%q can't be the name of a server", d.Host),
				"write a name or an address, without a port")
		}
		if d.Port != 0 {
			ValidatePort(at+".port", d.Port, "", &fs)
		}
		if d.Scheme != "" {
			ValidateEnum(at+".scheme", d.Scheme, &fs, slices.Sorted(maps.Keys(sidecar.TLSSchemes))...)
		}
		validateProtocol(at+".protocol", d.Protocol, &fs)
	}
	for i, port := range p.Scraped {
		ValidatePort(fmt.Sprintf("scraped[%d]", i), port, "write the port with metrics", &fs)
	}
	for i, port := range p.ServicePorts {
		at := fmt.Sprintf("servicePorts[%d]", i)
		ValidateLabelName(at+".name", port.Name, "ports of a Service with several need names", &fs)
		ValidatePort(at+".port", port.Port, "write the Service's port", &fs)
		validateProtocol(at+".protocol", port.Protocol, &fs)
	}
	for i, o := range p.Objects {
		validateObject(fmt.Sprintf("objects[%d]", i), o, &fs)
	}
	return fs
}

func (p *Custom) validateContainers(fs *sidecar.Findings) {
	seen := map[string]bool{}
	for _, list := range []struct {
		field      string
		containers []corev1.Container
	}{{"initContainers", p.InitContainers}, {"containers", p.Containers}} {
		for i, c := range list.containers {
			at := fmt.Sprintf("%s[%d]", list.field, i)
			ValidateLabelName(at+".name", c.Name, "every container has one", fs)
			RefuseDuplicate(at+".name", c.Name, seen, fs)
			if c.Image == "" && !slices.Contains(p.LikeApp, c.Name) {
				fs.Add(sidecar.Error, "missing-field", at+".image", "no image is given", "")
			}
			if c.RestartPolicy != nil && list.field == "initContainers" {
				fs.Add(sidecar.Error, "bad-value", at+".restartPolicy", "init containers run to completion before the app starts",
					"move what runs as long as the pod to containers, where placement: native makes it a native sidecar")
			}
			validateContainerPorts(at, c.Ports, fs)
			validateEnv(at, c.Env, fs)
			validateMounts(at, c.VolumeMounts, fs)
		}
	}
	for i, name := range p.LikeApp {
		if !seen[name] {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("likeApp[%d]", i),
				fmt.Sprintf("no container of this entry is named %q", name), "name one of its initContainers or containers")
		}
	}
}

func (p *Custom) validatePod(fs *sidecar.Findings) {
	seen := map[string]bool{}
	for i, v := range p.Volumes {
		at := fmt.Sprintf("volumes[%d].name", i)
		ValidateLabelName(at, v.Name, "every volume has one", fs)
		RefuseDuplicate(at, v.Name, seen, fs)
	}
	for _, key := range slices.Sorted(maps.Keys(p.Pod.Annotations)) {
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
			fs.Add(sidecar.Error, "bad-value", "pod.annotations", fmt.Sprintf("%q can't be the key of an annotation", key),
				"write a name, or a domain, a slash and a name")
		}
	}
	ValidateEnum("pod.fsGroupChangePolicy", p.Pod.FSGroupChangePolicy, fs, corev1.FSGroupChangeAlways,
		corev1.FSGroupChangeOnRootMismatch)
	for i, s := range p.Pod.Sysctls {
		if s.Name == "" {
			fs.Add(sidecar.Error, "missing-field", fmt.Sprintf("pod.sysctls[%d].name", i), "no name is given", "")
		}
	}
	for i, s := range p.Pod.ImagePullSecrets {
		if s.Name == "" {
			fs.Add(sidecar.Error, "missing-field", fmt.Sprintf("pod.imagePullSecrets[%d].name", i), "no Secret is named", "")
		}
	}
}

func (p *Custom) validateApp(fs *sidecar.Findings) {
	seen := map[string]bool{}
	for i, e := range p.App.Env {
		at := fmt.Sprintf("app.env[%d]", i)
		ValidateEnvVar(at, e.EnvVar, fs)
		RefuseDuplicate(at+".name", e.Name, seen, fs)
		switch {
		case e.AppendWith != "" && e.ValueFrom != nil:
			fs.Add(sidecar.Error, "bad-value", at+".appendWith", "a value of valueFrom can't be appended",
				"write a value, or remove appendWith")
		case e.AppendWith != "" && e.Value == "":
			fs.Add(sidecar.Error, "missing-field", at+".value", "there is nothing to append", "write a value")
		case e.Replace && e.AppendWith != "":
			fs.Add(sidecar.Error, "bad-value", at+".replace", "a value is either replaced or appended to",
				"remove replace or appendWith")
		case e.Replace && e.ValueFrom != nil:
			fs.Add(sidecar.Error, "bad-value", at+".replace", "a value of valueFrom can't replace another",
				"write a value, or remove replace")
		case e.Everywhere && !e.Replace:
			fs.Add(sidecar.Error, "bad-value", at+".everywhere", "has no effect without replace: true",
				"add replace: true")
		}
	}
	validateMounts("app", p.App.VolumeMounts, fs)
	for i, port := range p.App.Ports {
		ValidatePort(fmt.Sprintf("app.ports[%d]", i), port, "write the port on which the app listens", fs)
	}
	if p.App.DrainSeconds < 0 {
		fs.Add(sidecar.Error, "bad-value", "app.drainSeconds", "seconds can't be negative", "write 0 for no draining")
	}
}

func validateObject(at string, o sidecar.Object, fs *sidecar.Findings) {
	h := o.Head()
	for _, f := range []struct{ field, value string }{
		{".apiVersion", h.APIVersion}, {".kind", h.Kind}, {".metadata.name", h.Metadata.Name},
	} {
		if f.value == "" {
			fs.Add(sidecar.Error, "missing-field", at+f.field, "is missing", "every object has one")
		}
	}
	var secret struct {
		Data       map[string]any `json:"data"`
		StringData map[string]any `json:"stringData"`
	}
	if h.APIVersion == "v1" && h.Kind == "Secret" && json.Unmarshal(o.RawMessage, &secret) == nil && len(secret.Data)+
		len(secret.StringData) > 0 {
		fs.Add(sidecar.Warning, "secret-inline", at,
			"the values of this Secret are in plain text in the config and in the output",
			"keep it out of Git: create it with an ExternalSecret or SealedSecret, and refer to it by its name")
	}
}

// validateContainerPorts finds ports that the API server would refuse.
func validateContainerPorts(at string, ports []corev1.ContainerPort, fs *sidecar.Findings) {
	for i, port := range ports {
		at := fmt.Sprintf("%s.ports[%d]", at, i)
		ValidatePort(at+".containerPort", port.ContainerPort, "write the port on which the container listens", fs)
		validateProtocol(at+".protocol", port.Protocol, fs)
		if port.Name != "" && len(validation.IsValidPortName(port.Name)) > 0 {
			fs.Add(sidecar.Error, "bad-value", at+".name", fmt.Sprintf("%q can't be the name of a container's port", port.Name),
				"use at most 15 lower case letters, digits and single dashes, with at least one letter")
		}
	}
}

func validateEnv(at string, env []corev1.EnvVar, fs *sidecar.Findings) {
	for i, e := range env {
		ValidateEnvVar(fmt.Sprintf("%s.env[%d]", at, i), e, fs)
	}
}

func validateMounts(at string, mounts []corev1.VolumeMount, fs *sidecar.Findings) {
	for i, m := range mounts {
		at := fmt.Sprintf("%s.volumeMounts[%d]", at, i)
		ValidateLabelName(at+".name", m.Name, "name the volume", fs)
		if m.MountPath == "" {
			fs.Add(sidecar.Error, "missing-field", at+".mountPath", "no path is given", "")
		}
	}
}

func validateProtocol(field string, p corev1.Protocol, fs *sidecar.Findings) {
	ValidateEnum(field, p, fs, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
}

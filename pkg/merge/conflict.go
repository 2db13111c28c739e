package merge

import (
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// editConflict reports that two sidecars set different values at one address.
func editConflict(e, first *sidecar.Edit) sidecar.Finding {
	message := describeConflict(e.Owner, e.Value, first.Owner, first.Value)
	switch {
	case e.Delete:
		message = "removes what " + first.Owner + " sets"
	case first.Delete:
		message = "sets what " + first.Owner + " removes"
	}
	return sidecar.Finding{Severity: sidecar.Error, Code: "conflict", Object: e.Object, Sidecar: e.Owner,
		Field: e.Path.String(), Message: message,
		Hint: "make both equal, or remove one of the sidecars"}
}

// manifestConflict reports that the manifest has another value.
func manifestConflict(e *sidecar.Edit) sidecar.Finding {
	message, hint := "the manifest has another value here", e.Hint
	if hint == "" {
		hint = "remove it from the manifest, or make it equal"
	}
	theirs := describeExisting(e.View, e.Object, e.Path)
	switch ours := describeValue(e.Value); {
	case ours == "":
	case theirs != "" && theirs != ours:
		message = "sets " + ours + ", but the manifest has " + theirs
	case theirs == "":
		message += " than " + ours + ", which the sidecar needs"
	}
	return sidecar.Finding{Severity: sidecar.Error, Code: "conflict", Object: e.Object, Sidecar: e.Owner,
		Field: e.Path.String(), Message: message, Hint: hint}
}

// describeConflict says that a sidecar sets another value than the first one does. It
// shows both values if their descriptions differ.
func describeConflict(owner string, v any, first string, other any) string {
	switch a, b := describeValue(v), describeValue(other); {
	case owner == first:
		return "sets two different values here"
	case a != "" && b != "" && a != b:
		return fmt.Sprintf("sets %s, but %s sets %s", a, first, b)
	}
	return "conflicts with " + first + ", which sets a different value"
}

// describeValue describes a value in a few words, or returns "". It never shows what may
// be secret: the value of a variable, an argument, an annotation.
func describeValue(v any) string {
	switch v := v.(type) {
	case int32, int64, int, bool:
		return fmt.Sprint(v)
	case corev1.Sysctl:
		return v.Name + "=" + v.Value
	case corev1.Container:
		return "image " + v.Image
	case corev1.EnvVar:
		return describeEnv(v)
	case corev1.Volume:
		return describeVolume(v)
	case corev1.VolumeMount:
		return describeMount(v)
	case corev1.ServicePort:
		return describePort(v)
	case corev1.LifecycleHandler:
		if v.Sleep != nil {
			return fmt.Sprintf("a sleep of %d seconds", v.Sleep.Seconds)
		}
	}
	return ""
}

func describeEnv(e corev1.EnvVar) string {
	f := e.ValueFrom
	switch {
	case f == nil:
		return "a value of its own"
	case f.SecretKeyRef != nil:
		return "key " + f.SecretKeyRef.Key + " of Secret " + f.SecretKeyRef.Name
	case f.ConfigMapKeyRef != nil:
		return "key " + f.ConfigMapKeyRef.Key + " of ConfigMap " + f.ConfigMapKeyRef.Name
	case f.FieldRef != nil:
		return "the field " + f.FieldRef.FieldPath
	case f.ResourceFieldRef != nil:
		return "the resource " + f.ResourceFieldRef.Resource
	}
	return "a valueFrom of another kind"
}

func describeVolume(v corev1.Volume) string {
	switch {
	case v.EmptyDir != nil && v.EmptyDir.Medium != "":
		return "an emptyDir of medium " + string(v.EmptyDir.Medium)
	case v.EmptyDir != nil:
		return "an emptyDir"
	case v.ConfigMap != nil:
		return "ConfigMap " + v.ConfigMap.Name
	case v.Secret != nil:
		return "Secret " + v.Secret.SecretName
	case v.PersistentVolumeClaim != nil:
		return "PersistentVolumeClaim " + v.PersistentVolumeClaim.ClaimName
	case v.HostPath != nil:
		return "the node's " + v.HostPath.Path
	case v.Projected != nil:
		return "a projected volume"
	case v.CSI != nil:
		return "a volume of " + v.CSI.Driver
	}
	return "a volume of another kind"
}

func describeMount(m corev1.VolumeMount) string {
	s := "volume " + m.Name
	switch {
	case m.SubPath != "":
		s += " with subPath " + m.SubPath
	case m.SubPathExpr != "":
		s += " with subPathExpr " + m.SubPathExpr
	}
	if m.ReadOnly {
		s += " read-only"
	}
	return s
}

func describePort(p corev1.ServicePort) string {
	s := fmt.Sprintf("port %d/%s", p.Port, sidecar.ProtocolOf(p.Protocol))
	if target := p.TargetPort.String(); target != "0" && target != "" {
		s += " to " + target
	}
	return s
}

// describeExisting describes what the manifest has at a path, if the workload's view
// contains it.
func describeExisting(w *sidecar.Workload, ref sidecar.Ref, p sidecar.Path) string {
	if w == nil || len(p) == 0 {
		return ""
	}
	if ref == w.Ref {
		if len(p) > len(w.Template) && slices.Equal(p[:len(w.Template)], w.Template) {
			if have, there := valueAt(reflect.ValueOf(&w.Pod).Elem(), p[len(w.Template):]); there {
				return describeValue(have.Interface())
			}
		}
		return ""
	}
	for _, s := range w.Services {
		for _, port := range s.Spec.Ports {
			if s.Ref == ref && port.Name == p[len(p)-1].Value {
				return describePort(port)
			}
		}
	}
	return ""
}

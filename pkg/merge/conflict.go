package merge

import (
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// conflict says that two sidecars want different things at one address.
func conflict(e, first *sidecar.Edit) sidecar.Finding {
	message := against(e.Owner, e.Value, first.Owner, first.Value)
	switch {
	case e.Delete:
		message = "takes away what " + first.Owner + " sets"
	case first.Delete:
		message = "sets what " + first.Owner + " takes away"
	}
	return sidecar.Finding{Severity: sidecar.Error, Code: "conflict", Object: e.Object, Sidecar: e.Owner,
		Field: e.Path.String(), Message: message,
		Hint: "let both want the same, or leave one of the sidecars out"}
}

// refused says that the manifest has another value.
func refused(e *sidecar.Edit) sidecar.Finding {
	message, hint := "the manifest has another value there", e.Hint
	if hint == "" {
		hint = "take it out of the manifest, or make it equal"
	}
	theirs := says(e.View, e.Object, e.Path)
	switch ours := say(e.Value); {
	case ours == "":
	case theirs != "" && theirs != ours:
		message = "wants " + ours + ", but the manifest has " + theirs
	case theirs == "":
		message += " than " + ours + ", which it needs"
	}
	return sidecar.Finding{Severity: sidecar.Error, Code: "conflict", Object: e.Object, Sidecar: e.Owner,
		Field: e.Path.String(), Message: message, Hint: hint}
}

// against says that somebody wants another value than the first one does, with
// both where they can be told and differ.
func against(owner string, v any, first string, other any) string {
	switch a, b := say(v), say(other); {
	case owner == first: // one sidecar of two minds
		return "wants two different values there"
	case a != "" && b != "" && a != b:
		return fmt.Sprintf("wants %s, but %s wants %s", a, first, b)
	}
	return "wants another value there than " + first + " does"
}

// say tells a value in a few words, or "". What may be secret - the value of a
// variable, an argument, an annotation - is never told.
func say(v any) string {
	switch v := v.(type) {
	case int32, int64, int, bool:
		return fmt.Sprint(v)
	case corev1.Sysctl:
		return v.Name + "=" + v.Value
	case corev1.Container:
		return "image " + v.Image
	case corev1.EnvVar:
		return sayEnv(v)
	case corev1.Volume:
		return sayVolume(v)
	case corev1.VolumeMount:
		return sayMount(v)
	case corev1.ServicePort:
		return sayPort(v)
	case corev1.LifecycleHandler:
		if v.Sleep != nil {
			return fmt.Sprintf("a sleep of %d seconds", v.Sleep.Seconds)
		}
	}
	return ""
}

func sayEnv(e corev1.EnvVar) string {
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
	return "a value from elsewhere"
}

func sayVolume(v corev1.Volume) string {
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

func sayMount(m corev1.VolumeMount) string {
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

func sayPort(p corev1.ServicePort) string {
	s := fmt.Sprintf("port %d/%s", p.Port, sidecar.ProtocolOf(p.Protocol))
	if target := p.TargetPort.String(); target != "0" && target != "" {
		s += " to " + target
	}
	return s
}

// says tells what the manifest has at a path, as far as the view of the workload
// shows it.
func says(w *sidecar.Workload, ref sidecar.Ref, p sidecar.Path) string {
	if w == nil || len(p) == 0 {
		return ""
	}
	if ref == w.Ref {
		if len(p) > len(w.Template) && slices.Equal(p[:len(w.Template)], w.Template) {
			if have, there := find(reflect.ValueOf(&w.Pod).Elem(), p[len(w.Template):]); there {
				return say(have.Interface())
			}
		}
		return ""
	}
	for _, s := range w.Services {
		for _, port := range s.Spec.Ports {
			if s.Ref == ref && port.Name == p[len(p)-1].Value {
				return sayPort(port)
			}
		}
	}
	return ""
}

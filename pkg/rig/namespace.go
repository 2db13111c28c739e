package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// viewNamespace tells a view what its namespace has. What few patterns ask for is
// looked for only when they do.
func (r *run) viewNamespace(w *sidecar.Workload) {
	in := w.Ref.Namespace
	w.Secrets = r.secretKeys(in)
	w.ConfigMaps = func(name string) *sidecar.ConfigMap {
		return r.viewContent("ConfigMap", in, name, "data", "binaryData")
	}
	w.SecretObjects = func(name string) *sidecar.ConfigMap {
		return r.viewContent("Secret", in, name, "data", "stringData")
	}
	w.ServiceAccounts = func(name string) map[string]string {
		o := r.findByName("ServiceAccount", in, name)
		if o == nil {
			return nil
		}
		defer o.Release()
		if all := o.Annotations(); all != nil {
			return all
		}
		return map[string]string{} // it is there, and has none
	}
	if o := r.findObject(sidecar.Ref{Kind: "Namespace", Name: in}); o != nil {
		w.Namespace = sidecar.Meta{Labels: o.Labels(), Annotations: o.Annotations()}
		w.PodSecurity = w.Namespace.Labels[sidecar.PodSecurityLabel]
		o.Release()
	}
}

package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// fillNamespace adds what the namespace has to a view. What few patterns need is only read when they need it.
func (r *run) fillNamespace(w *sidecar.Workload) {
	in := w.Ref.Namespace
	w.Secrets = r.secretKeys(in)
	w.ConfigMaps = func(name string) *sidecar.ConfigMap {
		return r.readContent("ConfigMap", in, name, "data", "binaryData")
	}
	w.SecretObjects = func(name string) *sidecar.ConfigMap {
		return r.readContent("Secret", in, name, "data", "stringData")
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
		return map[string]string{} // nil would mean that there's no such ServiceAccount
	}
	if o := r.findObject(sidecar.Ref{Kind: "Namespace", Name: in}); o != nil {
		w.Namespace = sidecar.Meta{Labels: o.Labels(), Annotations: o.Annotations()}
		w.PodSecurity = w.Namespace.Labels[sidecar.PodSecurityLabel]
		o.Release()
	}
}

package verify

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkReferences finds ConfigMaps and Secrets that a sidecar needs and that the input has under another name only:
// with the hash that kustomize appends at the end of a build. Pods would wait for one that nobody creates.
func checkReferences(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	for i := range answers {
		a := &answers[i]
		told := map[reference]bool{}
		for _, ref := range listReferences(a.Change) {
			hashed := w.HashedName(ref.kind, ref.name)
			if hashed == "" || told[ref] {
				continue
			}
			told[ref] = true
			fs = append(fs, sidecar.Finding{Severity: sidecar.Warning, Code: "name-hashed", Object: w.Ref, Sidecar: a.Name,
				Message: "needs " + ref.kind + " " + ref.name + ", which has the name " + hashed +
					" since kustomize has appended a hash",
				Hint: "run outrigger in the kustomization, where references follow, or write disableNameSuffixHash: true " +
					"into its generatorOptions"})
		}
	}
	return fs
}

// A reference names a ConfigMap or a Secret.
type reference struct{ kind, name string }

// listReferences returns what the volumes and variables of a change can't do without.
func listReferences(c *sidecar.Change) (all []reference) {
	add := func(kind, name string, optional *bool) {
		if name != "" && (optional == nil || !*optional) {
			all = append(all, reference{kind, name})
		}
	}
	addEnv := func(source *corev1.EnvVarSource) {
		switch {
		case source == nil:
		case source.ConfigMapKeyRef != nil:
			add("ConfigMap", source.ConfigMapKeyRef.Name, source.ConfigMapKeyRef.Optional)
		case source.SecretKeyRef != nil:
			add("Secret", source.SecretKeyRef.Name, source.SecretKeyRef.Optional)
		}
	}
	for i := range c.Volumes {
		v := &c.Volumes[i]
		if v.ConfigMap != nil {
			add("ConfigMap", v.ConfigMap.Name, v.ConfigMap.Optional)
		}
		if v.Secret != nil {
			add("Secret", v.Secret.SecretName, v.Secret.Optional)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.ConfigMap != nil {
				add("ConfigMap", source.ConfigMap.Name, source.ConfigMap.Optional)
			}
			if source.Secret != nil {
				add("Secret", source.Secret.Name, source.Secret.Optional)
			}
		}
	}
	for container := range c.AllContainers() {
		for _, e := range container.Env {
			addEnv(e.ValueFrom)
		}
		for _, from := range container.EnvFrom {
			if from.ConfigMapRef != nil {
				add("ConfigMap", from.ConfigMapRef.Name, from.ConfigMapRef.Optional)
			}
			if from.SecretRef != nil {
				add("Secret", from.SecretRef.Name, from.SecretRef.Optional)
			}
		}
	}
	for i := range c.App.Env {
		addEnv(c.App.Env[i].ValueFrom)
	}
	return all
}

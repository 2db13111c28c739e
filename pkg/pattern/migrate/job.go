package migrate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// moveToJob moves the containers of c from the pod into a Job. The Job's pod is made from
// the workload's without the sidecars. It doesn't get the labels of the workload's pods,
// since Services would send requests to the Job.
func (p *Migrate) moveToJob(w *sidecar.Workload, c *sidecar.Change) (*sidecar.Change, error) {
	if w.Bare == nil { // there are no other patterns
		w.Bare = w.CopyPod()
	}
	out := &sidecar.Change{Notes: c.Notes, OverrideApplied: true}
	last := len(c.InitContainers) - 1
	if w.Platform == sidecar.OpenShift && pattern.OverriddenUser(w) == nil {
		for i := range c.InitContainers {
			if fs := sidecar.LeaveUserOut(&c.InitContainers[i]); fs.Failed() {
				return nil, fs
			}
		}
	}
	main, err := sidecar.OverlayContainer(c.InitContainers[last], w.Override, w.Removed)
	if err != nil {
		return nil, err
	}
	fs := sidecar.CheckArguments(&c.InitContainers[last], &main)
	if fs = append(fs, sidecar.CheckOverlaid(&main)...); fs.Failed() {
		return nil, fs
	}
	for i := range c.InitContainers[:last] {
		if ctr := &c.InitContainers[i]; w.Override != nil {
			ctr.Resources = sidecar.CompleteResources(ctr.Resources, w.Override.Resources)
		}
	}
	pod := p.jobPod(w)
	pod.InitContainers, pod.Volumes = c.InitContainers[:last], c.Volumes
	if len(c.LikeApp) > 0 {
		p.likeApp(w, &main, &pod, &out.Notes)
	}
	main.Resources.Claims = nil // the Job's pod has none
	pod.Containers = []corev1.Container{main}
	checkHook(p.Hook, w, &pod, &out.Notes)
	if p.Hook == "" && p.hasHashedFiles(w) {
		out.Notes.Add(sidecar.Warning, "job-immutable", "source.configMapName",
			"kustomize renames ConfigMap "+p.Source.ConfigMapName+
				" with each change, and a Job is immutable",
			"use a hook, which replaces the Job, or disableNameSuffixHash for the ConfigMap")
	}

	name := w.LongName()
	spec := jobSpec{
		ActiveDeadlineSeconds:   p.ActiveDeadlineSeconds,
		BackoffLimit:            p.BackoffLimit,
		TTLSecondsAfterFinished: p.TTLSecondsAfterFinished,
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app.kubernetes.io/name": sidecar.Shorten(name, 63)}},
			Spec:       pod,
		},
	}
	head := jobMeta{Metadata: pattern.NewMetadata(""), Annotations: p.Hook.hookAnnotations()}
	if p.Hook == "" {
		head.Name = sidecar.Shorten(name, 63-9) + "-" + p.hashJob(w, &spec)
	} else {
		head.Name = sidecar.Shorten(name, 63)
	}
	object := sidecar.NewObject(struct {
		APIVersion string  `json:"apiVersion"`
		Kind       string  `json:"kind"`
		Metadata   jobMeta `json:"metadata"`
		Spec       jobSpec `json:"spec"`
	}{"batch/v1", "Job", head, spec})
	if p.Engine == "" {
		object.RawMessage = keepQuantities(w, &main.Resources, object.RawMessage)
	}
	out.Objects = []sidecar.Object{object}
	return out, nil
}

// keepQuantities writes the app's requests and limits as the manifest does: the library that reads them makes 512Mi of
// 0.5Gi, and 1288490188800m of 1.2Gi.
func keepQuantities(w *sidecar.Workload, resources *corev1.ResourceRequirements, raw []byte) []byte {
	at := sidecar.Fields("spec", "containers").At("name", w.App.Name).To("resources")
	written := func(field string, list corev1.ResourceList) map[string]string {
		texts := map[string]string{}
		for name, q := range list {
			texts[string(name)] = q.String()
			text := w.WrittenText(at.To(field, string(name)))
			if same, err := resource.ParseQuantity(text); err == nil && same.Cmp(q) == 0 {
				texts[string(name)] = text
			}
		}
		return texts
	}
	var texts struct {
		Limits   map[string]string `json:"limits,omitempty"`
		Requests map[string]string `json:"requests,omitempty"`
	}
	texts.Limits, texts.Requests = written("limits", resources.Limits), written("requests", resources.Requests)
	before, _ := json.Marshal(resources) // both can always be encoded
	after, _ := json.Marshal(texts)
	return bytes.Replace(raw, before, after, 1)
}

// leaveDevicesOut removes claims of devices, such as GPUs, from the app's resources: those of resourceClaims and
// extended resources (k8s.io/kubernetes pkg/apis/core/v1/helper, IsExtendedResourceName). A Job would wait for another
// device.
func leaveDevicesOut(r *corev1.ResourceRequirements) {
	isDevice := func(name corev1.ResourceName, _ resource.Quantity) bool {
		return strings.Contains(string(name), "/") && !strings.Contains(string(name), "kubernetes.io/")
	}
	r.Claims = nil
	maps.DeleteFunc(r.Requests, isDevice)
	maps.DeleteFunc(r.Limits, isDevice)
}

// jobSpec holds the fields of batch/v1's JobSpec that are set. (Importing that package
// would slow down every start of the program.)
type jobSpec struct {
	ActiveDeadlineSeconds   *int64                 `json:"activeDeadlineSeconds,omitempty"`
	BackoffLimit            *int32                 `json:"backoffLimit,omitempty"`
	Template                corev1.PodTemplateSpec `json:"template"`
	TTLSecondsAfterFinished *int32                 `json:"ttlSecondsAfterFinished,omitempty"`
}

type jobMeta struct {
	pattern.Metadata
	Annotations map[string]string `json:"annotations,omitempty"`
}

// hashJob returns a hash of what the Job does: of the Job itself, and of the names of the
// files that it reads. (Patterns don't see the content of files, and a migration that has
// run mustn't change.)
func (p *Migrate) hashJob(w *sidecar.Workload, spec *jobSpec) string {
	raw, err := json.Marshal(spec)
	if err != nil {
		panic(fmt.Sprintf("pattern.Migrate: %v", err)) // API types can always be encoded
	}
	if p.Source != nil {
		if m := w.ConfigMap(p.Source.ConfigMapName); m != nil {
			raw = append(raw, strings.Join(m.Keys, "\n")...)
		}
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])[:8]
}

// hookAnnotations returns the annotations of a hook. Each run replaces the Job of the last
// one.
func (h MigrationHook) hookAnnotations() map[string]string {
	switch h {
	case HookArgoCD:
		return map[string]string{sidecar.ArgoHookKey: "PreSync",
			"argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation"}
	case HookHelm:
		return map[string]string{sidecar.HelmHookKey: "pre-install,pre-upgrade",
			"helm.sh/hook-delete-policy": "before-hook-creation"}
	}
	return nil
}

// jobPod copies what decides where pods run and how they reach others. Only the app's own
// program gets the ServiceAccount.
func (p *Migrate) jobPod(w *sidecar.Workload) corev1.PodSpec {
	from := &w.Bare.Pod.Spec
	out := corev1.PodSpec{
		RestartPolicy:      corev1.RestartPolicyNever, // each attempt leaves a pod with its log
		NodeSelector:       from.NodeSelector,
		Tolerations:        from.Tolerations,
		RuntimeClassName:   from.RuntimeClassName,
		HostAliases:        from.HostAliases,
		DNSPolicy:          from.DNSPolicy,
		DNSConfig:          from.DNSConfig,
		ImagePullSecrets:   sidecar.WithPullSecrets(from.ImagePullSecrets, w.PullSecrets),
		EnableServiceLinks: from.EnableServiceLinks,
	}
	if from.Affinity != nil && from.Affinity.NodeAffinity != nil {
		out.Affinity = &corev1.Affinity{NodeAffinity: from.Affinity.NodeAffinity}
	}
	if p.Engine != "" {
		out.AutomountServiceAccountToken = new(false)
		return out
	}
	out.ServiceAccountName, out.AutomountServiceAccountToken = from.ServiceAccountName, from.AutomountServiceAccountToken
	out.SecurityContext = from.SecurityContext
	return out
}

// likeApp adds to the container what the app's container has without the sidecars, and to
// the pod the volumes for it. Volumes that store data for the workload's own pods are left
// out.
func (p *Migrate) likeApp(w *sidecar.Workload, c *corev1.Container, pod *corev1.PodSpec, fs *sidecar.Findings) {
	sidecar.InheritFrom(c, w.Bare.App)
	var missing []string
	for _, name := range w.Bare.Redirected {
		if !slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == name }) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		fs.Add(sidecar.Warning, "job-env", "mode", "the Job doesn't get "+strings.Join(missing, ", ")+
			", which a sidecar rewrites in the pod",
			"write the Job's values into override.env, or use mode init, where the sidecar runs")
	}
	warnOfLoopback(c, fs)
	c.VolumeMounts = slices.DeleteFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
		isMounted := func(v corev1.Volume) bool { return v.Name == m.Name }
		if slices.ContainsFunc(pod.Volumes, isMounted) {
			return false
		}
		i := slices.IndexFunc(w.Bare.Pod.Spec.Volumes, isMounted)
		if i < 0 || w.Bare.Pod.Spec.Volumes[i].PersistentVolumeClaim != nil {
			fs.Add(sidecar.Warning, "job-volume", "mode", "the Job doesn't get "+m.MountPath+": volume "+m.Name+
				" is for the workload's own pods", "use mode init if the migration needs it")
			return true
		}
		pod.Volumes = append(pod.Volumes, w.Bare.Pod.Spec.Volumes[i])
		return false
	})
}

// warnOfLoopback finds variables that point to the pod itself: no other program runs in the
// Job.
func warnOfLoopback(c *corev1.Container, fs *sidecar.Findings) {
	var at []string
	for _, e := range c.Env {
		if pattern.MentionsName(e.Value, "127.0.0.1") || pattern.MentionsName(e.Value, "localhost") {
			at = append(at, e.Name)
		}
	}
	if len(at) > 0 {
		fs.Add(sidecar.Warning, "job-loopback", "mode",
			strings.Join(at, ", ")+" points to the pod itself, and nothing else runs in the Job",
			"write the Job's values into override.env, or use mode init")
	}
}

// hasHashedFiles reports whether the files are in a ConfigMap whose name changes with them.
func (p *Migrate) hasHashedFiles(w *sidecar.Workload) bool {
	if p.Source == nil || p.Source.ConfigMapName == "" {
		return false
	}
	m := w.ConfigMap(p.Source.ConfigMapName)
	return m != nil && m.Hashed
}

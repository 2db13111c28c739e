package oracle

import (
	"context"
	"crypto/tls"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/util/feature"
	jobutil "k8s.io/kubernetes/pkg/api/job"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	serviceutil "k8s.io/kubernetes/pkg/api/service"
	"k8s.io/kubernetes/pkg/apis/apps"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/features"
)

var pod = newStrategy(strategy[core.Pod]{
	prepare: func(p *core.Pod) {
		if p.Spec.ServiceAccountName == "" {
			// Admission does this, and volumes with tokens need it.
			p.Spec.ServiceAccountName = "default"
			//lint:ignore SA1019 both must be the same
			p.Spec.DeprecatedServiceAccount = "default"
		}
		podutil.DropDisabledPodFields(p, nil)
		podutil.DefaultPodLevelResources(p)
	},
	validate: func(p *core.Pod) field.ErrorList {
		opts := podutil.GetValidationOptionsFromPodSpecAndMeta(&p.Spec, nil, &p.ObjectMeta, nil)
		opts.ResourceIsPod = true
		return validation.ValidatePodCreate(p, opts)
	},
	warn: func(ctx context.Context, p *core.Pod) []string {
		return append(hostnameWarning(p.Name, "the Pod's hostname"), podutil.GetWarningsForPod(ctx, p, nil)...)
	},
})

var replicaSet = newStrategy(strategy[apps.ReplicaSet]{
	prepare: func(rs *apps.ReplicaSet) { podutil.DropDisabledTemplateFields(&rs.Spec.Template, nil) },
	validate: func(rs *apps.ReplicaSet) field.ErrorList {
		return appsvalidation.ValidateReplicaSet(rs, podutil.GetValidationOptionsFromPodTemplate(&rs.Spec.Template, nil))
	},
	warn: func(ctx context.Context, rs *apps.ReplicaSet) []string {
		at := field.NewPath("spec", "template")
		own := hostnameWarning(rs.Name, "Pod names and hostnames")
		return append(own, podutil.GetWarningsForPodTemplate(ctx, at, &rs.Spec.Template, nil)...)
	},
})

var job = newStrategy(strategy[batch.Job]{
	prepare: func(j *batch.Job) {
		selectOwnPods(j)
		jobutil.DropDisabledFields(&j.Spec, nil)
		podutil.DropDisabledTemplateFields(&j.Spec.Template, nil)
	},
	validate: func(j *batch.Job) field.ErrorList {
		return batchvalidation.ValidateJobCreate(j, batchvalidation.JobValidationOptions{
			PodValidationOptions:  podutil.GetValidationOptionsFromPodTemplate(&j.Spec.Template, nil),
			RequirePrefixedLabels: true,
		})
	},
	warn: func(ctx context.Context, j *batch.Job) []string {
		own := hostnameWarning(j.Name, "Pod names and hostnames")
		return append(own, jobutil.WarningsForJobSpec(ctx, field.NewPath("spec"), &j.Spec, nil)...)
	},
	options: map[string]bool{
		string(features.WorkloadWithJob): feature.DefaultFeatureGate.Enabled(features.WorkloadWithJob),
	},
})

// selectOwnPods gives a Job the selector and the labels that the server makes for
// it; those that a person wrote stay, and are refused later.
func selectOwnPods(j *batch.Job) {
	if j.Spec.ManualSelector != nil && *j.Spec.ManualSelector {
		return
	}
	if j.Spec.Template.Labels == nil {
		j.Spec.Template.Labels = map[string]string{}
	}
	if j.Spec.Selector == nil {
		j.Spec.Selector = &metav1.LabelSelector{}
	}
	if j.Spec.Selector.MatchLabels == nil {
		j.Spec.Selector.MatchLabels = map[string]string{}
	}
	unlessSet(j.Spec.Template.Labels, j.Name, batch.LegacyJobNameLabel, batch.JobNameLabel)
	unlessSet(j.Spec.Template.Labels, string(j.UID), batch.LegacyControllerUidLabel, batch.ControllerUidLabel)
	unlessSet(j.Spec.Selector.MatchLabels, string(j.UID), batch.ControllerUidLabel)
}

func unlessSet(m map[string]string, value string, keys ...string) {
	for _, k := range keys {
		if _, ok := m[k]; !ok {
			m[k] = value
		}
	}
}

var service = newStrategy(strategy[core.Service]{
	prepare: func(s *core.Service) {
		// The storage does this: clusterIP is the old way to write clusterIPs.
		if s.Spec.ClusterIP != "" && len(s.Spec.ClusterIPs) == 0 {
			s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
		}
	},
	validate: validation.ValidateServiceCreate,
	warn:     func(_ context.Context, s *core.Service) []string { return serviceutil.GetWarningsForService(s, nil) },
})

var secret = newStrategy(strategy[core.Secret]{
	validate: validation.ValidateSecret,
	warn: func(_ context.Context, s *core.Secret) []string {
		if s.Type != core.SecretTypeTLS {
			return nil
		}
		if _, err := tls.X509KeyPair(s.Data[core.TLSCertKey], s.Data[core.TLSPrivateKeyKey]); err != nil {
			return []string{err.Error()}
		}
		return nil
	},
})

var configMap = newStrategy(strategy[core.ConfigMap]{validate: validation.ValidateConfigMap})

var serviceAccount = newStrategy(strategy[core.ServiceAccount]{validate: validation.ValidateServiceAccount})

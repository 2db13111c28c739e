package admission

import (
	"context"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/util/compatibility"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/component-base/featuregate"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/admissionregistration"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install" // knows the policies
	"k8s.io/kubernetes/pkg/apis/admissionregistration/validation"
)

// A Server has the policies of a cluster.
type Server struct {
	plugin *validating.Plugin
	mapper meta.RESTMapper
	stop   context.CancelFunc
}

// NewServer takes policies and bindings as the API server does, with namespaces of these names. What it refuses is an
// error.
func NewServer(manifests string, namespaces ...string) (*Server, error) {
	objects, err := Decode(manifests)
	if err != nil {
		return nil, err
	}
	policies := 0
	for _, o := range objects {
		if err := validate(o); err != nil {
			return nil, err
		}
		if _, ok := o.(*admissionv1.ValidatingAdmissionPolicy); ok {
			policies++
		}
	}
	for _, name := range namespaces {
		objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name,
			Labels: map[string]string{corev1.LabelMetadataName: name}}})
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{mapper: testrestmapper.TestOnlyStaticRESTMapper(scheme.Scheme), stop: cancel}
	if s.plugin, err = validating.NewPlugin(nil); err != nil {
		cancel()
		return nil, err
	}
	client := fake.NewClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	initializer.New(client, dynamicfake.NewSimpleDynamicClient(runtime.NewScheme()), factory,
		authorizerfactory.NewAlwaysAllowAuthorizer(),
		featuregate.NewFeatureGate(), compatibility.DefaultBuildEffectiveVersion(), ctx.Done(), s.mapper).Initialize(s.plugin)
	if err := s.plugin.ValidateInitialization(); err != nil {
		cancel()
		return nil, err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for !s.plugin.WaitForReady() {
		time.Sleep(time.Millisecond)
	}
	return s, nil
}

// Close ends the server.
func (s *Server) Close() { s.stop() }

// Decode decodes a stream of manifests.
func Decode(manifests string) (all []runtime.Object, err error) {
	for _, text := range strings.Split("\n"+manifests, "\n---\n") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		o, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(text), nil, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// validate says what the API server has against a policy or a binding.
func validate(o runtime.Object) error {
	legacyscheme.Scheme.Default(o)
	internal, err := legacyscheme.Scheme.ConvertToVersion(o, runtime.InternalGroupVersioner)
	if err != nil {
		return err
	}
	var wrong field.ErrorList
	switch o := internal.(type) {
	case *admissionregistration.ValidatingAdmissionPolicy:
		wrong = validation.ValidateValidatingAdmissionPolicy(o)
	case *admissionregistration.ValidatingAdmissionPolicyBinding:
		wrong = validation.ValidateValidatingAdmissionPolicyBinding(o)
	default:
		return fmt.Errorf("%T isn't a policy", o)
	}
	return wrong.ToAggregate()
}

// Create returns why the object can't be created in a namespace, or nil.
func (s *Server) Create(ctx context.Context, namespace string, o runtime.Object) error {
	return s.admit(ctx, namespace, admission.Create, o, nil)
}

// Update returns why the object can't become another one, or nil.
func (s *Server) Update(ctx context.Context, namespace string, o, old runtime.Object) error {
	return s.admit(ctx, namespace, admission.Update, o, old)
}

func (s *Server) admit(ctx context.Context, namespace string, op admission.Operation, o, old runtime.Object) error {
	kind := o.GetObjectKind().GroupVersionKind()
	mapping, err := s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	var options runtime.Object = &metav1.CreateOptions{}
	if op == admission.Update {
		options = &metav1.UpdateOptions{}
	}
	attributes := admission.NewAttributesRecord(o, old, kind, namespace, m.GetName(), mapping.Resource, "", op, options,
		false, &user.DefaultInfo{Name: "somebody"})
	return s.plugin.Validate(ctx, attributes, admission.NewObjectInterfacesFromScheme(scheme.Scheme))
}

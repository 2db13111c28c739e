package oracle

import (
	"context"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/capabilities"
)

// A server is what is made once: the typed form of all kinds takes a while.
type server struct {
	strict runtime.Decoder
	typed  managedfields.TypeConverter
}

var theServer = sync.OnceValue(func() server {
	capabilities.Setup(true, 0) // privileged containers, as --allow-privileged does
	codecs := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)
	return server{codecs.UniversalDeserializer(), applyconfigurations.NewTypeConverter(legacyscheme.Scheme)}
})

// admitObject takes an object the way that it goes in the API server.
func admitObject(d document, s rest.RESTCreateStrategy) (refused, warnings []string) {
	srv := theServer()
	obj, _, err := srv.strict.Decode(d.raw, nil, nil)
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		for _, e := range strict.Errors() {
			refused = append(refused, e.Error())
		}
	} else if err != nil {
		refused = append(refused, err.Error())
	}
	if _, err := srv.typed.ObjectToTyped(&d.Unstructured); err != nil {
		refused = append(refused, splitErrors(err)...)
	}
	if obj == nil {
		return refused, nil // nothing to look at
	}
	legacyscheme.Scheme.Default(obj)
	internal, err := legacyscheme.Scheme.ConvertToVersion(obj, runtime.InternalGroupVersioner)
	if err != nil {
		return append(refused, err.Error()), nil
	}
	return createObject(d, s, internal, refused)
}

// createObject does what a registry does with a new object before it is stored.
func createObject(d document, s rest.RESTCreateStrategy, obj runtime.Object, refused []string) (_, warnings []string) {
	meta := obj.(metav1.Object)
	rest.FillObjectMetaSystemFields(meta)
	if meta.GetName() == "" && meta.GetGenerateName() != "" {
		refused = append(refused, "metadata.name: server-side apply needs one; generateName is for create")
		meta.SetName(s.GenerateName(meta.GetGenerateName()))
	}
	if s.NamespaceScoped() && meta.GetNamespace() == "" {
		meta.SetNamespace(metav1.NamespaceDefault) // as the client does
	}
	ctx := request.WithNamespace(context.Background(), meta.GetNamespace())
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true,
		Verb:              "create",
		APIGroup:          d.kind().Group,
		APIVersion:        d.kind().Version,
		Namespace:         meta.GetNamespace(),
		Name:              meta.GetName(),
	})
	s.PrepareForCreate(ctx, obj)
	for _, e := range rest.ValidateCreate(ctx, obj, s) {
		refused = append(refused, e.Error())
	}
	// The server warns of nothing that it refuses; here an input may be a fragment,
	// and its output is to be compared with it all the same.
	return refused, s.WarningsOnCreate(ctx, obj)
}

// splitErrors returns the mistakes that one error of the typed form names.
func splitErrors(err error) []string {
	text := strings.TrimPrefix(err.Error(), "errors:\n")
	var all []string
	for line := range strings.Lines(text) {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

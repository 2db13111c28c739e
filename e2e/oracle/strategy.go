package oracle

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// A strategy is what the registry has for each kind, less what needs storage.
type strategy[T any] struct {
	rest.DeclarativeValidation // part of the rules are tags of the API's types
	names.NameGenerator
	prepare  func(*T)
	validate func(*T) field.ErrorList
	warn     func(context.Context, *T) []string
	options  map[string]bool // each one that the tags of the kind name: a missing one is an error
}

// newStrategy is the one of a kind whose internal type is T.
func newStrategy[T any](s strategy[T]) strategy[T] {
	s.DeclarativeValidation = rest.DeclarativeValidation{Scheme: legacyscheme.Scheme}
	s.NameGenerator = names.SimpleNameGenerator
	return s
}

// castTo returns the object as what it is.
func castTo[T any](obj runtime.Object) *T { return any(obj).(*T) }

func (strategy[T]) NamespaceScoped() bool       { return true }
func (strategy[T]) Canonicalize(runtime.Object) {}

func (s strategy[T]) PrepareForCreate(_ context.Context, obj runtime.Object) {
	if s.prepare != nil {
		s.prepare(castTo[T](obj))
	}
}

func (s strategy[T]) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return s.validate(castTo[T](obj))
}

func (s strategy[T]) WarningsOnCreate(ctx context.Context, obj runtime.Object) []string {
	if s.warn == nil {
		return nil
	}
	return s.warn(ctx, castTo[T](obj))
}

func (s strategy[T]) DeclarativeValidationConfig(_ context.Context, _, _ runtime.Object,
) rest.DeclarativeValidationConfig {
	return rest.DeclarativeValidationConfig{Options: s.options}
}

// hostnameWarning is for kinds whose name becomes that of pods.
func hostnameWarning(name, where string) []string {
	if msgs := validation.IsDNS1123Label(name); len(msgs) != 0 {
		return []string{fmt.Sprintf("metadata.name: this is used in %s, which can result in surprising behavior; "+
			"a DNS label is recommended: %v", where, msgs)}
	}
	return nil
}

package fn

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Results are those of kyaml's framework, field for field, so that it can read all of them.
func TestResultsOfKyaml(t *testing.T) {
	for name, c := range map[string]struct {
		list string
		want framework.Result
	}{
		"about the config": {list(strings.Replace(sidecars, "secretName", "secretname", 1), web), framework.Result{
			Message:  "spec.patterns[0].tlsProxy.secretname: there is no such field; did you mean secretName",
			Severity: framework.Error, Tags: map[string]string{"code": "unknown-field"},
		}},
		"about an object": {list(sidecars, strings.Replace(web, "image: web:1",
			"env: [{name: LISTEN, value: other}]\n          image: web:1", 1)), framework.Result{
			Message:  "tls-proxy: the manifest has another value here; remove it from the manifest, or make it equal",
			Severity: framework.Error, Tags: map[string]string{"code": "conflict"},
			ResourceRef: &yaml.ResourceIdentifier{
				TypeMeta: yaml.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
				NameMeta: yaml.NameMeta{Name: "web"},
			},
			Field: &framework.Field{Path: "spec.template.spec.containers[name=web].env[name=LISTEN]"},
		}},
		"that only informs": {list(sidecars, strings.Replace(web, "  name: web\nspec",
			"  name: web\n  annotations: {outrigger.dev/skip: '*'}\nspec", 1),
			strings.ReplaceAll(web, "  name: web\n", "  name: web\n  namespace: b\n")), framework.Result{
			Message:  "tls-proxy: skipped, as metadata.annotations.outrigger.dev/skip says",
			Severity: framework.Info, Tags: map[string]string{"code": "skipped"},
			ResourceRef: &yaml.ResourceIdentifier{
				TypeMeta: yaml.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
				NameMeta: yaml.NameMeta{Name: "web"},
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, out, err := call(c.list)
			var read struct {
				Rest    map[string]any    `yaml:",inline"`
				Results framework.Results `yaml:"results"`
			}
			strict := yaml.NewDecoder(bytes.NewReader([]byte(out)))
			strict.KnownFields(true)
			require.NoError(t, strict.Decode(&read))
			require.NotEmpty(t, read.Results, err)
			for _, r := range read.Results {
				require.NotEmpty(t, r.Message)
				require.NotEmpty(t, r.Severity)
				require.NotEmpty(t, r.Tags["code"])
			}
			require.Contains(t, read.Results, &c.want, "have: %v", read.Results)
		})
	}
}

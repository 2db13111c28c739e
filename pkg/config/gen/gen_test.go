package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const root = "../../.."

// Generated files are current, and everything in them has a comment.
func TestGenerated(t *testing.T) {
	files, err := generateFiles(root)
	require.NoError(t, err)
	for name, want := range files {
		t.Run(name, func(t *testing.T) {
			have, err := os.ReadFile(filepath.Join(root, name))
			require.NoError(t, err)
			// Equal would print the whole schema, and what differs would be lost in it.
			if n, line := findDifference(string(want), string(have)); n > 0 {
				t.Fatalf("%s is out of date from line %d on, which should be\n%s\nrun: make generate", name, n, line)
			}
		})
	}
	require.True(t, bytes.Equal(files["pkg/config/schema.json"], config.Schema()), "run: make generate")
	require.Less(t, len(config.Schema()), 300_000)
}

// findDifference returns the number of the first line of want that have doesn't have there, and the line; 0 if there is
// none.
func findDifference(want, have string) (number int, line string) {
	if want == have {
		return 0, ""
	}
	lines, others := strings.Split(want, "\n"), strings.Split(have, "\n")
	for i, line := range lines {
		if i == len(others) || line != others[i] {
			return i + 1, line
		}
	}
	return len(lines) + 1, ""
}

func TestReadmeHasTheTable(t *testing.T) {
	files, err := generateFiles(root)
	require.NoError(t, err)
	require.Contains(t, files, "README.md", "there is no README.md for the table of patterns")
	require.True(t, markForm.Match(files["README.md"]),
		"README.md has no <!-- patterns:begin --> and <!-- patterns:end -->; add them and run: go generate ./pkg/config")
}

func TestTable(t *testing.T) {
	types := reachableTypes(reflect.TypeFor[config.Sidecars](), map[reflect.Type]bool{})
	src, err := readSource(root, types)
	require.NoError(t, err)
	shown, err := listExamples(root)
	require.NoError(t, err)
	require.Contains(t, shown["tlsProxy"], "elasticsearch-tls")
	got := writeTable(src, map[string][]string{"tlsProxy": {"one", "two"}})
	for _, key := range config.PatternKeys() {
		require.True(t, strings.Contains(got, "\n| [`"+key+"`](docs/patterns/"+key+".md) | "),
			"the README's table lacks %s: begin its comment in pkg/config/entry.go with its name and family, as in "+
				`"JavaAgent (init) copies ..."`, key)
	}
	require.Equal(t, len(config.PatternKeys())+2, strings.Count(got, "\n"), "a row for each pattern")
	require.Regexp(
		t,
		`(?m)^\| \[.tlsProxy.\]\(docs/patterns/tlsProxy.md\) \| ambassador \| terminates TLS[^|]* \| `+
			`\[one\]\(examples/one\), \[two\]\(examples/two\) \|$`,
		got,
	)
	require.Equal(t, "a\n<!-- patterns:begin -->\nnew\n<!-- patterns:end -->\nb\n",
		string(putIntoReadme([]byte("a\n<!-- patterns:begin -->\nold\n\n<!-- patterns:end -->\nb\n"), "new\n")))
	require.Equal(t, "a\n", string(putIntoReadme([]byte("a\n"), "new\n")))
}

// The schema allows exactly the values that the reader accepts.
func TestSchemaAgreesWithTheReader(t *testing.T) {
	const head = "apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: a}\n"
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"article": {
			head + "spec: {select: [{kind: Deployment, name: a}], patterns: [{tlsProxy: {port: 9200, secretName: a, rebind: " +
				"{port: 9201, env: {a: b}}}}]}",
			true,
		},
		"custom": {
			head + "spec: {select: [{name: a}], patterns: [{name: a, custom: {containers: [{name: a, image: a, resources: " +
				"{limits: {cpu: 1}}}], objects: [{apiVersion: v1, kind: X, metadata: {name: a}}]}}]}",
			true,
		},
		"override": {
			head + "spec: {select: [{name: a}], patterns: [{custom: {}, override: {ports: [{containerPort: 1}], " +
				"imagePullPolicy: Always, readinessProbe: {httpGet: {port: http}}}}]}",
			true,
		},
		"override with null": {
			head + "spec: {select: [{name: a}], patterns: [{custom: {}, override: {securityContext: {runAsUser: null, " +
				"capabilities: null}, livenessProbe: null, args: null, imagePullPolicy: null, resources: " +
				"{limits: {memory: null}}, env: [{name: A, value: null}]}}]}",
			true,
		},
		"a list's entry is null": {
			head + "spec: {select: [{name: a}], patterns: [{custom: {}, override: {env: [null]}}]}",
			false,
		},
		"a needed field is null": {
			head + "spec: {select: [{name: a}], patterns: [{custom: {}, override: {ports: [{containerPort: null}]}}]}",
			false,
		},
		"no spec":         {head, false},
		"no kind":         {"apiVersion: outrigger.dev/v1alpha1\nspec: {select: [{name: a}]}", false},
		"no selection":    {head + "spec: {}", false},
		"empty selection": {head + "spec: {select: []}", false},
		"no pattern":      {head + "spec: {select: [{name: a}], patterns: [{name: a}]}", false},
		"two patterns": {
			head + "spec: {select: [{name: a}], patterns: [{custom: {}, tlsProxy: {port: 1, secretName: a, rebind: {port: " +
				"2}}}]}",
			false,
		},
		"unknown field":        {head + "spec: {select: [{name: a}], foo: 1}", false},
		"unknown field in k8s": {head + "spec: {select: [{name: a}], patterns: [{custom: {}, override: {imgae: a}}]}", false},
		"wrong word":           {head + "spec: {select: [{name: a}], record: maybe}", false},
		"wrong word in k8s": {
			head + "spec: {select: [{name: a}], patterns: [{custom: {}, override: {imagePullPolicy: always}}]}",
			false,
		},
		"number for a string": {head + "spec: {select: [{name: 1}]}", false},
		"string for a number": {head + "spec: {select: [{name: a}], expect: {min: \"1\"}}", false},
		"no server":           {head + "spec: {select: [{name: a}], patterns: [{tunnel: {localPort: 2}}]}", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, fs := config.Read([]byte(c.text), "")
			require.Equal(t, !c.good, fs.Failed(), "%v", fs)
			var doc, top any
			require.NoError(t, yaml.Unmarshal([]byte(c.text), &doc))
			require.NoError(t, json.Unmarshal(config.Schema(), &top))
			require.Equal(t, c.good, valid(top.(map[string]any), top.(map[string]any), doc))
		})
	}
}

// The defaults in the schema are those that the reader sets.
func TestDefaults(t *testing.T) {
	var top struct {
		Defs map[string]struct {
			Properties map[string]struct{ Default any }
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(config.Schema(), &top))
	c, fs := config.Read(
		[]byte("apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nspec: {select: [{name: a}], patterns: [{custom: {}}]}"),
		"",
	)
	require.NoError(t, fs.Err())
	standard := func(def, field string) any { return top.Defs[def].Properties[field].Default }
	require.EqualValues(t, standard("config.Spec", "kubernetesVersion"), c.Spec.KubernetesVersion)
	require.EqualValues(t, standard("config.Spec", "record"), c.Spec.Record)
	require.EqualValues(t, standard("config.Spec", "rollout"), c.Spec.Rollout)
	require.EqualValues(t, standard("config.Entry", "placement"), c.Spec.Patterns[0].Placement)
	require.EqualValues(t, standard("config.Expect", "min"), *c.Spec.Expect.Min)
	require.EqualValues(t, "TCP", standard("sidecar.Claim", "protocol"))
	require.Equal(t, sidecar.Native, c.Spec.Patterns[0].Placement)
}

// valid checks a value against the few keywords of JSON Schema that are used here.
func valid(top, s map[string]any, v any) bool {
	if ref, ok := s["$ref"].(string); ok {
		defs := top["$defs"].(map[string]any)
		beside, some := s["type"]
		return !(some && beside != kindOf(v)) && valid(top, defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), v)
	}
	var types []any
	if one, ok := s["type"].(string); ok {
		types = []any{one}
	} else {
		types, _ = s["type"].([]any)
	}
	if !slices.Contains(types, any(kindOf(v))) && !(kindOf(v) == "integer" && slices.Contains(types, any("number"))) {
		return false
	}
	if c, ok := s["const"]; ok && c != v {
		return false
	}
	if words, ok := s["enum"].([]any); ok && !slices.Contains(words, v) {
		return false
	}
	if list, ok := v.([]any); ok {
		least, _ := s["minItems"].(float64)
		items, some := s["items"].(map[string]any) // none: whatever
		return len(list) >= int(least) && !(some && slices.ContainsFunc(list, func(e any) bool {
			return !valid(top, items, e)
		}))
	}
	object, ok := v.(map[string]any)
	if !ok {
		return true
	}
	required := func(s map[string]any) bool {
		names, _ := s["required"].([]any)
		return !slices.ContainsFunc(names, func(n any) bool { _, there := object[n.(string)]; return !there })
	}
	if one, ok := s["oneOf"].([]any); ok {
		n := 0
		for _, alternative := range one {
			if required(alternative.(map[string]any)) {
				n++
			}
		}
		if n != 1 {
			return false
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for name, value := range object {
		if p, ok := properties[name].(map[string]any); ok {
			if !valid(top, p, value) {
				return false
			}
			continue
		}
		more, some := s["additionalProperties"].(map[string]any)
		if s["additionalProperties"] == false || some && !valid(top, more, value) {
			return false
		}
	}
	return required(s)
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case int:
		return "integer"
	}
	return "number"
}

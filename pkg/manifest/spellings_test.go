package manifest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
)

// applied are the objects that kubectl makes of a stream, by its own decoder
// (k8s.io/cli-runtime, pkg/resource: StreamVisitor, mapper, FlattenListVisitor):
// a document that can't be decoded is left out, one that can't be read ends all.
func applied(text string) (objects []*unstructured.Unstructured) {
	d := kyaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		var ext runtime.RawExtension
		if d.Decode(&ext) != nil {
			return objects
		}
		ext.Raw = bytes.TrimSpace(ext.Raw)
		if len(ext.Raw) == 0 || string(ext.Raw) == "null" {
			continue
		}
		obj, _, err := unstructured.UnstructuredJSONScheme.Decode(ext.Raw, nil, nil)
		if err != nil {
			continue
		}
		var meta struct {
			metav1.TypeMeta   `json:",inline"`
			metav1.ObjectMeta `json:"metadata,omitempty"`
		}
		if kjson.Unmarshal(ext.Raw, &meta) != nil {
			continue
		}
		switch obj := obj.(type) {
		case *unstructured.Unstructured:
			objects = append(objects, obj)
		case *unstructured.UnstructuredList:
			if slices.ContainsFunc(obj.Items, func(u unstructured.Unstructured) bool { return u.IsList() }) {
				continue // a list in a list is an error
			}
			for i := range obj.Items {
				objects = append(objects, &obj.Items[i])
			}
		}
	}
}

// podOf is the pod template of an object that kubectl applies, if it has one that
// the API server can read.
func podOf(u *unstructured.Unstructured) (pod corev1.PodTemplateSpec, ok bool) {
	at := u.Object
	if u.GetKind() != "Pod" || u.GroupVersionKind().Group != "" {
		for _, path := range templates {
			m, there, _ := unstructured.NestedFieldNoCopy(u.Object, strings.Split(path, ".")...)
			if _, list, _ := unstructured.NestedSlice(asMap(m), "spec", "containers"); there && list {
				at, ok = asMap(m), true
				break
			}
		}
		if !ok {
			return pod, false
		}
	}
	raw, err := json.Marshal(at)
	return pod, err == nil && json.Unmarshal(raw, &pod) == nil
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

var namesLine = regexp.MustCompile(`\bline \d+: `)

// seen holds Parse against kubectl's decoder: each workload that kubectl would
// apply is among the objects, with the same head, labels and pod template, or an
// error names its line.
func seen(t *testing.T, text string) (workloads int, refused bool) {
	t.Helper()
	in, err := Parse("", text)
	if err != nil {
		require.Regexp(t, namesLine, err.Error(), "%q", text)
	}
	for _, u := range applied(text) {
		pod, ok := podOf(u)
		if !ok || u.GetName() == "" {
			continue
		}
		workloads++
		if err == nil {
			refused = found(t, in, u, &pod, text) || refused
		}
	}
	return workloads, refused || err != nil
}

func found(t *testing.T, in *Text, u *unstructured.Unstructured, pod *corev1.PodTemplateSpec,
	text string) (refused bool) {
	t.Helper()
	gvk := u.GroupVersionKind()
	var heads []string
	for _, o := range in.Objects {
		heads = append(heads, fmt.Sprintf("%+v %s", o.Ref, o.Version))
		if o.Ref.Group != gvk.Group || o.Version != gvk.Version || o.Ref.Kind != gvk.Kind ||
			o.Ref.Namespace != u.GetNamespace() || o.Ref.Name != u.GetName() {
			continue
		}
		if o.IsToolConfig() {
			return false
		}
		at, ok := o.Template(nil)
		if o.rootNode(); o.err != nil {
			require.Regexp(t, namesLine, o.err.Error(), "%q", text)
			return true
		}
		var have corev1.PodTemplateSpec
		if !ok {
			continue
		}
		if o.Decode(at, &have) != nil {
			return true
		}
		if labels, _, err := unstructured.NestedStringMap(u.Object, "metadata", "labels"); err == nil && len(labels) > 0 {
			require.Equal(t, labels, o.Labels(), "%q", text)
		}
		a, err := json.Marshal(have)
		require.NoError(t, err)
		b, err := json.Marshal(pod)
		require.NoError(t, err)
		if bytes.Equal(a, b) {
			return false
		}
		heads = append(heads, string(a)+" isn't "+string(b))
	}
	t.Errorf("kubectl applies what isn't seen: %s %s/%s in %q\nseen: %s", gvk, u.GetNamespace(), u.GetName(), text,
		strings.Join(heads, "\n"))
	return false
}

// A form spells a field of an object that has the value "V"; what it needs stands
// at the top.
type form struct{ top, field string }

// forms of a field K with a value V on one line.
var forms = []form{
	{"", "K: V"}, {"", "'K': V"}, {"", "\"K\": 'V'"}, {"", "K: \"V\" # c"}, {"", "K : V"}, {"", "K:    V"},
	{"", "K:\n  V"}, {"", "K: # c\n  V"}, {"", "\"K\":\n  'V'"},
	{"", "\"EK\": V"}, {"", "K: \"EV\""}, {"", "\"K\": \"V\\\n  \""}, {"", "K: >-\n  V"}, {"", "K: |-\n  V"},
	{"", "K: >\n  V"}, {"", "? K\n: V"}, {"", "? \"EK\"\n: V"}, {"", "? K # c\n: V"},
	{"", "K: !!str V"}, {"", "!!str K: V"}, {"", "!!str \"K\": V"}, {"", "K: !<tag:yaml.org,2002:str> V"},
	{"", "!<tag:yaml.org,2002:str> K: V"}, {"", "K: ! V"}, {"", "! K: V"}, {"", "K: !x V"}, {"", "!x K: V"},
	{"", "K: !!binary BV"}, {"", "!!binary BK: V"}, {"", "!!binary BK: !!binary BV"}, {"", "? !!binary BK\n: V"},
	{"", "K: !!binary |\n  BV"},
	{"", "K: &a V"}, {"", "&a K: V"}, {"", "K: &a !!str V"}, {"x: &a V", "K: *a"}, {"x: &a K", "*a : V"},
	{"x: &a K", "? *a\n: V"}, {"x: &a {y: V}", "K: *a"}, {"x: {y: &a V}", "K: *a"},
	{"x: &a {K: V}", "<<: *a"}, {"x: &a {K: V}", "<<: [*a]"}, {"", "<<: {K: V}"},
	{"x: &a {K: V}\nz: &b {K: W}", "<<: [*a, *b]"}, {"x: &a {K: V}\nz: &b {<<: *a}", "<<: *b"},
	{"x: &a {K: V}", "!!merge <<: *a"},
	{"x: &a {K: V}", "'<<': *a"}, {"x: &a {K: W}", "<<: *a\nK: V"}, {"x: &a {K: V}", "K: W\n<<: *a"},
	{"x: &a {K: W}", "K: V\n<<: *a"}, {"x: &a {K: V}", "! <<: *a"}, {"x: &a {K: V}", "! \"<<\": *a"},
	{"", "K: V\nK: V"}, {"", "K: W\nK: V"}, {"", "K: W\n'K': V"}, {"", "K: W\n\"EK\": V"},
	{"", "<<: {K: V}\n<<: {K: W}"}, {"", "K: W\n!!str K: V"}, {"", "K:\tV"}, {"", "K: V\t# c"}, {"", "K: V #c"},
	{"", "K: [V]"}, {"", "K: {V: V}"}, {"", "K: ~"}, {"", "K:"},
}

// escaped spells the first letter of a word by its number.
func escaped(s string) string { return fmt.Sprintf("\\u%04x", s[0]) + s[1:] }

// spell writes a form of a field.
func (f form) spell(key, value, other string) form {
	r := strings.NewReplacer("EK", escaped(key), "EV", escaped(value), "BK", base64Of(key), "BV", base64Of(value), "K",
		key, "V", value, "W", other)
	return form{r.Replace(f.top), r.Replace(f.field)}
}

// around are texts that an object stands in: as it is, as a list's member, behind
// other documents. Its fields stand in column 0.
var around = []func(object, top string) string{
	func(o, top string) string { return top + o },
	func(o, top string) string { return top + "---\n" + o + "---\nkind: ConfigMap\n" },
	func(o, top string) string { return "kind: ConfigMap\napiVersion: v1\n---\n" + top + o },
	func(o, top string) string { return "apiVersion: v1\nkind: List\n" + top + "items:\n" + member(o, "- ") },
	func(o, top string) string {
		return top + "apiVersion: v1\nitems:\n  - kind: ConfigMap\n    apiVersion: v1\n" + member(o, "  - ") + "kind: List\n"
	},
	func(o, top string) string {
		return "apiVersion: v1\nkind: ConfigMap\n" + top + "items:\n" + member(o, "- ")
	},
	func(o, top string) string { return strings.ReplaceAll(top+o, "\n", "\r\n") },
}

func member(object, dash string) string {
	return dash + strings.ReplaceAll(strings.TrimSuffix(object, "\n"), "\n", "\n"+strings.Repeat(" ", len(dash))) + "\n"
}

// under puts a field into a mapping of its own.
func under(key, field string) string { return key + ":\n  " + strings.ReplaceAll(field, "\n", "\n  ") }

const (
	ofApps      = "apiVersion: apps/v1"
	ofKind      = "kind: Deployment"
	ofMeta      = "metadata:\n  name: web\n  labels:\n    app: web"
	ofContainer = "{name: app, image: a}"
	ofSpec      = "spec:\n  template:\n    spec:\n      containers:\n      - " + ofContainer
)

// spellings are manifests in which a workload is written in all forms.
func spellings() (texts []string) {
	add := func(f form, object ...string) {
		top := f.top
		if top != "" {
			top += "\n"
		}
		for _, in := range around {
			texts = append(texts, in(strings.Join(object, "\n")+"\n", top))
		}
	}
	for _, f := range forms {
		a, k, n := f.spell("apiVersion", "apps/v1", "v1"), f.spell("kind", "Deployment", "ConfigMap"), f.spell("name",
			"web", "other")
		add(a, a.field, ofKind, ofMeta, ofSpec)
		add(k, ofApps, k.field, ofMeta, ofSpec)
		add(k, ofMeta, ofSpec, k.field, ofApps)
		add(n, ofApps, ofKind, under("metadata", n.field), ofSpec)
		ns, l := f.spell("namespace", "shop", "other"), f.spell("app", "web", "other")
		add(ns, ofApps, ofKind, under("metadata", "name: web\n"+ns.field), ofSpec)
		add(l, ofApps, ofKind, under("metadata", "name: web\nlabels:\n  "+strings.ReplaceAll(l.field, "\n", "\n  ")), ofSpec)
		for _, at := range []struct{ key, value string }{{"metadata", "{name: web}"},
			{"spec", "{template: {spec: {containers: [" + ofContainer + "]}}}"}} {
			g := f.spell(at.key, at.value, "{}")
			fields := []string{ofApps, ofKind, ofMeta, ofSpec}
			if at.key == "metadata" {
				fields[2] = g.field
			} else {
				fields[3] = g.field
			}
			add(g, fields...)
		}
		t := f.spell("template", "{spec: {containers: ["+ofContainer+"]}}", "{}")
		add(t, ofApps, ofKind, ofMeta, under("spec", t.field))
		c := f.spell("containers", "["+ofContainer+"]", "[]")
		add(c, ofApps, ofKind, ofMeta, under("spec", under("template", under("spec", c.field))))
		h := f.spell("hostNetwork", "true", "false")
		add(h, ofApps, ofKind, ofMeta, ofSpec+"\n      "+strings.ReplaceAll(h.field, "\n", "\n      "))
	}
	return append(texts, streams...)
}

const (
	asFlow = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: " +
		"[{name: app, image: a}]}}}}"
	asJSON = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},` +
		`"spec":{"template":{"spec":{"containers":[{"name":"app","image":"a"}]}}}}`
	kindless = "{metadata: {name: web}, spec: {template: {spec: {containers: [{name: app, image: a}]}}}}"
	asBlock  = ofApps + "\n" + ofKind + "\n" + ofMeta + "\n" + ofSpec + "\n"
)

// streams are other texts that hold a workload for kubectl, or nearly.
var streams = []string{
	asFlow, asJSON, asJSON + "\n", "  " + asJSON, asJSON + asJSON, asJSON + "\n" + asJSON + "\n" + asJSON,
	asJSON + "\n---\n" + asFlow + "\n", "--- " + asFlow, "---\n" + asFlow + "\n...\n---\n" + asJSON,
	"[" + asJSON + "]", "- " + asFlow + "\n", asFlow + " # c\n", strings.ReplaceAll(asJSON, "Deploy", `\u0044eploy`),
	strings.ReplaceAll(asJSON, "kind", `\u006bind`), strings.ReplaceAll(asJSON, `"a"`, `"\ud83d\ude00"`),
	strings.ReplaceAll(asJSON, "apps/v1", `apps\/v1`),
	strings.ReplaceAll(asJSON, `"kind"`, `"kind":"ConfigMap","kind"`),
	strings.ReplaceAll(asJSON, `"kind":`, "\"kind\"\n\t:"),
	strings.ReplaceAll(asJSON, `"spec"`, `"<<":{"kind":"ConfigMap"},"spec"`),
	positioned.BOM + asBlock, positioned.BOM + asJSON, "kind: ConfigMap\n---\n" + positioned.BOM + asBlock,
	"---\n" + positioned.BOM + asFlow, asBlock + "---\n" + positioned.BOM + "# c\n" + asBlock,
	positioned.BOM + "---\n" + asBlock, "# c\n" + positioned.BOM + asBlock,
	"%YAML 1.1\n---\n" + asBlock, "%YAML 1.2\n---\n" + asBlock, "# c\n---\n" + asBlock, "---\n---\n" + asBlock,
	"--- # c\n" + asBlock, "---\t\n" + asBlock, "---#c\n" + asBlock, asBlock + "---#c\n" + asBlock, "...\n" + asBlock,
	"a: b\n...\n" + asBlock, asBlock + "...\n" + asBlock, "|\nx\n---\u00a0\n" + asBlock, "|\nx\n---#\n" + asBlock,
	"|\nx\n---\n" + asBlock, "x\n---\n" + asBlock, "\"x\n---\n" + asBlock, "x: \"\n---\n" + asBlock + "---\n\"",
	"---\u2003\n" + asBlock, "---x\n" + asBlock,
	strings.ReplaceAll(asBlock, "\n", "\r"), strings.ReplaceAll(asBlock, "\n", "\u0085"),
	strings.ReplaceAll(asBlock, "\n", "\u2028"), strings.ReplaceAll(asBlock, "\n", "\r\n"), "# \u2029" + asBlock,
	"x: 1\r---\r" + asBlock, "\n\n\n" + asBlock, "\t\n" + asBlock, asBlock + "\t", strings.TrimSpace(asBlock),
	"apiVersion: v1\nkind: List\nitems: [" + asFlow + "]\n",
	`{"apiVersion":"v1","kind":"List","items":[` + asJSON + "," + asJSON + "]}",
	"apiVersion: v1\nkind: List\nitems:\n- " + asFlow + "\n- " + asJSON + "\n",
	"items:\n- " + asFlow + "\nkind: List\napiVersion: v1\n",
	"apiVersion: v1\nkind: List\nitems:\n  " + asFlow + "\n", "kind: List\nitems: &x\n- " + asFlow + "\n",
	"x: &x\n- " + asFlow + "\nkind: List\nitems: *x\n", "x: &x\n  items:\n  - " + asFlow + "\nkind: List\n<<: *x\n",
	"<<: {items: [" + asFlow + "]}\nkind: List\n",
	"x: &x " + asFlow + "\nkind: List\nitems:\n- *x\n", "kind: List\nx: &x " + asFlow + "\nitems: [*x]\n",
	"kind: List\nitems:\n- &x " + asFlow + "\n- *x\n", "kind: List\nitems:\n- <<: " + asFlow + "\n",
	"x: &x " + asFlow + "\nkind: List\nitems:\n- <<: *x\n  metadata: {name: two}\n",
	"kind: List\nitems:\n- kind: List\n  items:\n  - " + asFlow + "\n",
	"kind: List\nitems: [{kind: List, items: [" + asFlow + "]}]\n", "kind: List\nitems:\n- - " + asFlow + "\n",
	"kind: List\nitems:\n- kind: ConfigMap\n  items:\n  - " + asFlow + "\n",
	"kind: DeploymentList\napiVersion: apps/v1\nitems:\n- " + kindless + "\n",
	"kind: DeploymentList\napiVersion: apps/v1\nitems: [" + kindless + "]\n",
	"kind: DeploymentList\napiVersion: apps/v1\nitems:\n- metadata: {name: web}\n" +
		"  spec: {template: {spec: {containers: [" + ofContainer + "]}}}\n",
	"kind: Deployment\napiVersion: apps/v1\nitems:\n- " + kindless + "\n",
	"kind: DeploymentList\napiVersion: apps/v1\nitems:\n- kind: 5\n  apiVersion: 1\n  metadata: {name: web}\n" +
		"  spec: {template: {spec: {containers: [" + ofContainer + "]}}}\n",
	"kind: DeploymentList\napiVersion: apps/v1\nitems:\n- kind: yes\n  metadata: {name: web}\n" +
		"  spec: {template: {spec: {containers: [" + ofContainer + "]}}}\n",
	"kind: ConfigMap\napiVersion: v1\nitems: [" + asFlow + "]\n",
	"kind: ConfigMap\napiVersion: v1\nitems:\n- " + asFlow + "\n",
	"kind: Sidecars\napiVersion: outrigger.dev/v1alpha1\nitems:\n- " + asFlow + "\n",
	"kind: Kustomization\nitems: [" + asFlow + "]\n", "? kind\n: List\n? items\n: - " + asFlow + "\n",
	"kind: List\nitems: !!seq\n- " + asFlow + "\n", "kind: List\n!!str items:\n- " + asFlow + "\n",
	"kind: List\n\"\\u0069tems\":\n- " + asFlow + "\n", "kind: List\nitems:\n- " + asFlow + "\nitems: []\n",
	"kind: List\nitems: []\nitems:\n- " + asFlow + "\n", "{kind: List, items: [" + asFlow + "]}: x\n",
	"kind: List\nitems:\n-\n\n  # c\n  " + asFlow + "\n",
	asBlock + "items: []\n", asBlock + "items:\n- a\n", asBlock + "items: {}\n", "!!map\n" + asBlock, "&x\n" + asBlock,
	"!x\n" + asBlock, "--- !!map\n" + asBlock, "--- &x\n" + asBlock, "!!set\n" + asBlock, "? " + asFlow + "\n",
	strings.ReplaceAll(asBlock, "name: web\n", "name: web\n  annotations: {config.kubernetes.io/local-config: 'true'}\n"),
	strings.ReplaceAll(asBlock, "name: web\n", "name: 5\n"), strings.ReplaceAll(asBlock, "name: web\n", "name: yes\n"),
	strings.ReplaceAll(asBlock, "name: web\n", "name: 1e3\n"),
	strings.ReplaceAll(asBlock, "name: web\n", "name: \"a\\nb\"\n"),
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [" + ofContainer + "]}\n",
	"kind: Pod\nmetadata: {name: web}\n",
}

// Each workload that kubectl would apply is seen, or refused by its line.
func TestSpellings(t *testing.T) {
	texts := spellings()
	workloads, refusals := 0, 0
	for _, text := range texts {
		n, refused := seen(t, text)
		workloads += n
		if refused && n > 0 {
			refusals++
		}
	}
	t.Logf("%d spellings, %d workloads for kubectl, %d texts refused", len(texts), workloads, refusals)
	require.Greater(t, workloads, 2000)
	require.Less(t, refusals*3, workloads, "too much is refused")
}

func FuzzSpellings(f *testing.F) {
	for i, text := range spellings() {
		if i%11 == 0 { // the table is a test of its own
			f.Add(text)
		}
	}
	for _, text := range streams {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 1<<12 {
			seen(t, text)
		}
	})
}

func base64Of(s string) string {
	return base64.StdEncoding.EncodeToString([]byte(s))
}

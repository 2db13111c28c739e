package values

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var wide = Style{Indent: 2, Newline: "\n"}

var compact = Style{Indent: 2, Compact: true, Newline: "\n"}

// A string is quoted where any YAML reader takes it for something else.
func TestScalarQuotes(t *testing.T) {
	for quoted := range strings.FieldsSeq(`~ null Null NULL y Y n N yes No on OFF true FALSE
		<< = - -- --- ... . + 0 9201 -1 +1 0777 08 0o17 0x1F 0b101 1_000 1,000
		1.5 1. .5 -.5 1e3 1E-3 1.0e+3 1_0.5 .inf -.Inf +.INF .NaN +inf 0x1p-2
		1:30 8080:80 1:30:15.5 2024-01-01 2024-1-2T03:04:05Z
		?x :x ,x [x ]x {x }x #x &x *x !x |x >x 'x "x %x @x ` + "`x a:") {
		if quoted == "--" {
			continue // two dashes are an argument's beginning, and plain
		}
		require.Equal(t, "'"+strings.ReplaceAll(quoted, "'", "''")+"'", FormatScalar(quoted))
	}
	for s, want := range map[string]string{
		"": "''", " a": "' a'", "a ": "'a '", "a: b": "'a: b'", "a #b": "'a #b'", "- a": "'- a'", "it's: so": "'it''s: so'",
		"a\tb": `"a\tb"`, "a\nb": `"a\nb"`, "a\r": `"a\r"`,
		"a\x00\x7f\u0085\u2028\ufeff": `"a\u0000\u007f\u0085\u2028\ufeff"`, "\\\"\b\f\x1b": `"\\\"\b\f\u001b"`,
	} {
		require.Equal(t, want, FormatScalar(s))
	}
	for _, s := range []string{"a", "-x", "--x=1,2", "nginx:1.27", "http://x/?a=b#c", "127.0.0.1", "0.0.0.0:80",
		"1.27.3", "100m", "1Gi", "5s", "/bin/sh", "$(A)", "a{b}[c]", "it's", "a  b", "~/x",
		"..", "e5", "inf", "nullable", "a:b", "a#b", "café", "😀", "\ufffd", "x-y_z", "=x", "<x>"} {
		require.Equal(t, s, FormatScalar(s))
	}
	for s, want := range map[string]string{"a,b": "'a,b'", "nginx:1.27": "'nginx:1.27'", "a?": "'a?'", "a[0]": "'a[0]'",
		"a b": "a b"} {
		require.Equal(t, want, FormatFlow(s, false))
	}
}

func TestScalarNumbers(t *testing.T) {
	for s, want := range map[string]string{"1": "1", "-1.5": "-1.5", "1e3": "1.0e+3", "1.5E-7": "1.5e-7",
		"1e+21": "1.0e+21", "18446744073709551616": "18446744073709551616"} {
		require.Equal(t, want, FormatScalar(json.Number(s)))
		require.Equal(t, s, FormatFlow(json.Number(s), true))
	}
	require.Equal(t, "true", FormatScalar(true))
	require.Equal(t, "null", FormatScalar(nil))
	require.Panics(t, func() { FormatFlow(1, false) }, "values come from valueOf and decodeJSON")
}

const container = `{"name":"tls-proxy","args":["-g","daemon off;"],"ports":[{"name":"https","containerPort":9200}],` +
	`"env":[],"emptyDir":{},"x":[[1,2],[],{}],"on":"9201","conf":"a {\n  b;\n}\n"}`

func TestBlock(t *testing.T) {
	v, err := DecodeJSON([]byte(container))
	require.NoError(t, err)
	require.Equal(t, `- name: tls-proxy
    args:
      - -g
      - daemon off;
    ports:
      - name: https
        containerPort: 9200
    env: []
    emptyDir: {}
    x:
      - - 1
        - 2
      - []
      - {}
    'on': '9201'
    conf: |
      a {
        b;
      }`, wide.FormatItem(v, 2))
	require.Equal(t, `tls:
      name: tls-proxy
      args:
      - -g
      - daemon off;
      ports:
      - name: https
        containerPort: 9200
      env: []
      emptyDir: {}
      x:
      - - 1
        - 2
      - []
      - {}
      'on': '9201'
      conf: |
        a {
          b;
        }`, compact.FormatEntry("tls", v, 4))
	require.Equal(t,
		`{name: tls-proxy, args: [-g, daemon off;], ports: [{name: https, containerPort: 9200}], env: [], `+
			`emptyDir: {}, x: [[1, 2], [], {}], 'on': '9201', conf: "a {\n  b;\n}\n"}`, FormatFlow(v, false))
	require.JSONEq(t, container, FormatFlow(v, true))
	require.Equal(t, "a: 1\r\n  b: |-\r\n    x\r\n\r\n    y",
		Style{Indent: 2, Compact: false, Newline: "\r\n"}.FormatMapping(Map{{"a", json.Number("1")}, {"b", "x\n\ny"}}, 2))
}

func TestLiteral(t *testing.T) {
	for s, want := range map[string]string{
		"a\n": "k: |\n  a", "a\nb": "k: |-\n  a\n  b", " a\n": "k: |2\n   a", "\ta\n": "k: |2\n  \ta",
		"\na\n":            "k: |2\n\n  a",
		"a \n\tb\n  \nc\n": "k: |\n  a \n  \tb\n    \n  c", "# a\n---\n": "k: |\n  # a\n  ---",
		"\n": `k: "\n"`, " \na": `k: " \na"`, "a\n ": `k: "a\n "`, "a\r\nb": `k: "a\r\nb"`, "a\n\u2028": `k: "a\n\u2028"`,
		"a\n\n": `k: "a\n\n"`, // a blank line that follows would become part of "|+"
	} {
		require.Equal(t, want, wide.FormatEntry("k", s, 0))
	}
	require.Equal(t, "a: |+\n  x\n\nb: c", wide.FormatMapping(Map{{"a", "x\n\n"}, {"b", "c"}}, 0))
	long := strings.Repeat("k", 1100)
	require.Equal(t, "? "+long+"\n  : v", wide.FormatEntry(long, "v", 2))
}

func TestValueOf(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	v, err := Of(corev1.PodSpec{
		Containers: []corev1.Container{{Name: "a", RestartPolicy: &always, Env: []corev1.EnvVar{{Name: "CPU",
			ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu"}}}}}},
		Volumes: []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
	})
	require.NoError(t, err)
	require.Equal(t,
		`{"volumes": [{"name": "tmp", "emptyDir": {}}], "containers": [{"name": "a", `+
			`"env": [{"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}], `+
			`"restartPolicy": "Always"}]}`, FormatFlow(v, true))
	for want, in := range map[string]any{
		`{"port": 80}`:                     corev1.ServicePort{Port: 80},
		`{"port": 80, "targetPort": 8080}`: corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(8080)},
		`{"spec": {}}`:                     corev1.Service{},
		`{"spec": {"template": {"spec": {}}}}`: map[string]any{"metadata": map[string]any{},
			"spec": map[string]any{"template": corev1.PodTemplateSpec{}}},
		`{"a": 1, "b": 2}`:                    map[string]int{"b": 2, "a": 1},
		`{"status": {}, "a": null, "n": 1e3}`: json.RawMessage(`{"status":{}, "a":null, "n":1e3}`),
		`"x<y"`:                               "x<y",
		`[1, null]`:                           []any{1, nil},
	} {
		v, err := Of(in)
		require.NoError(t, err)
		require.Equal(t, want, FormatFlow(v, true))
	}
	_, err = Of(func() {})
	require.Error(t, err)
}

func TestDecodeJSON(t *testing.T) {
	v, err := DecodeJSON([]byte(" {\"b\" : [ true,false , null, -1.50e+3, \"\\u00e9\\n\" ,\"\xff\"],\"a\":{ }} "))
	require.NoError(t, err)
	require.Equal(t, Map{{"b", []any{true, false, nil, json.Number("-1.50e+3"), "é\n", "\ufffd"}}, {"a", Map{}}}, v)
	for _, bad := range []string{"", "{", "[1,]", "1 2", `{"a":1}}`, strings.Repeat("[", 1e6)} {
		_, err := DecodeJSON([]byte(bad))
		require.Error(t, err)
	}
	_, err = DecodeJSON([]byte(`{"a":{"b":1,"b":2}}`))
	require.EqualError(t, err, "a field is given twice")
}

// A cache makes what Of makes, and equal values once.
func TestCache(t *testing.T) {
	c := Cache{}
	for _, v := range []any{"a", 1, nil, true, []string{"a"}, map[string]any{"b": nil, "resources": map[string]int{}},
		json.RawMessage(`{"b":null}`)} {
		want, err := Of(v)
		require.NoError(t, err)
		first, err := c.Share(v)
		require.NoError(t, err)
		second, err := c.Share(v)
		require.NoError(t, err)
		require.Equal(t, want, first.Value)
		require.Equal(t, want, second.Value)
		_, raw := v.(json.RawMessage)
		require.Equal(t, !raw, first == second, "what a person wrote is read as it is")
	}
	_, err := c.Share(func() {})
	require.Error(t, err)
	_, err = c.Share(json.RawMessage("{"))
	require.Error(t, err)
	for i := range 3000 {
		_, err := c.Share(i)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(c), 1000)
}

// Lines of a shared value are those that a style writes, whatever was asked for before.
func TestFormatLine(t *testing.T) {
	value, err := Of(map[string]any{"a": []any{1, "x\ny\n"}, "b": map[string]any{"c": true}})
	require.NoError(t, err)
	s := &Shared{Value: value}
	for range 2 {
		for _, st := range []Style{{Indent: 2, Newline: "\n"}, {Indent: 4, Compact: true, Newline: "\r\n"}} {
			for _, col := range []int{0, 3, 6} {
				before := st.Newline + Indentation(col)
				require.Equal(t, before+st.FormatItem(value, col), s.FormatLine(st, "", col))
				require.Equal(t, before+st.FormatEntry("k", value, col), s.FormatLine(st, "k", col))
			}
		}
	}
}

// A text is shared as its JSON would be.
func TestShareText(t *testing.T) {
	c := Cache{}
	for _, text := range []string{"", "a", `"a"`, "\u2028<&>\n\t\x00", "\ufffd", "a\xffb", `\ufffd`, "\xff", "é"} {
		raw, err := json.Marshal(text)
		require.NoError(t, err)
		want, err := DecodeJSON(raw)
		require.NoError(t, err)
		for range 2 {
			s, err := c.Share(text)
			require.NoError(t, err)
			require.Equal(t, want, s.Value, "%q", text)
		}
	}
	a, err := c.Share("a")
	require.NoError(t, err)
	b, err := c.Share("a")
	require.NoError(t, err)
	require.Same(t, a, b)
}

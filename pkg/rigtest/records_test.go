package rigtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const keptByRecord = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    example.com/a: b
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
        - name: app
          image: web:1
          env:
            - name: CACHE
              value: redis://:hunter2@cache:6379
            - name: API_TOKEN
              value: 'hunter2'
            - name: LEVEL
              value: low
`

func recording(t *testing.T, spec string) *config.Sidecars {
	t.Helper()
	conf, fs := config.Read(
		[]byte(
			"apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: gate}\nspec:\n  select: [{name: web}]\n"+spec,
		),
		"",
	)
	require.NoError(t, fs.Err())
	return conf
}

func replacing(name string) string {
	return "  patterns:\n    - name: x\n      custom: {containers: [{name: x, image: 'x:1'}], app: {env: [{name: " + name + ", value: new, replace: true}]}}\n"
}

// Law 8: a value that is replaced and may be a password isn't kept in a record.
func TestNoRecordKeepsAPassword(t *testing.T) {
	for name, refused := range map[string]bool{"CACHE": true, "API_TOKEN": true, "LEVEL": false} {
		for _, inPlace := range []bool{true, false} {
			out := rig.Run([]rig.File{{Text: keptByRecord}}, recording(t, replacing(name)), rig.Options{InPlace: inPlace})
			if !refused || !inPlace {
				require.NoError(t, out.Findings.Err())
				require.Contains(t, out.Files()[0].Text, "value: new")
				continue
			}
			require.ErrorContains(
				t,
				out.Findings.Err(),
				"env[name="+name+"].value: the value that is replaced may be a password, and the record of it would keep it in an annotation; move it into a Secret first",
			)
			require.NotContains(t, out.Findings.Err().Error(), "hunter2")
			require.Empty(t, out.Texts)
		}
	}
}

// The records of an attack: none is obeyed, wherever records are.
func TestRecordsOnlyUndo(t *testing.T) {
	binding := `x\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: evil}`
	for name, c := range map[string]struct{ record, says string }{
		"no hash":         {`{"v":2,"marks":[{"at":"/spec/template/spec/containers/name=app/image","was":"evil:1"}]}`, "is damaged"},
		"another object":  {`{"v":2,"marks":[{"at":"/spec/template/spec/serviceAccountName","is":"94d8b3fbb7e7","was":"` + binding + `"}]}`, "is damaged"},
		"nothing for it":  {`{"v":2,"marks":[{"at":"/spec/template/spec/containers/name=app/ports","was":"\n          ports: []","after":"name","by":"/spec"}]}`, "doesn't say what took the place of"},
		"no such version": {`{"v":1,"marks":[{"at":"/kind"}]}`, "is of version 1"},
		"a hand's work":   {`{"v":2,"marks":[{"at":"/spec/template/spec/containers/name=app/image","is":"000000000000","was":"evil:1"}]}`, "containers[name=app].image: was changed by hand"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(keptByRecord, "    example.com/a: b\n",
				"    example.com/a: b\n    applied.outrigger.dev/gate: '"+c.record+"'\n", 1)
			_, fs := rig.Strip([]rig.File{{Text: text}}, "")
			require.ErrorContains(t, fs.Err(), c.says)
			for _, spec := range []string{"  record: always\n", ""} {
				out := rig.Run([]rig.File{{Text: text}}, recording(t, spec+replacing("LEVEL")), rig.Options{InPlace: spec == ""})
				require.ErrorContains(t, out.Findings.Err(), c.says)
				require.Empty(t, out.Texts)
			}
			out := rig.Run([]rig.File{{Text: text}}, recording(t, replacing("LEVEL")), rig.Options{})
			require.ErrorContains(
				t,
				out.Findings.Err(),
				"has a record of what this config added, which is only used when files are written back; render it with -w or kpt, "+
					"or set record: always in the config, or remove what was added with outrigger strip first",
			)
		})
	}
}

// An object goes only with the label, the owner and the hash of its content, and that
// is told: who copies one of them keeps his.
func TestOnlyWhatWasEmittedGoes(t *testing.T) {
	conf := func(objects string) *config.Sidecars {
		return recording(t,
			"  patterns:\n    - name: x\n      custom: {containers: [{name: x, image: 'x:1'}], objects: ["+objects+"]}\n")
	}
	first := rig.Run([]rig.File{{Text: keptByRecord}},
		conf("{apiVersion: v1, kind: ConfigMap, metadata: {name: web-x}, data: {a: b}}"), rig.Options{InPlace: true})
	require.NoError(t, first.Findings.Err())
	laid := first.Files()[0].Text
	deny := "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: deny-all\n  labels: {app.kubernetes.io/managed-by: outrigger}\n  annotations:\n    outrigger.dev/by: gate\nspec: {podSelector: {}}\n"
	for name, c := range map[string]struct {
		change   func(string) string
		gone     bool
		says     string
		severity sidecar.Severity
	}{
		"as written": {func(s string) string { return s }, true, "ConfigMap web-x: was outrigger's and is taken out", sidecar.Info},
		"owner alone": {func(s string) string {
			return s + "---\n" + strings.Replace(deny, "  labels: {app.kubernetes.io/managed-by: outrigger}\n", "", 1)
		}, true, "NetworkPolicy deny-all: has the annotation outrigger.dev/by", sidecar.Warning},
		"without hash": {func(s string) string { return s + "---\n" + deny }, true, "NetworkPolicy deny-all: has the annotation outrigger.dev/by", sidecar.Warning},
		"another hash": {func(s string) string {
			return s + "---\n" + strings.Replace(deny, "by: gate\n", "by: gate\n    outrigger.dev/content: 0123456789ab\n", 1)
		}, false, "NetworkPolicy deny-all: was changed by hand", sidecar.Error},
		"label is gone": {func(s string) string { return strings.Replace(s, "app.kubernetes.io/managed-by: outrigger", "a: b", 1) }, false, "ConfigMap web-x: has the annotation outrigger.dev/by", sidecar.Warning},
	} {
		t.Run(name, func(t *testing.T) {
			text := c.change(laid)
			stripped, fs := rig.Strip([]rig.File{{Text: text}}, "")
			check := func(text string, fs sidecar.Findings) {
				said := false
				for _, f := range fs {
					said = said || f.Severity == c.severity && strings.Contains(f.String(), c.says)
				}
				require.True(t, said, "%v", fs)
				require.Equal(t, c.severity == sidecar.Error, fs.Failed())
				if c.severity == sidecar.Warning {
					require.Contains(t, text, strings.TrimSuffix(strings.Fields(c.says)[1], ":"))
				}
				if c.gone {
					require.NotContains(t, text, "web-x")
				}
			}
			if fs.Failed() {
				stripped = []rig.File{{}}
			}
			check(stripped[0].Text, fs)
			again := rig.Run([]rig.File{{Text: text}}, conf(""), rig.Options{InPlace: true})
			after := ""
			if files := again.Files(); len(files) > 0 {
				after = files[0].Text
			}
			check(after, again.Findings)
		})
	}
}

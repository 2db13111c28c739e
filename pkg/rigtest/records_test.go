package rigtest

import (
	"fmt"
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
	return mustRead(t, newDocument("shop", "{name: web}", spec))
}

func replacing(name string) string {
	return `  patterns:
    - name: x
      custom:
        containers: [{name: x, image: 'x:1'}]
        app: {env: [{name: ` + name + `, value: new, replace: true}]}
`
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
			require.ErrorContains(t, out.Findings.Err(), "env[name="+name+"].value: the replaced value may be a "+
				"password, and a record would keep it in an annotation; move it into a Secret first")
			require.NotContains(t, out.Findings.Err().Error(), "hunter2")
			require.Empty(t, out.Texts)
		}
	}
}

// A volume that the manifest mounts and lacks can come from a sidecar. A record may not remove
// it, since a forged one could take a person's volume in that way.
func TestNoRecordOfAMountedVolume(t *testing.T) {
	mounting := strings.Replace(keptByRecord, "          env:\n",
		"          volumeMounts: [{name: data, mountPath: /data}]\n          env:\n", 1)
	conf := recording(t, `  patterns:
    - name: x
      custom: {volumes: [{name: data, emptyDir: {}}]}
`)
	out := rig.Run([]rig.File{{Text: mounting}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())
	out = rig.Run([]rig.File{{Text: mounting}}, conf, rig.Options{InPlace: true})
	require.ErrorContains(t, out.Findings.Err(), "Deployment web spec.template.spec.volumes[name=data]: is missing in "+
		"the manifest, where a container mounts it, so no record may remove it; write the volume into the manifest")
	require.Empty(t, out.Texts)
	// What stands there already isn't laid on, so no record is of it.
	laid := rig.Run([]rig.File{{Text: mounting}}, conf, rig.Options{})
	out = rig.Run(laid.Files(), conf, rig.Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
}

// Records that somebody forged aren't obeyed, wherever they are.
func TestRecordsOnlyUndo(t *testing.T) {
	binding := `x\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: evil}`
	const app = "/spec/template/spec/containers/name=app"
	for name, c := range map[string]struct{ version, mark, says string }{
		"no hash": {"3", `"at":"` + app + `/image","was":"evil:1"`, "is damaged"},
		"another object": {
			"3", `"at":"/spec/template/spec/serviceAccountName","is":"94d8b3fbb7e7","was":"` + binding + `"`,
			"is damaged",
		},
		"nothing for it": {
			"3", `"at":"` + app + `/ports","was":"\n          ports: []","after":"name","by":"/spec"`,
			"doesn't say what took the place of",
		},
		"no such version": {"1", `"at":"/kind"`, "has version 1"},
		"a hand's work": {
			"3", `"at":"` + app + `/image","is":"000000000000","was":"evil:1"`,
			"containers[name=app].image: was changed by hand",
		},
	} {
		t.Run(name, func(t *testing.T) {
			record := fmt.Sprintf(`{"v":%s,"marks":[{%s}]}`, c.version, c.mark)
			text := strings.Replace(keptByRecord, "    example.com/a: b\n",
				"    example.com/a: b\n    outrigger.dev/applied: '"+record+"'\n", 1)
			_, fs := rig.Strip([]rig.File{{Text: text}}, "")
			require.ErrorContains(t, fs.Err(), c.says)
			for _, spec := range []string{"  record: always\n", ""} {
				out := rig.Run([]rig.File{{Text: text}}, recording(t, spec+replacing("LEVEL")), rig.Options{InPlace: spec == ""})
				require.ErrorContains(t, out.Findings.Err(), c.says)
				require.Empty(t, out.Texts)
			}
			out := rig.Run([]rig.File{{Text: text}}, recording(t, replacing("LEVEL")), rig.Options{})
			require.ErrorContains(t, out.Findings.Err(), "has a record of what was added, which is only used "+
				"when files are written back; render it with -w or kpt, or set record: always in the config, "+
				"or remove what was added with outrigger strip first")
		})
	}
}

// An object is removed, and reported, only if it has the label, the owner and the hash of its content. An object with
// a copy of some of them stays.
func TestOnlyWhatWasEmittedGoes(t *testing.T) {
	conf := func(objects string) *config.Sidecars {
		return recording(t, `  patterns:
    - name: x
      custom: {containers: [{name: x, image: 'x:1'}], objects: [`+objects+`]}
`)
	}
	withMap := conf("{apiVersion: v1, kind: ConfigMap, metadata: {name: web-x}, data: {a: b}}")
	first := rig.Run([]rig.File{{Text: keptByRecord}}, withMap, rig.Options{InPlace: true})
	require.NoError(t, first.Findings.Err())
	laid := first.Files()[0].Text
	deny := `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: deny-all
  labels: {app.kubernetes.io/managed-by: outrigger}
  annotations:
    outrigger.dev/by: shop
spec: {podSelector: {}}
`
	const labels = "  labels: {app.kubernetes.io/managed-by: outrigger}\n"
	and := func(object string) func(string) string {
		return func(text string) string { return text + "---\n" + object }
	}
	for name, c := range map[string]struct {
		change   func(string) string
		gone     bool
		severity sidecar.Severity
		says     string
	}{
		"as written": {
			func(s string) string { return s },
			true, sidecar.Info, "ConfigMap web-x: was written by outrigger, and is removed",
		},
		"owner alone": {
			and(strings.Replace(deny, labels, "", 1)),
			true, sidecar.Warning, "NetworkPolicy deny-all: has the annotation outrigger.dev/by",
		},
		"without hash": {
			and(deny),
			true, sidecar.Warning, "NetworkPolicy deny-all: has the annotation outrigger.dev/by",
		},
		"another hash": {
			and(strings.Replace(deny, "by: shop\n", "by: shop\n    outrigger.dev/content: 0123456789ab\n", 1)),
			false, sidecar.Error, "NetworkPolicy deny-all: was changed by hand",
		},
		"label is gone": {
			func(s string) string { return strings.Replace(s, "app.kubernetes.io/managed-by: outrigger", "a: b", 1) },
			false, sidecar.Warning, "ConfigMap web-x: has the annotation outrigger.dev/by",
		},
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

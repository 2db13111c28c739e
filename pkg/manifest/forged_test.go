package manifest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

var records = flag.Int("records", 1000, "how many forged records are tried; make test takes 10000")

// forgedOn are manifests on which records are forged: what the app is must stay.
const forgedOn = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {team: a}
  annotations:
    example.com/a: b
spec:
  replicas: 2
  template:
    metadata:
      labels: {app: web}
      annotations:
        example.com/b: c
    spec:
      serviceAccountName: web
      hostNetwork: false
      hostPID: false
      securityContext: {runAsNonRoot: true, fsGroup: 3}
      terminationGracePeriodSeconds: 45
      resources:
        requests: {cpu: 1, memory: 1Gi}
        limits: {cpu: "2", memory: 2Gi}
      containers:
        - name: app
          image: web:1 # pinned
          command: [web, --serve]
          args:
            - --listen=:8080
            - --peer=http://db:80
          env:
            - name: MODE
              value: safe
            - name: LEVEL
              value: "3"
          securityContext:
            readOnlyRootFilesystem: true
          ports:
            - name: http
              containerPort: 8080
            - containerPort: 9090
          volumeMounts:
            - name: data
              mountPath: /data
          readinessProbe:
            httpGet: {path: /ready, port: http}
          livenessProbe:
            tcpSocket: {port: 8080}
          startupProbe:
            exec: {command: [probe, "8080"]}
        - name: auth
          image: auth:1
      initContainers:
        - name: prepare
          image: prepare:1
      volumes:
        - name: data
          hostPath: {path: /srv}
        - name: spare
          emptyDir: {}
---
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {a: b}
  annotations:
    example.com/a: b
spec:
  selector: {app: web}
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: deny-all
  annotations:
    example.com/a: b
spec:
  podSelector: {}
  policyTypes: [Ingress]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  annotations:
    example.com/a: b
data: {level: "1"}
`

const forgedConfig = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: gate}
spec:
  select: [{kind: Deployment, name: web}]
  patterns:
    - name: tls-proxy
      custom:
        containers:
        - {name: tls-proxy, image: "proxy:1", ports: [{containerPort: 8080}],
          volumeMounts: [{name: tls-proxy-certs, mountPath: /certs}]}
        volumes: [{name: tls-proxy-certs, secret: {secretName: web-tls}}]
        takeovers: [{port: 8080, appPort: 8081, scheme: HTTPS}]
        app: {args: [--listen=127.0.0.1:8081]}
        objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: web-tls-proxy}, data: {a: b}}]
    - name: beat
      custom:
        containers: [{name: beat, image: "beat:1"}]
        app: {env: [{name: BEAT, value: "on"}, {name: LEVEL, value: "4", replace: true}]}
        pod: {minGracePeriodSeconds: 60}
`

// A forger makes records: of marks of its own, of genuine ones that it bends.
type forger struct {
	*rand.Rand
	conf    *config.Sidecars
	bare    []map[string]any // the objects before and after a run
	laid    []map[string]any
	texts   [2]string // of both
	genuine map[string][]map[string]any
	all     map[string][]spot // what stands in each object, where that was looked for
}

// A spot is a path of an object, as records write it, and the hash of what is there.
type spot struct {
	at, is string
	value  any
}

func newForger(t require.TestingT, seed uint64) *forger {
	conf, fs := config.Read([]byte(forgedConfig), "")
	require.NoError(t, fs.Err())
	out := rig.Run([]rig.File{{Text: forgedOn}}, conf, rig.Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	f := &forger{Rand: rand.New(rand.NewPCG(seed, 1)), conf: conf, bare: parsed(t, forgedOn),
		laid:  parsed(t, out.Files()[0].Text),
		texts: [2]string{forgedOn, out.Files()[0].Text}, genuine: map[string][]map[string]any{}, all: map[string][]spot{}}
	for _, o := range f.laid {
		var r struct {
			Marks []map[string]any `json:"marks"`
		}
		if text, ok := annotations(o)["outrigger.dev/applied"].(string); ok {
			require.NoError(t, json.Unmarshal([]byte(text), &r))
			f.genuine[fmt.Sprint(o["kind"])] = r.Marks
		}
	}
	require.Len(t, f.genuine, 2, "the Deployment and the Service")
	return f
}

func parsed(t require.TestingT, text string) (all []map[string]any) {
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var o map[string]any
		err := d.Decode(&o)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err, text)
		if o != nil {
			all = append(all, o)
		}
	}
}

func annotations(o map[string]any) map[string]any {
	meta, _ := o["metadata"].(map[string]any)
	a, _ := meta["annotations"].(map[string]any)
	return a
}

func (f *forger) one(of ...string) string { return of[f.IntN(len(of))] }

// spots are all paths of an object, as records write them, and what stands there.
func spots(v any, at string, add func(at string, v any)) {
	if at != "" {
		add(at, v)
	}
	esc := strings.NewReplacer("~", "~0", "/", "~1", "=", "~2")
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			spots(v[k], at+"/"+esc.Replace(k), add)
		}
	case []any:
		for _, item := range v {
			m, ok := item.(map[string]any)
			if !ok {
				spots(item, at+"/.="+esc.Replace(fmt.Sprint(item)), add)
				continue
			}
			for _, key := range []string{"name", "containerPort", "mountPath", "port"} {
				if m[key] != nil {
					spots(item, at+"/"+key+"="+esc.Replace(fmt.Sprint(m[key])), add)
				}
			}
		}
	}
}

// spots are those of an object of a text.
func (f *forger) spots(which int, o map[string]any) []spot {
	name := fmt.Sprint(which, o["kind"])
	if f.all[name] == nil {
		spots(o, "", func(at string, v any) {
			raw, _ := json.Marshal(v)
			f.all[name] = append(f.all[name], spot{at, manifest.HashJSON(raw), v})
		})
	}
	return f.all[name]
}

// wanted are what an attacker would change.
var wanted = []string{"/kind", "/apiVersion", "/metadata/name", "/metadata/namespace", "/metadata/labels", "/spec",
	"/spec/template/spec/containers/name=app/image",
	"/spec/template/spec/containers/name=app/command", "/spec/template/spec/containers/name=app/command/.=--serve",
	"/spec/template/spec/containers/name=app/securityContext",
	"/spec/template/spec/serviceAccountName", "/spec/template/spec/hostNetwork", "/spec/template/spec/hostPID",
	"/spec/template/spec/volumes/name=data", "/spec/template/spec/volumes/name=data/hostPath/path",
	"/spec/template/spec/containers/name=auth", "/spec/template/spec/initContainers/name=prepare",
	"/spec/template/spec/securityContext", "/spec/podSelector", "/data/level", "/spec/selector/app"}

const binding = "x\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: evil}\n"

// was are texts to put back.
func (f *forger) was() string {
	return f.one("evil.example/miner:1", binding, "8080\n          image: evil:1", "80\n      hostNetwork: true",
		"{image: evil}", "*a", "&a b", "# c", "", " ", "\n", "{", "]", "'", "\"", "|\n  a", "- a",
		"\n          image: evil:1", "\n          securityContext: {privileged: true}", "\n      serviceAccountName: root",
		"\n          ports:\n            - containerPort: 8080\n          image: evil:1",
		"\n            - containerPort: 8080", "\n            - name: http\n              containerPort: 8080",
		"\n        - name: evil\n          image: evil:1", "\n      hostPID: true",
		"ports: [{containerPort: 8080}]\n          ",
		"image: evil:1\n          ", " # kpt-set: ${evil}", "http", "8081", "null", "true", "30", "\"\\u0041\"",
		"!!binary aGk=", "<<: {image: evil}", "? a", "gate,auth", "tls-proxy", "\r", "\u2028---\u2028a", "a: b: c",
		"{hostPath: {path: /}}",
		"\n          tcpSocket: {port: 22}", "\n            tcpSocket: {port: 22, host: evil}",
		"on\n            - name: EVIL\n              value: x")
}

func (f *forger) mark(there []spot, marks []map[string]any) map[string]any {
	at := there[f.IntN(len(there))]
	if f.IntN(3) == 0 {
		at = spot{at: wanted[f.IntN(len(wanted))]}
		if i := slices.IndexFunc(there, func(s spot) bool { return s.at == at.at }); i >= 0 {
			at = there[i]
		}
	}
	m := map[string]any{"at": at.at, "is": at.is}
	if f.IntN(8) == 0 {
		m["is"] = f.one("", "000000000000")
	}
	switch f.IntN(6) {
	case 0, 1:
		m["was"] = f.was()
	case 2:
		m["was"], m["after"] = f.was(), f.one("", "name=app", "name", "image", "containerPort=9090", "name=http",
			"livenessProbe")
		delete(m, "is")
		if len(marks) > 0 {
			m["by"] = marks[f.IntN(len(marks))]["at"]
		}
		if f.IntN(3) == 0 {
			m["at"] = at.at + f.one("/name=evil", "/ports", "/ports/containerPort=8080", "/image", "/tcpSocket", "/host",
				"/containerPort=8080")
		}
	case 3:
		m["empty"] = f.was()
		if f.IntN(2) == 0 {
			delete(m, "is")
		}
	case 4:
		if s, ok := at.value.(string); ok && f.IntN(2) == 0 {
			delete(m, "is")
			m["part"] = s
			if f.IntN(2) == 0 {
				m["was"] = f.was()
			}
		}
	}
	if f.IntN(10) == 0 {
		m["skip"] = f.IntN(5)
	}
	return m
}

// forge gives manifests with a forged record, and the objects as they are there.
func (f *forger) forge(t require.TestingT) string {
	which := f.IntN(2)
	objects, text := f.bare, f.texts[which]
	if which == 1 {
		objects = f.laid
	}
	kind := f.one("Deployment", "Deployment", "Deployment", "Deployment", "Service", "NetworkPolicy", "ConfigMap")
	o := objects[slices.IndexFunc(objects, func(o map[string]any) bool { return o["kind"] == kind })]
	var marks []map[string]any
	if genuine := f.genuine[kind]; which == 1 && f.IntN(4) > 0 {
		for _, m := range genuine {
			if m = maps.Clone(m); f.IntN(2*len(genuine)) == 0 {
				f.bend(m)
			}
			if f.IntN(3*len(genuine)) > 0 {
				marks = append(marks, m)
			}
		}
	}
	for range 1 + f.IntN(3) - min(1, len(marks)) {
		marks = append(marks, f.mark(f.spots(which, o), marks))
	}
	r := map[string]any{"v": 3, "marks": marks}
	if f.IntN(4) == 0 {
		r["compact"] = true
	}
	if f.IntN(2) == 0 {
		r["documents"] = map[string]any{f.one("gate", "other", "other"): f.document()}
	}
	if f.IntN(4) == 0 {
		r["for"] = []string{f.one("apps/Deployment//web", "apps/Deployment//db", "", "a")}
	}
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	line := "outrigger.dev/applied: '" + strings.ReplaceAll(string(raw), "'", "''") + "'"
	return f.put(text, kind, line)
}

// document is what another document is said to ask for: what an attacker would bring, or
// what stands there already in another form.
func (f *forger) document() any {
	custom := map[string]any{}
	name := f.one("evil", "auth", "app", "prepare", "tls-proxy", "beat")
	container := map[string]any{"name": name, "image": f.one("evil:1", "auth:1", "web:1", "beat:1")}
	if f.IntN(2) == 0 {
		container["securityContext"] = map[string]any{"privileged": true}
	}
	switch f.IntN(6) {
	case 0:
		custom["containers"] = []any{container}
	case 1:
		custom["initContainers"] = []any{container}
	case 2:
		custom["volumes"] = []any{map[string]any{"name": f.one("evil", "spare"), "hostPath": map[string]any{"path": "/"}}}
	case 3:
		custom["objects"] = []any{map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{"name": f.one("evil", "settings", "web-tls-proxy")}, "data": map[string]any{"a": "evil"}}}
	case 4:
		custom["pod"] = map[string]any{"shareProcessNamespace": true, "fsGroup": 0}
	default:
		custom["servicePorts"] = []any{map[string]any{"name": "evil", "port": 22}}
	}
	entry := map[string]any{"name": name, "placement": "beside", "custom": custom}
	document := any(map[string]any{"patterns": []any{entry}})
	if f.IntN(10) == 0 {
		odd := []any{nil, "evil", []any{}, map[string]any{"patterns": "x"}, map[string]any{"evil": 1}}
		document = odd[f.IntN(len(odd))]
	}
	return document
}

// bend changes a genuine mark in one field.
func (f *forger) bend(m map[string]any) {
	switch f.IntN(5) {
	case 0:
		m["was"] = f.was()
	case 1:
		m["at"] = wanted[f.IntN(len(wanted))]
	case 2:
		delete(m, f.one("is", "was", "after", "by", "part"))
	case 3:
		m["by"] = f.one("/kind", "/metadata/annotations/outrigger.dev~1patterns")
	default:
		m["part"] = f.one("auth", "0", "999999999999999999999", "tls-proxy,app")
	}
}

// put writes the record into the text, in the place of one that is there.
func (f *forger) put(text, kind, line string) string {
	docs := strings.Split(text, "\n---\n")
	for i, doc := range docs {
		if !strings.Contains(doc, "\nkind: "+kind+"\n") {
			continue
		}
		var rows []string
		for _, row := range strings.Split(doc, "\n") {
			if !strings.HasPrefix(row, "    outrigger.dev/applied") {
				rows = append(rows, row)
			}
		}
		doc = strings.Replace(strings.Join(rows, "\n"), "\n  annotations:\n", "\n  annotations:\n    "+line+"\n", 1)
		docs[i] = doc
	}
	return strings.Join(docs, "\n---\n")
}

// marked reports whether the object's marker names a container.
func marked(o map[string]any, container string) bool {
	for _, key := range []string{"outrigger.dev/patterns", "outrigger.dev/containers"} {
		text, _ := annotations(o)[key].(string)
		for _, n := range strings.Split(text, ",") {
			if n != "" && (container == n || strings.HasPrefix(container, n+"-")) {
				return true
			}
		}
	}
	return false
}

func dig(o map[string]any, path ...string) map[string]any {
	for _, p := range path {
		o, _ = o[p].(map[string]any)
	}
	return o
}

// without is a copy without some fields.
func without(m map[string]any, fields ...string) map[string]any {
	m = maps.Clone(m)
	for _, f := range fields {
		delete(m, f)
	}
	return m
}

// named are the entries of a list by name.
func named(v any) map[string]map[string]any {
	all := map[string]map[string]any{}
	list, _ := v.([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		all[fmt.Sprint(m["name"])] = m
	}
	return all
}

func key(o map[string]any) string {
	meta, _ := o["metadata"].(map[string]any)
	return fmt.Sprint(o["apiVersion"], o["kind"], meta["namespace"], meta["name"])
}

// ours are what the config itself lays on.
var ours = []string{"tls-proxy", "beat"}

// unharmed checks that what the app is stays, by reading both texts; again says that
// the sidecars were laid on again.
func unharmed(t require.TestingT, before, after string, again bool) {
	then := parsed(t, before)
	now := map[string]map[string]any{}
	for _, o := range parsed(t, after) {
		require.Nil(t, now[key(o)], "one object twice")
		now[key(o)] = o
	}
	there := map[string]bool{}
	for _, o := range then {
		there[key(o)] = true
		if annotations(o)["outrigger.dev/by"] != nil {
			continue // written by a run, and may go
		}
		require.NotNil(t, now[key(o)], "%s is gone", key(o))
		sameObject(t, o, now[key(o)], again)
	}
	for k, o := range now {
		require.True(t, there[k] || again && annotations(o)["outrigger.dev/by"] != nil, "%s has come", k)
	}
}

func sameObject(t require.TestingT, a, b map[string]any, again bool) {
	require.Equal(t, without(a, "metadata", "spec"), without(b, "metadata", "spec"))
	require.Equal(t, without(dig(a, "metadata"), "annotations"), without(dig(b, "metadata"), "annotations"))
	switch a["kind"] {
	case "Deployment":
		require.Equal(t, without(dig(a, "spec"), "template"), without(dig(b, "spec"), "template"))
		require.Equal(t, dig(a, "spec", "template", "metadata")["labels"], dig(b, "spec", "template", "metadata")["labels"])
		samePod(t, a, dig(a, "spec", "template", "spec"), dig(b, "spec", "template", "spec"), again)
	case "Service":
		require.Equal(t, without(dig(a, "spec"), "ports"), without(dig(b, "spec"), "ports"))
	default:
		require.Equal(t, a["spec"], b["spec"])
	}
}

// noMore checks that a pod's own resources have at most gone back to less.
func noMore(t require.TestingT, a, b map[string]any) {
	require.Equal(t, without(a, "requests", "limits"), without(b, "requests", "limits"))
	for _, list := range []string{"requests", "limits"} {
		was, now := dig(a, list), dig(b, list)
		require.Len(t, now, len(was))
		for name := range was {
			more, less := resource.MustParse(fmt.Sprint(was[name])), resource.MustParse(fmt.Sprint(now[name]))
			require.True(t, less.Sign() >= 0 && less.Cmp(more) <= 0, "%s of %s: %v was %v", list, name, now[name], was[name])
		}
	}
}

func samePod(t require.TestingT, o, a, b map[string]any, again bool) {
	moved := []string{"containers", "initContainers", "volumes", "terminationGracePeriodSeconds", "securityContext",
		"resources"}
	require.Equal(t, without(a, moved...), without(b, moved...))
	if !again { // a run on it raises them
		noMore(t, dig(a, "resources"), dig(b, "resources"))
	}
	security := []string{"fsGroup", "fsGroupChangePolicy", "sysctls"}
	require.Equal(t, without(dig(a, "securityContext"), security...), without(dig(b, "securityContext"), security...))
	for _, list := range []string{"containers", "initContainers"} {
		then, now := named(a[list]), named(b[list])
		for name, c := range then {
			if now[name] == nil {
				require.True(t, marked(o, name), "container %s is gone", name)
				continue
			}
			if again && slices.Contains(ours, name) {
				continue
			}
			edited := []string{"env", "args", "volumeMounts", "ports", "lifecycle", "readinessProbe", "livenessProbe",
				"startupProbe"}
			require.Equal(t, without(c, edited...), without(now[name], edited...), "container %s", name)
			for port := range named(c["ports"]) { // Services and probes may refer to it
				kept := named(now[name]["ports"])[port] != nil
				require.True(t, kept || again || port == "<nil>", "port %s is gone", port)
			}
			for env := range named(now[name]["env"]) {
				require.True(t, named(c["env"])[env] != nil || again && env == "BEAT", "variable %s has come", env)
			}
		}
		for name := range now {
			require.True(t, then[name] != nil || again && slices.Contains(ours, name), "container %s has come", name)
		}
	}
	then := named(a["volumes"])
	for name, v := range named(b["volumes"]) {
		if again && strings.HasPrefix(name, "tls-proxy-") {
			continue
		}
		require.Equal(t, then[name], v, "volume %s", name)
	}
}

// tried runs all that obeys records over one text, and tells how many of them worked:
// strip; where that does, or all is asked for, a run in place and one of kpt's too.
func (f *forger) tried(t require.TestingT, text string, all bool) (worked int) {
	if out, fs := rig.Strip([]rig.File{{Text: text}}, ""); !fs.Failed() {
		worked, all = 1, true
		unharmed(t, text, out[0].Text, false)
	}
	if !all {
		return worked
	}
	if out := rig.Run([]rig.File{{Text: text}}, f.conf, rig.Options{InPlace: true}); !out.Findings.Failed() {
		worked++
		unharmed(t, text, out.Files()[0].Text, true)
	}
	var list strings.Builder
	list.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for _, doc := range strings.Split(text, "\n---\n") {
		doc = strings.Replace(strings.TrimSpace(doc), "\n  annotations:\n",
			"\n  annotations:\n    internal.config.kubernetes.io/path: a.yaml\n", 1)
		list.WriteString("- " + strings.ReplaceAll(doc, "\n", "\n  ") + "\n")
	}
	in, err := manifest.Parse("", list.String())
	require.NoError(t, err)
	if out := rig.RunTexts([]*manifest.Text{in}, []*config.Sidecars{f.conf}, rig.Options{}); !out.Findings.Failed() {
		worked++
		unharmed(t, items(t, list.String()), items(t, out.Texts[0].String()), true)
	}
	return worked
}

// items are those of a ResourceList as a stream.
func items(t require.TestingT, list string) string {
	var b strings.Builder
	all, _ := parsed(t, list)[0]["items"].([]any)
	for _, o := range all {
		raw, err := json.Marshal(o)
		require.NoError(t, err)
		b.WriteString(string(raw) + "\n---\n")
	}
	return b.String()
}

// Whatever a record says, with the right hashes or not: nothing but what sidecars move
// is changed by it, no object comes or goes, and what comes out can be read.
func TestForgedRecords(t *testing.T) {
	for part := range uint64(4) {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			f := newForger(t, part)
			require.Equal(t, 3, f.tried(t, f.texts[1], true), "a genuine one works")
			worked := 0
			for i := range *records / 4 {
				text := f.forge(t)
				func() {
					defer func() {
						if t.Failed() {
							t.Log("\n" + text)
						}
					}()
					worked += f.tried(t, text, i%16 == 0)
				}()
			}
			t.Logf("%d runs obeyed", worked)
			require.Greater(t, worked, *records/100, "if none is obeyed, nothing is shown")
		})
	}
}

// FuzzForgedRecord does the same for seeds that nobody has tried, and for marks that
// the fuzzer writes.
func FuzzForgedRecord(f *testing.F) {
	for _, was := range []string{"64Gi", "-1", "64Mi", "x"} {
		f.Add(uint64(9), "Deployment", `{"v":3,"marks":[{"at":"/spec/template/spec/resources/requests/memory","was":"`+was+
			`","is":"`+manifest.HashJSON([]byte(`"1Gi"`))+`"}]}`)
	}
	f.Add(uint64(2), "Deployment",
		`{"v":3,"marks":[{"at":"/spec/template/spec/containers/name=app/image","was":"evil.example/miner:1"}]}`)
	f.Add(uint64(3), "Deployment",
		`{"v":3,"marks":[{"at":"/spec/template/spec/containers/name=app/securityContext","is":"`+
			manifest.HashJSON([]byte(`{"readOnlyRootFilesystem":true}`))+`"}]}`)
	f.Add(uint64(4), "Deployment", `{"v":3,"marks":[{"at":"/spec/template/spec/serviceAccountName","is":"`+
		manifest.HashJSON([]byte(`"web"`))+
		`","was":"x\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: evil}"}]}`)
	f.Add(uint64(5), "Deployment", `{"v":3,"marks":[{"at":"/kind","is":"`+manifest.HashJSON([]byte(`"Deployment"`))+`"}]}`)
	f.Add(uint64(6), "NetworkPolicy", `{"v":3,"marks":[{"at":"/spec/policyTypes","is":"`+
		manifest.HashJSON([]byte(`["Ingress"]`))+`"}]}`)
	g := newForger(f, 0) // one for all: a run of its own for each input would take most of the time
	f.Fuzz(func(t *testing.T, seed uint64, kind, record string) {
		g.Rand = rand.New(rand.NewPCG(seed, 1))
		g.tried(t, g.forge(t), true)
		odd := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) } // no text may hold these
		if strings.ContainsFunc(record, odd) || !json.Valid([]byte(record)) ||
			!slices.Contains([]string{"Deployment", "Service", "NetworkPolicy", "ConfigMap"}, kind) {
			return
		}
		g.tried(t, g.put(g.texts[seed%2], kind, "outrigger.dev/applied: '"+strings.ReplaceAll(record, "'", "''")+"'"),
			true)
	})
}

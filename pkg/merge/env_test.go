package merge_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

// laidEnv is the app's env after the edits, as the text would have it: entries
// stand before the one that their edit names, else at the end.
func laidEnv(t *testing.T, w *sidecar.Workload, wishes ...string) (string, sidecar.Findings) {
	t.Helper()
	var all []sidecar.Answer
	for i, wish := range wishes {
		all = append(all, sidecartest.Answer(w, fmt.Sprintf("s%d", i+1),
			&sidecar.Change{App: sidecar.App{Env: sidecartest.Vars(wish)}}))
	}
	edits, fs := merge.Edits(w, all)
	laid := *w
	laid.Pod = *w.Pod.DeepCopy()
	merge.ApplyEdits(&laid.Pod, w.Template, edits)
	var words []string
	for _, e := range laid.Container(w.App.Name).Env {
		words = append(words, e.Name+"="+e.Value)
	}
	return strings.Join(words, " "), fs
}

func TestEnvOrder(t *testing.T) {
	for name, c := range map[string]struct {
		have   string
		wishes []string
		want   string
		said   string // a part of the only finding
	}{
		"as they come": {"X=1", []string{"B=1 A=2", "C=3"}, "X=1 B=1 A=2 C=3", ""},
		"what is referred to comes first": {"", []string{"URL=http://$(HOST):$(PORT) PORT=1", "HOST=a"},
			"PORT=1 HOST=a URL=http://$(HOST):$(PORT)", ""},
		"over several steps":                   {"", []string{"C=$(B) B=$(A) Z=1 A=1"}, "Z=1 A=1 B=$(A) C=$(B)", ""},
		"an escape is no reference":            {"", []string{"B=$$(A) A=1"}, "B=$$(A) A=1", ""},
		"what isn't closed is none":            {"", []string{"B=$(A A=1 C=$ D=$$"}, "B=$(A A=1 C=$ D=$$", ""},
		"the manifest's own are before anyway": {"A=1", []string{"B=$(A)"}, "A=1 B=$(A)", ""},
		"a person's reference to ours": {"X=1 URL=$(HOST)/x Y=2", []string{"Z=1 HOST=a"},
			"X=1 HOST=a URL=$(HOST)/x Y=2 Z=1", ""},
		"and what ours refers to": {"URL=$(HOST)", []string{"HOST=$(NAME).local NAME=n"},
			"NAME=n HOST=$(NAME).local URL=$(HOST)", ""},
		"the first of a person's references": {"V=$(A) W=$(A)", []string{"A=1"}, "A=1 V=$(A) W=$(A)", ""},
		"between the manifest's":             {"P=1 URL=$(HOST)", []string{"HOST=$(P)"}, "P=1 HOST=$(P) URL=$(HOST)", ""},
		"where it can't be": {"URL=$(HOST) P=1", []string{"HOST=$(P)"}, "URL=$(HOST) P=1 HOST=$(P)",
			"s1: is added after URL, so $(HOST) there doesn't use it: it refers to a later variable itself"},
		"what is appended refers to ours": {"OPTS=-x", []string{"OPTS+=$(AGENT) AGENT=a"}, "AGENT=a OPTS=-x,$(AGENT)",
			""},
		"nobody defines it": {"", []string{"A=$(B)"}, "A=$(B)",
			"s1: refers to $(B), which isn't defined here, so the text stays as it is; define it, or write $$(B) if you mean " +
				"the text"},
		"a Service defines it": {"", []string{"A=$(REDIS_SERVICE_HOST)"}, "A=$(REDIS_SERVICE_HOST)", ""},
		"itself": {"", []string{"PATH=/x:$(PATH)"}, "PATH=/x:$(PATH)",
			"s1: refers to itself, which doesn't give the value of the image"},
		"equal wishes are one":         {"", []string{"A=1 B=$(A)", "B=$(A) A=1"}, "A=1 B=$(A)", ""},
		"appended where there is none": {"", []string{"A+=x"}, "A=x", ""},
		"appended to a person's":       {"A=p", []string{"A+=x", "A+=y"}, "A=p,x,y", ""},
		"appended once":                {"A=p,x,y", []string{"A+=x", "A+=y"}, "A=p,x,y", ""},
		"a part of an element is none": {"A=px", []string{"A+=x"}, "A=px,x", ""},
		"to an empty one":              {"A=", []string{"A+=x"}, "A=x", ""},
		"several of one sidecar's run": {"A=p,y", []string{"A+=x,y"}, "A=p,y,x,y", ""},
		"a cycle": {"", []string{"A=$(B)", "B=$(C) C=$(A) D=$(A)"}, "",
			"these variables refer to each other: A (s1), C (s2), B (s2); write out the value of one of them"},
		"appended and set": {"", []string{"A=1", "A+=2"}, "A=1",
			"s2: appends to this variable, but s1 sets it; set appendWith in both, or remove one of them"},
		"set and appended": {"", []string{"A+=1", "A=2"}, "A=1",
			"s2: sets this variable, but s1 appends to it"},
		"twice in the manifest": {"A=1 A=2", []string{"A+=3"}, "A=1 A=2",
			"s1: can't append: the manifest has the variable twice; keep only the last one, which takes effect"},
		"a value with a dollar but no brackets": {"A=$x", []string{"B=$A"}, "A=$x B=$A", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := sidecartest.Workload()
			for _, e := range sidecartest.Vars(c.have) {
				w.App.Env = append(w.App.Env, e.EnvVar)
			}
			got, fs := laidEnv(t, w, c.wishes...)
			if c.said == "" {
				require.Empty(t, fs)
			} else {
				require.Len(t, fs, 1)
				require.Contains(t, fs[0].String(), c.said)
			}
			if c.want != "" {
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestEnvFrom(t *testing.T) {
	w := sidecartest.Workload()
	w.App.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{}}}
	w.App.Env = []corev1.EnvVar{{Name: "URL", Value: "$(HOST)"},
		{Name: "KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: "k",
			LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}}}}
	got, fs := laidEnv(t, w, "HOST=a OTHER=$(UNSEEN)", "KEY+=x NEW+=y")
	require.Equal(t, "URL=$(HOST) KEY= HOST=a OTHER=$(UNSEEN) NEW=y", got)
	require.Len(t, fs, 3, "%v", fs)
	require.Contains(t, fs[0].String(), "can't append: the manifest has key k of Secret s here, and its value is "+
		"known only in the cluster")
	require.Contains(t, fs[1].String(), "the container has envFrom, and its variables are known only in the cluster")
	require.Contains(t, fs[2].String(), "is added after URL, so $(HOST) there doesn't use it: envFrom may define it")
}

// In whatever order acyclic variables are wished for, by however many sidecars,
// each comes after those that it refers to, and what doesn't depend on another
// keeps its order.
func TestEnvOrderAlwaysResolves(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 2 + r.IntN(12)
		wishes := make([]string, 3)
		w := sidecartest.Workload()
		for _, i := range r.Perm(n) { // V0 refers to none, V1 at most to V0, ...
			value := "x"
			for j := range i {
				if r.IntN(3) == 0 {
					value += fmt.Sprintf("$(V%d)", j)
				}
			}
			s := r.IntN(len(wishes))
			wishes[s] += fmt.Sprintf("V%d=%s ", i, value)
		}
		got, fs := laidEnv(t, w, wishes...)
		require.Empty(t, fs)
		defined := map[string]bool{}
		for _, word := range strings.Fields(got) {
			name, value, _ := strings.Cut(word, "=")
			for _, ref := range strings.Split(value, "$(")[1:] {
				require.True(t, defined[strings.TrimSuffix(ref, ")")], "seed %d: %s in %s", seed, word, got)
			}
			defined[name] = true
		}
		require.Len(t, defined, n)
		again, _ := laidEnv(t, w, wishes...)
		require.Equal(t, got, again)
	}
}

func TestEnvReplace(t *testing.T) {
	secret := &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: "host",
		LocalObjectReference: corev1.LocalObjectReference{Name: "db"}}}
	for name, c := range map[string]struct {
		have []corev1.EnvVar
		also string // another sidecar's plain wish
		want []string
		said string
	}{
		"a plain value": {have: sidecartest.PlainVars("X=1 HOST=db"),
			want: []string{"HOST].value=127.0.0.1 was db"}},
		"an equal one":            {have: sidecartest.PlainVars("HOST=127.0.0.1")},
		"none":                    {have: sidecartest.PlainVars("X=1"), want: []string{"HOST]=127.0.0.1"}},
		"before who refers to it": {have: sidecartest.PlainVars("URL=$(HOST)"), want: []string{"HOST]=127.0.0.1 before URL"}},
		"from elsewhere": {have: []corev1.EnvVar{{Name: "HOST", ValueFrom: secret}},
			said: "can't replace: the manifest has key host of Secret db here, and its value is known only in the cluster; " +
				"change the value where it comes from"},
		"twice": {have: sidecartest.PlainVars("HOST=a HOST=b"),
			said: "can't replace: the manifest has the variable twice"},
		"another wants the same": {have: sidecartest.PlainVars("HOST=db"), also: "HOST=127.0.0.1",
			want: []string{"HOST].value=127.0.0.1 was db"}},
		"another wants otherwise": {have: sidecartest.PlainVars("HOST=db"), also: "HOST=db",
			said: ", which sets a different value"},
		"another appends": {have: sidecartest.PlainVars("HOST=db"), also: "HOST+=x", said: "set appendWith in both"},
	} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%v", name, first), func(t *testing.T) {
				w := sidecartest.Workload()
				w.App.Env = c.have
				all := []sidecar.Answer{sidecartest.Answer(w, "way",
					&sidecar.Change{App: sidecartest.Redirecting("HOST=127.0.0.1")})}
				if c.also != "" {
					all = append(all, sidecartest.Answer(w, "other", &sidecar.Change{App: sidecar.App{Env: sidecartest.Vars(c.also)}}))
				}
				if !first {
					slices.Reverse(all)
				}
				edits, fs := merge.Edits(w, all)
				if c.said != "" {
					require.Len(t, fs, 1)
					require.Equal(t, sidecar.Error, fs[0].Severity)
					require.Contains(t, fs[0].String(), c.said)
					return
				}
				require.Empty(t, fs)
				require.Equal(t, c.want, envEdits(edits))
			})
		}
	}
}

// envEdits are the edits of variables, in short.
func envEdits(edits []sidecar.Edit) (out []string) {
	for _, e := range edits {
		at := e.Path.String()
		_, name, ok := strings.Cut(at, ".env[name=")
		if !ok {
			continue
		}
		text := name + "="
		if v, whole := e.Value.(corev1.EnvVar); whole {
			text += v.Value
		} else {
			text += e.Value.(string)
		}
		if e.Was != nil {
			text += " was " + e.Was.(string)
		}
		if e.Before != "" {
			text += " before " + e.Before
		}
		out = append(out, text)
	}
	return out
}

// What is to be the same everywhere is so in the containers that have it: the
// manifest's by edits, other sidecars' before they're laid on. What an earlier run
// has laid on is the second, not the first.
func TestEnvEverywhere(t *testing.T) {
	w := sidecartest.Workload()
	w.Pod.Spec.InitContainers = []corev1.Container{
		{Name: "migrate", Env: sidecartest.PlainVars("HOST=db PORT=5432")},
		{Name: "hidden", EnvFrom: []corev1.EnvFromSource{{}}},
		{Name: "check", Env: sidecartest.PlainVars("HOST=127.0.0.1")},
	}
	w.Pod.Spec.Containers = append(w.Pod.Spec.Containers, corev1.Container{Name: "worker",
		Env: sidecartest.PlainVars("PORT=1")})
	w.App = &w.Pod.Spec.Containers[0]
	check := corev1.Container{Name: "check", Image: "c:1", Env: sidecartest.PlainVars("HOST=db")}
	change := &sidecar.Change{InitContainers: []corev1.Container{check}}
	edits, fs := merge.Edits(w, []sidecar.Answer{
		sidecartest.Answer(w, "way", &sidecar.Change{App: sidecartest.Redirecting("HOST=127.0.0.1")}),
		sidecartest.Answer(w, "check", change)})
	require.Len(t, fs, 1)
	require.Contains(t, fs[0].String(), "initContainers[name=hidden].envFrom: way: its variables are known only in the "+
		"cluster: if HOST is among them, it isn't replaced in this container")
	require.Equal(t, []string{"HOST]=127.0.0.1", "HOST].value=127.0.0.1 was db"}, envEdits(edits))
	var laid []corev1.Container
	for _, e := range edits {
		if c, ok := e.Value.(corev1.Container); ok {
			laid = append(laid, c)
		}
	}
	require.Len(t, laid, 1)
	require.Equal(t, sidecartest.PlainVars("HOST=127.0.0.1"), laid[0].Env)
	require.Equal(t, sidecartest.PlainVars("HOST=db"), change.InitContainers[0].Env, "a Change isn't written to")

	change.InitContainers[0].Env = []corev1.EnvVar{{Name: "HOST",
		ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.hostIP"}}}}
	_, fs = merge.Edits(w, []sidecar.Answer{
		sidecartest.Answer(w, "way", &sidecar.Change{App: sidecartest.Redirecting("HOST=127.0.0.1")}),
		sidecartest.Answer(w, "check", change)})
	require.True(t, fs.Failed())
	require.Contains(t, fs.Error(), "can't replace HOST of container check: it has the field status.hostIP")
}

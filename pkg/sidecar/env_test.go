package sidecar_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// vars reads "A=1 B=$(A) C+=x": += appends with a comma.
func vars(text string) []sidecar.EnvVar {
	var env []sidecar.EnvVar
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		e := sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: strings.TrimSuffix(name, "+"), Value: value}}
		if strings.HasSuffix(name, "+") {
			e.AppendWith = ","
		}
		env = append(env, e)
	}
	return env
}

// laidEnv is the app's env after the edits, as the text would have it: entries
// stand before the one that their edit names, else at the end.
func laidEnv(t *testing.T, w *sidecar.Workload, wishes ...string) (string, sidecar.Findings) {
	t.Helper()
	var all []sidecar.Asked
	for i, wish := range wishes {
		all = append(all, asked(w, fmt.Sprintf("s%d", i+1), &sidecar.Change{App: sidecar.App{Env: vars(wish)}}))
	}
	edits, fs := sidecar.Edits(w, all)
	var list []corev1.EnvVar
	list = append(list, w.App.Env...)
	for _, e := range edits {
		at := e.Path.String()
		if !strings.Contains(at, ".env[") {
			continue
		}
		index := func(name string) int {
			for i := range list {
				if list[i].Name == name {
					return i
				}
			}
			return len(list)
		}
		name := e.Path[len(e.Path)-1].Value
		if strings.HasSuffix(at, "].value") {
			i := index(e.Path[len(e.Path)-2].Value)
			require.Equal(t, list[i].Value, e.Was)
			list[i].Value = e.Value.(string)
		} else if i := index(name); i == len(list) {
			i = index(e.Before)
			list = append(list[:i:i], append([]corev1.EnvVar{e.Value.(corev1.EnvVar)}, list[i:]...)...)
		}
	}
	var words []string
	for _, e := range list {
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
		"as they come":                          {"X=1", []string{"B=1 A=2", "C=3"}, "X=1 B=1 A=2 C=3", ""},
		"what is referred to comes first":       {"", []string{"URL=http://$(HOST):$(PORT) PORT=1", "HOST=a"}, "PORT=1 HOST=a URL=http://$(HOST):$(PORT)", ""},
		"over several steps":                    {"", []string{"C=$(B) B=$(A) Z=1 A=1"}, "Z=1 A=1 B=$(A) C=$(B)", ""},
		"an escape is no reference":             {"", []string{"B=$$(A) A=1"}, "B=$$(A) A=1", ""},
		"what isn't closed is none":             {"", []string{"B=$(A A=1 C=$ D=$$"}, "B=$(A A=1 C=$ D=$$", ""},
		"the manifest's own are before anyway":  {"A=1", []string{"B=$(A)"}, "A=1 B=$(A)", ""},
		"a person's reference to ours":          {"X=1 URL=$(HOST)/x Y=2", []string{"Z=1 HOST=a"}, "X=1 HOST=a URL=$(HOST)/x Y=2 Z=1", ""},
		"and what ours refers to":               {"URL=$(HOST)", []string{"HOST=$(NAME).local NAME=n"}, "NAME=n HOST=$(NAME).local URL=$(HOST)", ""},
		"the first of a person's references":    {"V=$(A) W=$(A)", []string{"A=1"}, "A=1 V=$(A) W=$(A)", ""},
		"between the manifest's":                {"P=1 URL=$(HOST)", []string{"HOST=$(P)"}, "P=1 HOST=$(P) URL=$(HOST)", ""},
		"where it can't be":                     {"URL=$(HOST) P=1", []string{"HOST=$(P)"}, "URL=$(HOST) P=1 HOST=$(P)", "s1: stands behind URL, whose $(HOST) doesn't see it: it refers to a later one itself"},
		"what is appended refers to ours":       {"OPTS=-x", []string{"OPTS+=$(AGENT) AGENT=a"}, "AGENT=a OPTS=-x,$(AGENT)", ""},
		"nobody defines it":                     {"", []string{"A=$(B)"}, "A=$(B)", "s1: refers to $(B), which nothing defines here: the text stays as it is; define it, or write $$(B) if the text is meant"},
		"a Service defines it":                  {"", []string{"A=$(REDIS_SERVICE_HOST)"}, "A=$(REDIS_SERVICE_HOST)", ""},
		"itself":                                {"", []string{"PATH=/x:$(PATH)"}, "PATH=/x:$(PATH)", "s1: refers to itself: what the image gives it can't be had this way"},
		"equal wishes are one":                  {"", []string{"A=1 B=$(A)", "B=$(A) A=1"}, "A=1 B=$(A)", ""},
		"appended where there is none":          {"", []string{"A+=x"}, "A=x", ""},
		"appended to a person's":                {"A=p", []string{"A+=x", "A+=y"}, "A=p,x,y", ""},
		"appended once":                         {"A=p,x,y", []string{"A+=x", "A+=y"}, "A=p,x,y", ""},
		"a part of an element is none":          {"A=px", []string{"A+=x"}, "A=px,x", ""},
		"to an empty one":                       {"A=", []string{"A+=x"}, "A=x", ""},
		"several of one sidecar's run":          {"A=p,y", []string{"A+=x,y"}, "A=p,y,x,y", ""},
		"a cycle":                               {"", []string{"A=$(B)", "B=$(C) C=$(A) D=$(A)"}, "", "these variables refer to each other: A (s1), C (s2), B (s2); write out the value of one of them"},
		"appended and set":                      {"", []string{"A=1", "A+=2"}, "A=1", "s2: appends to this variable, but s1 sets it; let both append, with appendWith, or leave one of them out"},
		"set and appended":                      {"", []string{"A+=1", "A=2"}, "A=1", "s2: sets this variable, but s1 appends to it"},
		"twice in the manifest":                 {"A=1 A=2", []string{"A+=3"}, "A=1 A=2", "s1: can't append: the manifest has the variable twice; leave the last one, which counts"},
		"a value with a dollar but no brackets": {"A=$x", []string{"B=$A"}, "A=$x B=$A", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := workload()
			for _, e := range vars(c.have) {
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
	w := workload()
	w.App.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{}}}
	w.App.Env = []corev1.EnvVar{{Name: "URL", Value: "$(HOST)"}, {Name: "KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: "k", LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}}}}
	got, fs := laidEnv(t, w, "HOST=a OTHER=$(UNSEEN)", "KEY+=x NEW+=y")
	require.Equal(t, "URL=$(HOST) KEY= HOST=a OTHER=$(UNSEEN) NEW=y", got)
	require.Len(t, fs, 3, "%v", fs)
	require.Contains(t, fs[0].String(), "can't append: the manifest has key k of Secret s there, and what that is shows only in the cluster")
	require.Contains(t, fs[1].String(), "the container has envFrom, which can't be looked into")
	require.Contains(t, fs[2].String(), "stands behind URL, whose $(HOST) doesn't see it: it may mean the one of envFrom")
}

// In whatever order acyclic variables are wished for, by however many sidecars,
// each comes after those that it refers to, and what doesn't depend on another
// keeps its order.
func TestEnvOrderAlwaysResolves(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 2 + r.IntN(12)
		wishes := make([]string, 3)
		w := workload()
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

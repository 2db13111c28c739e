package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/eject"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// A base that changes after the ejection: each value and each list of it, one at a time. The build fails exactly where
// the function's own output isn't the changed base with the changes of the Component.
func TestEjectedFailsClosed(t *testing.T) {
	overlays, err := filepath.Glob("../../examples/*/overlay/kustomization.yaml")
	require.NoError(t, err)
	for _, overlay := range overlays {
		example := filepath.Dir(filepath.Dir(overlay))
		if filepath.Base(example) == "every-pod" {
			continue // fifty workloads like those of the other examples: TestEjectedExamples builds them
		}
		t.Run(filepath.Base(example), func(t *testing.T) {
			t.Parallel()
			checkMutations(t, example)
		})
	}
}

var nameHash = regexp.MustCompile(`-[2-9bcdfghkmt]{10}\b`)

func checkMutations(t *testing.T, example string) {
	sidecars := filepath.Join(example, "sidecars", "sidecars.yaml")
	docs, fs := config.ReadAll([]byte(text(t, sidecars)), sidecars, false)
	require.Empty(t, fs)
	stream := nameHash.ReplaceAllString(kustomize(t, filepath.Join(example, "base")), "")
	dir := filepath.Join(t.TempDir(), "ejected")
	code, _, stderr := call(stream, "eject", "-q", "-c", sidecars, "-o", dir)
	require.Zero(t, code, stderr)
	base := decodeStream(t, stream)
	b := builder{t: t, with: filesOf(t, dir, false), without: filesOf(t, dir, true), run: functionOf(docs)}
	mutants, failed := 0, 0
	for _, key := range slices.Sorted(maps.Keys(base)) {
		mutate(base[key], func(v any) { base[key] = v }, "", func(what string) {
			mutants++
			if b.check(key+what, slices.Collect(maps.Values(base))) {
				failed++
			}
		})
	}
	require.False(t, b.check("unchanged", slices.Collect(maps.Values(base))))
	require.Greater(t, failed, 3)
	require.Less(t, failed, mutants)
	shifted := slices.DeleteFunc(slices.Clone(b.vain), func(what string) bool { return !entryMoved.MatchString(what) })
	require.LessOrEqual(t, len(shifted), 8, "patches find entries by index: %v", shifted)
	require.LessOrEqual(t, len(b.vain)-len(shifted), 4, "nothing can be tested below what is missing: %v", b.vain)
	t.Logf("%d changed bases: %d fail, %d of them in vain: %v", mutants, failed, len(b.vain), b.vain)
	b.checkPairs(base)
	b.checkAdditions(base)
	b.checkScraping(base)
}

// checkScraping annotates each Service that has no annotations with each port that the pods declare: where a proxy has
// taken it over, the function adds the scheme.
func (b *builder) checkScraping(base map[string]any) {
	b.t.Helper()
	ports := regexp.MustCompile(`"containerPort":(\d+)`)
	text, err := json.Marshal(base)
	require.NoError(b.t, err)
	for _, key := range slices.Sorted(maps.Keys(base)) {
		o := base[key].(map[string]any)
		meta := o["metadata"].(map[string]any)
		if o["kind"] != "Service" || meta["annotations"] != nil {
			continue
		}
		for _, port := range ports.FindAllStringSubmatch(string(text), -1) {
			meta["annotations"] = map[string]any{"prometheus.io/scrape": "true", "prometheus.io/port": port[1]}
			b.check(key+" scraped on "+port[1], slices.Collect(maps.Values(base)))
			delete(meta, "annotations")
		}
	}
}

// checkAdditions adds fields to whatever declares ports, to which the function reacts if it has taken one over.
func (b *builder) checkAdditions(base map[string]any) {
	b.t.Helper()
	var visit func(v any, where string)
	visit = func(v any, where string) {
		switch v := v.(type) {
		case map[string]any:
			fields := map[string]any{}
			if v["containerPort"] == nil && v["targetPort"] != nil {
				fields["appProtocol"] = "http"
			}
			ports, _ := v["ports"].([]any)
			for _, p := range ports {
				entry, _ := p.(map[string]any)
				if port := entry["containerPort"]; port != nil {
					fields["livenessProbe"] = map[string]any{"httpGet": map[string]any{"port": port}}
				}
				if name := entry["name"]; name != nil && v["image"] != nil {
					fields["startupProbe"] = map[string]any{"tcpSocket": map[string]any{"port": name}}
				}
			}
			for field, value := range fields {
				if v[field] == nil {
					v[field] = value
					b.check(where+"."+field+" added", slices.Collect(maps.Values(base)))
					delete(v, field)
				}
			}
			for key, below := range v {
				visit(below, where+"."+key)
			}
		case []any:
			for _, entry := range v {
				visit(entry, where+"[]")
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(base)) {
		visit(base[key], key)
	}
}

// entryMoved matches changes after which entries of a list have other indexes.
var entryMoved = regexp.MustCompile(`\[\d+\] (inserted before|swapped|removed)$`)

// A builder builds with a Component, with its changes alone, and with the function.
type builder struct {
	t             *testing.T
	with, without map[string]string
	run           eject.Function
	vain          []string // fail, although the changes alone would be right
}

// check compares the builds, and reports whether the Component's fails.
func (b *builder) check(what string, base []any) (failed bool) {
	b.t.Helper()
	built, broken := b.build(b.with, base)
	var objects []eject.Object
	for _, o := range base {
		raw, err := json.Marshal(o)
		require.NoError(b.t, err)
		decoded, err := eject.DecodeObject(raw)
		require.NoError(b.t, err)
		meta, ok := decoded["metadata"].(map[string]any)
		if !ok {
			meta = map[string]any{}
			decoded["metadata"] = meta
		}
		notes, ok := meta["annotations"].(map[string]any)
		if !ok {
			notes = map[string]any{}
			meta["annotations"] = notes
		}
		notes["kustomize.config.k8s.io/id"] = "1"
		objects = append(objects, decoded)
	}
	after, refused := b.run(objects)
	want := map[string]string{}
	for _, o := range after {
		addNormal(b.t, want, o)
	}
	if broken == nil {
		require.NoError(b.t, refused, "%s: the function refuses it, and the Component builds", what)
		require.Equal(b.t, want, built, what)
		return false
	}
	if plain, err := b.build(b.without, base); err == nil && refused == nil && maps.Equal(plain, want) {
		b.vain = append(b.vain, what)
	}
	return true
}

// addNormal adds an object as it would leave a build.
func addNormal(t *testing.T, all map[string]string, o map[string]any) {
	t.Helper()
	raw, err := json.Marshal(o)
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(raw, &v))
	meta := v["metadata"].(map[string]any)
	notes, _ := meta["annotations"].(map[string]any)
	for key := range notes {
		if strings.HasPrefix(key, "internal.config.kubernetes.io/") || key == "kustomize.config.k8s.io/id" {
			delete(notes, key)
		}
	}
	if len(notes) == 0 {
		delete(meta, "annotations")
	}
	raw, err = json.Marshal(v)
	require.NoError(t, err)
	all[fmt.Sprint(v["kind"], "/", meta["name"])] = string(raw)
}

func (b *builder) build(component map[string]string, base []any) (map[string]string, error) {
	b.t.Helper()
	disk := filesys.MakeFsInMemory()
	write := func(name, text string) { require.NoError(b.t, disk.WriteFile(name, []byte(text))) }
	for name, text := range component {
		write("/component/"+name, text)
	}
	var resources []string
	for i, o := range base {
		raw, err := json.Marshal(o)
		require.NoError(b.t, err)
		write(fmt.Sprintf("/build/%d.yaml", i), string(raw))
		resources = append(resources, fmt.Sprintf("%d.yaml", i))
	}
	write("/build/kustomization.yaml", "resources: ["+strings.Join(resources, ", ")+"]\ncomponents: [../component]\n")
	m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, "/build")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, r := range m.Resources() {
		o, err := r.Map()
		require.NoError(b.t, err)
		addNormal(b.t, all, o)
	}
	return all, nil
}

// filesOf returns the files of a Component. Names get no hash, as the function's have none before the end of a build.
// bare leaves its tests out.
func filesOf(t *testing.T, dir string, bare bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, err := filepath.Rel(dir, path)
			require.NoError(t, err)
			all[name] = text(t, path)
		}
		return err
	}))
	all["kustomization.yaml"] += "generatorOptions: {disableNameSuffixHash: true}\n"
	for name, patch := range all {
		var steps []map[string]any
		if !bare || yaml.Unmarshal([]byte(patch), &steps) != nil || len(steps) == 0 || steps[0]["op"] == nil {
			continue
		}
		last := map[any]bool{}
		steps = slices.DeleteFunc(steps, func(s map[string]any) bool {
			if s["op"] == "test" && s["value"] == "outrigger.dev/last" {
				last[s["path"]] = true
				return true
			}
			if s["op"] == "remove" && last[s["path"]] {
				delete(last, s["path"])
				return true
			}
			return s["op"] == "test" || s["op"] == "move" || s["value"] == "outrigger.dev/last"
		})
		raw, err := yaml.Marshal(steps)
		require.NoError(t, err)
		all[name] = string(raw)
	}
	return all
}

// mutate changes each value below v, one at a time, and calls visit for each. It puts back what was there.
func mutate(v any, set func(any), at string, visit func(what string)) {
	try := func(other any, what string) {
		set(other)
		visit(at + " " + what)
		set(v)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			path := at + "." + key
			if path == ".apiVersion" || path == ".kind" || path == ".metadata.name" || path == ".metadata.namespace" {
				continue // another object: see TestEjectedMissesNoObject
			}
			mutate(v[key], func(other any) { v[key] = other }, path, visit)
			if key != "metadata" && key != "name" { // without its name, kustomize itself merges an entry into another one
				was := v[key]
				delete(v, key)
				visit(path + " removed")
				v[key] = was
			}
		}
		for _, field := range []string{"labels", "annotations"} { // those that the base gains, and that outrigger reads
			notes, there := v[field].(map[string]any)
			if !there && (at != ".metadata" || field == "labels") {
				continue // a test of labels that aren't there is one of all
			}
			for _, set := range rig.ReadNotes("9200") {
				gained := maps.Clone(notes)
				if gained == nil {
					gained = map[string]any{}
				}
				for key, value := range set {
					gained[key] = value
				}
				v[field] = gained
				visit(fmt.Sprint(at, ".", field, " gain ", set))
				if v[field] = notes; !there {
					delete(v, field)
				}
			}
		}
		added := map[string]any{}
		if _, pod := v["containers"]; pod {
			added["initContainers"] = []any{map[string]any{"name": "early", "image": "early:1"}}
			added["volumes"] = []any{map[string]any{"name": "early", "emptyDir": map[string]any{}}}
		}
		if _, container := v["image"]; container || len(added) > 0 {
			added["securityContext"] = map[string]any{"runAsUser": 1234}
		}
		for _, key := range slices.Sorted(maps.Keys(added)) {
			if _, there := v[key]; !there {
				v[key] = added[key]
				visit(at + "." + key + " added")
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			mutate(v[i], func(other any) { v[i] = other }, fmt.Sprintf("%s[%d]", at, i), visit)
			try(slices.Delete(slices.Clone(v), i, i+1), fmt.Sprintf("[%d] removed", i))
			try(slices.Insert(slices.Clone(v), i, renamed(v[i])), fmt.Sprintf("[%d] inserted before", i))
			if i > 0 {
				swapped := slices.Clone(v)
				swapped[i-1], swapped[i] = v[i], v[i-1]
				try(swapped, fmt.Sprintf("[%d] swapped", i))
			}
		}
		if len(v) > 0 {
			try(append(slices.Clone(v), renamed(v[0])), "appended")
		}
	case string:
		if quantity.MatchString(v) {
			try("1"+v, "changed") // no quantity would be an error of the base itself
		} else {
			try(v+"x", "changed")
		}
	case int:
		try(v+7, "changed")
	case bool:
		try(!v, "changed")
	}
}

var quantity = regexp.MustCompile(`^[0-9]+(m|[KMG]i)?$`)

// renamed returns an entry like another one of a list.
func renamed(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v, "-other")
	}
	m = maps.Clone(m)
	for key, value := range m {
		switch value := value.(type) {
		case string:
			m[key] = value + "-other"
		case int:
			m[key] = value + 11
		}
	}
	return m
}

// checkPairs makes two changes of the base at once, some of all pairs.
func (b *builder) checkPairs(base map[string]any) {
	b.t.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	changes := mutateNth(base, -1, nil)
	for range pairsOfChanges {
		mutateNth(base, random.IntN(changes), func(first string) {
			left := mutateNth(base, -1, nil)
			if left == 0 {
				return
			}
			mutateNth(base, random.IntN(left), func(second string) {
				twice := added.MatchString(first) && added.ReplaceAllString(first, "") == added.ReplaceAllString(second, "")
				if !keyRemoved.MatchString(first+second) && !twice {
					b.check(first+" and "+second, slices.Collect(maps.Values(base)))
				}
			})
		})
	}
}

const pairsOfChanges = 10 // of each example

// keyRemoved matches changes that take the key of an entry away, and added those that add an entry. Of two entries with
// one key or none, kustomize may make one.
var (
	keyRemoved = regexp.MustCompile(`\.(containerPort|mountPath|port) removed`)
	added      = regexp.MustCompile(` (\[\d+\] inserted before|appended)$`)
)

// mutateNth makes one of all changes of the base, by its number, for visit. It returns how many there are.
func mutateNth(base map[string]any, n int, visit func(what string)) (count int) {
	for _, key := range slices.Sorted(maps.Keys(base)) {
		mutate(base[key], func(v any) { base[key] = v }, "", func(what string) {
			if count++; count-1 == n {
				visit(key + what)
			}
		})
	}
	return count
}

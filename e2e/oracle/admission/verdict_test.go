package admission

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/klog/v2"
	"sigs.k8s.io/yaml"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

func TestMain(m *testing.M) {
	bin, err := made.Make("build", "bin/kustomize")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	klog.LogToStderr(false) // of refreshes
	klog.SetOutput(io.Discard)
	generic.SetPolicyRefreshIntervalForTests(10 * time.Millisecond)
	os.Exit(m.Run())
}

// A census counts verdicts.
type census struct{ accepted, refused, byPods, unfit, unknown int }

// Every example, with its workloads made into each of the kinds: what was built with outrigger is accepted, and what
// wasn't is refused, whatever it claims about itself.
func TestVerdicts(t *testing.T) {
	documents, err := filepath.Glob("../../../examples/*/sidecars*/sidecars.yaml")
	require.NoError(t, err)
	require.Greater(t, len(documents), 20)
	var c census
	for _, document := range documents {
		dir := filepath.Dir(filepath.Dir(document))
		base := decodeStream(t, run(t, "", "kustomize", "build", filepath.Join(dir, "base")))
		for _, kind := range kinds {
			t.Run(filepath.Base(dir)+strings.TrimPrefix(filepath.Base(filepath.Dir(document)), "sidecars")+"/"+kind,
				func(t *testing.T) { c.judgeExample(t, document, base, kind) })
		}
	}
	t.Logf("verdicts as they should be: %d accepted, %d refused; %d of both about pods; %d examples aren't for a kind, "+
		"%d have pods that no rule knows", c.accepted, c.refused, c.byPods, c.unfit, c.unknown)
	require.Greater(t, c.accepted, 2000)
	require.Greater(t, c.refused, 4000)
	require.Greater(t, c.byPods, 2000)
	require.Less(t, c.unfit+c.unknown, len(documents))
}

func (c *census) judgeExample(t *testing.T, document string, base []object, kind string) {
	var plain []object
	for _, o := range base {
		if templateOf(o) != nil {
			o = toKind(t, o, kind)
		}
		plain = append(plain, o)
	}
	stream := encodeStream(t, plain)
	config := filepath.Join(t.TempDir(), "sidecars.yaml")
	require.NoError(t, os.WriteFile(config, []byte(forAnyKind(t, document)), 0o600))
	rendered, err := try(t, stream, "outrigger", "inject", "-q", "-c", config)
	if err != nil {
		t.Logf("the document isn't for a %s: %.200s", kind, err)
		c.unfit++
		return
	}
	policies, err := try(t, stream, "outrigger", "policy", "-q", "-c", config)
	require.NoError(t, err)
	s := newServer(t, policies, namespacesOf(plain)...)
	podsKnown := strings.Contains(policies, "-pods\n")
	if !podsKnown {
		c.unknown++
	}
	before := map[string]object{}
	for _, o := range plain {
		if templateOf(o) != nil {
			before[nameOf(o)] = o
		}
	}
	for _, built := range decodeStream(t, rendered) {
		if templateOf(built) == nil {
			continue
		}
		skipped := before[nameOf(built)]
		added := slices.DeleteFunc(names(built), func(n string) bool { return slices.Contains(names(skipped), n) })
		j := judge{t, s, c, added, skipped}
		j.judgeWorkload(built)
		if podsKnown {
			c.byPods -= c.accepted + c.refused
			j.judgeForms(podOf(t, built), podOf(t, skipped))
			c.byPods += c.accepted + c.refused
		}
	}
}

// forAnyKind returns a document that selects workloads of any kind.
func forAnyKind(t *testing.T, document string) string {
	t.Helper()
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	var doc object
	require.NoError(t, yaml.Unmarshal(text, &doc))
	for _, s := range at(doc, "spec")["select"].([]any) {
		for _, field := range []string{"group", "version", "kind"} {
			delete(s.(object), field)
		}
		if len(s.(object)) == 0 {
			s.(object)["name"] = ".*"
		}
	}
	text, err = yaml.Marshal(doc)
	require.NoError(t, err)
	return string(text)
}

// A judge compares verdicts about one workload with what they should be.
type judge struct {
	t       *testing.T
	server  *Server
	count   *census
	added   []string // containers of sidecars
	skipped object   // as built without the function
}

// judgeWorkload judges a workload that is created, or comes from an older one.
func (j *judge) judgeWorkload(built object) {
	j.judgeForms(built, j.skipped)
	if len(j.added) == 0 {
		return
	}
	j.accepts("an update without a change", j.update(j.labelled(built), built))
	j.accepts("a label of one that is older than the policy", j.update(j.labelled(j.skipped), j.skipped))
	j.accepts("the first sidecar of one that is older", j.update(built, j.skipped))
	j.refuses("an update that takes the sidecars off", j.update(j.skipped, built))
	changed := clone(j.t, j.skipped)
	podIn(changed)["terminationGracePeriodSeconds"] = 77
	j.refuses("a change of the pods of an older one", j.update(changed, j.skipped))
	other := clone(j.t, j.skipped)
	at(other, "metadata")["name"] = "somebody-elses"
	j.accepts("another name", j.create(other))
}

// judgeForms judges forms of a workload or pod that is created.
func (j *judge) judgeForms(built, skipped object) {
	j.accepts("right", j.create(built))
	if len(j.added) == 0 {
		j.accepts("not selected", j.create(skipped))
		return
	}
	j.refuses("without", j.create(skipped))

	forged := clone(j.t, skipped)
	at(forged, "metadata")["annotations"] = clone(j.t, at(built, "metadata", "annotations"))
	if template := templateOf(forged); template != nil {
		at(template, "metadata")["annotations"] = clone(j.t, at(templateOf(built), "metadata", "annotations"))
	}
	j.refuses("forged mark", j.create(forged))

	for _, name := range j.added {
		one := []string{name}
		j.refuses("other image of "+name, j.create(j.edited(built, one, func(c object) {
			c["image"] = "evil.example.com/x:1"
		})))
		j.refuses("image with another registry of "+name, j.create(j.edited(built, one, func(c object) {
			c["image"] = "evil.example.com:5000/" + c["image"].(string)
		})))
		j.accepts("other tag of "+name, j.create(j.edited(built, one, func(c object) {
			repository, _, _ := strings.Cut(c["image"].(string), "@")
			if at := strings.LastIndex(repository, ":"); at > strings.LastIndex(repository, "/") {
				repository = repository[:at]
			}
			c["image"] = repository + ":another"
		})))
		j.refuses("other kind of container: "+name, j.create(j.edited(built, one, func(c object) {
			if _, native := c["restartPolicy"]; native {
				delete(c, "restartPolicy")
			} else {
				c["restartPolicy"] = "Always"
			}
		})))
		for _, way := range [][]string{{"initContainers", "containers"}, {"containers", "initContainers"}} {
			moved := clone(j.t, built)
			move(moved, one, way[0], way[1])
			if len(containersOf(podIn(built), way[0])) != len(containersOf(podIn(moved), way[0])) {
				j.refuses(name+" in "+way[1], j.create(moved))
			}
		}
	}
}

func (j *judge) edited(o object, added []string, edit func(c object)) object {
	o = clone(j.t, o)
	visitAdded(o, added, edit)
	return o
}

func (j *judge) labelled(o object) object {
	o = clone(j.t, o)
	at(o, "metadata", "labels")["touched"] = "yes"
	return o
}

func (j *judge) create(o object) error {
	return j.server.Create(j.t.Context(), namespaceOf(o), typed(j.t, o))
}

func (j *judge) update(o, old object) error {
	return j.server.Update(j.t.Context(), namespaceOf(o), typed(j.t, o), typed(j.t, old))
}

func (j *judge) accepts(what string, err error) {
	j.t.Helper()
	require.NoError(j.t, err, what)
	j.count.accepted++
}

// refuses checks that the message names a sidecar and the way out.
func (j *judge) refuses(what string, err error) {
	j.t.Helper()
	require.Error(j.t, err, what)
	text := err.Error()
	require.Contains(j.t, text, "denied request: ", what)
	require.Contains(j.t, text, ". Build it with outrigger: kustomize build --enable-alpha-plugins --enable-exec", what)
	names := func(n string) bool { return strings.Contains(text, n) }
	require.True(j.t, slices.ContainsFunc(j.added, names), "%s: %s", what, text)
	j.count.refused++
}

func newServer(t *testing.T, policies string, namespaces ...string) *Server {
	t.Helper()
	s, err := NewServer(policies, append(namespaces, "default")...)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func run(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	out, err := try(t, stdin, name, args...)
	require.NoError(t, err)
	return out
}

func try(t *testing.T, stdin, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), err
}

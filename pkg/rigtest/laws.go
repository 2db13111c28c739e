package rigtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Laws checks the laws over one case that works.
func Laws(t T, c Case) {
	t.Helper()
	if c.done == nil {
		c.done = newMemory()
	}
	plain := c.mustRun(t, c.Config, c.Input)
	always := recordAlways(t, c.Config)
	laid := c.mustRun(t, always, c.Input)

	if c.checkRun(0, 2) {
		sameObject(t, plain, c.mustRun(t, c.Config, plain), "law 1: twice is once")
	}
	if c.checkRun(1, 2) {
		sameObject(t, laid, c.mustRun(t, always, laid), "law 1: twice is once, with a record")
	}
	takingOffGivesBack(t, c, always, laid)
	nothingElseMoves(t, c, plain, laid)
	additionsAreKnown(t, c, plain)
	noSecretLeaks(t, c, always, laid)
	if c.checkRun(0, 3) {
		aStepIsTheSum(t, c, always, laid)
		sameInSameOut(t, c, plain)
	}
	if c.checkRun(1, 3) {
		aChangedConfigIsAFreshOne(t, c, always, laid)
		documentsAddUp(t, c)
	}
	if c.checkRun(2, 3) {
		nobodyWinsSilently(t, c, plain)
		aPatternEqualsItsCustomForm(t, c, plain)
	}
}

// recordAlways is a config with which every run keeps a record.
func recordAlways(t T, conf string) string {
	t.Helper()
	return editSpec(t, conf, func(spec map[string]any) { spec["record"] = "always" })
}

// checkRun reports whether it's the turn of a law, where not every pair checks all.
func (c Case) checkRun(i, of uint64) bool { return c.Sample == 0 || c.Sample%of == i }

// sameInSameOut is law 5.
func sameInSameOut(t T, c Case, plain string) {
	t.Helper()
	again := c.runTwice(t, c.Config, c.Input)
	require.NoError(t, again.Findings.Err(), "law 5: same in, same out")
	sameObject(t, plain, again.Files()[0].Text, "law 5: same in, same out")
}

// takingOffGivesBack is law 2.
func takingOffGivesBack(t T, c Case, always, laid string) {
	t.Helper()
	back, fs := rig.Strip(c.readFiles(laid), "")
	require.NoError(t, fs.Err(), "law 2: strip fails")
	sameObject(t, c.Input, back[0].Text, "law 2: strip gives back")
	if !c.checkRun(0, 3) {
		return
	}
	none := editSpec(t, always, func(spec map[string]any) { spec["patterns"] = []any{} })
	sameObject(t, c.Input, c.mustRun(t, none, laid), "law 2: a config without patterns gives back")
}

// aStepIsTheSum is law 3: patterns come one run at a time, in both orders. Of generated
// ones with many, some come together.
func aStepIsTheSum(t T, c Case, always, laid string) {
	t.Helper()
	n := len(c.readSpec(t, always).Patterns)
	for i, reverse := range []bool{false, true} {
		if c.Sample != 0 && i != int(c.Sample/3%2) {
			continue
		}
		text := c.Input
		for i := 1; i < n; i++ {
			if c.Sample != 0 && n > 3 && i != int(c.Sample/6)%(n-1)+1 {
				continue
			}
			part := editSpec(t, always, func(spec map[string]any) {
				all := spec["patterns"].([]any)
				if reverse {
					spec["patterns"] = all[n-i:]
				} else {
					spec["patterns"] = all[:i]
				}
			})
			if out := c.runConfig(t, part, text); !out.Findings.Failed() { // a part may need the rest, as after: does
				text = out.Files()[0].Text
			}
		}
		if text != c.Input {
			sameButEmits(t, laid, c.mustRun(t, always, text), fmt.Sprintf("law 3: a step is the sum (reverse: %v)", reverse))
		}
	}
}

// aChangedConfigIsAFreshOne is laws 2 and 3 for what people do to configs: with
// an entry less, renamed or placed otherwise, a run over what was laid on gives
// what a run over the sources does, be it a failure.
func aChangedConfigIsAFreshOne(t T, c Case, always, laid string) {
	t.Helper()
	var changes []func(all []any, i int) []any
	changes = append(changes,
		func(all []any, i int) []any { return slices.Delete(slices.Clone(all), i, i+1) },
		func(all []any, i int) []any { all[i].(map[string]any)["name"] = "renamed"; return all },
		func(all []any, i int) []any {
			e := all[i].(map[string]any)
			if e["placement"] == "beside" {
				delete(e, "placement")
			} else {
				e["placement"] = "beside"
			}
			return all
		})
	n := len(c.readSpec(t, always).Patterns)
	for i := range n * len(changes) {
		if c.Sample != 0 && i != int(c.Sample/3%uint64(n*len(changes))) {
			continue
		}
		other := editSpec(t, always, func(spec map[string]any) {
			spec["patterns"] = changes[i/n](spec["patterns"].([]any), i%n)
		})
		fresh, again := c.runConfig(t, other, c.Input), c.runConfig(t, other, laid)
		require.Equal(t, fresh.Findings.Failed(), again.Findings.Failed(),
			"law 3: a changed config fails here and not there\nfresh: %s\nagain: %s", listWarnings(fresh),
			listWarnings(again))
		if !fresh.Findings.Failed() {
			sameButEmits(t, fresh.Files()[0].Text, again.Files()[0].Text, "law 3: a changed config is a fresh one: "+other)
		}
	}
}

// AllOrNothing is law 6 for a case that fails: there is a reason, no output, and
// no secret in what is said.
func AllOrNothing(t T, c Case) {
	t.Helper()
	out := c.runConfig(t, c.Config, c.Input)
	require.True(t, out.Findings.Failed(), "law 6: nothing is wrong any more")
	require.Empty(t, out.Texts, "law 6: all or nothing")
	for _, s := range c.Secrets {
		require.NotContains(t, listWarnings(out)+strings.Join(out.Report, "\n"), s, "law 8: no secret leaks")
	}
	require.Equal(t, listWarnings(out), listWarnings(c.runTwice(t, c.Config, c.Input)), "law 5: the same findings")
}

// additionsAreKnown is what law 1 stands on where there is no record: each container
// that a run adds is known by the config to a second one.
func additionsAreKnown(t T, c Case, plain string) {
	t.Helper()
	known := map[string]bool{}
	for _, e := range c.readSpec(t, c.Config).Patterns {
		known[e.Name] = true
		if n, ok := e.Pattern().(sidecar.ContainerNamer); ok {
			for _, name := range n.ContainerNames(e.Name) {
				known[name] = true
			}
		}
	}
	before, after := c.readObjects(t, c.Input), c.readObjects(t, plain)
	for i := range before {
		for _, add := range findAdded(before[i], after[i], nil) {
			if n := len(add.path); n > 1 && strings.HasSuffix(strings.ToLower(add.path[n-2]), "containers") {
				require.True(t, known[add.path[n-1]], "law 1: a second run doesn't know container %s", add.path[n-1])
			}
		}
	}
}

// nobodyWinsSilently is law 7: wherever a run adds something named, a manifest
// that has another thing of that name is a conflict.
func nobodyWinsSilently(t T, c Case, plain string) {
	t.Helper()
	before, after := decodeObjects(t, c.Input), decodeObjects(t, plain)
	n := 0
	for i := range before {
		n += len(findAdded(before[i], after[i], nil))
	}
	for i := range before {
		for _, add := range findAdded(before[i], after[i], nil) {
			if n--; c.Sample != 0 && n != int(c.Sample/3%7) {
				continue
			}
			clash := decodeObjects(t, c.Input)
			add.entry["outrigger-test-value"] = "a person's own"
			for k := range add.entry {
				if k != "name" && k != "mountPath" && k != "outrigger-test-value" {
					delete(add.entry, k)
				}
			}
			putField(clash[i], add.path, add.entry)
			text := encodeYAML(t, clash)
			out := c.runConfig(t, c.Config, text)
			if !out.Findings.Failed() && slices.ContainsFunc(out.Findings, func(f sidecar.Finding) bool {
				return f.Code == sidecar.Skipped &&
					strings.Contains(f.Message, fmt.Sprintf("container %v exists already", add.entry["name"]))
			}) {
				require.Contains(t, out.Files()[0].Text, "a person's own", "law 7: whoever is left out keeps what it has")
				continue
			}
			require.True(t, out.Findings.Failed(), "law 7: nobody wins silently, but %v was overwritten in\n%s", add.path, text)
			require.Empty(t, out.Texts, "law 6: all or nothing")
		}
	}
}

// noSecretLeaks is law 8: values of Secrets stand nowhere but where they stood.
func noSecretLeaks(t T, c Case, always, laid string) {
	t.Helper()
	out := c.runConfig(t, always, c.Input)
	said := listWarnings(out) + strings.Join(out.Report, "\n")
	secrets := slices.Clone(c.Secrets)
	for _, o := range c.readObjects(t, c.Input) {
		if o["kind"] != "Secret" {
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			values, _ := o[field].(map[string]any)
			for _, v := range values {
				s := fmt.Sprint(v)
				if len(s) < 4 {
					continue // stands in other words
				}
				secrets = append(secrets, s)
				if raw, err := base64.StdEncoding.DecodeString(s); err == nil && field == "data" && len(raw) > 3 {
					secrets = append(secrets, string(raw))
				}
			}
		}
	}
	notes := c.readAnnotations(t, laid)
	for _, s := range secrets {
		require.NotContains(t, said, s, "law 8: no secret leaks")
		if slices.Contains(c.Secrets, s) || !strings.Contains(c.Config, s) { // a name may be a part of another
			require.NotContains(t, notes, s, "law 8: no secret leaks into annotations")
		}
		if !strings.Contains(c.Config, s) && !strings.Contains(c.Input, "*shared") &&
			!isLikened(c.readSpec(t, c.Config)) { // one in the config is meant for the pod, and aliases are written out
			require.Equal(t, strings.Count(c.Input, s), strings.Count(laid, s), "law 8: no secret leaks")
		}
	}
}

// isLikened reports whether a container gets the variables of the app, with those that
// a person wrote out.
func isLikened(s *config.Spec) bool {
	return slices.ContainsFunc(s.Patterns, func(e config.Entry) bool {
		return e.Custom != nil && len(e.Custom.LikeApp) > 0 || e.Migrate != nil && e.Migrate.Engine == ""
	})
}

// aPatternEqualsItsCustomForm is law 9. What a pattern needs depends on the
// workload, so it's checked where one is selected.
func aPatternEqualsItsCustomForm(t T, c Case, plain string) {
	t.Helper()
	out, workloads := c.runConfig(t, c.Config, c.Input), map[string]bool{}
	for _, line := range out.Report {
		who, _, _ := strings.Cut(line, ": ")
		workloads[who] = true
	}
	for _, f := range out.Findings {
		if f.Code == sidecar.Skipped {
			workloads[f.Object.String()] = true
		}
	}
	if len(workloads) != 1 || len(out.Report) != 1 {
		return
	}
	conf := c.Config
	if strings.Contains(plain, "outrigger.dev/applied") { // a record has the patterns themselves
		conf = editSpec(t, conf, func(spec map[string]any) { spec["record"] = "never" })
		plain = c.mustRun(t, conf, c.Input)
	}
	parsed, fs := c.readConfig(conf)
	require.NoError(t, fs.Err())
	expanded, fs := rig.Expand(c.readFiles(c.Input), parsed)
	require.NoError(t, fs.Err())
	raw, err := json.Marshal(expanded)
	require.NoError(t, err)
	sameObject(t, withoutCarried(plain), withoutCarried(c.mustRun(t, string(raw), c.Input)),
		"law 9: a pattern equals its custom form")
}

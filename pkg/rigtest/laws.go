package rigtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// Laws checks the laws over one case that works.
func Laws(t *testing.T, c Case) {
	t.Helper()
	plain := c.must(t, c.Config, c.Input)
	always := edit(t, c.Config, func(spec map[string]any) { spec["record"] = "always" })
	laid := c.must(t, always, c.Input)

	require.Equal(t, plain, c.must(t, c.Config, plain), "law 1: twice is once")
	require.Equal(t, laid, c.must(t, always, laid), "law 1: twice is once, with a record")
	takingOffGivesBack(t, c, always, laid)
	aStepIsTheSum(t, c, always, laid)
	nothingElseMoves(t, c, plain, laid)
	for range 3 {
		require.Equal(t, plain, c.must(t, c.Config, c.Input), "law 5: same in, same out")
	}
	nobodyWinsSilently(t, c, plain)
	noSecretLeaks(t, c, laid)
	aPatternEqualsItsCustomForm(t, c, plain)
}

// takingOffGivesBack is law 2.
func takingOffGivesBack(t *testing.T, c Case, always, laid string) {
	t.Helper()
	back, fs := rig.Strip([]rig.File{{Name: c.InputName, Text: laid}}, "")
	require.NoError(t, fs.Err())
	require.Equal(t, c.Input, back[0].Text, "law 2: strip gives back")
	none := edit(t, always, func(spec map[string]any) { spec["patterns"] = []any{} })
	require.Equal(t, c.Input, c.must(t, none, laid), "law 2: a config without patterns gives back")
}

// aStepIsTheSum is law 3: patterns come one run at a time, in both orders.
func aStepIsTheSum(t *testing.T, c Case, always, laid string) {
	t.Helper()
	parsed, fs := config.Read([]byte(always), "config.yaml")
	require.NoError(t, fs.Err())
	n := len(parsed.Spec.Patterns)
	for _, reverse := range []bool{false, true} {
		text := c.Input
		for i := 1; i < n; i++ {
			part := edit(t, always, func(spec map[string]any) {
				all := spec["patterns"].([]any)
				if reverse {
					spec["patterns"] = all[n-i:]
				} else {
					spec["patterns"] = all[:i]
				}
			})
			if out := c.run(t, part, text); !out.Findings.Failed() { // a part may need the rest, as after: does
				text = out.Files[0].Text
			}
		}
		require.Equal(t, laid, c.must(t, always, text), "law 3: a step is the sum (reverse: %v)", reverse)
	}
}

// nothingElseMoves is law 4: comments stay in their order, and so do all lines
// of objects that aren't concerned. Only a comment behind a value that a takeover
// moves away goes with it; the record has it.
func nothingElseMoves(t *testing.T, c Case, plain, laid string) {
	t.Helper()
	rest := plain
	for _, line := range strings.SplitAfter(c.Input, "\n") {
		if i := strings.Index(line, "#"); i < 0 || i > 0 && line[i-1] != ' ' {
			continue
		}
		at := strings.Index(rest, strings.TrimRight(line, "\r\n"))
		if at < 0 && strings.Contains(laid, "\"was\":\"\\n") && strings.Contains(laid, strings.TrimSpace(line)) && !strings.Contains(plain, strings.TrimSpace(line)) {
			continue
		}
		whole := strings.TrimRight(line, "\r\n")
		if at < 0 && strings.Contains(laid, "\"was\":") { // the value before the comment was replaced
			whole = whole[strings.Index(whole, "#"):]
			at = strings.Index(rest, whole)
		}
		require.GreaterOrEqual(t, at, 0, "law 4: the comment is gone or has moved: %s", line)
		rest = rest[at+len(whole):]
	}
	after := documents(plain)
	for _, doc := range documents(c.Input) {
		var head struct{ Kind string }
		if yaml.Unmarshal([]byte(doc), &head) == nil && (head.Kind == "ConfigMap" || head.Kind == "Secret" || head.Kind == "Ingress") {
			require.Contains(t, after, doc, "law 4: an object that isn't concerned has changed")
		}
	}
}

func documents(text string) []string {
	var docs []string
	for _, d := range strings.Split("\n"+text, "\n---") {
		docs = append(docs, strings.TrimSpace(d))
	}
	return docs
}

// nobodyWinsSilently is law 7: wherever a run adds something named, a manifest
// that has another thing of that name is a conflict.
func nobodyWinsSilently(t *testing.T, c Case, plain string) {
	t.Helper()
	before, after := decode(t, c.Input), decode(t, plain)
	for i := range before {
		for _, add := range added(before[i], after[i], nil) {
			if strings.HasPrefix(keyOf(add.entry), "port-") {
				continue // an unnamed Service port that was given a name
			}
			clash := decode(t, c.Input)
			add.entry["outrigger-test-value"] = "a person's own"
			for k := range add.entry {
				if k != "name" && k != "mountPath" && k != "outrigger-test-value" {
					delete(add.entry, k)
				}
			}
			put(clash[i], add.path, add.entry)
			text := encode(t, clash)
			out := c.run(t, c.Config, text)
			require.True(t, out.Findings.Failed(), "law 7: nobody wins silently, but %v was overwritten in\n%s", add.path, text)
			require.Empty(t, out.Files, "law 6: all or nothing")
		}
	}
}

// noSecretLeaks is law 8: values of Secrets stand nowhere but where they stood.
func noSecretLeaks(t *testing.T, c Case, laid string) {
	t.Helper()
	out := c.run(t, c.Config, c.Input)
	said := warnings(out) + strings.Join(out.Report, "\n")
	for _, o := range decode(t, c.Input) {
		if o["kind"] != "Secret" {
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			values, _ := o[field].(map[string]any)
			for _, v := range values {
				s := fmt.Sprint(v)
				forms := []string{s}
				if raw, err := base64.StdEncoding.DecodeString(s); err == nil && field == "data" && len(raw) > 3 {
					forms = append(forms, string(raw))
				}
				for _, f := range forms {
					require.NotContains(t, said, f, "law 8: no secret leaks")
					require.Equal(t, strings.Count(c.Input, f), strings.Count(laid, f), "law 8: no secret leaks")
				}
			}
		}
	}
}

// aPatternEqualsItsCustomForm is law 9. What a pattern needs depends on the
// workload, so it's checked where one is selected.
func aPatternEqualsItsCustomForm(t *testing.T, c Case, plain string) {
	t.Helper()
	files := []rig.File{{Name: c.InputName, Text: c.Input}}
	parsed, fs := config.Read([]byte(c.Config), "config.yaml")
	require.NoError(t, fs.Err())
	if len(rig.Run(files, parsed, rig.Options{}).Report) != 1 {
		return
	}
	expanded, err := rig.Expand(files, parsed)
	require.NoError(t, err)
	raw, err := json.Marshal(expanded)
	require.NoError(t, err)
	require.Equal(t, plain, c.must(t, string(raw), c.Input), "law 9: a pattern equals its custom form")
}

package starter

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddItem(t *testing.T) {
	mutator := "exec: outrigger\nconfigPath: sidecars.yaml"
	for name, c := range map[string]struct {
		text, item string
		path       []string
		want       string // "": it's refused
	}{
		"no list": {"kind: Kustomization # ours\nresources: [a.yaml]\n", "sidecars", []string{"components"},
			"kind: Kustomization # ours\nresources: [a.yaml]\ncomponents:\n  - sidecars\n"},
		"no list, no last line break": {"kind: Kustomization", "sidecars", []string{"components"},
			"kind: Kustomization\ncomponents:\n  - sidecars\n"},
		"a list in the middle": {"components: # all\n- ../a # one\n- ../b # two\n\n# more\nresources:\n- c\n", "sidecars",
			[]string{"components"}, "components: # all\n- ../a # one\n- ../b # two\n- sidecars\n\n# more\nresources:\n- c\n"},
		"an indented list at the end": {"components:\n    - ../a", "sidecars", []string{"components"},
			"components:\n    - ../a\n    - sidecars\n"},
		"there already": {"components: [sidecars]\n", "sidecars", []string{"components"}, "components: [sidecars]\n"},
		"a Kptfile without a pipeline": {"kind: Kptfile\n", mutator, []string{"pipeline", "mutators"},
			"kind: Kptfile\npipeline:\n  mutators:\n    - exec: outrigger\n      configPath: sidecars.yaml\n"},
		"a Kptfile with mutators": {
			"pipeline:\n  mutators:\n    - image: a\n      configMap:\n        x: y\ninfo: {}\n", mutator,
			[]string{"pipeline", "mutators"}, "pipeline:\n  mutators:\n    - image: a\n      configMap:\n        x: y\n" +
				"    - exec: outrigger\n      configPath: sidecars.yaml\ninfo: {}\n"},
		"a Kptfile with another mutator of the program": {
			"pipeline:\n  mutators:\n  - exec: outrigger\n    configPath: a.yaml\n", mutator,
			[]string{"pipeline", "mutators"}, "pipeline:\n  mutators:\n  - exec: outrigger\n    configPath: a.yaml\n" +
				"  - exec: outrigger\n    configPath: sidecars.yaml\n"},
		"a list in brackets":        {"components: [../a]\n", "sidecars", []string{"components"}, ""},
		"an empty list":             {"components: []\n", "sidecars", []string{"components"}, ""},
		"no value":                  {"components:\n", "sidecars", []string{"components"}, ""},
		"a text that goes on below": {"components:\n- |\n  a\n  b\n", "sidecars", []string{"components"}, ""},
		"in brackets as a whole":    {"{kind: Kustomization}\n", "sidecars", []string{"components"}, ""},
		"two documents":             {"kind: A\n---\nkind: B\n", "sidecars", []string{"components"}, ""},
		"an end":                    {"kind: A\n...\n", "sidecars", []string{"components"}, ""},
		"a pipeline of validators": {"pipeline:\n  validators:\n  - image: a\n", mutator, []string{"pipeline", "mutators"},
			""},
		"a text":  {"components: a\n", "sidecars", []string{"components"}, ""},
		"no YAML": {"{", "sidecars", []string{"components"}, ""},
	} {
		got, err := AddItem(c.text, c.item, c.path...)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.want == "", err != nil, name)
	}
}

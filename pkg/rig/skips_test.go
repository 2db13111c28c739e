package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Each workload without a sidecar is reported, as an error if the config forbids it.
func TestSkips(t *testing.T) {
	text := noted("outrigger.dev/skip: helper, outrigger.dev/skip-reason: 'moves to\u00a0the mesh'", "", "", "") +
		deployment("b", "")
	unfit := "      initContainers: [{name: helper, image: sleep:1}]\n"
	required := strings.Replace(helper, "    custom", "    required: true\n    custom", 1)
	skip := strings.Replace(helper, "    custom", "    unfit: skip\n    custom", 1)
	for name, c := range map[string]struct {
		text, config string
		severity     sidecar.Severity
		says         string
	}{
		"annotation": {text, helper, sidecar.Info,
			`Deployment a: helper: skipped, as metadata.annotations.outrigger.dev/skip says: "moves to the mesh"`},
		"forbidden": {text, helper + "  skips: forbidden\n", sidecar.Error,
			`says: "moves to the mesh"; spec.skips: forbidden doesn't allow this: remove ` +
				`what causes the skip, or exclude the workload in the config`},
		"required": {text, required, sidecar.Error, `; required: true of helper doesn't allow this: `},
		"unfit": {noted("", "", "", unfit) + deployment("b", ""), skip + "  skips: forbidden\n", sidecar.Error,
			"container helper exists already, and isn't one of this config; spec.skips: forbidden"},
		"label": {noted("", "app.kubernetes.io/managed-by: outrigger", "", "") + deployment("b", ""), required,
			sidecar.Error, "all sidecars skipped, as label app.kubernetes.io/managed-by says; required: true of helper"},
		"local": {resources(noted("config.kubernetes.io/local-config: 'true'", "", "", "") + deployment("b", "")), helper,
			sidecar.Info, "all sidecars skipped, as annotation config.kubernetes.io/local-config says"},
	} {
		t.Run(name, func(t *testing.T) {
			out := Run([]File{{Text: c.text}}, read(t, c.config), Options{})
			require.Len(t, out.Findings, 1)
			require.Equal(t, sidecar.Skipped, out.Findings[0].Code)
			require.Equal(t, c.severity, out.Findings[0].Severity)
			require.Contains(t, out.Findings[0].String(), c.says)
			require.Equal(t, c.severity == sidecar.Error, len(out.Texts) == 0)
		})
	}
}

// The reason that a workload gives is printed as one line of bounded length, in quotes.
func TestSkipReasons(t *testing.T) {
	for reason, says := range map[string]string{
		`"two\nlines\ttabbed"`:                             `says: "two lines tabbed"`,
		`"a \e[31m \u202e\u0085\u2028 b\"c\""`:             `says: "a [31m b\"c\""`,
		`"` + strings.Repeat("long ", 100) + `"`:           `says: "` + strings.Repeat("long ", 40) + `…"`,
		`"\n \n"`:                                          "says",
		`"` + `x\noutrigger: error: Deployment b: y` + `"`: `says: "x outrigger: error: Deployment b: y"`,
	} {
		text := noted("outrigger.dev/skip: helper, outrigger.dev/skip-reason: "+reason, "", "", "") + deployment("b", "")
		out := Run([]File{{Text: text}}, read(t, helper), Options{})
		require.NoError(t, out.Findings.Err())
		require.True(t, strings.HasSuffix(out.Findings[0].String(), "dev/skip "+says), out.Findings[0].String())
	}
}

// min counts workloads that got every sidecar, max those that are selected.
func TestExpectedWorkloads(t *testing.T) {
	text := noted("outrigger.dev/skip: helper", "", "", "")
	two := text + deployment("b", "")
	for name, c := range map[string]struct{ text, config, says string }{
		"none complete": {text, helper, "spec.expect.min: 0 of 1 selected workloads got every sidecar, at least 1 are " +
			"expected; other findings say why sidecars are skipped, and if that's intended, set expect: {min: 0}"},
		"none wanted": {text, helper + "  expect: {min: 0}\n", ""},
		"one of two":  {two, helper, ""},
		"two of two": {two, helper + "  expect: {min: 2}\n",
			"1 of 2 selected workloads got every sidecar, at least 2 are expected"},
		"one in part": {text, helper + "  - name: other\n    custom: {containers: [{name: other, image: o:1}]}\n",
			"0 of 1 selected workloads got every sidecar"},
		"max of selected":  {two, helper + "  expect: {max: 1}\n", "2 workloads are selected, at most 1 are expected"},
		"too few selected": {two, helper + "  expect: {min: 3}\n", "2 workloads are selected, at least 3 are expected"},
	} {
		t.Run(name, func(t *testing.T) {
			out := Run([]File{{Text: c.text}}, read(t, c.config), Options{})
			if c.says == "" {
				require.NoError(t, out.Findings.Err())
				return
			}
			require.ErrorContains(t, out.Findings.Err(), c.says)
		})
	}
	out := Run([]File{{Text: text}}, readSpec(t, "  select: [{kind: Deployment}]\n  expect: {min: 1}\n"), Options{})
	require.NoError(t, out.Findings.Err(), "without patterns those count that are selected")
}

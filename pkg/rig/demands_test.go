package rig_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// Demands are the containers of the result: with images that an override or the app has set, and without what a
// workload opts out of.
func TestDemands(t *testing.T) {
	conf, fs := config.Read([]byte(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: agents}
spec:
  expect: {min: 0}
  select: [{kind: Deployment|CronJob}]
  patterns:
  - name: agent
    required: true
    custom: {containers: [{name: agent, image: "agent:1"}]}
    override: {image: "mirror/agent:2"}
  - migrate: {command: [migrate]}
  - name: quiet
    custom: {pod: {shareProcessNamespace: true}}
  - name: logs
    placement: beside
    unfit: skip
    custom: {containers: [{name: logs, image: logs}]}
`), "sidecars.yaml")
	require.False(t, fs.Failed(), fs)
	out := rig.Run([]rig.File{{Text: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, v: "1"}, annotations: {outrigger.dev/skip: logs}}
    spec: {containers: [{name: web, image: "web:3"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, annotations: {outrigger.dev/skip: "*"}}
spec: {template: {spec: {containers: [{name: db, image: "db:1"}]}}}
`}}, conf, rig.Options{})
	require.False(t, out.Findings.Failed(), out.Findings)
	all, err := out.Demands()
	require.NoError(t, err)
	require.Len(t, all, 2)
	web := all[0]
	require.Equal(t, "Deployment web", web.Meta.Ref.String())
	require.Equal(t, map[string]string{"app": "web"}, web.Selector)
	require.Equal(t, map[string]string{"app": "web", "v": "1"}, web.Meta.PodLabels()[0])
	require.Equal(t, []string{"logs"}, web.PodSkips)
	require.Equal(t, []string{"quiet"}, web.Bare)
	var has []string
	for _, c := range web.Containers {
		has = append(has, c.Sidecar+" "+c.Name+" "+c.Image)
		require.True(t, c.Init)
		require.Equal(t, c.Sidecar != "agent", c.MaySkip)
		require.Equal(t, c.Sidecar == "agent", c.RestartPolicy != nil)
	}
	require.ElementsMatch(t, []string{"agent agent mirror/agent:2", "migrate migrate web:3"}, has)
	require.Empty(t, all[1].Containers)
	require.Equal(t, "metadata.annotations.outrigger.dev/skip", all[1].OptOut)
	require.Empty(t, all[1].PodSkips)
}

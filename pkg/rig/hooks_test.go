package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
)

const (
	hookObject   = "{apiVersion: v1, kind: ConfigMap, metadata: {name: s}}"
	hookClaim    = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: s}}"
	helmBefore   = "helm.sh/hook: pre-install"
	helmReplaced = "helm.sh/hook-delete-policy: before-hook-creation"
	argoBefore   = "argocd.argoproj.io/hook: PreSync"
	argoReplaced = "argocd.argoproj.io/hook-delete-policy: BeforeHookCreation"
)

// emitsFor runs a sidecar with an object on Deployments with annotations, and returns the findings and the annotations
// of the object.
func emitsFor(t *testing.T, object string, annotations ...string) (found, has []string) {
	t.Helper()
	conf := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n  - name: x\n    custom: {initContainers: "+
		"[{name: x, image: x:1}], objects: ["+object+"]}\n")
	text := ""
	for i, a := range annotations {
		name := string(rune('a' + i))
		text += strings.Replace(deployment(name, ""), "  name: "+name+"\n",
			"  name: "+name+"\n  annotations: {"+a+"}\n", 1)
	}
	out := Run([]File{{Text: text}}, conf, Options{})
	require.NoError(t, out.Findings.Err())
	for _, f := range out.Findings {
		if f.Code == "hook-waits" {
			found = append(found, f.Object.Name+" "+f.Message)
		}
	}
	written, err := manifest.Parse("", out.Texts[0].String())
	require.NoError(t, err)
	last := written.Objects[len(written.Objects)-1]
	require.Equal(t, "s", last.Ref.Name)
	for key, value := range last.Annotations() {
		has = append(has, key+": "+value)
	}
	return found, has
}

// A hook would wait for what its sidecar mounts, as the rest is applied later. So that is a hook, too, and comes first.
func TestObjectsOfHooks(t *testing.T) {
	const service = "{apiVersion: v1, kind: Service, metadata: {name: s}}"
	const certificate = "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: s}}"
	const weight, wave = "helm.sh/hook-weight: ", "argocd.argoproj.io/sync-wave: "
	helm := []string{helmBefore, weight + "-1", helmReplaced}
	argo := []string{argoBefore, wave + "-1", argoReplaced}
	for name, c := range map[string]struct {
		annotations, object string
		want                []string
	}{
		"before an install": {helmBefore, hookObject, helm},
		"before an upgrade": {"helm.sh/hook: 'test, pre-upgrade'", hookObject,
			[]string{"helm.sh/hook: test,pre-upgrade", weight + "-1", helmReplaced}},
		"with a weight": {helmBefore + ", helm.sh/hook-weight: '-5'", hookObject,
			[]string{helmBefore, weight + "-6", helmReplaced}},
		"with a weight that Helm doesn't read": {helmBefore + ", helm.sh/hook-weight: first", hookObject, helm},
		"with a weight out of range": {helmBefore + ", helm.sh/hook-weight: '99999999999999999999'", hookObject,
			helm},
		"with the lowest weight": {helmBefore + ", helm.sh/hook-weight: '-9223372036854775808'", hookObject,
			[]string{helmBefore, weight + "-9223372036854775808", helmReplaced}},
		"in large letters":           {"helm.sh/hook: Pre-Install", hookObject, helm},
		"before a release goes":      {"helm.sh/hook: pre-delete", hookObject, nil},
		"before an application goes": {"argocd.argoproj.io/hook: PreDelete", hookObject, nil},
		"in an early wave of a sync": {"argocd.argoproj.io/hook: Sync, argocd.argoproj.io/sync-wave: '-2'", hookObject,
			[]string{"argocd.argoproj.io/hook: Sync", wave + "-3", argoReplaced}},
		"in a sync": {"argocd.argoproj.io/hook: Sync", hookObject, nil},
		"Argo CD takes the weight for a wave": {helmBefore + ", " + argoBefore + ", helm.sh/hook-weight: '-5'", hookObject,
			[]string{helmBefore, weight + "-6", helmReplaced, argoBefore, wave + "-6", argoReplaced}},
		"Argo CD takes the wave before the weight": {helmBefore + ", helm.sh/hook-weight: '7', " +
			"argocd.argoproj.io/sync-wave: '3'", hookObject, []string{helmBefore, weight + "6", helmReplaced, wave + "2"}},
		"deleted when all is done": {
			helmBefore + ", helm.sh/hook-delete-policy: 'before-hook-creation,hook-succeeded,hook-failed'", hookObject,
			[]string{helmBefore, weight + "-1", helmReplaced + ",hook-succeeded"}},
		"after a release is gone": {"helm.sh/hook: post-delete", hookObject,
			[]string{"helm.sh/hook: post-delete", weight + "-1", helmReplaced}},
		"before a sync": {argoBefore, hookObject, argo},
		"before a sync, in a wave": {argoBefore + ", argocd.argoproj.io/sync-wave: '3', " +
			"argocd.argoproj.io/hook-delete-policy: HookSucceeded", hookObject,
			[]string{argoBefore, wave + "2", argoReplaced + ",HookSucceeded"}},
		"when a sync fails": {"argocd.argoproj.io/hook: SyncFail", hookObject,
			[]string{"argocd.argoproj.io/hook: SyncFail", wave + "-1", argoReplaced}},
		"both":              {helmBefore + ", " + argoBefore, hookObject, append(helm, argo...)},
		"an early wave":     {"argocd.argoproj.io/sync-wave: '-2'", hookObject, []string{wave + "-3"}},
		"a late wave":       {"argocd.argoproj.io/sync-wave: '2'", hookObject, nil},
		"for a certificate": {helmBefore, certificate, helm},
		"after an install":  {"helm.sh/hook: post-install", hookObject, nil},
		"after a sync":      {"argocd.argoproj.io/hook: PostSync", hookObject, nil},
		"a test":            {"helm.sh/hook: test", hookObject, nil},
		"no hook":           {"a: pre-install", hookObject, nil},
		"the object is one, too": {helmBefore, hooked(hookObject, helmReplaced+", "+argoBefore),
			[]string{helmReplaced, argoBefore}},
		"what no pod waits for":    {helmBefore, service, nil},
		"a claim in an early wave": {"argocd.argoproj.io/sync-wave: '-2'", hookClaim, []string{wave + "-3"}},
		"a claim that is one, too": {helmBefore, hooked(hookClaim, "helm.sh/hook: pre-install"),
			[]string{"helm.sh/hook: pre-install"}},
		"a claim of no hook": {"a: b", hookClaim, nil},
	} {
		t.Run(name, func(t *testing.T) {
			found, has := emitsFor(t, c.object, c.annotations)
			require.Empty(t, found)
			require.ElementsMatch(t, c.want, has)
		})
	}
}

// An object of several workloads is there for the first of them. For a hook and another workload, no time is right.
func TestObjectsOfSeveralHooks(t *testing.T) {
	found, has := emitsFor(t, hookObject, helmBefore+", helm.sh/hook-weight: '4'", "helm.sh/hook: pre-upgrade")
	require.Empty(t, found)
	require.ElementsMatch(t, []string{"helm.sh/hook: pre-install,pre-upgrade", "helm.sh/hook-weight: -1", helmReplaced},
		has)

	found, has = emitsFor(t, hookObject, helmBefore, "helm.sh/hook: 'pre-delete, of-another-program'")
	require.Empty(t, found)
	require.ElementsMatch(t, []string{"helm.sh/hook: pre-install,pre-delete", "helm.sh/hook-weight: -1", helmReplaced},
		has)

	for _, before := range []string{helmBefore, argoBefore} {
		for _, order := range [][]string{{before, "a: b"}, {"a: b", before}} {
			found, has = emitsFor(t, hookObject, order...)
			require.Len(t, found, 1)
			require.Regexp(t, "is a hook that runs before ConfigMap s is there, and waits for it, as Deployment [ab]",
				found[0])
			require.Empty(t, has)
		}
	}
}

// A claim that becomes a hook would be deleted with its data, so nobody gets that unasked.
func TestClaimsOfHooks(t *testing.T) {
	conf := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n  - name: x\n    custom: {initContainers: "+
		"[{name: x, image: x:1}], objects: ["+hookClaim+"]}\n")
	for _, before := range []string{helmBefore, argoBefore, helmBefore + ", helm.sh/hook-delete-policy: hook-succeeded"} {
		text := strings.Replace(deployment("a", ""), "  name: a\n", "  name: a\n  annotations: {"+before+"}\n", 1)
		err := Run([]File{{Text: text}}, conf, Options{}).Findings.Err()
		require.ErrorContains(t, err, "is a hook that waits for PersistentVolumeClaim s")
		require.ErrorContains(t, err, "would be deleted with its data before each run")
	}
}

// hooked is an object with annotations.
func hooked(object, annotations string) string {
	return strings.Replace(object, "name: s", "name: s, annotations: {"+annotations+"}", 1)
}

package oracle

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/pod-security-admission/api"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// unrestricted are the patterns that can't always do their work at level restricted,
// with the reason; their containers are left out. What else they do to a pod isn't.
var unrestricted = map[string]string{
	"custom":      "a person spells its containers out",
	"permissions": "its container is for chown, which needs root; for an fsGroup there is none",
	"sysctl":      "its container is for limits of the node, which needs privileges; for what is the pod's there is none",
}

// secure fails the test when Pod Security has more against manifests after a run
// than before it.
func secure(t *testing.T, conf, before, after string) {
	t.Helper()
	require.Empty(t, Insecure(before, after, spelledOut(t, conf, before)), "config:\n%s\nafter:\n%s", conf, after)
}

// spelledOut are the containers of patterns that aren't restricted, and the kernel
// settings of which outrigger itself says that they aren't admitted everywhere.
func spelledOut(t *testing.T, conf, before string) map[string]bool {
	t.Helper()
	c, fs := config.Read([]byte(conf), "config.yaml")
	require.NoError(t, fs.Err())
	names := map[string]bool{}
	for _, f := range rig.Run([]rig.File{{Text: before}}, c, rig.Options{}).Findings {
		if f.Code == "sysctl-unsafe" {
			_, rest, _ := strings.Cut(f.Message, ": ")
			name, _, _ := strings.Cut(rest, " ")
			names[name] = true
		}
	}
	for _, e := range c.Spec.Patterns {
		isSecurity := func(removed []string) bool { return removed[0] == "securityContext" }
		written := e.Override != nil && e.Override.SecurityContext != nil
		if written || slices.ContainsFunc(e.Removed, isSecurity) { // a person says what the containers may do
			names[e.Name], names[e.Name+"-"] = true, true
		}
		if unrestricted[e.Key()] != "" || e.Migrate != nil && e.Migrate.Engine == "" { // it's as restricted as the app
			names[e.Name] = true
		}
		for _, base := range basesOf(e) {
			if base.Mode == proxy.ModeRedirect { // its init container needs NET_ADMIN; the proxy needs nothing
				names[pattern.RedirectorName(e.Name)] = true
			}
		}
		if e.Custom != nil {
			for _, c := range e.Custom.Containers {
				names[c.Name] = true
			}
			for _, c := range e.Custom.InitContainers {
				names[c.Name] = true
			}
		}
	}
	return names
}

// basesOf are the proxies of an entry.
func basesOf(e config.Entry) (bases []*proxy.Base) {
	if e.TLSProxy != nil {
		bases = append(bases, &e.TLSProxy.Base)
	}
	if e.AuthProxy != nil {
		bases = append(bases, &e.AuthProxy.Base)
	}
	return bases
}

// Pods that are restricted stay it, in every golden case that gives an output; each
// pattern has some.
func TestRestrictedStays(t *testing.T) {
	configs, err := filepath.Glob("../../pkg/rigtest/testdata/*/config.yaml")
	require.NoError(t, err)
	shown := map[string]bool{}
	for _, name := range configs {
		dir := filepath.Dir(name)
		if golden, _ := filepath.Glob(dir + "/expected*"); len(golden) == 0 {
			continue
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			conf := text(t, name)
			before, err := hardenPods(manifests(t, dir+"/input.yaml"))
			require.NoError(t, err)
			for object, pod := range podsOf(before) {
				is, why := strictestLevel(pod)
				if is != api.LevelRestricted {
					t.Skipf("%s can't be: %s", object, why)
				}
			}
			after, err := outrig(conf, before)
			require.NoError(t, err)
			secure(t, conf, before, after)
			c, _ := config.Read([]byte(conf), name)
			for _, e := range c.Spec.Patterns {
				shown[e.Key()] = true
			}
		})
	}
	for _, key := range config.PatternKeys() {
		require.True(t, shown[key], "no golden case shows that a restricted pod stays it with %s", key)
	}
}

func TestInsecure(t *testing.T) {
	before, err := hardenPods(deploymentYAML)
	require.NoError(t, err)
	with := func(container string) string {
		return strings.Replace(before, "      containers:\n", "      containers:\n      - "+container+"\n", 1)
	}
	const restricted = `{"name":"new","securityContext":{"runAsNonRoot":true,"allowPrivilegeEscalation":false,` +
		`"capabilities":{"drop":["ALL"]},"seccompProfile":{"type":"RuntimeDefault"}}}`
	require.Empty(t, Insecure(before, before, nil))
	require.Empty(t, Insecure(before, with(restricted), nil))
	require.Empty(t, Insecure(deploymentYAML, deploymentYAML, nil), "not ours")
	require.Empty(t, Insecure(before, with(`{"name":"theirs"}`), map[string]bool{"theirs": true}))

	bare := strings.Join(Insecure(before, with(`{"name":"new"}`), nil), "\n")
	require.Contains(t, bare, "Deployment web: was restricted and is baseline: "+
		`restricted: allowPrivilegeEscalation != false (container "new"`)
	require.Contains(t, bare, "what was added isn't restricted")
	inherits := strings.Replace(restricted, `"runAsNonRoot":true,`, "", 1)
	require.Len(t, Insecure(before, with(inherits), nil), 1, "the pod has runAsNonRoot, but another one wouldn't")
	node := strings.Replace(before, "      containers:\n", "      hostNetwork: true\n      containers:\n", 1)
	require.Contains(t, strings.Join(Insecure(before, node, nil), "\n"), "was restricted and is privileged")
}

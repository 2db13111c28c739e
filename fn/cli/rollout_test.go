package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const rolloutExample = "../../examples/argo-rollout"

// configMapNames returns the names of the ConfigMap in a build of the example, and of the one that the Rollout mounts.
func configMapNames(t *testing.T, build string) (emitted, mounted string) {
	t.Helper()
	object := regexp.MustCompile(`(?s)\nkind: ConfigMap\nmetadata:.*?\n  name: (\S+)`).FindStringSubmatch(build)
	volume := regexp.MustCompile(`\n      - configMap:\n          name: (\S+)`).FindStringSubmatch(build)
	require.True(t, object != nil && volume != nil, build)
	return object[1], volume[1]
}

// kustomize changes names that refer to a ConfigMap in built-in kinds only: without the example's configuration, a
// Rollout under a prefix or with a hash mounts a ConfigMap that isn't there. With it, the name follows whatever an
// overlay does.
func TestRolloutUnderPrefix(t *testing.T) {
	const labels = "labels: [{pairs: {team: a}, includeSelectors: true, includeTemplates: true}]\n"
	for name, c := range map[string]struct{ overlay, want string }{
		"prefix":           {"namePrefix: prod-\n", `^prod-shop-tls-proxy-[a-z0-9]{10}$`},
		"suffix":           {"nameSuffix: -eu\nnamespace: eu\n" + labels, `^shop-tls-proxy-eu-[a-z0-9]{10}$`},
		"hash alone":       {"namespace: shop\n", `^shop-tls-proxy-[a-z0-9]{10}$`},
		"checksum":         {"namePrefix: prod-\n", `^prod-shop-tls-proxy$`},
		"overlay of it":    {"namePrefix: prod-\n", `^a-prod-shop-tls-proxy-[a-z0-9]{10}$`},
		"base's own":       {"namePrefix: prod-\n", `^prod-shop-tls-proxy-[a-z0-9]{10}$`},
		"what a patch has": {"namePrefix: prod-\n", `^prod-shop-tls-proxy-[a-z0-9]{10}$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := kustomization{t.TempDir()}
			require.NoError(t, os.CopyFS(k.dir, os.DirFS(rolloutExample)))
			lines, document := "resources: [../base]\ncomponents: [../sidecars]\n"+c.overlay, "sidecars/sidecars.yaml"
			switch name {
			case "checksum":
				k.write(t, document, strings.Replace(text(t, filepath.Join(k.dir, document)), "  rollout: hash ", "  #", 1))
			case "overlay of it":
				k.write(t, "inner/kustomization.yaml", lines)
				lines = "resources: [../inner]\nnamePrefix: a-\n"
			case "base's own":
				k.write(t, "sidecars/kustomization.yaml", "resources: [../base, guard.yaml]\nconfigurations: "+
					"[name-references.yaml]\ntransformers: [sidecars.yaml, guard-check.yaml]\n")
				lines = "resources: [../sidecars]\n" + c.overlay
			case "what a patch has":
				before, err := k.build(t, lines)
				require.NoError(t, err)
				lines += "patches: [{target: {kind: ConfigMap}, patch: " +
					`'[{"op": "add", "path": "/data/more", "value": "a"}]'}]` + "\n"
				after, err := k.build(t, lines)
				require.NoError(t, err)
				was, _ := configMapNames(t, before)
				now, _ := configMapNames(t, after)
				require.NotEqual(t, was, now)
			}
			out, err := k.build(t, lines)
			require.NoError(t, err)
			emitted, mounted := configMapNames(t, out)
			require.Regexp(t, c.want, emitted)
			require.Equal(t, emitted, mounted)

			file := "sidecars/kustomization.yaml"
			without := regexp.MustCompile(`configurations:\s.*\n`).ReplaceAllString(text(t, filepath.Join(k.dir, file)), "")
			require.NotEqual(t, without, text(t, filepath.Join(k.dir, file)))
			k.write(t, file, without)
			out, err = k.build(t, lines)
			require.NoError(t, err)
			emitted, mounted = configMapNames(t, out)
			require.Regexp(t, c.want, emitted)
			require.Equal(t, "shop-tls-proxy", mounted, "the configuration isn't needed any more: take it out of the example")
		})
	}
}

// Only kustomize adds hashes: elsewhere, a checksum replaces the pods.
func TestHashWithoutKustomize(t *testing.T) {
	document := rolloutExample + "/sidecars/sidecars.yaml"
	code, out, stderr := call(text(t, rolloutExample+"/base/shop.yaml"), "inject", "-c", document)
	require.Equal(t, exitDone, code, stderr)
	require.NotContains(t, out, "internal.config.kubernetes.io")
	require.Contains(t, out, "checksum.outrigger.dev/tls-proxy: ")
}

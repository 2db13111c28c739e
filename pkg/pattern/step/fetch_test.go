package step

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// fetch is one that works, changed by edits.
func fetch(edits ...func(*Fetch)) *Fetch {
	p := &Fetch{URL: "https://models.example/v2/m.bin", SHA256: strings.Repeat("ab", 32), MountPath: "/models",
		SizeLimit: new(resource.MustParse("10Gi"))}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

// A URL leads to the program that speaks it, by its words.
func TestFetchPrograms(t *testing.T) {
	for url, c := range map[string]struct{ command, file, remote string }{
		"https://models.example/v2/m.bin":     {"fetch", "/models/m.bin", "https://models.example/v2/m.bin"},
		"http://models.example/a%20b?x=$(A)":  {"fetch", "/models/a b", "http://models.example/a%20b?x=$(A)"},
		"https://[2001:db8::1]:8443/m.bin":    {"fetch", "/models/m.bin", "https://[2001:db8::1]:8443/m.bin"},
		"s3://bucket/a/b%20c":                 {"rclone", "/models/b c", ":s3:bucket/a/b c"},
		"gs://bucket/m.bin":                   {"rclone", "/models/m.bin", ":gcs:bucket/m.bin"},
		"azblob://box/a,b=%22c%22:d/m.bin":    {"rclone", "/models/m.bin", `:azureblob:box/a,b="c":d/m.bin`},
		"https://models.example/%24(HOME).gz": {"fetch", "/models/$(HOME).gz", "https://models.example/%24(HOME).gz"},
	} {
		got := patterntest.BuildChange(t, fetch(func(p *Fetch) {
			p.URL = url
			if strings.HasPrefix(url, "azblob") {
				p.Azure = &Azure{Account: "models"}
			}
		}), patterntest.NewShop()).InitContainers[0]
		require.Equal(t, c.command, got.Command[3])
		require.Equal(t, []string{c.file, strings.Repeat("ab", 32), c.remote},
			[]string{expand(got.Args[0]), got.Args[1], expand(got.Args[2])}, url)
	}
}

// What is refused is a URL that says too much, too little, or what isn't a file.
func TestFetchURLs(t *testing.T) {
	for url, says := range map[string]string{
		"":                           "the url is missing",
		"models.example/m.bin":       "it isn't a valid URL",
		"https:///m.bin":             "it isn't a valid URL",
		"https://a b/m.bin":          "it isn't a valid URL",
		"https://a/m .bin":           "it isn't a valid URL",
		"https://a/m\n.bin":          "it isn't a valid URL",
		"https://me:pw@a/m.bin":      "everybody could read",
		"https://a_b/m.bin":          "isn't a valid host",
		"https://a:99999/m.bin":      "isn't a valid host",
		"https://a/m.bin#part":       "a fragment",
		"https://a/":                 "the file has no name",
		"https://a/x/..":             "the file has no name",
		"s3://bucket/m.bin?v=1":      "the URL of an object",
		"s3://bucket:80/m.bin":       "the URL of an object",
		"s3://bucket/a//m.bin":       "the URL of an object",
		"s3://bucket/a/../m.bin":     "the URL of an object",
		"s3://bucket/":               "the URL of an object",
		"gs://bucket/folder/":        "the URL of an object",
		"file:///etc/passwd":         "it isn't a valid URL",
		"file://a/etc/passwd":        "isn't supported",
		"azblob://container/m.bin":   "the storage account is missing",
		"https://[fe80::1%25eth0]/m": "isn't a valid host",
	} {
		err := fetch(func(p *Fetch) { p.URL = url }).Validate().Err()
		require.ErrorContains(t, err, says, url)
		require.NotContains(t, err.Error(), "pw")
	}
	plain := fetch(func(p *Fetch) { p.URL, p.SHA256 = "http://a/m.bin", "" })
	require.ErrorContains(t, plain.Validate(),
		"anybody on the network path could change a file that is sent over plain HTTP")
	open := fetch(func(p *Fetch) { p.SHA256 = "" }).Validate()
	require.NoError(t, open.Err())
	require.Equal(t, "checksum-missing", open[0].Code)
	signed := fetch(func(p *Fetch) { p.URL += "?X-Amz-Signature=abc" }).Validate()
	require.Equal(t, "secret-in-config", signed[0].Code)
	require.NotContains(t, signed.Error(), "abc")
}

// A file of its own volume, or of one that is there.
func TestFetchVolumes(t *testing.T) {
	own := patterntest.BuildChange(t, fetch(), patterntest.NewShop())
	require.Equal(t, "10Gi", own.Volumes[0].EmptyDir.SizeLimit.String())
	require.Equal(t, []corev1.VolumeMount{{Name: "tunnel-files", MountPath: "/models", ReadOnly: true}},
		own.App.VolumeMounts)
	require.EqualValues(t, 100, *own.InitContainers[0].SecurityContext.RunAsUser)

	claimed := func(edits ...func(*sidecar.Workload)) *sidecar.Workload {
		return patterntest.NewShop(append([]func(*sidecar.Workload){func(w *sidecar.Workload) {
			w.Claims = []string{"data"}
			w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64(1000)), FSGroup: new(int64(7))}
		}}, edits...)...)
	}
	into := func(p *Fetch) { p.VolumeName, p.SizeLimit = "data", nil }
	new1 := patterntest.BuildChange(t, fetch(into), claimed())
	mount := corev1.VolumeMount{Name: "data", MountPath: "/models", ReadOnly: true}
	require.Equal(t, []corev1.VolumeMount{mount}, new1.App.VolumeMounts)
	require.Equal(t, []corev1.VolumeMount{{Name: "data", MountPath: "/models"}}, new1.InitContainers[0].VolumeMounts)
	require.EqualValues(t, 1000, *new1.InitContainers[0].SecurityContext.RunAsUser)
	require.NotContains(t, new1.InitContainers[0].Resources.Requests, corev1.ResourceEphemeralStorage)
	again := patterntest.BuildChange(t, fetch(into),
		claimed(func(w *sidecar.Workload) { w.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{mount} }))
	require.Equal(t, new1, again, "a run over it wants the same")

	theirs := corev1.VolumeMount{Name: "data", MountPath: "/data", SubPath: "sets"}
	there := patterntest.BuildChange(t, fetch(into, func(p *Fetch) { p.MountPath = "" }),
		claimed(func(w *sidecar.Workload) { w.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{theirs} }))
	require.Equal(t, []corev1.VolumeMount{theirs}, there.App.VolumeMounts, "as it is")
	require.Equal(t, []corev1.VolumeMount{{Name: "data", MountPath: "/data", SubPath: "sets"}},
		there.InitContainers[0].VolumeMounts)
	require.Equal(t, "/data/m.bin", there.InitContainers[0].Args[0])

	_, err := sidecar.Build(fetch(into, func(p *Fetch) { p.MountPath = "" }), claimed())
	require.ErrorContains(t, err, "container shop doesn't mount volume data")
	root := claimed(func(w *sidecar.Workload) {
		w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64(0))}
	})
	require.Contains(t, strings.Join(patterntest.FindingLines(t, fetch(into), root), ""), "volume-owner")
	require.EqualValues(t, 100, *patterntest.BuildChange(t, fetch(into), root).InitContainers[0].SecurityContext.RunAsUser,
		"never root")
}

// Who the pod is to a storage: its account, or static credentials, as the Secret's.
func TestFetchIdentity(t *testing.T) {
	account := func(annotations map[string]string) *sidecar.Workload {
		return patterntest.NewShop(func(w *sidecar.Workload) {
			w.ServiceAccounts = func(string) map[string]string { return annotations }
		})
	}
	for scheme, c := range map[string]struct {
		annotation string
		env        []string
		static     []string
	}{
		"s3": {"eks.amazonaws.com/role-arn", []string{"RCLONE_S3_PROVIDER", "RCLONE_S3_ENV_AUTH"},
			[]string{"RCLONE_S3_PROVIDER", "RCLONE_S3_ENV_AUTH", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}},
		"gs": {"iam.gke.io/gcp-service-account", []string{"RCLONE_GCS_ENV_AUTH"},
			[]string{"RCLONE_GCS_SERVICE_ACCOUNT_FILE"}},
		"azblob": {"azure.workload.identity/client-id", []string{"RCLONE_AZUREBLOB_ACCOUNT", "RCLONE_AZUREBLOB_ENV_AUTH"},
			[]string{"RCLONE_AZUREBLOB_ACCOUNT", "RCLONE_AZUREBLOB_KEY"}},
	} {
		p := fetch(func(p *Fetch) {
			p.URL = scheme + "://bucket/m.bin"
			if scheme == "azblob" {
				p.Azure = &Azure{Account: "models"}
			}
		})
		names := func() (out []string) {
			for _, e := range patterntest.BuildChange(t, p, patterntest.NewShop()).InitContainers[0].Env {
				out = append(out, e.Name)
			}
			return out
		}
		require.Empty(t, patterntest.FindingLines(t, p, account(nil)), "the account isn't among the input")
		require.Contains(t, strings.Join(patterntest.FindingLines(t, p, account(map[string]string{})), ""),
			"ServiceAccount default has no annotation "+c.annotation)
		require.NotContains(t, strings.Join(patterntest.FindingLines(t, p, account(map[string]string{c.annotation: "x"})),
			""), "has no annotation")
		require.Equal(t, c.env, names())
		p.CredentialsSecretName = "keys"
		require.Empty(t, patterntest.FindingLines(t, p, account(map[string]string{})))
		require.Equal(t, c.static, names())
		w := patterntest.NewShop(func(w *sidecar.Workload) { w.Secrets = map[string][]string{"keys": {"other"}} })
		require.Contains(t, strings.Join(patterntest.FindingLines(t, p, w), ""), "secret-key")
	}
}

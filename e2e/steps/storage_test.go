package steps

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/step"
)

// object is a key that looks like much else: to a shell, to a URL, and to rclone,
// which has connection strings with commas, quotes and colons.
const object = `v2/it's "m,a=b:c" $HOME.bin`

// A bucket speaks as much of S3 as it takes to read one object: signatures aren't
// checked, but remembered.
type bucket struct {
	mu      sync.Mutex
	signers []string
	paths   []string
	region  string // that was signed for last
}

func (b *bucket) serve(_ int, w http.ResponseWriter, r *http.Request) bool {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	signer, rest, _ := strings.Cut(rest, "/")
	parts := strings.Split(rest, "/") // day, region, service
	b.mu.Lock()
	defer b.mu.Unlock()
	b.signers = append(b.signers, signer)
	if len(parts) > 1 {
		b.region = parts[1]
	}
	b.paths = append(b.paths, r.URL.Path)
	if r.URL.Path != "/models/"+object {
		w.WriteHeader(http.StatusNotFound)
		return true
	}
	w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
	w.Header().Set("ETag", `"several-parts-2"`) // no MD5
	return false
}

var credentials = map[string]string{"AWS_ACCESS_KEY_ID": "AKIAME", "AWS_SECRET_ACCESS_KEY": "s3cret"}

// fromS3 is a container that fetches the object with static credentials.
func fromS3(t *testing.T, s *store, files *pod.Volume, sha256 string) (corev1.Container, map[string]*pod.Volume) {
	t.Helper()
	c := expanded(renderStep(t, config.Entry{Fetch: &step.Fetch{
		URL: "s3://models/v2/it's%20%22m,a=b:c%22%20$HOME.bin", SHA256: sha256, FileName: "m.bin",
		MountPath: "/models", SizeLimit: new(resource.MustParse("1Gi")),
		S3: &step.S3{Endpoint: s.URL, Region: "eu-1"}, CredentialsSecretName: "minio",
	}}, ""))
	for i, e := range c.Env { // as the kubelet does
		if e.ValueFrom != nil {
			require.Equal(t, "minio", e.ValueFrom.SecretKeyRef.Name)
			c.Env[i] = corev1.EnvVar{Name: e.Name, Value: credentials[e.ValueFrom.SecretKeyRef.Key]}
		}
	}
	return c, map[string]*pod.Volume{"/models": files}
}

// A real rclone gets an object of S3, without a config file or a place to write to
// but the volume; what is there and right isn't fetched again.
func TestFetchS3(t *testing.T) {
	b := &bucket{}
	s := newStore(t, true, b.serve)
	files := pod.EmptyVolume(t)
	c, mounts := fromS3(t, s, files, sum(model))
	launch(t, c, mounts).RequireSuccess()
	whole(t, files)
	for i := range b.signers {
		require.Equal(t, "AKIAME", b.signers[i])
	}
	require.Equal(t, "eu-1", b.region)
	n := len(b.paths)
	require.Contains(t, b.paths, "/models/"+object)
	again := launch(t, c, mounts)
	again.RequireSuccess()
	says(t, again, "m.bin is there")
	require.Len(t, b.paths, n)
}

// Where nobody names a region, it's the one that the cloud gives pods by a variable.
func TestFetchS3Region(t *testing.T) {
	b := &bucket{}
	files := pod.EmptyVolume(t)
	c, mounts := fromS3(t, newStore(t, true, b.serve), files, sum(model))
	for i, e := range c.Env {
		if e.Name == "RCLONE_S3_REGION" {
			c.Env[i] = corev1.EnvVar{Name: "AWS_REGION", Value: "eu-9"} // as the admission webhook of EKS does
		}
	}
	launch(t, c, mounts).RequireSuccess()
	whole(t, files)
	require.Equal(t, "eu-9", b.region)
}

// What isn't what was wanted, or isn't there, never appears.
func TestFetchS3Refused(t *testing.T) {
	files := pod.EmptyVolume(t)
	c, mounts := fromS3(t, newStore(t, true, (&bucket{}).serve), files, sum([]byte("another")))
	run := launch(t, c, mounts)
	run.RequireFailure()
	says(t, run, "sha256 is "+sum(model))
	only(t, files)

	gone := newStore(t, true, func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusNotFound)
		return true
	})
	c, mounts = fromS3(t, gone, files, sum(model))
	run = launch(t, c, mounts)
	run.RequireFailure()
	says(t, run, "not found")
	only(t, files)
}

package step

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// expand is what the kubelet makes of an argument
// (k8s.io/kubernetes/third_party/forked/golang/expansion), where every variable has
// a value that nobody wants to see there.
func expand(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		switch end := strings.IndexByte(s[i+1:], ')'); {
		case s[i+1] == '$':
			b.WriteByte('$')
			i++
		case s[i+1] == '(' && end > 0:
			if name := s[i+2 : i+1+end]; regexp.MustCompile(`^\w+$`).MatchString(name) {
				b.WriteString("EXPANDED")
			} else {
				b.WriteString("$(" + name + ")")
			}
			i += 1 + end
		default:
			b.WriteByte('$')
		}
	}
	return b.String()
}

func TestExpand(t *testing.T) {
	require.Equal(t, "a$b EXPANDED $(B) $(c d) $(", expand("a$b $(A) $$(B) $(c d) $("))
}

// Scripts say the same after the kubelet has looked for variables in them.
func TestScripts(t *testing.T) {
	for _, name := range []string{"sysctl", "permissions", "fetch", "rclone", "waitfor"} {
		command := stepScript(name)
		require.Len(t, command, 4)
		require.Equal(t, command[2], expand(command[2]), name)
		require.True(t, strings.HasPrefix(command[2], "# Written by outrigger: "), name)
		require.NotContains(t, command[2], "\t", "a block of YAML")
	}
	require.Panics(t, func() { stepScript("none") })
}

// What a volume may take comes on top of what the app wants for itself.
func TestStorage(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	quantity := func(s string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse(s)}
	}
	w := patterntest.NewShop()
	got := storageResources(w, resource.MustParse("10Gi"))
	require.Equal(t, "10Gi", got.Requests.StorageEphemeral().String())
	require.Nil(t, got.Limits, "it would be the pod's limit")
	w.Pod.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: quantity("1Gi")}
	w.Pod.Spec.InitContainers = []corev1.Container{
		{RestartPolicy: &always, Resources: corev1.ResourceRequirements{Limits: quantity("2Gi")}},
		{Resources: corev1.ResourceRequirements{Requests: quantity("99Gi")}}}
	got = storageResources(w, resource.MustParse("10Gi"))
	require.Equal(t, "13Gi", got.Requests.StorageEphemeral().String())
	require.Equal(t, "12Gi", got.Limits.StorageEphemeral().String())
	w.Pod.Spec.InitContainers[0].Name = "log-tail-access"
	w.Added = []string{"log-tail-access"}
	got = storageResources(w, resource.MustParse("10Gi"))
	require.Equal(t, "11Gi", got.Requests.StorageEphemeral().String(), "as in the first run")
}

// FuzzSteps writes whatever there is into each field of the steps: it's refused, or
// it's one argument or variable that reaches the program as it was written. Scripts
// never change, and neither do programs and their options.
func FuzzSteps(f *testing.F) {
	for _, s := range []string{"https://a.example/b", "s3://bucket/a b", "gs://b/c$(D)", `'; rm -rf / #`, "$(reboot)",
		"`id`", "-o/etc/passwd", "a\nb", "[::1]:80", "redis:6379", "vm.max_map_count", "net/core/somaxconn", "1 2\t3",
		"$$(A)", "/a/../b", "é", "http://x/?a=$(B)", ":s3,env_auth=false:x/y", "@file", "https://a/b#c",
		"http://[::1%25eth0]/"} {
		f.Add(s, s)
	}
	sizeLimit := resource.MustParse("1Gi")
	sha := strings.Repeat("0", 64)
	f.Fuzz(func(t *testing.T, s, o string) {
		for _, c := range []struct {
			pattern sidecar.Pattern
			texts   []string // which must come through as they are
		}{
			{&Fetch{URL: s, SHA256: sha, FileName: "f", MountPath: "/m", SizeLimit: &sizeLimit, Azure: &Azure{Account: o}}, nil},
			{&Fetch{URL: "https://a.example/b", SHA256: s, FileName: o, MountPath: "/m", SizeLimit: &sizeLimit},
				[]string{"https://a.example/b", s}},
			{&Fetch{URL: s, SHA256: sha, MountPath: o, SizeLimit: &sizeLimit, Headers: &SecretFile{SecretName: "a", Key: o},
				CA: &pattern.CABundle{SecretName: o}}, nil},
			{&Fetch{URL: s, SHA256: sha, FileName: o, MountPath: "/m", SizeLimit: &sizeLimit}, nil},
			{&Fetch{URL: "s3://b/k", SHA256: sha, MountPath: "/m", SizeLimit: &sizeLimit, S3: &S3{Endpoint: s, Region: o},
				CredentialsSecretName: "x"}, nil},
			{&WaitFor{Targets: []string{s, o}}, []string{s, o}},
			{&WaitFor{Targets: []string{"https://a/", s}, CA: &pattern.CABundle{ConfigMapName: "a", Key: o}}, []string{s}},
			{&Sysctl{Sysctls: []corev1.Sysctl{{Name: "vm.max_map_count", Value: s}, {Name: o, Value: "1"}}}, []string{s}},
			{&Permissions{Volumes: []string{"data"}, Mode: PermissionMode(o)}, nil},
			{&Permissions{Volumes: []string{"data", s}}, nil},
		} {
			w := patterntest.NewShop(func(w *sidecar.Workload) {
				w.Pod.Spec.Volumes = []corev1.Volume{
					{Name: "data", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{}}}}
				w.Pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: new(int64(1000))}
				w.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{
					{Name: "data", MountPath: "/" + strings.ReplaceAll(strings.ReplaceAll(s, "\n", ""), "\x00", "")}}
			})
			before, err := json.Marshal(w.Pod)
			require.NoError(t, err)
			change, err := sidecar.Build(c.pattern, w)
			after, _ := json.Marshal(w.Pod)
			require.Equal(t, string(before), string(after), "a view is read only")
			if err != nil {
				require.Nil(t, change)
				continue
			}
			for _, ctr := range change.InitContainers {
				scripted(t, &ctr, c.texts)
			}
		}
	})
}

// scripted wants a container to run a script as it is, with arguments that are what
// was written, and no option among them that we didn't write.
func scripted(t *testing.T, c *corev1.Container, texts []string) {
	t.Helper()
	require.Equal(t, stepScript(c.Command[3]), c.Command)
	var args []string
	for _, a := range c.Args {
		args = append(args, expand(a))
		require.NotContains(t, a, "\n")
		require.NotContains(t, a, "\x00")
		require.NotContains(t, expand(a), "EXPANDED")
	}
	for _, text := range texts {
		require.Contains(t, args, text)
	}
	options := []string{"--proto", "--proto-redir", "--header", "--netrc-file"}
	for i, a := range args {
		if strings.HasPrefix(a, "-") {
			require.True(t, slices.Contains(options, a) || slices.Contains(rcloneArgs, a), "%q at %d of %q", a, i, args)
		}
	}
	for _, e := range c.Env {
		require.Regexp(t, `^(RCLONE|AWS|CURL)_[A-Z0-9_]+$`, e.Name)
		require.NotContains(t, expand(e.Value), "EXPANDED")
	}
}

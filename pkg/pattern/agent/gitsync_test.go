package agent

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// gitSync is one that fits shop, changed by edits.
func gitSync(edits ...func(*GitSync)) *GitSync {
	p := &GitSync{Repo: "https://git.example/team/content"}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

func TestGitSync(t *testing.T) {
	stays := patterntest.BuildChange(t, gitSync(), patterntest.NewShop())
	require.Equal(t, sidecar.PhaseFetch, stays.Phase)
	require.Equal(t, []string{"--repo=https://git.example/team/content", "--ref=HEAD", "--depth=1", "--root=/git",
		"--link=current",
		"--sync-timeout=120s", "--period=60s", "--max-failures=-1", "--http-bind=:16004"}, stays.Containers[0].Args)
	require.EqualValues(t, 16004, stays.Containers[0].StartupProbe.HTTPGet.Port.IntValue())
	require.Equal(t, "1Gi", stays.Volumes[0].EmptyDir.SizeLimit.String())
	require.Equal(t, []corev1.VolumeMount{{Name: "tunnel-files", MountPath: "/git", ReadOnly: true}},
		stays.App.VolumeMounts, "the folder of the link, and no subPath")

	once := patterntest.BuildChange(t, gitSync(func(p *GitSync) {
		p.Once, p.SizeLimit = true, new(resource.MustParse("1M"))
	}), patterntest.NewShop())
	require.Empty(t, once.Containers)
	require.Contains(t, once.InitContainers[0].Args, "--one-time")
	require.NotContains(t, once.InitContainers[0].Args, "--max-failures=-1", "what fails is seen at once")
	require.Empty(t, once.InitContainers[0].Ports)
	require.Equal(t, "1M", once.Volumes[0].EmptyDir.SizeLimit.String())
}

func TestGitSyncRefuses(t *testing.T) {
	repo := func(url string) func(*GitSync) { return func(p *GitSync) { p.Repo = url } }
	none := func(*sidecar.Workload) {}
	const noURL = "error bad-value: repo: it isn't a valid repository URL; write it as https://git.example/team/content " +
		"or ssh://git@git.example/team/content"
	const secret = "error secret-literal: repo: it contains credentials, which everybody who can see the pod could " +
		"read; put them into a Secret, and name that in basicAuth"
	const plain = "error plaintext: repo: anybody on the network path could change the files; write https or ssh"
	const noKey = "error missing-field: ssh.secretName: the key to log in with is missing; name the Secret that has " +
		"ssh-privatekey and known_hosts"
	for name, c := range map[string]struct {
		edit func(*GitSync)
		view func(*sidecar.Workload)
		want []string
	}{
		"nothing": {repo(""), none, []string{"error missing-field: repo: no repository is named; write it as " +
			"https://git.example/team/content or ssh://git@git.example/team/content"}},
		"a token":           {repo("https://ghp_x@git.example/a"), none, []string{secret}},
		"a password":        {repo("ssh://git:hush@git.example/a"), none, []string{secret}},
		"a strange user":    {repo("ssh://-oProxyCommand=x@git.example/a"), none, []string{secret}},
		"a flag as host":    {repo("ssh://-oProxyCommand=x/a"), none, []string{noURL}},
		"a flag as short":   {repo("-x@git.example:a"), none, []string{noURL}},
		"a helper of git":   {repo("ext::sh -c id"), none, []string{noURL}},
		"a file":            {repo("file:///etc"), none, []string{noURL}},
		"a query":           {repo("https://git.example/a?token=x"), none, []string{noURL}},
		"no path":           {repo("https://git.example"), none, []string{noURL}},
		"no port":           {repo("https://git.example:/a"), none, []string{noURL}},
		"what is expanded":  {repo("https://git.example/$(X)"), none, []string{noURL}},
		"git's protocol":    {repo("git://git.example/a"), none, []string{plain}},
		"http":              {repo("http://git.example/a"), none, []string{plain}},
		"http of the pod":   {repo("http://127.0.0.1:3000/a"), none, []string{}},
		"ssh without a key": {repo("git@git.example:a"), none, []string{noKey}},
		"ssh of a URL, too": {repo("ssh://git.example/a"), none, []string{noKey}},
		"a key without ssh": {func(p *GitSync) {
			p.SSH = &GitSSH{SecretName: "key"}
		}, none, []string{"error bad-value: ssh: has no effect: the repository isn't reached with ssh; remove it"}},
		"a CA for ssh": {func(p *GitSync) {
			repo("git@git.example:a")(p)
			p.SSH = &GitSSH{SecretName: "key"}
			p.CA = &pattern.CABundle{SecretName: "ca"}
		}, none,
			[]string{
				"error bad-value: ca: has no effect: the repository is reached with ssh, which verifies with known_hosts; " +
					"remove it"}},
		"a reflog": {func(p *GitSync) { p.Ref = "main@{1}" }, none, []string{`error bad-value: ref: "main@{1}" can't be a ` +
			`branch, a tag or a commit; write it as main, v1.2 or the whole hash of a commit`}},
		"git's own folder": {func(p *GitSync) {
			p.Link = ".git"
		}, none,
			[]string{`error bad-value: link: ".git" can't be the name of the link; write a name without /, as in current`}},
		"back in time": {func(p *GitSync) {
			p.TimeoutSeconds = -1
		}, none, []string{"error bad-value: timeoutSeconds: -1 isn't a valid number of seconds; write 1 or more"}},
		"some submodules": {func(p *GitSync) {
			p.Submodules = "some"
		}, none, []string{`error bad-value: submodules: "some" is unknown; write recursive or shallow or off`}},
		"a port of root's": {func(p *GitSync) {
			p.StatusPort = 80
		}, none,
			[]string{
				"error bad-value: statusPort: port 80 needs root, and the sidecar doesn't run as root; write 1024 or more"}},
		"a status of nobody": {func(p *GitSync) {
			p.StatusPort, p.Once = 8000, true
		}, none, []string{"error bad-value: statusPort: has no effect: the repository is fetched once; remove it"}},
		"another user of ssh": {func(p *GitSync) {
			repo("git@git.example:a")(p)
			p.SSH = &GitSSH{SecretName: "key"}
		}, func(w *sidecar.Workload) {
			w.Override = &corev1.Container{SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64(7))}}
		}, []string{"warning git-user: ssh fails for a user that the image doesn't have, such as 7; use user 65533, since " +
			"everybody can read the files"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, patterntest.FindingLines(t, gitSync(c.edit), patterntest.NewShop(c.view)))
		})
	}
}

// FuzzGitSync writes whatever there is into each field: it's refused, or it's the
// value of one flag.
func FuzzGitSync(f *testing.F) {
	f.Add("https://git.example/a", "main", "current", "login", "", false)
	f.Add("git@git.example:a.git", "-x", "../x", "", "key", true)
	f.Add("ssh://-oProxyCommand=id@h/a", "a b", ".git", "", "key", false)
	f.Add("https://u:p@git.example/$(X)", "HEAD", "a", "", "", false)
	f.Fuzz(func(t *testing.T, repo, ref, link, login, key string, once bool) {
		p := &GitSync{Repo: repo, Ref: ref, Link: link, Once: once}
		if login != "" {
			p.BasicAuth = &GitBasicAuth{SecretName: login}
		}
		if key != "" {
			p.SSH = &GitSSH{SecretName: key}
		}
		c, err := sidecar.Build(p, patterntest.NewShop())
		if err != nil {
			require.Nil(t, c)
			return
		}
		args := append(c.Containers, c.InitContainers...)[0].Args
		for i, arg := range args {
			require.Regexp(t, `^--[a-z-]+(=[!-~]*)?$`, arg)
			require.NotContains(t, arg, "$(")
			if i == 0 {
				require.NotRegexp(t, `^--repo=(-|[a-z]+://[^/]*:[^/]*@|https?://[^/]*@)`, arg, "neither a flag nor a password")
			}
		}
	})
}

package agent

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Refs, links, paths and users of git. A leading dash would make a flag of them.
var (
	gitRef  = pattern.LazyRegexp(`^[A-Za-z0-9_][A-Za-z0-9_./+@#=-]*$`)
	gitLink = pattern.LazyRegexp(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	gitPath = pattern.LazyRegexp(`^/?[A-Za-z0-9_.~][A-Za-z0-9_.~/+%-]*$`)
	gitUser = pattern.LazyRegexp(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
)

// Validate finds errors in the entry alone.
func (p *GitSync) Validate() sidecar.Findings {
	var fs sidecar.Findings
	p.validateRepo(&fs)
	if p.Ref != "" && (!gitRef().MatchString(p.Ref) || strings.Contains(p.Ref, "..") || strings.Contains(p.Ref, "@{")) {
		fs.Add(sidecar.Error, "bad-value", "ref", fmt.Sprintf("%q can't be a branch, a tag or a commit", p.Ref),
			"write it as main, v1.2 or the whole hash of a commit")
	}
	if p.Link != "" && (!gitLink().MatchString(p.Link) || p.Link == ".git" || p.Link == ".worktrees") {
		fs.Add(sidecar.Error, "bad-value", "link", fmt.Sprintf("%q can't be the name of the link", p.Link),
			"write a name without /, as in current")
	}
	for _, n := range []struct {
		field string
		value int32
	}{{"periodSeconds", p.PeriodSeconds}, {"timeoutSeconds", p.TimeoutSeconds}} {
		if n.value < 0 {
			fs.Add(sidecar.Error, "bad-value", n.field, fmt.Sprintf("%d isn't a valid number of seconds", n.value),
				"write 1 or more")
		}
	}
	if p.cloneDepth() < 0 {
		fs.Add(sidecar.Error, "bad-value", "depth", fmt.Sprintf("%d isn't a valid number of commits", p.cloneDepth()),
			"write 1 or more, or 0 for the whole history")
	}
	pattern.ValidateMountPath("mountPath", p.MountPath, &fs)
	pattern.ValidateEnum("submodules", p.Submodules, &fs, GitRecursive, GitShallow, GitOff)
	if p.SizeLimit != nil && p.SizeLimit.Sign() <= 0 {
		fs.Add(sidecar.Error, "bad-value", "sizeLimit", "nothing would fit",
			"write as much as two commits and the history need, as in 1Gi")
	}
	if p.StatusPort != 0 {
		pattern.ValidateUnprivilegedPort("statusPort", p.StatusPort, &fs)
	}
	if p.Once && p.PeriodSeconds != 0 {
		pattern.RefuseField("periodSeconds", "the repository is fetched once", &fs)
	}
	if p.Once && p.StatusPort != 0 {
		pattern.RefuseField("statusPort", "the repository is fetched once", &fs)
	}
	return fs
}

// validateRepo finds errors in the URL. Messages never show the URL, which may contain a
// password.
func (p *GitSync) validateRepo(fs *sidecar.Findings) {
	const form = "write it as https://git.example/team/content or ssh://git@git.example/team/content"
	ssh, loopback, wrong := p.parseRepo()
	switch {
	case p.Repo == "":
		fs.Add(sidecar.Error, "missing-field", "repo", "no repository is named", form)
	case wrong == "credentials":
		fs.Add(sidecar.Error, "secret-literal", "repo",
			"it contains credentials, which everybody who can see the pod could read",
			"put them into a Secret, and name that in basicAuth")
	case wrong == "plain" && !loopback:
		fs.Add(sidecar.Error, "plaintext", "repo", "anybody on the network path could change the files", "write https or ssh")
	case wrong != "" && wrong != "plain":
		fs.Add(sidecar.Error, "bad-value", "repo", "it isn't a valid repository URL", form)
	case ssh && p.SSH == nil:
		fs.Add(sidecar.Error, "missing-field", "ssh.secretName", "the key to log in with is missing",
			"name the Secret that has ssh-privatekey and known_hosts")
	}
	if p.SSH != nil {
		if !ssh && wrong == "" {
			pattern.RefuseField("ssh", "the repository isn't reached with ssh", fs)
		}
		pattern.ValidateObjectName("ssh.secretName", p.SSH.SecretName, fs)
	}
	if p.BasicAuth != nil {
		if ssh {
			pattern.RefuseField("basicAuth", "the repository is reached with ssh", fs)
		}
		pattern.ValidateObjectName("basicAuth.secretName", p.BasicAuth.SecretName, fs)
	}
	if p.CA != nil && ssh {
		pattern.RefuseField("ca", "the repository is reached with ssh, which verifies with known_hosts", fs)
	}
	p.CA.ValidateAt("ca", fs)
}

// parseRepo parses the repository's URL, or git's short form for ssh, as in
// git@git.example:team/content. wrong is "" for a valid one, else credentials, plain or
// form.
func (p *GitSync) parseRepo() (ssh, loopback bool, wrong string) {
	if !strings.Contains(p.Repo, "://") {
		host, path, _ := strings.Cut(p.Repo, ":")
		user, host, _ := strings.Cut(host, "@")
		if !gitUser().MatchString(user) || !pattern.IsHost(host) || !gitPath().MatchString(path) {
			return false, false, "form"
		}
		return true, false, ""
	}
	u, err := url.Parse(p.Repo)
	if err != nil || !pattern.IsHost(u.Hostname()) || strings.HasSuffix(u.Host, ":") ||
		!gitPath().MatchString(u.EscapedPath()) || strings.ContainsAny(p.Repo, "?#") {
		return false, false, "form"
	}
	_, password := u.User.Password()
	switch u.Scheme {
	case "ssh":
		if password || u.User != nil && !gitUser().MatchString(u.User.Username()) {
			return true, false, "credentials"
		}
		return true, false, ""
	case "https", "http", "git":
		if u.User != nil {
			return false, false, "credentials"
		}
		if u.Scheme != "https" {
			return false, pattern.IsLoopback(u.Hostname()), "plain"
		}
		return false, false, ""
	}
	return false, false, "form"
}

package vault

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *Vault) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	p.CA.CheckKey(w, "ca", &fs)
	if account, _ := w.ServiceAccount(); account == "default" {
		fs.Add(sidecar.Info, "vault-account", "role", "the pod runs as ServiceAccount default, so every pod of the "+
			"namespace without a ServiceAccount of its own can use the role",
			"give the pod a serviceAccountName of its own")
	}
	if w.Placement == sidecar.Beside && p.fetchMode() == VaultAgent {
		fs.Add(sidecar.Warning, "vault-late", "",
			"an ordinary container starts together with the app, which may look for its files before they're there",
			w.HintForBeside(vaultAsInit))
	}
	p.checkProgram(w, &fs)
	p.checkTokens(w, &fs)
	for i := range p.Files {
		p.checkFile(fmt.Sprintf("files[%d]", i), &p.Files[i], w, &fs)
	}
	return fs
}

// checkProgram finds an image without the program.
func (p *Vault) checkProgram(w *sidecar.Workload, fs *sidecar.Findings) {
	ref := w.Image(p.programImage().Ref)
	name := ref[strings.LastIndexByte(ref, '/')+1:]
	if p.Program == OpenBao && strings.HasPrefix(name, "vault") ||
		p.Program != OpenBao && strings.HasPrefix(name, "openbao") {
		fs.Add(sidecar.Error, "image-program", "program", "image "+ref+" has no command "+p.programName(),
			"use an image that contains the program, or change program")
	}
}

// checkTokens finds tokens in plain text. Messages don't show them.
func (p *Vault) checkTokens(w *sidecar.Workload, fs *sidecar.Findings) {
	hasToken := func(c *corev1.Container) bool {
		return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return (e.Name == "VAULT_TOKEN" || e.Name == "BAO_TOKEN") && e.Value != ""
		})
	}
	if w.Override != nil && hasToken(w.Override) {
		fs.Add(sidecar.Error, "secret-literal", "", "the override contains a token in plain text",
			"remove it: the pod logs in with its ServiceAccount")
	}
	for c := range w.AllContainers() {
		if c.Name != w.Name && hasToken(c) {
			fs.Add(sidecar.Warning, "secret-literal", "", "container "+c.Name+" contains a token of the server in plain text",
				"remove it, and fetch the secrets as files")
		}
	}
}

func (p *Vault) checkFile(at string, f *VaultFile, w *sidecar.Workload, fs *sidecar.Findings) {
	if p.fetchMode() != VaultAgent && (isLeased(f.Secret) || leasedIn(f.Template)) {
		fs.Add(sidecar.Warning, "vault-lease", at,
			"its values expire with their lease, which nothing renews while the app runs", "use mode agent")
	}
	if _, def := p.findUser(w); f.Perms != "" && !isReadable(f.Perms, def) {
		fs.Add(sidecar.Warning, "vault-perms", at+".perms",
			"the app can't read it unless it runs as the file's user, and the manifest doesn't set the app's user",
			"write the app's securityContext.runAsUser, or remove perms")
	}
	if file := cmp.Or(p.MountPath, vaultFiles) + "/" + f.Path; f.Format == VaultEnv && w.App != nil &&
		!mentionsText(w.App, file) {
		fs.Add(sidecar.Info, "vault-env", at, "nothing in container "+w.App.Name+" reads "+file,
			fmt.Sprintf(`unless its program reads it, start the program with command: [sh, -c, 'set -a; . %s; exec "$@"', sh, `+
				`and then its command]`, file))
	}
}

// isReadable reports whether the app can read a file with these permissions. def are the
// default permissions, which tell whether the app is the owner, in the group, or another
// user.
func isReadable(perms, def string) bool {
	n, err := strconv.ParseUint(perms, 8, 16)
	bits := map[string]uint64{"0400": 0o400, "0440": 0o044, "0444": 0o004}[def]
	return err != nil || n&bits != 0
}

// mentionsText reports whether a container's command, arguments or variables contain a
// text.
func mentionsText(c *corev1.Container, text string) (yes bool) {
	pattern.VisitTexts(c, func(_, s string) { yes = yes || strings.Contains(s, text) })
	return yes
}

var quotedWord = pattern.LazyRegexp("\"[^\"\\\\]*\"|`[^`]*`")

// leasedIn reports whether a template contains the path of a secret with a lease.
func leasedIn(template string) bool {
	return slices.ContainsFunc(quotedWord().FindAllString(template, -1), func(q string) bool {
		return isLeased(q[1 : len(q)-1])
	})
}

var templateLine = pattern.LazyRegexp(`^template: :(\d+):`)

// parseTemplate reports whether a text is a valid template, with any functions. If it
// isn't, line is where the error is.
func parseTemplate(text string) (line int, ok bool) {
	tree := parse.New("")
	tree.Mode = parse.SkipFuncCheck
	_, err := tree.Parse(text, "{{", "}}", map[string]*parse.Tree{})
	if err == nil {
		return 0, true
	}
	if m := templateLine().FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	return line, false
}

package vault

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Words in arguments and templates. No segment begins with a dash, which would make it a
// flag, or with a dot.
var (
	vaultWord     = pattern.LazyRegexp(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	vaultPath     = pattern.LazyRegexp(`^[A-Za-z0-9_][A-Za-z0-9_.:@+=~,-]*(/[A-Za-z0-9_][A-Za-z0-9_.:@+=~,-]*)*$`)
	vaultField    = pattern.LazyRegexp(`^[A-Za-z0-9_][A-Za-z0-9_.:@/ -]*$`)
	vaultFilePath = pattern.LazyRegexp(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)*$`)
	filePerms     = pattern.LazyRegexp(`^0?[0-7]{3}$`)
)

// Validate finds errors in the entry alone.
func (p *Vault) Validate() sidecar.Findings {
	var fs sidecar.Findings
	pattern.ValidateEnum("mode", p.Mode, &fs, VaultAgent, VaultInit, VaultCLI)
	pattern.ValidateEnum("program", p.Program, &fs, HashiCorpVault, OpenBao)
	p.validateServer(&fs)
	pattern.ValidateMountPath("mountPath", p.MountPath, &fs)
	if p.RefreshSeconds < 0 {
		fs.Add(sidecar.Error, "bad-value", "refreshSeconds",
			fmt.Sprintf("%d isn't a valid number of seconds", p.RefreshSeconds),
			"write 1 or more")
	} else if p.RefreshSeconds != 0 && p.fetchMode() != VaultAgent {
		pattern.RefuseField("refreshSeconds", "files are fetched once", &fs)
	}
	if len(p.Files) == 0 {
		fs.Add(sidecar.Error, "missing-field", "files", "there is nothing to fetch",
			"write a file, as in {path: db.env, secret: secret/data/shop, format: env}")
	}
	for i := range p.Files {
		p.validateFile(fmt.Sprintf("files[%d]", i), i, &fs)
	}
	return fs
}

func (p *Vault) validateServer(fs *sidecar.Findings) {
	p.validateAddress(fs)
	validateWord := func(field, value, what string, form *regexp.Regexp, hint string) {
		if value != "" && !form.MatchString(value) {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be %s", value, what), hint)
		}
	}
	if p.Role == "" {
		fs.Add(sidecar.Error, "missing-field", "role", "the role that the pod logs in with is missing",
			"write the role of the server's Kubernetes auth method")
	}
	validateWord("role", p.Role, "a role", vaultWord(), "use letters, digits, _, - and dots")
	validateWord("namespace", strings.TrimSuffix(p.Namespace, "/"), "a namespace of the server", vaultPath(),
		"write it as in team/shop")
	validateWord("authPath", p.AuthPath, "the path of an auth method", vaultPath(),
		"write it without auth/ before it, as in kubernetes")
	if strings.HasPrefix(p.AuthPath, "auth/") {
		fs.Add(sidecar.Error, "bad-value", "authPath", "auth/ is added automatically", "remove it")
	}
	if strings.ContainsFunc(p.Audience, func(r rune) bool { return r <= ' ' || r > '~' }) {
		fs.Add(sidecar.Error, "bad-value", "audience", fmt.Sprintf("%q isn't a valid audience of a token", p.Audience),
			"write the word or URL that the role has")
	}
	if p.ServerName != "" && len(validation.IsDNS1123Subdomain(p.ServerName)) > 0 {
		fs.Add(sidecar.Error, "bad-value", "serverName",
			fmt.Sprintf("%q isn't a name that a certificate can have", p.ServerName),
			"write a name, as in vault.example")
	}
	p.CA.ValidateAt("ca", fs)
}

// validateAddress finds errors in the address. Messages don't show it, as it may contain a
// password.
func (p *Vault) validateAddress(fs *sidecar.Findings) {
	const form = "write it as https://vault.vault.svc:8200"
	u, err := url.Parse(p.Address)
	switch {
	case p.Address == "":
		fs.Add(sidecar.Error, "missing-field", "address", "no server is named", form)
	case err != nil || !pattern.IsHTTP(u) || !pattern.IsHost(u.Hostname()) || strings.HasSuffix(u.Host, ":"):
		fs.Add(sidecar.Error, "bad-value", "address", "it isn't a valid server address", form)
	case u.User != nil:
		fs.Add(sidecar.Error, "secret-literal", "address", "it contains a user",
			"remove it: the pod logs in with its ServiceAccount")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		fs.Add(sidecar.Error, "bad-value", "address", "there is more after the server's name and port", form)
	case u.Scheme == "http" && !pattern.IsLoopback(u.Hostname()):
		fs.Add(sidecar.Error, "plaintext", "address", "secrets would cross the network unencrypted",
			"write https, or put a tunnel in front and write its http://127.0.0.1")
	case u.Scheme == "http" && (p.CA != nil || p.ServerName != ""):
		fs.Add(sidecar.Error, "bad-value", "address", "http has no certificate to verify",
			"remove ca and serverName")
	}
}

func (p *Vault) validateFile(at string, i int, fs *sidecar.Findings) {
	f := &p.Files[i]
	switch {
	case f.Path == "":
		fs.Add(sidecar.Error, "missing-field", at+".path", "the file has no name", "write one, as in db.env")
	case !vaultFilePath().MatchString(f.Path) || path.Clean(f.Path) != f.Path || strings.HasPrefix(f.Path, ".."):
		fs.Add(sidecar.Error, "bad-value", at+".path", fmt.Sprintf("%q isn't a valid path in the folder", f.Path),
			"write it with letters, digits, _, -, dots and /, as in db.env")
	case slices.ContainsFunc(p.Files[:i], func(other VaultFile) bool {
		return other.Path == f.Path || strings.HasPrefix(other.Path, f.Path+"/") || strings.HasPrefix(f.Path, other.Path+"/")
	}):
		fs.Add(sidecar.Error, "bad-value", at+".path", f.Path+" is also the path of another file", "give it another name")
	}
	if f.Perms != "" && !filePerms().MatchString(f.Perms) {
		fs.Add(sidecar.Error, "bad-value", at+".perms", fmt.Sprintf("%q aren't valid permissions", f.Perms),
			`write them in quotes, as in "0440"`)
	} else if f.Perms != "" && strings.Trim(f.Perms[len(f.Perms)-1:], "2367") == "" {
		fs.Add(sidecar.Error, "bad-value", at+".perms", "everybody could write the file", `write them as in "0440"`)
	}
	if f.Template != "" {
		p.validateTemplate(at, f, fs)
		return
	}
	switch {
	case f.Secret == "":
		fs.Add(sidecar.Error, "missing-field", at+".secret", "the source of the file is missing",
			"write the secret's path, as in secret/data/shop, or a template")
	case !vaultPath().MatchString(f.Secret) || !strings.Contains(f.Secret, "/"):
		fs.Add(sidecar.Error, "bad-value", at+".secret", fmt.Sprintf("%q isn't a valid secret path", f.Secret),
			"write the engine's mount and the secret's path, as in secret/data/shop")
	}
	f.validateKV(at, p.Mode, fs)
	pattern.ValidateEnum(at+".format", f.Format, fs, VaultEnv, VaultJSON, VaultRaw)
	switch {
	case f.fileFormat() == VaultRaw && f.Field == "":
		fs.Add(sidecar.Error, "missing-field", at+".field", "format raw writes one value, and none is named",
			"write its name, as in password")
	case f.fileFormat() != VaultRaw && f.Field != "":
		pattern.RefuseField(at+".field", "format "+string(f.Format)+" writes all values", fs)
	case f.Field != "" && !vaultField().MatchString(f.Field):
		fs.Add(sidecar.Error, "bad-value", at+".field", fmt.Sprintf("%q can't be the name of a value here", f.Field),
			"write a template for it")
	}
	if p.Mode == VaultCLI && f.fileFormat() == VaultEnv {
		fs.Add(sidecar.Error, "bad-value", at+".format", "the vault command can't write it",
			"use mode init, or format json or raw")
	}
}

func (f *VaultFile) validateKV(at string, mode VaultMode, fs *sidecar.Findings) {
	_, _, data := f.splitMount()
	switch {
	case f.KVVersion < 0 || f.KVVersion > 2:
		fs.Add(sidecar.Error, "bad-value", at+".kvVersion", fmt.Sprintf("%d is unknown", f.KVVersion), "write 1 or 2")
	case f.KVVersion == 2 && !data:
		fs.Add(sidecar.Error, "vault-kv", at+".secret", "a kv engine of version 2 has data after the mount",
			"write it as secret/data/shop")
	case f.KVVersion == 0 && !data && !isLeased(f.Secret) && f.Secret != "":
		fs.Add(sidecar.Warning, "vault-kv", at+".secret",
			"it's read like a secret of a kv engine of version 1, or of another engine",
			"for version 2, write data after the mount, as in secret/data/shop, else write kvVersion: 1")
	}
}

// validateTemplate finds fields that a template replaces, and templates with a syntax
// error.
func (p *Vault) validateTemplate(at string, f *VaultFile, fs *sidecar.Findings) {
	if p.Mode == VaultCLI {
		fs.Add(sidecar.Error, "bad-value", at+".template", "the vault command has no templates", "use mode init")
	}
	for _, other := range []struct {
		field string
		set   bool
	}{{"secret", f.Secret != ""}, {"kvVersion", f.KVVersion != 0}, {"format", f.Format != ""}, {"field", f.Field != ""}} {
		if other.set {
			pattern.RefuseField(at+"."+other.field, "the template sets it", fs)
		}
	}
	if line, ok := parseTemplate(f.Template); !ok {
		fs.Add(sidecar.Error, "bad-value", at+".template", fmt.Sprintf("line %d isn't a valid template", line),
			"look for an unclosed {{, or a missing end")
	}
}

// isLeased reports whether the value at a path is created for each client, and lives as
// long as its lease: credentials of databases and clouds, certificates.
func isLeased(secret string) bool {
	for _, segment := range strings.Split(secret, "/")[1:] {
		if slices.Contains([]string{"creds", "issue", "sts", "token", "roleset", "static-account"}, segment) {
			return true
		}
	}
	return false
}

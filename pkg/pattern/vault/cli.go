package vault

import _ "embed" // for the script

// vaultScript is mode cli. What differs from pod to pod comes as arguments, so that
// nothing in it needs to be quoted.
//
//go:embed fetch.sh
var vaultScript string

// fetchArgs are the script's.
func (p *Vault) fetchArgs(perms string) []string {
	args := []string{p.programName(), p.authMount() + "/login", p.Role, vaultTokenDir + "/" + vaultTokenKey}
	for i := range p.Files {
		f := &p.Files[i]
		secret, mount := f.Secret, ""
		if f.Field != "" && f.isKV2() {
			mount, secret, _ = f.splitMount() // vault read doesn't look inside of data
		}
		args = append(args, f.writtenPath(), f.fourDigits(perms), secret, mount, f.Field)
	}
	return args
}

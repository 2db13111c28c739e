package vault

import _ "embed" // for the script

// vaultScript is the script of mode cli. Values of a pod are its arguments, so the script
// needs no quoting.
//
//go:embed fetch.sh
var vaultScript string

// fetchArgs returns the script's arguments.
func (p *Vault) fetchArgs(perms string) []string {
	args := []string{p.programName(), p.authMount() + "/login", p.Role, vaultTokenDir + "/" + vaultTokenKey}
	for i := range p.Files {
		f := &p.Files[i]
		secret, mount := f.Secret, ""
		if f.Field != "" && f.isKV2() {
			mount, secret, _ = f.splitMount() // vault read can't select a field inside data
		}
		args = append(args, f.writtenPath(), f.fourDigits(perms), secret, mount, f.Field)
	}
	return args
}

package vault

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

// agentConf is the configuration of the Vault agent, which reads JSON as a form of HCL.
// There, an object differs from a list of one object: with an object, the agent fails with
// "one and only one method block is required". So every block is a list.
// (command/agent/config/config.go, alike in Vault and OpenBao.)
type agentConf struct {
	ExitAfterAuth  bool               `json:"exit_after_auth,omitempty"`
	Vault          []agentServer      `json:"vault"`
	AutoAuth       []agentAuth        `json:"auto_auth"`
	TemplateConfig []agentTemplating  `json:"template_config"`
	Template       []agentTemplateOne `json:"template"`
}

type agentServer struct {
	Address       string `json:"address"`
	CACert        string `json:"ca_cert,omitempty"`
	TLSServerName string `json:"tls_server_name,omitempty"`
}

type agentAuth struct {
	Method []agentMethod `json:"method"`
}

type agentMethod struct {
	Type      string        `json:"type"`
	MountPath string        `json:"mount_path"`
	Config    []agentAccess `json:"config"`
}

type agentAccess struct {
	Role      string `json:"role"`
	TokenPath string `json:"token_path"`
}

type agentTemplating struct {
	ExitOnRetryFailure         bool   `json:"exit_on_retry_failure"`
	StaticSecretRenderInterval string `json:"static_secret_render_interval,omitempty"`
}

type agentTemplateOne struct {
	Destination       string `json:"destination"`
	Contents          string `json:"contents"`
	Perms             string `json:"perms"`
	ErrorOnMissingKey bool   `json:"error_on_missing_key"`
}

// agentConfig returns the agent's configuration. There is no sink, so the agent doesn't
// write its token. If it can't get a secret, it retries for some minutes and exits, so the
// failure shows.
func (p *Vault) agentConfig(perms string) string {
	server := agentServer{Address: p.Address, TLSServerName: p.ServerName}
	if p.CA != nil {
		server.CACert = pattern.CADir + "/" + pattern.CAKey
	}
	config := agentConf{
		ExitAfterAuth: p.Mode == VaultInit, // it waits for all files too
		Vault:         []agentServer{server},
		AutoAuth: []agentAuth{{Method: []agentMethod{{Type: "kubernetes", MountPath: p.authMount(),
			Config: []agentAccess{{Role: p.Role, TokenPath: vaultTokenDir + "/" + vaultTokenKey}}}}}},
		TemplateConfig: []agentTemplating{{ExitOnRetryFailure: true}},
	}
	if p.Mode != VaultInit {
		refresh := p.RefreshSeconds
		if refresh == 0 {
			refresh = vaultRefresh
		}
		config.TemplateConfig[0].StaticSecretRenderInterval = strconv.Itoa(int(refresh)) + "s"
	}
	for i := range p.Files {
		f := &p.Files[i]
		config.Template = append(config.Template, agentTemplateOne{
			Destination: f.writtenPath(), Contents: f.fileTemplate(), Perms: f.fourDigits(perms), ErrorOnMissingKey: true})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(config) // strings and a bool
	return b.String()
}

func (p *Vault) authMount() string { return "auth/" + cmp.Or(p.AuthPath, "kubernetes") }

// fileTemplate returns the template of a file. A path and a field are quoted as strings of
// Go, the language of templates.
func (f *VaultFile) fileTemplate() string {
	if f.Template != "" {
		return f.Template
	}
	values := ".Data"
	if f.isKV2() {
		values = ".Data.data"
	}
	var inner string
	switch f.fileFormat() {
	case VaultEnv:
		inner = strings.ReplaceAll(envTemplate, "VALUES", values)
	case VaultRaw:
		inner = fmt.Sprintf(rawTemplate, values, strconv.Quote(f.Field),
			strconv.Quote("value "+f.Field+" is missing or empty"))
	default:
		inner = fmt.Sprintf("{{ toUnescapedJSON %s }}\n", values)
	}
	return "{{ with secret " + strconv.Quote(f.Secret) + " }}" + inner + "{{ end }}"
}

const (
	// envTemplate writes a line for each value. A shell takes everything between single
	// quotes literally, even line breaks, but not the single quote itself. Values other than
	// text are written as JSON. An invalid name of a variable would be a command, so it's an
	// error.
	envTemplate = `{{ range $name, $value := VALUES }}{{ if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name) }}{{ ` +
		`sprig_fail (printf "%q can't be the name of a variable" $name) }}{{ end }}{{ if ne (printf "%T" $value) "string" ` +
		`}}{{ $value = toUnescapedJSON $value }}{{ end }}` +
		"{{ $name }}='{{ replaceAll \"'\" `'\\''` $value }}'\n{{ end }}"

	// rawTemplate writes one value, and no line break after it.
	rawTemplate = `{{ $value := index %s %s }}{{ if eq (printf "%%v" $value) "" "<nil>" }}{{ sprig_fail %s }}{{ end ` +
		`}}{{ if ne (printf "%%T" $value) "string" }}{{ $value = toUnescapedJSON $value }}{{ end }}{{ $value }}`
)

// isKV2 reports whether the secret's values are inside data.
func (f *VaultFile) isKV2() bool {
	if f.KVVersion != 0 {
		return f.KVVersion == 2
	}
	_, _, ok := f.splitMount()
	return ok
}

// splitMount splits the path of a secret in an engine kv of version 2 into its mount and
// the secret's name: secret/data/shop into secret and shop.
func (f *VaultFile) splitMount() (mount, name string, ok bool) {
	parts := strings.Split(f.Secret, "/")
	i := slices.Index(parts, "data")
	if i < 1 || i == len(parts)-1 {
		return "", "", false
	}
	return strings.Join(parts[:i], "/"), strings.Join(parts[i+1:], "/"), true
}

func (f *VaultFile) fileFormat() VaultFormat {
	switch {
	case f.Format != "":
		return f.Format
	case f.Field != "":
		return VaultRaw
	}
	return VaultJSON
}

// fourDigits returns the file's permissions with four digits, or the default.
func (f *VaultFile) fourDigits(def string) string {
	if len(f.Perms) == 3 {
		return "0" + f.Perms
	}
	return cmp.Or(f.Perms, def)
}

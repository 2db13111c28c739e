package vault

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// vault is one that fits shop, changed by edits.
func vault(edits ...func(*Vault)) *Vault {
	p := &Vault{Address: "https://vault.vault.svc:8200", Role: "shop",
		Files: []VaultFile{{Path: "key", Secret: "secret/data/shop", Field: "key"}}}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

// account gives the pod an account of its own.
func account(w *sidecar.Workload) {
	w.Name = "vault"
	w.Pod.Spec.ServiceAccountName = "shop"
}

// data is a file of the ConfigMap that a change has.
func data(t *testing.T, c *sidecar.Change, key string) string {
	t.Helper()
	require.Len(t, c.Objects, 1)
	var m struct{ Data map[string]string }
	require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &m))
	require.Contains(t, m.Data, key)
	return m.Data[key]
}

func TestVaultModes(t *testing.T) {
	agent := patterntest.BuildChange(t, vault(), patterntest.NewShop(account))
	require.Equal(t, sidecar.PhaseSecrets, agent.Phase)
	require.Empty(t, agent.Notes)
	require.Empty(t, agent.InitContainers)
	require.Equal(t, []string{"vault", "agent", "-config=/etc/outrigger/vault/agent.json"}, agent.Containers[0].Command)
	require.Equal(t, "/vault/secrets/key", agent.Containers[0].StartupProbe.Exec.Command[4])
	require.Nil(t, agent.Containers[0].LivenessProbe, "there is nothing to ask")
	require.NotContains(t, data(t, agent, agentKey), "exit_after_auth")

	once := patterntest.BuildChange(t, vault(func(p *Vault) { p.Mode, p.Program = VaultInit, OpenBao }),
		patterntest.NewShop(account))
	require.Empty(t, once.Containers)
	require.Equal(t, "bao", once.InitContainers[0].Command[0])
	require.Equal(t, pattern.OpenBaoImage.Ref, once.InitContainers[0].Image)
	require.Nil(t, once.InitContainers[0].StartupProbe)
	require.Contains(t, data(t, once, agentKey), `"exit_after_auth": true`)
	require.NotContains(t, data(t, once, agentKey), "static_secret_render_interval")

	behind := patterntest.BuildChange(t, vault(func(p *Vault) { p.Address = "http://127.0.0.1:8200" }),
		patterntest.NewShop(account))
	require.Greater(t, behind.Phase, sidecar.PhaseTunnel, "the tunnel would wait for it")
	require.Less(t, behind.Phase, sidecar.PhaseWait)

	cli := patterntest.BuildChange(t, vault(func(p *Vault) { p.Mode = VaultCLI }), patterntest.NewShop(account))
	require.Equal(t, []string{"vault", "auth/kubernetes/login", "shop", "/etc/outrigger/token/token",
		"/vault/secrets/key", "0444", "shop", "secret", "key"}, cli.InitContainers[0].Args)
	require.Equal(t, vaultScript, data(t, cli, fetchKey))
}

// The files are for the app alone wherever its user can be known.
func TestVaultUser(t *testing.T) {
	pod := func(s corev1.PodSecurityContext) func(*sidecar.Workload) {
		return func(w *sidecar.Workload) { w.Pod.Spec.SecurityContext = &s }
	}
	app := func(s corev1.SecurityContext) func(*sidecar.Workload) {
		return func(w *sidecar.Workload) { w.Pod.Spec.Containers[0].SecurityContext = &s }
	}
	two := func(s corev1.SecurityContext) func(*sidecar.Workload) {
		return func(w *sidecar.Workload) {
			w.Pod.Spec.Containers = append(w.Pod.Spec.Containers, corev1.Container{Name: "worker", SecurityContext: &s})
			w.Apps = []*corev1.Container{&w.Pod.Spec.Containers[0], &w.Pod.Spec.Containers[1]}
		}
	}
	override := func(uid int64) func(*sidecar.Workload) {
		return func(w *sidecar.Workload) {
			w.Override = &corev1.Container{SecurityContext: &corev1.SecurityContext{RunAsUser: &uid}}
		}
	}
	for name, c := range map[string]struct {
		view     []func(*sidecar.Workload)
		uid, gid int64
		perms    string
	}{
		"unknown": {nil, 100, 1000, "0444"},
		"of the pod": {[]func(*sidecar.Workload){pod(corev1.PodSecurityContext{RunAsUser: new(int64(7))})}, 7, 1000,
			"0400"},
		"of the app": {
			[]func(*sidecar.Workload){pod(corev1.PodSecurityContext{RunAsUser: new(int64(7)), RunAsGroup: new(int64(8))}),
				app(corev1.SecurityContext{RunAsUser: new(int64(9))})}, 9, 8, "0400"},
		"with a group": {
			[]func(*sidecar.Workload){app(corev1.SecurityContext{RunAsUser: new(int64(9)), RunAsGroup: new(int64(10))})}, 9, 10,
			"0400"},
		"root": {[]func(*sidecar.Workload){app(corev1.SecurityContext{RunAsUser: new(int64(0))})}, 100, 1000,
			"0444"},
		"an fsGroup": {[]func(*sidecar.Workload){pod(corev1.PodSecurityContext{FSGroup: new(int64(7))})}, 100, 1000,
			"0440"},
		"one of two": {
			[]func(*sidecar.Workload){pod(corev1.PodSecurityContext{RunAsUser: new(int64(7))}),
				two(corev1.SecurityContext{RunAsUser: new(int64(9))})}, 100, 1000, "0444"},
		"both of two": {
			[]func(*sidecar.Workload){pod(corev1.PodSecurityContext{RunAsUser: new(int64(7)), RunAsGroup: new(int64(8))}),
				two(corev1.SecurityContext{RunAsGroup: new(int64(9))})}, 7, 1000, "0400"},
		"overridden": {
			[]func(*sidecar.Workload){pod(corev1.PodSecurityContext{RunAsUser: new(int64(7))}), override(9)}, 100, 1000, "0444"},
		"overridden the same": {
			[]func(*sidecar.Workload){pod(corev1.PodSecurityContext{RunAsUser: new(int64(7))}), override(7)}, 100, 1000, "0400"},
	} {
		t.Run(name, func(t *testing.T) {
			got := patterntest.BuildChange(t, vault(), patterntest.NewShop(append(c.view, account)...))
			user := got.Containers[0].SecurityContext
			require.Equal(t, []int64{c.uid, c.gid}, []int64{*user.RunAsUser, *user.RunAsGroup})
			require.Contains(t, data(t, got, agentKey), `"perms": "`+c.perms+`"`)
		})
	}
}

func TestVaultRefuses(t *testing.T) {
	none := func(*Vault) {}
	file := func(f VaultFile) func(*Vault) { return func(p *Vault) { p.Files = []VaultFile{f} } }
	address := func(a string) func(*Vault) { return func(p *Vault) { p.Address = a } }
	const noAddress = "error bad-value: address: it isn't a valid server address; write it as https://vault.vault.svc:8200"
	for name, c := range map[string]struct {
		edit func(*Vault)
		view func(*sidecar.Workload)
		want []string
	}{
		"nothing": {func(p *Vault) { *p = Vault{} }, account, []string{
			"error missing-field: address: no server is named; write it as https://vault.vault.svc:8200",
			"error missing-field: role: the role that the pod logs in with is missing; write the role of the server's " +
				"Kubernetes auth method",
			"error missing-field: files: there is nothing to fetch; write a file, as in {path: db.env, secret: " +
				"secret/data/shop, format: env}"}},
		"another scheme":       {address("unix:///x"), account, []string{noAddress}},
		"no scheme":            {address("vault:8200"), account, []string{noAddress}},
		"no host":              {address("https://:8200"), account, []string{noAddress}},
		"no port":              {address("https://vault:"), account, []string{noAddress}},
		"what kubelets expand": {address("https://$(HOST)"), account, []string{noAddress}},
		"a password": {address("https://:hush@vault"), account,
			[]string{"error secret-literal: address: it contains a user; remove it: the pod logs in with its ServiceAccount"}},
		"a path": {address("https://vault/v1"), account,
			[]string{
				"error bad-value: address: there is more after the server's name and port; write it as " +
					"https://vault.vault.svc:8200"}},
		"plain on loopback": {address("http://[::1]:8200/"), account, []string{}},
		"plain with a CA": {func(p *Vault) {
			p.Address, p.ServerName = "http://localhost", "vault"
		}, account,
			[]string{"error bad-value: address: http has no certificate to verify; remove ca and serverName"}},
		"a flag as namespace": {func(p *Vault) {
			p.Namespace = "-x"
		}, account,
			[]string{`error bad-value: namespace: "-x" can't be a namespace of the server; write it as in team/shop`}},
		"a namespace": {func(p *Vault) { p.Namespace = "team/" }, account, []string{}},
		"two audiences": {func(p *Vault) {
			p.Audience = "a b"
		}, account,
			[]string{
				`error bad-value: audience: "a b" isn't a valid audience of a token; write the word or URL that the role has`}},
		"a server of no name": {func(p *Vault) {
			p.ServerName = "*"
		}, account,
			[]string{
				`error bad-value: serverName: "*" isn't a name that a certificate can have; write a name, as in vault.example`}},
		"back in time": {func(p *Vault) {
			p.RefreshSeconds = -1
		}, account, []string{"error bad-value: refreshSeconds: -1 isn't a valid number of seconds; write 1 or more"}},
		"an unknown program": {func(p *Vault) {
			p.Program = "bao"
		}, account, []string{`error bad-value: program: "bao" is unknown; write vault or openbao`}},
		"a nameless file": {file(VaultFile{Secret: "secret/data/shop"}), account,
			[]string{"error missing-field: files[0].path: the file has no name; write one, as in db.env"}},
		"of nothing": {file(VaultFile{Path: "a"}), account,
			[]string{"error missing-field: files[0].secret: the source of the file is missing; write the secret's path, as in " +
				"secret/data/shop, or a template"}},
		"for everybody to write": {file(VaultFile{Path: "a", Secret: "secret/data/shop", Perms: "0666"}), account,
			[]string{`error bad-value: files[0].perms: everybody could write the file; write them as in "0440"`}},
		"no permissions": {file(VaultFile{Path: "a", Secret: "secret/data/shop", Perms: "u=r"}), account,
			[]string{`error bad-value: files[0].perms: "u=r" aren't valid permissions; write them in quotes, as in "0440"`}},
		"twice": {func(p *Vault) {
			p.Files = append(p.Files, p.Files[0])
		}, account, []string{"error bad-value: files[1].path: key is also the path of another file; give it another name"}},
		"an unknown version": {file(VaultFile{Path: "a", Secret: "secret/data/shop", KVVersion: 3}), account,
			[]string{"error bad-value: files[0].kvVersion: 3 is unknown; write 1 or 2"}},
		"an unknown format": {file(VaultFile{Path: "a", Secret: "secret/data/shop", Format: "yaml"}), account,
			[]string{`error bad-value: files[0].format: "yaml" is unknown; write env or json or raw`}},
		"a field of all": {file(VaultFile{Path: "a", Secret: "secret/data/shop", Format: VaultJSON, Field: "x"}),
			account, []string{"error bad-value: files[0].field: has no effect: format json writes all values; remove it"}},
		"a strange field": {file(VaultFile{Path: "a", Secret: "secret/data/shop", Field: "$(x)"}), account,
			[]string{`error bad-value: files[0].field: "$(x)" can't be the name of a value here; write a template for it`}},
		"no template": {file(VaultFile{Path: "a", Template: "\n\n{{ end }}"}), account,
			[]string{"error bad-value: files[0].template: line 3 isn't a valid template; look for an unclosed {{, or a " +
				"missing end"}},
		"a default account": {none, func(w *sidecar.Workload) {},
			[]string{"info vault-account: role: the pod runs as ServiceAccount default, so every pod of the namespace " +
				"without a ServiceAccount of its own can use the role; give the pod a serviceAccountName of its own"}},
		"on Windows": {none, func(w *sidecar.Workload) {
			account(w)
			w.Pod.Spec.OS = &corev1.PodOS{Name: corev1.Windows}
		}, []string{"error windows: Deployment prod/shop spec.template.spec.os.name: the sidecar's image runs on Linux " +
			"only; exclude this workload"}},
		"a Secret without a CA": {func(p *Vault) {
			p.CA = &pattern.CABundle{SecretName: "ca"}
		}, func(w *sidecar.Workload) {
			account(w)
			w.Secrets = map[string][]string{"ca": {"tls.crt"}}
		},
			[]string{
				"error tls-invalid: ca.secretName: Secret ca has no key ca.crt (it has tls.crt); name one that has the key, or " +
					"set key"}},
		"a lease in a template": {func(p *Vault) {
			p.Mode = VaultInit
			file(VaultFile{Path: "a", Template: "{{ with secret `db/creds/x` }}{{ end }}"})(p)
		}, account, []string{"warning vault-lease: files[0]: its values expire with their lease, which nothing renews " +
			"while the app runs; use mode agent"}},
		"read by the app": {file(VaultFile{Path: "db.env", Secret: "secret/data/shop", Format: VaultEnv}),
			func(w *sidecar.Workload) {
				account(w)
				w.Pod.Spec.Containers[0].Args = []string{". /vault/secrets/db.env"}
			}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, patterntest.FindingLines(t, vault(c.edit), patterntest.NewShop(c.view)))
		})
	}
}

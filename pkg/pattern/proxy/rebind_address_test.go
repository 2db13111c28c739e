package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestBindings(t *testing.T) {
	one := func(p place, port int32) []binding { return []binding{{p, port}} }
	for text, want := range map[string][]binding{
		"127.0.0.1":                       one(onLoopback, 0),
		"127.0.0.1:9201":                  one(onLoopback, 9201),
		"127.0.0.53":                      one(onLoopback, 0),
		"::ffff:127.0.0.1":                one(onLoopback, 0),
		"--listen=127.0.0.1:9201":         one(onLoopback, 9201),
		"--bind 127.0.0.1 --port 6380":    one(onLoopback, 0),
		"-l127.0.0.1":                     one(onLoopback, 0),
		"-Ehttp.host=127.0.0.1":           one(onLoopback, 0),
		"-Dserver.address=127.0.0.1":      one(onLoopback, 0),
		"http://127.0.0.1:9201/":          one(onLoopback, 9201),
		"tcp:127.0.0.1:9201":              one(onLoopback, 9201),
		"postgres://a:b@127.0.0.1:5432/d": one(onLoopback, 5432),
		"127.0.0.1:$(PORT)":               one(onLoopback, 0),
		"127.0.0.1:${PORT}":               one(onLoopback, 0),
		`["127.0.0.1:9201"]`:              one(onLoopback, 9201),
		"[127.0.0.1:9201, :9202]":         {{onLoopback, 9201}, {onAll, 9202}},
		"_local_":                         one(onLoopback, 0),
		`["_local_","_site_"]`:            {{onLoopback, 0}, {onAll, 0}},
		"localhost":                       one(onLocalhost, 0),
		"LOCALHOST:80":                    one(onLocalhost, 80),
		"--host=localhost":                one(onLocalhost, 0),
		"::1":                             one(onLoopback6, 0),
		"[::1]":                           one(onLoopback6, 0),
		"[::1]:80":                        one(onLoopback6, 80),
		"0:0:0:0:0:0:0:1":                 one(onLoopback6, 0),
		"0.0.0.0":                         one(onAll, 0),
		"0.0.0.0:9201":                    one(onAll, 9201),
		"::":                              one(onAll, 0),
		"[::]:9201":                       one(onAll, 9201),
		"::ffff:0.0.0.0":                  one(onAll, 0),
		":9201":                           one(onAll, 9201),
		"--bind=:9201":                    one(onAll, 9201),
		"--bind :9201":                    one(onAll, 9201),
		"-b:9201":                         one(onAll, 9201),
		":$(PORT)":                        one(onAll, 0),
		"$(POD_IP):9201":                  one(onAll, 9201),
		"http://*:9201":                   one(onAll, 9201),
		"http://+:9201":                   one(onAll, 9201),
		"127.0.0.1,0.0.0.0":               {{onLoopback, 0}, {onAll, 0}},
		"9201":                            nil,
		"":                                nil,
		":":                               nil,
		"*":                               nil, // of origins, of hosts
		"10.0.0.1:9201":                   nil,
		"127.0.0.1.example.com":           nil,
		"x127.0.0.1":                      nil,
		"notlocalhost":                    nil,
		"localhost.example.com:80":        nil,
		"web:9201":                        nil,
		"12:30:00":                        nil,
		"unix:/run/app.sock":              nil,
		"2001:db8::1":                     nil,
		"-h":                              nil,
	} {
		require.Equal(t, want, findBindings(text), text)
	}
}

// Whether the app may be reached past its proxy is a matter of what is written in
// rebind, and how grave that is one of what the proxy asks for.
func TestReachable(t *testing.T) {
	const said = "app-reachable"
	tls := func(r Rebind) sidecar.Pattern { return proxy(func(p *TLSProxy) { p.Rebind = &r }) }
	clients := func(r Rebind) sidecar.Pattern {
		return mutual(Clients{Mode: OptionalClients}, func(p *TLSProxy) { p.Rebind = &r })
	}
	basic := func(r Rebind) sidecar.Pattern {
		return &AuthProxy{Base: Base{Port: 9200, SecretName: "tls", Rebind: &r}, Basic: &Basic{SecretName: "users"}}
	}
	env := func(name, value string) Rebind {
		return Rebind{Port: 9201, Env: map[string]string{name: value, "PORT": "9201"}}
	}
	for name, c := range map[string]struct {
		rebind Rebind
		open   bool
	}{
		"a port alone":                  {Rebind{Port: 9201}, true},
		"a port, and the user's word":   {Rebind{Port: 9201, AssumeLoopback: true}, false},
		"all, whatever the user's word": {Rebind{Port: 9201, AssumeLoopback: true, Args: []string{"--listen=:9201"}}, true},
		"an address":                    {env("HOST", "127.0.0.1"), false},
		"localhost":                     {env("HOST", "localhost"), false},
		"IPv6":                          {env("ADDRESS", "[::1]:9201"), false},
		"Elasticsearch's word":          {env("http.host", "_local_"), false},
		"an address and its port":       {Rebind{Port: 9201, Args: []string{"--listen=127.0.0.1:9201"}}, false},
		"no address":                    {Rebind{Port: 9201, Args: []string{"--port=9201"}}, true},
		"none before a port":            {Rebind{Port: 9201, Args: []string{"--bind", ":9201"}}, true},
		"all":                           {env("HOST", "0.0.0.0"), true},
		"all of IPv6":                   {env("HOST", "::"), true},
		"both":                          {Rebind{Port: 9201, Args: []string{"--bind=127.0.0.1 0.0.0.0"}}, true},
		"another's address":             {env("DATABASE_URL", "postgres://127.0.0.1:5432/shop"), true},
		"another's address, on all": {Rebind{Port: 9201, Args: []string{"--listen=127.0.0.1:9201", "--metrics=:9100"}},
			false},
		"whatever the variable is named": {env("DB_HOST", "127.0.0.1"), false},
		"a preset":                       {Rebind{Preset: "elasticsearch"}, false},
		"a preset, overruled":            {Rebind{Preset: "node", Env: map[string]string{"HOST": "0.0.0.0"}}, true},
		"a preset, emptied":              {Rebind{Preset: "node", Env: map[string]string{"HOST": ""}}, true},
		"a preset, and a second one":     {Rebind{Preset: "redis", Args: []string{"--bind=0.0.0.0"}}, true},
	} {
		for route, make := range map[string]struct {
			pattern  func(Rebind) sidecar.Pattern
			severity sidecar.Severity
			without  string
		}{
			"TLS": {tls, sidecar.Warning, "without TLS"}, "clients": {clients, sidecar.Error, "without a certificate"},
			"authentication": {basic, sidecar.Error, "without authentication"},
		} {
			t.Run(name+", "+route, func(t *testing.T) {
				var have sidecar.Findings
				for _, f := range make.pattern(c.rebind).(interface{ Validate() sidecar.Findings }).Validate() {
					if f.Code == said {
						have = append(have, f)
					}
				}
				if !c.open {
					require.Empty(t, have)
					return
				}
				require.Len(t, have, 1)
				require.Equal(t, make.severity, have[0].Severity)
				require.Contains(t, have[0].Message, make.without)
			})
		}
	}
}

// Each further port has to be told an address, too.
func TestReachableMorePorts(t *testing.T) {
	findings := func(args ...string) string {
		p := proxy(func(p *TLSProxy) {
			p.Rebind = &Rebind{Port: 9201, Args: args}
			p.MorePorts = []MorePort{{Port: 9300, AppPort: 9301}}
		})
		return strings.Join(patterntest.FormatFindings(p.Validate()), "\n")
	}
	require.NotContains(t, findings("--a=127.0.0.1:9201", "--b=127.0.0.1:9301"), "app-reachable")
	require.NotContains(t, findings("--host=127.0.0.1", "--ports=9201,9301"), "app-reachable")
	require.Contains(t, findings("--a=127.0.0.1:9201", "--b=9301"), "may still be reachable on port 9301")
	require.Contains(t, findings("--a=127.0.0.1:9201", "--b=:9301"), "app-reachable: rebind.args[1]")
	require.Contains(t, findings("--a=127.0.0.1:9201", "--b=:9300"), "app-reachable: rebind.args[1]",
		"where it listened before")
}

// The program's own presets say so, each of them.
func TestPresetsAreOnLoopback(t *testing.T) {
	for name, preset := range rebindPresets() {
		if preset.Refuse == "" {
			p := &AuthProxy{Base: Base{Port: preset.Port, SecretName: "tls", Rebind: &Rebind{Preset: name}},
				Basic: &Basic{SecretName: "users"}}
			require.Empty(t, patterntest.FormatFindings(p.Validate()), name)
		}
	}
}

func FuzzBindings(f *testing.F) {
	for _, s := range []string{"127.0.0.1:9201", "[::1]:80", "-l[::", "tcp:*:1", "[[::1]", ":::", "-", "--=:",
		"_local_:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range findBindings(text) {
			require.GreaterOrEqual(t, a.port, int32(0))
			require.LessOrEqual(t, a.port, int32(65535))
		}
		require.Equal(t, findBindings(text), findBindings(" "+text+"\n"), "blanks around are nothing")
		if !strings.ContainsAny(text, "[]:") {
			require.Equal(t, append(findBindings(text), binding{onLoopback, 9201}), findBindings(text+",127.0.0.1:9201"))
		}
	})
}

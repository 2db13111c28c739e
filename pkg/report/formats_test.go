package report

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// all has findings with every field, and with none.
func all() sidecar.Findings {
	full := finding(sidecar.Error, "conflict", "100% wrong,\nhere: there", "a hint")
	full.File, full.Line, full.Field, full.Sidecar = "a b/web, x.yaml", 7, "spec.x", "tls-proxy"
	full.Object = sidecar.Ref{Group: "apps", Kind: "Deployment", Namespace: "prod", Name: "web"}
	return sidecar.Findings{full, full, finding(sidecar.Warning, "other", "m", ""),
		finding(sidecar.Info, "skipped", "m", "")}
}

func TestJSON(t *testing.T) {
	require.JSONEq(t, `[
		{"severity": "error", "code": "conflict", "message": "100% wrong, here: there", "hint": "a hint",
			"object": {"group": "apps", "kind": "Deployment", "namespace": "prod", "name": "web"},
			"sidecar": "tls-proxy", "field": "spec.x", "file": "a b/web, x.yaml", "line": 7},
		{"severity": "info", "code": "skipped", "message": "m"}
	]`, FormatFindings(append(all()[:1], all()[3]), JSON, ""))
	require.Equal(t, "[]\n", FormatFindings(nil, JSON, ""))
}

func TestGitHub(t *testing.T) {
	require.Equal(t, "::error file=a b/web%2C x.yaml,line=7,title=conflict::Deployment prod/web spec.x: tls-proxy: "+
		"100%25 wrong, here: there; a hint\n::notice title=skipped::m\n",
		FormatFindings(append(all()[:1], all()[3]), GitHub, ""))
}

func TestSARIF(t *testing.T) {
	var log sarifLog
	require.NoError(t, json.Unmarshal([]byte(FormatFindings(all(), SARIF, "v1")), &log))
	run := log.Runs[0]
	require.Equal(t, sarifDriver{Name: "outrigger", Version: "v1",
		Rules: []sarifRule{{"conflict"}, {"other"}, {"skipped"}}}, run.Tool.Driver, "each rule once")
	require.Len(t, run.Results, 4)
	require.Equal(t, "error", run.Results[0].Level)
	require.Equal(t, "note", run.Results[3].Level)
	at := run.Results[0].Locations[0]
	require.Equal(t, "a%20b/web,%20x.yaml", at.Physical.Artifact.URI)
	require.Equal(t, 7, at.Physical.Region.StartLine)
	require.Equal(t, "Deployment prod/web spec.x", at.Logical[0].Name)
	require.Nil(t, run.Results[2].Locations)
	require.Contains(t, FormatFindings(nil, SARIF, ""), `"results": []`)
	require.Equal(t, "file:///a/b.yaml", fileURI("/a/b.yaml"))
	require.Equal(t, "a/c:d.yaml", fileURI("./a/c:d.yaml"))
	require.Equal(t, "./c:d.yaml", fileURI("c:d.yaml"), "what is before a colon would be a scheme")
}

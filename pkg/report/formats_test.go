package report

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
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

// What is written as SARIF is valid by the schema of OASIS, whatever the findings have in them.
func TestSARIFIsValid(t *testing.T) {
	text, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource(sarifSchema, document), "the schema that is named is this one")
	schema, err := c.Compile(sarifSchema)
	require.NoError(t, err)

	odd := finding(sidecar.Error, "", "x\x1b[2J\u202e\xff", "100%\r\n")
	odd.File, odd.Line = "c:\\a b/%zz#?.yaml", -1
	object := finding(sidecar.Warning, "other", "m", "")
	object.Object = sidecar.Ref{Kind: "Service", Name: "a b\n"}
	for name, fs := range map[string]sidecar.Findings{"all": all(), "none": nil, "odd": {odd}, "an object": {object}} {
		for _, version := range []string{"", "v1.2.3", "dev"} {
			written, err := jsonschema.UnmarshalJSON(strings.NewReader(FormatFindings(fs, SARIF, version)))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(written), name)
		}
	}
	broken, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(FormatFindings(all(), SARIF, "v1"),
		`"level": "error"`, `"level": "fatal"`, 1)))
	require.NoError(t, err)
	require.Error(t, schema.Validate(broken), "the schema checks something")
}

// A command of GitHub's is one line: what would end it, or a property of it, is escaped as its toolkit does that
// (packages/core/src/command.ts).
func TestGitHubEscapes(t *testing.T) {
	f := finding(sidecar.Warning, "a:b,c%", "50% of a:b,c", "")
	f.File, f.Line, f.Field = "C:\\x,y%\r\n::error::.yaml", 3, "spec"
	require.Equal(t, `::warning file=C%3A\x%2Cy%25%0D%0A%3A%3Aerror%3A%3A.yaml,line=3,title=a%3Ab%2Cc%25::`+
		"spec: 50%25 of a:b,c\n", FormatFindings(sidecar.Findings{f}, GitHub, ""))
}

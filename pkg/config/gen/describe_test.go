package main

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/config/field"
)

func TestDescribeField(t *testing.T) {
	port := field.Field{Go: "ListenPort", Name: "listenPort"}
	for comment, want := range map[string]string{
		"ListenPort is where clients come in. Default: 1.": "Where clients come in. Default: 1.",
		"ListenPort are two of them.":                      "Two of them.",
		"ListenPort says where.":                           "Says where.",
		"ListenPort, where it's set, moves the app.":       "Where it's set, moves the app.",
		"ListenPort: clients must show a certificate.":     "Clients must show a certificate.",
		"ListenPort of the server.":                        "Listen port of the server.",
		"ListenPort (sidecar) is a proxy.":                 "A proxy. (sidecar)",
		"listenPort specifies the port.":                   "Specifies the port.",
		"The port.":                                        "The port.",
		"secretName or certificate.":                       "secretName or certificate.",
		"ListenPort is fast or slow.":                      "fast or slow.",
		"ListenPorts are others.":                          "ListenPorts are others.",
		"ListenPort":                                       "ListenPort",
		"":                                                 "",
	} {
		require.Equal(t, want, describeField(comment, port, []string{"fast", "slow"}))
	}
	for name, want := range map[string]string{
		"KVVersion": "KV version", "SHA256": "SHA256", "URL": "URL", "SizeLimit": "size limit", "Name": "name",
		"DatabaseURL": "database URL", "IPFamilies": "IP families", "S3": "S3", "": "",
	} {
		require.Equal(t, want, splitName(name))
	}
	type Rebind struct{}
	for comment, want := range map[string]string{
		"Rebind says how.":    "Says how.",
		"A Rebind is a move.": "A move.",
		"An app.":             "An app.",
		"Rebind for apps.":    "Rebind for apps.",
	} {
		require.Equal(t, want, describeType(comment, reflect.TypeFor[Rebind]()))
	}
}

// Readers of the schema don't know the Go types, and see the name of a field beside its description.
func TestSchemaWithoutGoNames(t *testing.T) {
	type definition struct {
		Title       string
		Description string
		Properties  map[string]struct{ Description string }
	}
	var top struct {
		definition
		ID   string                `json:"$id"`
		Defs map[string]definition `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(config.Schema(), &top))
	require.Equal(t, "https://outrigger.dev/v1alpha1/sidecars.schema.json", top.ID)
	require.Equal(t, "Sidecars", top.Title)
	goNames := map[string]bool{}
	for _, typ := range reachableTypes(reflect.TypeFor[config.Sidecars](), map[reflect.Type]bool{}) {
		if !strings.HasPrefix(typ.PkgPath(), ours) || typ.Kind() != reflect.Struct {
			continue
		}
		for _, f := range field.Of(typ) {
			if hump := regexp.MustCompile(`^[A-Z][a-z]+[A-Z]`); hump.MatchString(f.Go) && f.Owner == typ {
				goNames[f.Go] = true
			}
		}
	}
	for _, known := range []string{"NetworkPolicy", "ConfigMap", "CloudSQL", "AlloyDB", "PgBouncer", "FluentBit"} {
		delete(goNames, known) // words of the world, too
	}
	require.Greater(t, len(goNames), 50)
	word := regexp.MustCompile(`\b[A-Z]\w+`)
	for name, def := range top.Defs {
		require.NotEmpty(t, def.Title, name)
		if strings.HasPrefix(name, "core.") || strings.HasPrefix(name, "meta.") {
			continue
		}
		for key, p := range def.Properties {
			require.NotEmpty(t, p.Description, "%s.%s", name, key)
			require.NotRegexp(t, "^"+key+" (is|are) ", p.Description)
			for _, w := range word.FindAllString(p.Description, -1) {
				require.False(t, goNames[w], "%s.%s speaks of %s: %s", name, key, w, p.Description)
			}
		}
		for _, w := range word.FindAllString(def.Description, -1) {
			require.False(t, goNames[w], "%s speaks of %s: %s", name, w, def.Description)
		}
	}
}

package auth

import (
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stream/v3" // what the configuration is made of
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

// validate asks a message, and all that are packed into it, for their own rules.
func validate(t *testing.T, m proto.Message) (all []proto.Message) {
	t.Helper()
	if packed, ok := m.(*anypb.Any); ok {
		inner, err := packed.UnmarshalNew()
		require.NoError(t, err)
		return validate(t, inner)
	}
	if v, ok := m.(interface{ ValidateAll() error }); ok {
		require.NoError(t, v.ValidateAll())
	}
	all = append(all, m)
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap() && f.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				all = append(all, validate(t, v.Message().Interface())...)
				return true
			})
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				all = append(all, validate(t, v.List().Get(i).Message().Interface())...)
			}
		case !f.IsMap() && !f.IsList() && f.Message() != nil:
			all = append(all, validate(t, v.Message().Interface())...)
		}
		return true
	})
	return all
}

// Envoy refuses to start with fields that it doesn't know, and with values that
// break the rules of its messages: so does this.
func TestEnvoyConfig(t *testing.T) {
	jwt := func() *pattern.JWT {
		return &pattern.JWT{Issuer: "https://issuer.example", Audiences: []string{"reports"}, JWKSURI: "https://issuer.example:8443/keys",
			ClaimHeaders: map[string]string{"X-Jwt-Sub": "sub"}, RequiredClaims: map[string]string{"scope": "read"}}
	}
	local := jwt()
	local.JWKSURI, local.JWKS, local.Header, local.ForwardToken = "", &pattern.CABundle{ConfigMapName: "keys"}, "X-Token", true
	for name, p := range map[string]*pattern.AuthProxy{
		"jwt":        {JWT: jwt(), PublicPaths: []string{"/open", "/static/*"}},
		"local keys": {JWT: local},
		"with TLS":   {JWT: jwt(), Gate: pattern.Gate{SecretName: "tls"}},
		"modern":     {GoogleIAP: &pattern.GoogleIAP{Audience: "/projects/1/apps/shop"}, Gate: pattern.Gate{SecretName: "tls", TLSProfile: pattern.Modern}},
	} {
		t.Run(name, func(t *testing.T) {
			containers, files := rendered(t, p)
			require.Len(t, containers, 1)
			var b bootstrapv3.Bootstrap
			require.NoError(t, protojson.Unmarshal([]byte(files["envoy.json"]), &b))
			tokens, managers := 0, 0
			for _, m := range validate(t, &b) {
				switch m := m.(type) {
				case *jwtv3.JwtAuthentication:
					tokens++
					last := m.Rules[len(m.Rules)-1]
					require.Equal(t, "/", last.Match.GetPrefix(), "all that isn't public")
					require.Equal(t, "tokens", last.GetRequires().GetProviderName())
					require.True(t, m.Providers["tokens"].RequireExpiration)
				case *hcmv3.HttpConnectionManager:
					managers++
					require.Equal(t, "envoy.filters.http.header_mutation", m.HttpFilters[0].Name, "what is pretended goes first")
				}
			}
			require.Equal(t, 2, tokens, "one for each family of addresses")
			require.Equal(t, 4, managers, "and the kubelet's")
			if sds, ok := files["certificate.json"]; ok {
				var d discoveryv3.DiscoveryResponse
				require.NoError(t, protojson.Unmarshal([]byte(sds), &d))
				validate(t, &d)
			} else {
				require.Empty(t, p.SecretName)
			}
		})
	}
}

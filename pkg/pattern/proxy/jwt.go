package proxy

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A JWT is a kind of JSON Web Token (RFC 7519) that requests must bring. The proxy
// verifies signatures of RSA keys from 2048 bits (RS256, RS384, RS512, PS256, PS384,
// PS512) and of elliptic curves (ES256, ES384, ES512). A token must say when it
// expires; clocks may differ by 30 seconds. Whoever brings none, or one that doesn't
// hold, gets 401.
type JWT struct {
	// Issuer of the tokens, as their claim iss has it. Required.
	Issuer string `json:"issuer"`
	// Audiences of which tokens must name one in their claim aud. Required: else
	// tokens for any other app of the issuer would do.
	Audiences []string `json:"audiences"`
	// JWKSURI is where the issuer's keys are, with https. They're fetched when the
	// proxy starts, and again every 30 seconds. While the issuer can't be reached the
	// last ones count, for a day; before the first ones came, all requests get 503. This
	// or jwks is required.
	JWKSURI string `json:"jwksURI,omitempty"`
	// CA is where the certificates of the authority of jwksURI's server are. Default:
	// those of public authorities, which the image has. With it, those alone count. A
	// changed one counts as soon as the kubelet has written it.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// JWKS is a ConfigMap or Secret that has the issuer's keys (RFC 7517) under its
	// key, jwks.json by default. A changed one counts as soon as the kubelet has
	// written it.
	JWKS *pattern.CABundle `json:"jwks,omitempty"`
	// Header that has the token and nothing else. Default: Authorization, with the
	// word Bearer before the token.
	Header string `json:"header,omitempty"`
	// ClaimHeaders tell the app what the token says: the claim by the header, as in
	// {X-Jwt-Sub: sub}; realm_access.roles is a claim in an object. Of a list the
	// texts are joined by commas, without those that have a comma themselves, or a blank
	// at an end. A token whose claim no header can hold gets 401: control characters, and
	// a blank at an end, which headers lose. Clients can't write these headers.
	ClaimHeaders map[string]string `json:"claimHeaders,omitempty"`
	// RequiredClaims are texts that claims must have; of a claim that is a list,
	// one. Whoever lacks one of them gets 403.
	RequiredClaims map[string]string `json:"requiredClaims,omitempty"`
	// ForwardToken leaves the token in the request for the app. Default: false.
	ForwardToken bool `json:"forwardToken,omitempty"`
	// AllowCORSPreflight lets the preflight requests of browsers in, which bring no
	// token: OPTIONS of any path, without headers that lead elsewhere. Default: false.
	AllowCORSPreflight bool `json:"allowCORSPreflight,omitempty"`
}

const (
	jwksDir  = "/etc/outrigger/jwks"
	jwksKey  = "jwks.json"
	jwksURI  = "JWKS_URI" // the variable that keysScript reads
	jwtKey   = "jwt.js"
	keysKey  = "keys.sh"
	issuerCA = "/etc/outrigger/issuer"

	fetchedKeys = "/tmp/jwks/" + jwksKey

	clockSkew    = 30
	keepKeysDays = 1
)

// keysScript starts nginx, and fetches the issuer's keys beside it.
//
//go:embed files/nginx/keys.sh
var keysScript string

// A setting of the verifier: a value in JSON, so that no text of a user can be anything
// but a text. There are no objects with names of a user's, which JavaScript might take
// for names of its own.
type setting struct{ Name, Value string }

func newSetting(name string, value any) setting {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("jwt.js: %v", err)) // it's made of texts and numbers
	}
	return setting{name, string(raw)}
}

// nginxToken is what nginx.conf says of tokens.
type nginxToken struct {
	Script string
	Claims []string // the headers, in order

	Preflight []preflightHeader // where preflights are let in
}

// A preflightHeader is one that may lead a request elsewhere, and the variable that has
// it, but for preflights: the name of a method that an OPTIONS without a token carries
// along would be believed by apps that take it for the request's.
type preflightHeader struct{ Name, Value, Client string }

func (j *JWT) preflightHeaders() (all []preflightHeader) {
	if !j.AllowCORSPreflight {
		return nil
	}
	for i, name := range reroutingNames() {
		client := "$http_" + strings.ReplaceAll(strings.ToLower(name), "-", "_")
		all = append(all, preflightHeader{name, fmt.Sprintf("$elsewhere_%d", i), client})
	}
	return all
}

// algorithms are those of RFC 7518, 3.1, that WebCrypto of njs verifies with a public key.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}

// verifiedJWT is the JWT that is verified; nil: none is.
func (p *AuthProxy) verifiedJWT() *JWT {
	switch {
	case p.JWT != nil:
		return p.JWT
	case p.GoogleIAP != nil:
		return p.GoogleIAP.assertionJWT()
	}
	return nil
}

// claimHeaders are the headers that tell claims, in their order.
func (j *JWT) claimHeaders() []string { return slices.Sorted(maps.Keys(j.ClaimHeaders)) }

// verifierScript is the verifier. It's a part of nginx: nothing else runs that could be
// asked past it, or be gone.
func (j *JWT) verifierScript(algorithms []string) string {
	keys, seconds := fetchedKeys, keepKeysDays*24*60*60
	if j.JWKS != nil {
		keys, seconds = jwksDir+"/"+jwksKey, 0
	}
	required, claims := [][2]string{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(j.RequiredClaims)) {
		required = append(required, [2]string{name, j.RequiredClaims[name]})
	}
	for _, header := range j.claimHeaders() {
		claims = append(claims, j.ClaimHeaders[header])
	}
	settings := []setting{
		newSetting("issuer", j.Issuer),
		newSetting("audiences", j.Audiences),
		newSetting("algorithms", algorithms),
		newSetting("keys", keys),
		newSetting("keepSeconds", seconds), // how old they may become; 0: they're no copy
		newSetting("header", strings.ToLower(cmp.Or(j.Header, "Authorization"))),
		newSetting("bearer", j.Header == ""),
		newSetting("skewSeconds", clockSkew),
		newSetting("preflight", j.AllowCORSPreflight),
		newSetting("required", required),
		newSetting("claims", claims), // those that go into headers
	}
	var b strings.Builder
	if err := nginxTemplates().ExecuteTemplate(&b, jwtKey+".tmpl", settings); err != nil {
		panic(fmt.Sprintf("jwt.js: %v", err)) // the template is ours
	}
	return b.String()
}

// identityByHeader is what the app is told of who is there, by header: claims, and the token
// where it's wanted. It was verified.
func (j *JWT) identityByHeader() map[string]string {
	header := textproto.CanonicalMIMEHeaderKey(cmp.Or(j.Header, "Authorization"))
	values := map[string]string{header: ""}
	if j.ForwardToken {
		values[header] = "$http_" + strings.ReplaceAll(strings.ToLower(header), "-", "_")
	}
	for n, name := range j.claimHeaders() {
		values[textproto.CanonicalMIMEHeaderKey(name)] = fmt.Sprintf("$jwt_claim_%d", n)
	}
	return values
}

// addVerifier gives nginx the verifier and its keys.
func (p *AuthProxy) addVerifier(w *sidecar.Workload, c *sidecar.Change, main *corev1.Container,
	files map[string]string) {
	j, allowed := p.verifiedJWT(), algorithms
	if p.GoogleIAP != nil {
		allowed = []string{"ES256"}
	}
	files[jwtKey] = j.verifierScript(allowed)
	main.Image = pattern.NginxJSImage.Ref
	mount := func(v corev1.Volume, dir string) {
		c.Volumes = append(c.Volumes, v)
		main.VolumeMounts = append(main.VolumeMounts, corev1.VolumeMount{Name: v.Name, MountPath: dir, ReadOnly: true})
	}
	if j.JWKS != nil {
		mount(j.JWKS.VolumeAs(pattern.VolumeName(w, "jwks"), jwksKey), jwksDir)
		return
	}
	files[keysKey] = keysScript
	main.Command = []string{"sh", confDir + "/" + keysKey}
	main.Env = []corev1.EnvVar{{Name: jwksURI, Value: j.JWKSURI}}
	if j.CA != nil {
		mount(j.CA.Volume(pattern.VolumeName(w, "issuer")), issuerCA)
	}
}

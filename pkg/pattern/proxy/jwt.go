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

// A JWT configures the JSON Web Tokens (RFC 7519) that requests must have. The proxy
// verifies signatures of RSA keys from 2048 bits (RS256, RS384, RS512, PS256, PS384, PS512)
// and of elliptic curves (ES256, ES384, ES512). A token must have an expiry time; clocks
// may differ by 30 seconds. A request without a token, or with an invalid one, gets 401.
type JWT struct {
	// Issuer of the tokens, as in their claim iss. Required.
	Issuer string `json:"issuer"`
	// Audiences: a token must have one of them in its claim aud. Required, since otherwise
	// tokens for any other app of the issuer would be accepted.
	Audiences []string `json:"audiences" config:"nonempty"`
	// JWKSURI is the https URL of the issuer's keys. They're fetched when the proxy starts,
	// and again every 30 seconds. While the issuer is unreachable, the last keys are used
	// for a day. Before the first keys have arrived, all requests get 503. This or jwks is
	// required.
	JWKSURI string `json:"jwksURI,omitempty"`
	// CA is the authority of the certificate of jwksURI's server, in place of the public
	// ones. A change takes effect as soon as the kubelet has updated the file. Default: the
	// public authorities in the image.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// AsServiceAccount fetches the keys with a token of the pod's ServiceAccount, as the
	// cluster's own issuer wants it. Then the app admits other ServiceAccounts: issuer is
	// the cluster's, often https://kubernetes.default.svc.cluster.local, jwksURI is
	// https://kubernetes.default.svc/openid/v1/jwks, and clients mount a token for an
	// audience of the app (projected, serviceAccountToken). ca is the ConfigMap
	// kube-root-ca.crt, which all namespaces have, unless it's written. The token is valid
	// at the API server, where it can do what the pod's ServiceAccount may. Tokens are
	// verified by the keys alone: one whose pod or ServiceAccount was deleted stays valid
	// until it expires. Default: false.
	AsServiceAccount bool `json:"asServiceAccount,omitempty"`
	// JWKS is a ConfigMap or Secret with the issuer's keys (RFC 7517), by default under its
	// key jwks.json. A change takes effect as soon as the kubelet has updated the file.
	JWKS *pattern.CABundle `json:"jwks,omitempty"`
	// Header that contains only the token. Default: Authorization, with the word Bearer
	// before the token.
	Header string `json:"header,omitempty"`
	// ClaimHeaders send claims to the app: the claim for each header, as in {X-Jwt-Sub:
	// sub}; realm_access.roles is a claim inside an object. The texts of a list are joined
	// with commas, except those that contain a comma, or a blank at an end. A token with a
	// claim that no header can have gets 401: one with control characters, or a blank at an
	// end, which headers lose. Clients can't set these headers.
	ClaimHeaders map[string]string `json:"claimHeaders,omitempty"`
	// RequiredClaims are texts that claims must have. A claim that is a list must contain
	// the text. A token without one of them gets 403.
	RequiredClaims map[string]string `json:"requiredClaims,omitempty"`
	// ForwardToken keeps the token in the request for the app. Default: false.
	ForwardToken bool `json:"forwardToken,omitempty"`
	// AllowCORSPreflight admits preflight requests of browsers, which have no token:
	// OPTIONS of any path, without headers for another path or method. Default: false.
	AllowCORSPreflight bool `json:"allowCORSPreflight,omitempty"`
}

const (
	jwksDir  = "/etc/outrigger/jwks"
	jwksKey  = "jwks.json"
	jwksURI  = "JWKS_URI" // the variable that keysScript reads
	jwtKey   = "jwt.js"
	keysKey  = "keys.sh"
	issuerCA = "/etc/outrigger/issuer"

	accountDir = "/etc/outrigger/account"
	tokenKey   = "token"

	fetchedKeys = "/tmp/jwks/" + jwksKey

	clockSkew    = 30
	keepKeysDays = 1
)

// keysScript starts nginx, and fetches the issuer's keys in the background.
//
//go:embed files/nginx/keys.sh
var keysScript string

// A setting of the verifier. Its value is JSON, so text of a user can't be code. No object
// has names from a user, which JavaScript might take for its own.
type setting struct{ Name, Value string }

func newSetting(name string, value any) setting {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("jwt.js: %v", err)) // texts and numbers can always be encoded
	}
	return setting{name, string(raw)}
}

// nginxToken holds the tokens in nginx.conf.
type nginxToken struct {
	Script string
	Claims []string // the headers, in order

	Preflight []preflightHeader // if preflights are admitted
}

// A preflightHeader may change the path or method of a request. Value is the variable that
// has it for all requests except preflights: an OPTIONS without a token could name another
// method, and apps might use that one.
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

// verifiedJWT returns the configuration of the tokens to verify, or nil.
func (p *AuthProxy) verifiedJWT() *JWT {
	switch {
	case p.JWT != nil:
		return p.JWT
	case p.GoogleIAP != nil:
		return p.GoogleIAP.assertionJWT()
	}
	return nil
}

// claimHeaders returns the headers with claims, sorted.
func (j *JWT) claimHeaders() []string { return slices.Sorted(maps.Keys(j.ClaimHeaders)) }

// verifierScript returns the verifier. It runs inside nginx, so it can't be bypassed or
// fail alone.
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
		newSetting("keepSeconds", seconds), // the greatest age of fetched keys; 0: they aren't fetched
		newSetting("header", strings.ToLower(cmp.Or(j.Header, "Authorization"))),
		newSetting("bearer", j.Header == ""),
		newSetting("skewSeconds", clockSkew),
		newSetting("preflight", j.AllowCORSPreflight),
		newSetting("required", required),
		newSetting("claims", claims), // for headers
	}
	var b strings.Builder
	if err := nginxTemplates().ExecuteTemplate(&b, jwtKey+".tmpl", settings); err != nil {
		panic(fmt.Sprintf("jwt.js: %v", err)) // the template is ours
	}
	return b.String()
}

// issuerAuthority returns the authority of the keys' server, or nil for the public ones.
func (j *JWT) issuerAuthority() *pattern.CABundle {
	if j.CA == nil && j.AsServiceAccount {
		return &pattern.CABundle{ConfigMapName: "kube-root-ca.crt"} // written by kube-controller-manager
	}
	return j.CA
}

// identityByHeader returns headers for the app with their values: claims, and the token if
// it's forwarded. The token was verified.
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

// addVerifier adds the verifier and its keys to nginx.
func (p *AuthProxy) addVerifier(w *sidecar.Workload, c *sidecar.Change, main *corev1.Container,
	files map[string]string) {
	j, allowed := p.verifiedJWT(), algorithms
	if p.GoogleIAP != nil {
		allowed = []string{"ES256"}
	}
	files[jwtKey] = j.verifierScript(allowed)
	main.Image = w.Pulled(pattern.NginxJSImage.Ref)
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
	if ca := j.issuerAuthority(); ca != nil {
		mount(ca.Volume(pattern.VolumeName(w, "issuer")), issuerCA)
	}
	if j.AsServiceAccount {
		mount(corev1.Volume{Name: pattern.VolumeName(w, "account"), VolumeSource: corev1.VolumeSource{
			Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{
				ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: tokenKey}}}}}}, accountDir)
	}
}

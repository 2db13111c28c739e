package proxy

import (
	"cmp"
	"fmt"
	"maps"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *AuthProxy) Validate() sidecar.Findings {
	var fs sidecar.Findings
	p.validateBase(false, withoutAuthentication, &fs)
	if p.servesPlain() {
		fs.Add(sidecar.Warning, "credentials-plain", "secretName",
			"without a certificate, tokens and passwords reach the pod unencrypted",
			"write secretName or certificate, unless TLS is terminated right in front")
	}
	var methods []string
	for _, m := range []struct {
		name string
		set  bool
	}{{"jwt", p.JWT != nil}, {"googleIAP", p.GoogleIAP != nil}, {"oidc", p.OIDC != nil}, {"basic", p.Basic != nil}} {
		if m.set {
			methods = append(methods, m.name)
		}
	}
	switch len(methods) {
	case 0:
		fs.Add(sidecar.Error, "missing-field", "jwt", "no authentication method is configured",
			"write one of jwt, googleIAP, oidc and basic")
	case 1:
	default:
		fs.Add(sidecar.Error, "bad-value", methods[1], methods[0]+" is set too, and a proxy has one method",
			"remove all but one")
	}
	for _, d := range p.portRoutes() {
		if d.protocol == sidecar.TCP || d.protocol == sidecar.GRPC {
			fs.Add(sidecar.Error, "bad-value", d.field+"protocol", "only HTTP requests can be authenticated",
				"remove it")
		}
	}
	if p.isModeFront() && !p.Closes() {
		fs.Add(sidecar.Error, "app-reachable", "networkPolicy",
			fmt.Sprintf("port %d would still accept anybody at the pod's address", p.Port),
			"remove networkPolicy, or use mode takeover")
	}
	p.JWT.validateJWT(&fs)
	p.GoogleIAP.validateIAP(&fs)
	p.OIDC.validateOIDC(&fs)
	p.Basic.validateBasic(&fs)
	p.validateIdentityHeaders(&fs)
	p.validatePublicPaths(&fs)
	return fs
}

func (p *AuthProxy) validatePublicPaths(fs *sidecar.Findings) {
	for i, path := range p.PublicPaths {
		field := fmt.Sprintf("publicPaths[%d]", i)
		bare := strings.TrimSuffix(path, "/*") + "/"
		switch {
		case !publicPathForm().MatchString(path), strings.Contains(bare, "//"), strings.Contains(bare, "/./"),
			strings.Contains(bare, "/.."), len(path) > longestTarget:
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q isn't a plain path", path),
				"write a path like /healthz, or a prefix like /static/*, but no regular expression")
		case strings.HasPrefix(path, "/-/outrigger/"), p.OIDC != nil && strings.HasPrefix(bare, "/oauth2/"):
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q is a path of the proxy itself", path),
				"write a path of the app")
		}
	}
}

// longestOwnHeader is such that nginx can hold a header's name (proxy_headers_hash_bucket_size).
const longestOwnHeader = 100

// isOwnHeader reports whether a header of this name can tell the app something of the client.
func isOwnHeader(name string) bool {
	return pattern.HeaderName().MatchString(name) && len(name) <= longestOwnHeader && !isReservedHeader(name)
}

func (p *AuthProxy) validateIdentityHeaders(fs *sidecar.Findings) {
	const field = "identityHeaders"
	if p.JWT != nil || p.GoogleIAP != nil {
		if len(p.IdentityHeaders) > 0 {
			fs.Add(sidecar.Error, "bad-value", field, "has no effect: tokens have claims",
				"write the headers into claimHeaders")
		}
		return
	}
	lower := map[string]bool{}
	known := slices.Sorted(maps.Keys(p.knownIdentities()))
	for _, name := range slices.Sorted(maps.Keys(p.IdentityHeaders)) {
		switch what := p.IdentityHeaders[name]; {
		case !isOwnHeader(name) || strings.EqualFold(name, "Authorization"):
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be the header of an identity", name),
				"use a header of its own, of letters, digits and -, such as X-WEBAUTH-USER")
		case lower[strings.ToLower(name)]:
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("header %q is listed twice", name), "remove one of them")
		case !slices.Contains(known, what):
			pattern.ValidateEnum(field+"."+name, cmp.Or(what, "nothing"), fs, known...)
		}
		lower[strings.ToLower(name)] = true
	}
}

var (
	publicPathForm = pattern.LazyRegexp(`^(/[A-Za-z0-9_.~!&'(),=:@-]*)+(/\*)?$`)
	plainText      = pattern.LazyRegexp(`^[\x20-\x7e]+$`)
	realmText      = pattern.LazyRegexp(`^[A-Za-z0-9 ._:@/()'!?-]*$`)
	claimName      = pattern.LazyRegexp(`^[A-Za-z0-9_.:/-]+$`)
)

// isReservedHeader reports whether a header has a purpose of its own, for the proxy or the app, so it can't have a
// claim, a token or a name.
func isReservedHeader(name string) bool {
	name = textproto.CanonicalMIMEHeaderKey(name)
	return hopByHop(name) || strings.HasPrefix(name, "Sec-") || slices.Contains([]string{
		"Host", "Cookie", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via",
		"Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "Origin", "Range",
	}, name)
}

func (j *JWT) validateJWT(fs *sidecar.Findings) {
	if j == nil {
		return
	}
	if !plainText().MatchString(j.Issuer) {
		fs.Add(sidecar.Error, "missing-field", "jwt.issuer", "no issuer is named", "write the value of the tokens' claim iss")
	}
	if len(j.Audiences) == 0 || slices.ContainsFunc(j.Audiences, func(a string) bool {
		return !plainText().MatchString(a)
	}) {
		fs.Add(sidecar.Error, "missing-field", "jwt.audiences",
			"without an audience, every token of the issuer would be accepted, whatever it was issued for",
			"write the value of the tokens' claim aud")
	}
	switch {
	case j.JWKSURI == "" && j.JWKS == nil:
		fs.Add(sidecar.Error, "missing-field", "jwt.jwksURI", "the source of the issuer's keys is missing",
			"write jwksURI, or jwks with a ConfigMap that has them")
	case j.JWKSURI != "" && j.JWKS != nil:
		fs.Add(sidecar.Error, "bad-value", "jwt.jwks", "jwksURI is set too", "remove one of them")
	case j.JWKSURI != "":
		validateHTTPS("jwt.jwksURI", j.JWKSURI, fs)
	default:
		j.JWKS.ValidateAt("jwt.jwks", fs)
	}
	if j.JWKSURI == "" && j.CA != nil {
		fs.Add(sidecar.Error, "bad-value", "jwt.ca", "has no effect without jwksURI", "remove it")
	}
	if j.JWKSURI == "" && j.AsServiceAccount {
		fs.Add(sidecar.Error, "bad-value", "jwt.asServiceAccount", "has no effect without jwksURI", "remove it")
	}
	j.CA.ValidateAt("jwt.ca", fs)
	if j.Header != "" && (!pattern.HeaderName().MatchString(j.Header) || isReservedHeader(j.Header)) {
		fs.Add(sidecar.Error, "bad-value", "jwt.header", fmt.Sprintf("%q can't be the header of a token", j.Header),
			"write letters, digits and -, as in X-Token")
	}
	validateClaims("jwt.claimHeaders", j.ClaimHeaders, fs)
	for _, claim := range slices.Sorted(maps.Keys(j.RequiredClaims)) {
		if !claimName().MatchString(claim) || j.RequiredClaims[claim] == "" {
			fs.Add(sidecar.Error, "bad-value", "jwt.requiredClaims", fmt.Sprintf("claim %q can't be required like that", claim),
				"write the claim's name and the text that it must have")
		}
	}
}

func validateClaims(at string, headers map[string]string, fs *sidecar.Findings) {
	lower := map[string]bool{}
	for _, header := range slices.Sorted(maps.Keys(headers)) {
		switch name := strings.ToLower(header); {
		case !isOwnHeader(header):
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q can't be the header of a claim", header),
				"use a header of its own, such as X-Jwt-Sub")
		case lower[name]:
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("header %q is listed twice", header), "remove one of them")
		case !claimName().MatchString(headers[header]):
			fs.Add(sidecar.Error, "bad-value", at+"."+header, fmt.Sprintf("%q isn't a valid claim name", headers[header]),
				"write the name of a claim, as in sub")
		default:
			lower[name] = true
		}
	}
}

func (g *GoogleIAP) validateIAP(fs *sidecar.Findings) {
	if g == nil {
		return
	}
	if !iapAudience().MatchString(g.Audience) {
		fs.Add(sidecar.Error, "bad-value", "googleIAP.audience",
			fmt.Sprintf("%q isn't an audience of the Identity-Aware Proxy", g.Audience),
			"write /projects/<number>/global/backendServices/<id> or /projects/<number>/apps/<id>")
	}
	validateClaims("googleIAP.claimHeaders", g.ClaimHeaders, fs)
}

// https://cloud.google.com/iap/docs/signed-headers-howto, "Verifying the JWT payload"
var iapAudience = pattern.LazyRegexp(
	`^/projects/\d+/(global/backendServices/\d+|apps/[a-z0-9-]+|[a-z0-9-]+/[a-z0-9-]+/[a-z0-9-]+(/[a-z0-9-]+)*)$`)

func (o *OIDC) validateOIDC(fs *sidecar.Findings) {
	if o == nil {
		return
	}
	validateHTTPS("oidc.issuerURL", o.IssuerURL, fs)
	if !plainText().MatchString(o.ClientID) {
		fs.Add(sidecar.Error, "missing-field", "oidc.clientID", "the client ID is missing",
			"write the client ID that the provider has for the app")
	}
	if o.SecretName == "" {
		fs.Add(sidecar.Error, "missing-field", "oidc.secretName", "the Secret is missing",
			"name the Secret with client-secret and cookie-secret")
	} else {
		pattern.ValidateObjectName("oidc.secretName", o.SecretName, fs)
	}
	if o.RedirectURL != "" {
		validateHTTPS("oidc.redirectURL", o.RedirectURL, fs)
	}
	for _, list := range []struct {
		field  string
		values []string
	}{{"scopes", o.Scopes}, {"emailDomains", o.EmailDomains}, {"allowedGroups", o.AllowedGroups},
		{"extraAudiences", o.ExtraAudiences}} {
		for i, v := range list.values {
			// oauth2-proxy splits lists at commas, and scopes at blanks
			if !plainText().MatchString(v) || strings.Contains(v, ",") || list.field == "scopes" && strings.Contains(v, " ") {
				fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("oidc.%s[%d]", list.field, i),
					fmt.Sprintf("%q isn't a single value", v), "write one value per entry, without commas")
			}
		}
	}
	o.Session.validateSession(fs)
	o.CA.ValidateAt("oidc.ca", fs)
	for _, port := range []struct {
		field string
		port  int32
	}{{"oidc.proxyPort", o.ProxyPort}, {"oidc.statusPort", o.StatusPort}} {
		if port.port != 0 {
			pattern.ValidatePort(port.field, port.port, "", fs)
		}
	}
}

func (s *Session) validateSession(fs *sidecar.Findings) {
	if s == nil {
		return
	}
	if s.ExpireSeconds < 0 {
		fs.Add(sidecar.Error, "bad-value", "oidc.session.expireSeconds", "seconds can't be negative",
			"remove it for 12 hours")
	}
	switch refresh := s.refreshSeconds(); {
	case refresh < 0:
		fs.Add(sidecar.Error, "bad-value", "oidc.session.refreshSeconds", "seconds can't be negative",
			"remove it for 5 minutes")
	case refresh >= s.expireSeconds() && s.ExpireSeconds >= 0:
		fs.Add(sidecar.Error, "bad-value", "oidc.session.refreshSeconds",
			fmt.Sprintf("a session of %d seconds ends before its refresh after %d", s.expireSeconds(), refresh),
			"write less than expireSeconds")
	case refresh == 0:
		fs.Add(sidecar.Warning, "session-unchecked", "oidc.session.refreshSeconds",
			fmt.Sprintf("users that the provider blocks stay logged in until their session ends, after %d seconds",
				s.expireSeconds()), "write a few minutes, such as 300")
	}
}

func (b *Basic) validateBasic(fs *sidecar.Findings) {
	if b == nil {
		return
	}
	if b.SecretName == "" {
		fs.Add(sidecar.Error, "missing-field", "basic.secretName", "the list of users is missing",
			"name the Secret with the list that htpasswd writes")
	} else {
		pattern.ValidateObjectName("basic.secretName", b.SecretName, fs)
	}
	if !realmText().MatchString(b.Realm) {
		fs.Add(sidecar.Error, "bad-value", "basic.realm", fmt.Sprintf("%q has characters that a realm can't have", b.Realm),
			"write letters, digits, blanks and . _ : @ / ( ) ' ! ? -")
	}
}

func validateHTTPS(field, text string, fs *sidecar.Findings) {
	u, err := url.Parse(text)
	if text == "" {
		fs.Add(sidecar.Error, "missing-field", field, "no URL is given", "write it with https")
	} else if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || !pattern.IsVisible(text) {
		fs.Add(sidecar.Error, "bad-value", field, "it isn't a valid https URL with a host",
			"write one like https://issuer.example")
	}
}

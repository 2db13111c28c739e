package proxy

import (
	"cmp"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// AuthProxy authenticates every request before the app sees it, with exactly one of its
// methods. With secretName or certificate it terminates TLS as well, so the port needs no
// tlsProxy. Clients reach the app only through it: the app moves to 127.0.0.1, a
// NetworkPolicy closes its port, or the pod redirects it.
type AuthProxy struct {
	Base
	// JWT admits requests with a JSON Web Token of an issuer.
	JWT *JWT `json:"jwt,omitempty"`
	// GoogleIAP admits requests that come through Google's Identity-Aware Proxy.
	GoogleIAP *GoogleIAP `json:"googleIAP,omitempty"`
	// OIDC redirects people to the login of an OpenID Connect provider, and admits programs
	// with one of its tokens. It runs oauth2-proxy.
	OIDC *OIDC `json:"oidc,omitempty"`
	// Basic admits requests with a user name and a password (RFC 7617).
	Basic *Basic `json:"basic,omitempty"`
	// IdentityHeaders are more headers with who the client is, for apps that read others than
	// oauth2-proxy writes: what is in each, as in {X-WEBAUTH-USER: user} for Grafana and
	// Gitea. It is user, and with oidc also email, groups or preferredUsername. Clients
	// can't set these headers. With jwt and googleIAP, write claimHeaders. Default: none.
	IdentityHeaders map[string]Identity `json:"identityHeaders,omitempty"`
	// PublicPaths need no authentication: a path, as in /healthz, or all paths below one,
	// as in /static/*. They're compared with the path as clients send it: one with escapes
	// (%), empty or dot segments or a semicolon gets 400. WebSockets aren't available on
	// them.
	PublicPaths []string `json:"publicPaths,omitempty"`
}

// An Identity is what a proxy knows of a client.
type Identity string

const (
	IdentityUser      Identity = "user"
	IdentityEmail     Identity = "email"
	IdentityGroups    Identity = "groups"
	IdentityPreferred Identity = "preferredUsername"
)

// knownIdentities returns what the method knows of a client, with the variables of nginx.
func (p *AuthProxy) knownIdentities() map[Identity]string {
	if p.Basic != nil {
		return map[Identity]string{IdentityUser: "$remote_user"}
	}
	return map[Identity]string{IdentityUser: "$auth_user", IdentityEmail: "$auth_email", IdentityGroups: "$auth_groups",
		IdentityPreferred: "$auth_preferred_username"}
}

// A Basic is a list of users and their passwords.
type Basic struct {
	// SecretName is the Secret with the list, as htpasswd writes it. A change takes effect
	// within a minute. Slow hashes, such as bcrypt, make each request slow: 19 per second
	// with cost 10, against some 2000 with {SSHA}. Required.
	SecretName string `json:"secretName"`
	// Key of the list in the Secret. Default: auth.
	Key string `json:"key,omitempty"`
	// Realm is the name that browsers show when they ask for the password. Default: the
	// app's name.
	Realm string `json:"realm,omitempty"`
}

var _ sidecar.Pattern = (*AuthProxy)(nil)

// Change puts the proxy in front of the app.
func (p *AuthProxy) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	p = p.withDeclaredPorts(w)
	c := &sidecar.Change{
		Phase:     sidecar.PhaseProxy,
		App:       p.appMigration(w),
		Takeovers: p.takeoversWithHealth(w, true),
		Pod:       sidecar.Pod{Sysctls: p.portSysctls(w), MinGracePeriodSeconds: p.minGracePeriod(w)},
		Claims:    p.appClaims(w),
		Dials:     p.issuers(),
	}
	for i := range c.Takeovers {
		c.Takeovers[i].Authenticated = true
	}
	p.redirectPorts(w, c)
	object := w.ObjectName()
	p.addNginx(w, c, object)
	if p.hasCertificate() {
		c.Volumes = append(c.Volumes,
			pattern.SecretVolume(pattern.VolumeName(w, "certs"), cmp.Or(p.SecretName, object), pattern.TLSKeys...))
		main := &c.Containers[len(c.Containers)-1]
		main.VolumeMounts = append(main.VolumeMounts,
			corev1.VolumeMount{Name: pattern.VolumeName(w, "certs"), MountPath: certsDir, ReadOnly: true})
	}
	if p.Certificate != nil {
		c.Objects = append(c.Objects,
			p.Certificate.ObjectsForServer(cmp.Or(p.SecretName, object), p.Certificate.ServiceNames(w))...)
	}
	if policy := p.networkPolicy(w); policy != nil {
		c.Objects = append(c.Objects, *policy)
	}
	return c, nil
}

// addNginx adds an nginx, and the programs that check its requests.
func (p *AuthProxy) addNginx(w *sidecar.Workload, c *sidecar.Change, object string) {
	resources := nginxSize.Resources(w)
	conf := p.baseNginxConf(w, resources)
	conf.Pattern = "authProxy"
	conf.Auth = p.newNginxAuth(w)
	conf.Identity = identityHeaders(p.identityByHeader())
	p.addHealthListeners(w, conf, true)
	main := p.newNginxContainer(w, resources)
	p.addHealthPorts(w, &main, true)
	c.Volumes = []corev1.Volume{pattern.ConfigMapVolume(pattern.VolumeName(w, "config"), object),
		pattern.TmpVolume(pattern.VolumeName(w, "tmp"))}
	files := map[string]string{confKey: conf.String()}
	switch {
	case p.Basic != nil:
		users := pattern.SecretVolume(pattern.VolumeName(w, "users"), p.Basic.SecretName)
		users.Secret.Items = []corev1.KeyToPath{{Key: cmp.Or(p.Basic.Key, "auth"), Path: usersKey}}
		c.Volumes = append(c.Volumes, users)
		main.VolumeMounts = append(main.VolumeMounts,
			corev1.VolumeMount{Name: users.Name, MountPath: usersDir, ReadOnly: true})
	case p.OIDC != nil:
		c.Containers = append(c.Containers, p.OIDC.newOAuth2Proxy(w, p.servesPlain()))
		if p.OIDC.CA != nil {
			c.Volumes = append(c.Volumes, p.OIDC.CA.Volume(pattern.VolumeName(w, "provider")))
		}
	default:
		p.addVerifier(w, c, &main, files)
	}
	c.Objects = []sidecar.Object{pattern.NewConfigMap(object, files)}
	for i := range c.Containers {
		c.Containers[i].Lifecycle = p.planShutdown(w).keepAlive(w) // nginx needs it until it quits
	}
	if port := p.checkerPort(); port != 0 {
		c.Claims = append(c.Claims, sidecar.Claim{Port: port, For: "sidecar " + w.Name + ", on 127.0.0.1"})
	}
	c.Containers = append(c.Containers, main) // it's last, so the others start before it
}

// issuers returns the servers of the identity provider that are known: its other addresses
// are in what it answers. oauth2-proxy asks it when it starts, and nginx doesn't wait for keys.
func (p *AuthProxy) issuers() []sidecar.Dial {
	switch jwt := p.verifiedJWT(); {
	case p.OIDC != nil:
		return pattern.AtStart(pattern.DialsOf(p.OIDC.IssuerURL))
	case jwt != nil && jwt.JWKS == nil:
		return pattern.DialsOf(jwt.JWKSURI)
	}
	return nil
}

func (p *AuthProxy) servesPlain() bool { return !p.hasCertificate() }

// checkerPort returns the port on which a program checks requests for nginx, or 0.
func (p *AuthProxy) checkerPort() int32 {
	if p.OIDC != nil {
		return cmp.Or(p.OIDC.ProxyPort, oauth2Port)
	}
	return 0
}

const (
	usersDir = "/etc/outrigger/users"
	usersKey = "htpasswd"
)

// nginxAuth holds the authentication in nginx.conf. Texts are made with quoteWord, or are
// variables of nginx.
type nginxAuth struct {
	Realm, Users string // basic
	Token        *nginxToken
	Port         int32 // of another program that checks requests
	Path         string
	Login        bool          // people are redirected to it
	SessionParts []int         // the numbers of the cookies of a large session
	Variables    []nginxHeader // from the answer's headers
	Public       []string      // regular expressions of paths
}

type nginxHeader struct{ Name, Value string }

// sessionParts are numbers of cookies. oauth2-proxy splits a session into cookies of about
// 4000 bytes (pkg/sessions/cookie/session_store.go, maxCookieLength). More than these
// wouldn't come back: nginx accepts lines of 32 KiB, and most apps less.
var sessionParts = []int{0, 1, 2, 3, 4, 5}

func (p *AuthProxy) newNginxAuth(w *sidecar.Workload) *nginxAuth {
	a := &nginxAuth{Port: p.checkerPort(), Public: publicLocations(p.PublicPaths)}
	switch {
	case p.Basic != nil:
		a.Realm, a.Users = quoteWord(cmp.Or(p.Basic.Realm, w.Stem, w.Ref.Name)), usersDir+"/"+usersKey
	case p.OIDC != nil:
		a.Path, a.Login, a.SessionParts = "/oauth2/auth", true, sessionParts
		for _, v := range []string{"user", "email", "groups", "preferred_username"} {
			a.Variables = append(a.Variables, nginxHeader{"auth_" + v, "x_auth_request_" + v})
		}
	default:
		a.Token = &nginxToken{Script: confDir + "/" + jwtKey, Claims: p.verifiedJWT().claimHeaders(),
			Preflight: p.verifiedJWT().preflightHeaders()}
	}
	return a
}

// identityByHeader returns the headers that tell the app who the client is, with their
// values.
func (p *AuthProxy) identityByHeader() map[string]string {
	values := map[string]string{}
	switch {
	case p.Basic != nil:
		for _, name := range []string{"X-Forwarded-User", "X-Remote-User", "Remote-User"} {
			values[name] = "$remote_user"
		}
		values["Authorization"] = "" // the app doesn't need the password
	case p.OIDC != nil:
		for _, stem := range []string{"X-Auth-Request-", "X-Forwarded-"} {
			values[stem+"User"], values[stem+"Email"] = "$auth_user", "$auth_email"
			values[stem+"Groups"], values[stem+"Preferred-Username"] = "$auth_groups", "$auth_preferred_username"
		}
	default:
		return p.verifiedJWT().identityByHeader()
	}
	for name, what := range p.IdentityHeaders {
		values[textproto.CanonicalMIMEHeaderKey(name)] = p.knownIdentities()[what]
	}
	return values
}

// longestPattern keeps a word of nginx.conf, with its backslashes doubled, below the 4096
// bytes that nginx reads (NGX_CONF_BUFFER).
const longestPattern = 2000

// publicLocations returns regular expressions for nginx's locations of public paths: one
// for all, or several if it would be too long. A path that is listed twice counts once.
func publicLocations(paths []string) (out []string) {
	var patterns []string
	length := 0
	flush := func() {
		if patterns != nil {
			out = append(out, quoteWord("^(?:"+strings.Join(patterns, "|")+")"))
		}
		patterns, length = nil, 0
	}
	for i, path := range paths {
		if slices.Contains(paths[:i], path) {
			continue
		}
		pattern := regexp.QuoteMeta(path) + `\z`
		if prefix, all := strings.CutSuffix(path, "*"); all {
			pattern = regexp.QuoteMeta(prefix)
		}
		if length += len(pattern); length > longestPattern {
			flush()
		}
		patterns = append(patterns, pattern)
	}
	flush()
	return out
}

// withDeclaredPorts returns the proxy with the ports that the app declares, if the config
// names none.
func (p *AuthProxy) withDeclaredPorts(w *sidecar.Workload) *AuthProxy {
	whole := *p
	whole.Base = p.withPorts(w)
	return &whole
}

// checkDeclaredProtocols finds ports whose names say that the app doesn't use HTTP there. Those that the config names
// were checked when it was read, so they are HTTP. Afterwards, nothing else complains of the protocols.
func (p *AuthProxy) checkDeclaredProtocols(w *sidecar.Workload, fs *sidecar.Findings) {
	var other []string
	if p.Protocol != "" && p.Protocol != sidecar.HTTP {
		other, p.Protocol = append(other, strconv.Itoa(int(p.Port))), sidecar.HTTP
	}
	p.MorePorts = slices.Clone(p.MorePorts)
	for i := range p.MorePorts {
		if more := &p.MorePorts[i]; more.Protocol != "" && more.Protocol != sidecar.HTTP {
			other, more.Protocol = append(other, strconv.Itoa(int(more.Port))), sidecar.HTTP
		}
	}
	if other != nil {
		fs.AddUnfit(sidecar.Error, "port-not-http", "port",
			fmt.Sprintf("port %s of container %s isn't for HTTP, as its name or a Service's says, and only HTTP requests can "+
				"be authenticated", strings.Join(other, ", "), w.App.Name), "exclude this workload, or write the port that is")
	}
}

// Check finds errors in the entry for this workload.
func (p *AuthProxy) Check(w *sidecar.Workload) sidecar.Findings {
	var unfit sidecar.Findings
	p = p.withDeclaredPorts(w)
	p.checkDeclaredProtocols(w, &unfit)
	fs := p.Validate() // each workload may declare other ports
	if !fs.Failed() {
		fs = nil // the rest has been reported when the config was read
	}
	fs = append(unfit, fs...)
	p.Base.checkBase(w, &fs)
	p.checkLeft(w, true, &fs)
	p.checkHealth(w, true, &fs)
	checkKeys := func(field, secret string, keys ...string) {
		for _, key := range keys {
			pattern.CheckSecretKeys(w, "secret-key", field, secret, []string{key}, "name a Secret that has the key", &fs)
		}
	}
	pattern.CheckVersion(w.Image(pattern.NginxImage.Ref), &fs)
	if ref := w.Image(pattern.NginxJSImage.Ref); p.verifiedJWT() != nil && strings.Contains(ref, "-slim") {
		fs.Add(sidecar.Error, "image-unfit", "override.image",
			fmt.Sprintf("image %s lacks njs, which verifies tokens, and curl", ref),
			"use an image that isn't slim, such as "+pattern.NginxJSImage.Ref)
	}
	switch {
	case p.JWT != nil:
		p.JWT.JWKS.CheckKeyAs(w, "jwt.jwks", jwksKey, &fs)
		p.JWT.CA.CheckKey(w, "jwt.ca", &fs)
	case p.Basic != nil:
		checkKeys("basic.secretName", p.Basic.SecretName, cmp.Or(p.Basic.Key, "auth"))
	case p.OIDC != nil:
		checkKeys("oidc.secretName", p.OIDC.SecretName, "client-secret", "cookie-secret")
		p.OIDC.CA.CheckKey(w, "oidc.ca", &fs)
	}
	return fs
}

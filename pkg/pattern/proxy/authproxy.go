package proxy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// AuthProxy authenticates every request before the app sees it, by exactly one of
// its methods. With secretName or certificate it terminates TLS as well; there is
// no need for tlsProxy on the same port. The app is reached through it only: it
// moves to 127.0.0.1, or a NetworkPolicy closes its port.
type AuthProxy struct {
	Base
	// JWT lets requests in that bring a JSON Web Token of an issuer.
	JWT *JWT `json:"jwt,omitempty"`
	// GoogleIAP lets requests in that come through Google's Identity-Aware Proxy.
	GoogleIAP *GoogleIAP `json:"googleIAP,omitempty"`
	// OIDC leads people to the login of an OpenID Connect provider, and lets
	// programs in that bring one of its tokens, by oauth2-proxy.
	OIDC *OIDC `json:"oidc,omitempty"`
	// Basic lets requests in with a user name and a password (RFC 7617).
	Basic *Basic `json:"basic,omitempty"`
	// PublicPaths need no authentication: a path, as /healthz, or all below one, as
	// /static/*. They're compared as clients write them: what is escaped (%), has
	// empty or dot segments or a semicolon is answered with 400. There are no
	// WebSockets on them.
	PublicPaths []string `json:"publicPaths,omitempty"`
}

// A Basic is a list of users and their passwords.
type Basic struct {
	// SecretName is the Secret with the list, as htpasswd writes it. A changed one
	// counts within a minute. Passwords hashed with much work, as bcrypt, make each
	// request slow: 19 a second with cost 10, against some 2000 with {SSHA}. Required.
	SecretName string `json:"secretName"`
	// Key in there. Default: auth.
	Key string `json:"key,omitempty"`
	// Realm is what browsers say the password is for. Default: the app's name.
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
	}
	for i := range c.Takeovers {
		c.Takeovers[i].Authenticated = true
	}
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

// addNginx adds an nginx, and behind it what it asks about each request.
func (p *AuthProxy) addNginx(w *sidecar.Workload, c *sidecar.Change, object string) {
	resources := nginxSize.Resources(w)
	conf := p.baseNginxConf(w, resources)
	conf.Pattern = "authProxy"
	conf.Auth = p.newNginxAuth(w)
	conf.Identity = identityHeaders(p.identityByHeader())
	p.addHealthListeners(w, conf, true)
	main := corev1.Container{
		Name:      w.Name,
		Image:     pattern.NginxImage.Ref,
		Command:   []string{"nginx", "-e", "stderr", "-c", confFile, "-g", "daemon off;"},
		Ports:     p.containerPorts(w),
		Resources: resources,
		VolumeMounts: []corev1.VolumeMount{
			{Name: pattern.VolumeName(w, "config"), MountPath: confDir, ReadOnly: true},
			{Name: pattern.VolumeName(w, "tmp"), MountPath: "/tmp"},
		},
		StartupProbe:    pattern.NewTCPProbe(p.portRoutes()[0].listen, 1, 60),
		LivenessProbe:   pattern.NewTCPProbe(p.portRoutes()[0].listen, 20, 3),
		Lifecycle:       p.planShutdown(w).quitHook(),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.NginxImage),
	}
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
		c.Containers[i].Lifecycle = p.planShutdown(w).keepAlive(w) // as long as nginx asks it
	}
	if port := p.checkerPort(); port != 0 {
		c.Claims = append(c.Claims, sidecar.Claim{Port: port, For: "sidecar " + w.Name + ", on 127.0.0.1"})
	}
	c.Containers = append(c.Containers, main) // it starts when what it asks is there
}

func (p *AuthProxy) servesPlain() bool { return !p.hasCertificate() }

// checkerPort is where nginx asks about requests; 0: nowhere.
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

// nginxAuth is what nginx.conf says of authentication. Texts are words made by
// quote, or variables of nginx.
type nginxAuth struct {
	Realm, Users string // basic
	Token        *nginxToken
	Port         int32 // whom nginx asks else
	Path         string
	Login        bool          // people are led to one
	SessionParts []int         // the numbers of the cookies of a large session
	Variables    []nginxHeader // from the answer's headers
	Public       []string      // regular expressions of paths
}

type nginxHeader struct{ Name, Value string }

// sessionParts: oauth2-proxy makes as many cookies of a session as it needs, of some
// 4000 bytes each (pkg/sessions/cookie/session_store.go, maxCookieLength). More than
// these wouldn't come back: nginx takes lines of 32 KiB, most apps less.
var sessionParts = []int{0, 1, 2, 3, 4, 5}

func (p *AuthProxy) newNginxAuth(w *sidecar.Workload) *nginxAuth {
	a := &nginxAuth{Port: p.checkerPort(), Public: publicLocations(p.PublicPaths)}
	switch {
	case p.Basic != nil:
		a.Realm, a.Users = quoteWord(cmp.Or(p.Basic.Realm, w.Ref.Name)), usersDir+"/"+usersKey
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

// identityByHeader is what the app is told of who is there, by header.
func (p *AuthProxy) identityByHeader() map[string]string {
	values := map[string]string{}
	switch {
	case p.Basic != nil:
		for _, name := range []string{"X-Forwarded-User", "X-Remote-User", "Remote-User"} {
			values[name] = "$remote_user"
		}
		values["Authorization"] = "" // the password isn't the app's affair
	case p.OIDC != nil:
		for _, stem := range []string{"X-Auth-Request-", "X-Forwarded-"} {
			values[stem+"User"], values[stem+"Email"] = "$auth_user", "$auth_email"
			values[stem+"Groups"], values[stem+"Preferred-Username"] = "$auth_groups", "$auth_preferred_username"
		}
	default:
		return p.verifiedJWT().identityByHeader()
	}
	return values
}

// longestPattern keeps a word of nginx.conf, whose backslashes are doubled, below the
// 4096 bytes that nginx reads (NGX_CONF_BUFFER).
const longestPattern = 2000

// publicLocations are regular expressions of nginx's locations for public paths: one for
// all, or a few where it would be too long. However often a path is named, it's one.
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

// withDeclaredPorts is the proxy for the ports that the app declares, where the config
// names none.
func (p *AuthProxy) withDeclaredPorts(w *sidecar.Workload) *AuthProxy {
	whole := *p
	whole.Base = p.withPorts(w)
	return &whole
}

// Check finds errors in the entry for this workload.
func (p *AuthProxy) Check(w *sidecar.Workload) sidecar.Findings {
	p = p.withDeclaredPorts(w)
	fs := p.Validate() // the ports may be others for each workload
	if !fs.Failed() {
		fs = nil // the rest has been reported when the config was read
	}
	p.Base.checkBase(w, &fs)
	p.checkHealth(w, true, &fs)
	want := func(field, secret string, keys ...string) {
		have, ok := w.Secrets[secret]
		for _, key := range keys {
			if ok && !slices.Contains(have, key) {
				fs.Add(sidecar.Error, "secret-key", field,
					fmt.Sprintf("Secret %s has no key %s (it has %s)", secret, key, pattern.JoinSorted(have)),
					"name a Secret that has the key")
			}
		}
	}
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
		want("basic.secretName", p.Basic.SecretName, cmp.Or(p.Basic.Key, "auth"))
	case p.OIDC != nil:
		want("oidc.secretName", p.OIDC.SecretName, "client-secret", "cookie-secret")
		p.OIDC.CA.CheckKey(w, "oidc.ca", &fs)
	}
	return fs
}

package proxy

import (
	"cmp"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An OIDC is a provider of OpenID Connect with the app as its client.
type OIDC struct {
	// IssuerURL is the provider's, with https. oauth2-proxy asks it for the rest
	// when it starts, and ends where it can't be reached: then the pod waits.
	// Required.
	IssuerURL string `json:"issuerURL"`
	// ClientID is the app's at the provider. Required.
	ClientID string `json:"clientID"`
	// SecretName is the Secret with the client's secret (client-secret) and 16, 24
	// or 32 bytes by which cookies are sealed (cookie-secret). Required.
	SecretName string `json:"secretName"`
	// RedirectURL is where the provider sends people back to, as it knows it:
	// https://<host>/oauth2/callback. Default: that of the host that they came to.
	RedirectURL string `json:"redirectURL,omitempty"`
	// Scopes that are asked for. Default: openid, email and profile.
	Scopes []string `json:"scopes,omitempty"`
	// EmailDomains are those of people who may come in. Default: all.
	EmailDomains []string `json:"emailDomains,omitempty"`
	// AllowedGroups are those whose members may come in. Default: all.
	AllowedGroups []string `json:"allowedGroups,omitempty"`
	// ExtraAudiences are audiences of programs' tokens besides clientID.
	ExtraAudiences []string `json:"extraAudiences,omitempty"`
	// Session says how long people stay logged in, and how often the provider is
	// asked whether they still may.
	Session *Session `json:"session,omitempty"`
	// CA is where the certificates of the provider's authority are. Default: those
	// of public authorities, which the image has. With it, those alone count.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// ProxyPort is oauth2-proxy's on 127.0.0.1. Default: 4180.
	ProxyPort int32 `json:"proxyPort,omitempty"`
	// StatusPort is where the kubelet sees whether it runs, and Prometheus its
	// metrics. Default: 44180.
	StatusPort int32 `json:"statusPort,omitempty"`
	// Image of oauth2-proxy. Default: the one that this pattern was tried with.
	Image string `json:"image,omitempty"`
}

// A Session is what a login begins. All of it is in cookies, sealed.
type Session struct {
	// ExpireSeconds is when a session ends that nobody uses, in seconds. A
	// refreshed one begins anew. Default: 43200 (12 hours).
	ExpireSeconds int32 `json:"expireSeconds,omitempty"`
	// RefreshSeconds is how old a session may become, in seconds, before the
	// provider is asked for new tokens: who is locked out there, or has left the
	// allowedGroups, is out after it. The provider must have given a refresh token,
	// which many do for scope offline_access only; without one, the session ends
	// with its ID token. A provider that gives a new refresh token each time must
	// take the old one for some more seconds, for requests at the same time. 0: never,
	// people stay in until the session ends. Default: 300,
	// or half of expireSeconds if that is less.
	RefreshSeconds *int32 `json:"refreshSeconds,omitempty"`
}

const (
	oauth2Port       = 4180
	oauth2StatusPort = 44180

	defaultSessionExpire  = 12 * 60 * 60
	defaultSessionRefresh = 5 * 60

	providerCADir = "/etc/outrigger/provider"
)

func (s *Session) expireSeconds() int32 {
	if s == nil || s.ExpireSeconds == 0 {
		return defaultSessionExpire
	}
	return s.ExpireSeconds
}

func (s *Session) refreshSeconds() int32 {
	if s == nil || s.RefreshSeconds == nil {
		return min(defaultSessionRefresh, s.expireSeconds()/2)
	}
	return *s.RefreshSeconds
}

// oauth2Size: some 20 MiB when idle; sessions are in cookies.
var oauth2Size = pattern.Size{CPU: "10m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "100m"}

// newOAuth2Proxy is oauth2-proxy, on 127.0.0.1: only nginx asks it. It says 202 for all
// that it lets in; its own login pages are reached through nginx. Believing the
// X-Forwarded-* of nginx alone is --trusted-proxy-ip's affair.
func (o *OIDC) newOAuth2Proxy(w *sidecar.Workload, plain bool) corev1.Container {
	status := cmp.Or(o.StatusPort, oauth2StatusPort)
	args := []string{
		"--provider=oidc",
		"--oidc-issuer-url=" + o.IssuerURL,
		"--client-id=" + o.ClientID,
		fmt.Sprintf("--http-address=127.0.0.1:%d", cmp.Or(o.ProxyPort, oauth2Port)),
		fmt.Sprintf("--metrics-address=:%d", status),
		"--reverse-proxy=true",
		"--trusted-proxy-ip=127.0.0.1/32",
		"--set-xauthrequest=true",
		"--skip-provider-button=true",
		"--skip-jwt-bearer-tokens=true",
		"--code-challenge-method=S256",
		"--upstream=static://202",
		"--request-logging=false",
		fmt.Sprintf("--cookie-expire=%ds", o.Session.expireSeconds()),
		fmt.Sprintf("--cookie-refresh=%ds", o.Session.refreshSeconds()),
	}
	var mounts []corev1.VolumeMount
	if o.CA != nil {
		args = append(args, "--provider-ca-file="+providerCADir+"/"+pattern.CAKey)
		mounts = []corev1.VolumeMount{{Name: pattern.VolumeName(w, "provider"), MountPath: providerCADir, ReadOnly: true}}
	}
	if plain {
		args = append(args, "--cookie-secure=true") // the browser is spoken to by TLS somewhere in front
	}
	if o.RedirectURL != "" {
		args = append(args, "--redirect-url="+o.RedirectURL)
	}
	scopes := o.Scopes
	if len(scopes) == 0 {
		scopes = []string{"openid", "email", "profile"}
	}
	args = append(args, "--scope="+strings.Join(scopes, " "))
	domains := o.EmailDomains
	if len(domains) == 0 {
		domains = []string{"*"}
	}
	for _, list := range []struct {
		flag   string
		values []string
	}{{"--email-domain=", domains}, {"--allowed-group=", o.AllowedGroups}, {"--oidc-extra-audience=", o.ExtraAudiences}} {
		for _, v := range list.values {
			args = append(args, list.flag+v)
		}
	}
	return corev1.Container{
		Name:    loginName(w.Name),
		Image:   cmp.Or(o.Image, pattern.Oauth2Image.Ref),
		Command: []string{"oauth2-proxy"},
		Args:    args,
		Env: []corev1.EnvVar{
			pattern.SecretEnvVar("OAUTH2_PROXY_CLIENT_SECRET", o.SecretName, "client-secret"),
			pattern.SecretEnvVar("OAUTH2_PROXY_COOKIE_SECRET", o.SecretName, "cookie-secret"),
		},
		Ports:           []corev1.ContainerPort{{ContainerPort: status}},
		Resources:       oauth2Size.Resources(w),
		VolumeMounts:    mounts,
		StartupProbe:    pattern.NewTCPProbe(status, 1, 60), // it opens when the provider has answered
		LivenessProbe:   pattern.NewTCPProbe(status, 20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.Oauth2Image),
	}
}

// A GoogleIAP is a resource behind Google's Identity-Aware Proxy.
type GoogleIAP struct {
	// Audience of the assertions: /projects/<number>/global/backendServices/<id>
	// or /projects/<number>/apps/<id>. Required.
	Audience string `json:"audience"`
	// ClaimHeaders tell the app what the assertion says: the claim by the header.
	// Default: email as X-Auth-Request-Email and sub as X-Auth-Request-User.
	ClaimHeaders map[string]string `json:"claimHeaders,omitempty"`
}

// https://cloud.google.com/iap/docs/signed-headers-howto
const (
	iapIssuer = "https://cloud.google.com/iap"
	iapKeys   = "https://www.gstatic.com/iap/verify/public_key-jwk"
	iapHeader = "X-Goog-Iap-Jwt-Assertion"
)

// assertionJWT is how the assertions are verified.
func (g *GoogleIAP) assertionJWT() *JWT {
	headers := g.ClaimHeaders
	if headers == nil {
		headers = map[string]string{"X-Auth-Request-Email": "email", "X-Auth-Request-User": "sub"}
	}
	return &JWT{Issuer: iapIssuer, Audiences: []string{g.Audience}, JWKSURI: iapKeys, Header: iapHeader,
		ClaimHeaders: headers}
}

func loginName(sidecarName string) string {
	return sidecar.Shorten(sidecarName+"-login", sidecar.LabelLength)
}

// ContainerNames of the containers: the proxy's, and of what it may ask.
func (p *AuthProxy) ContainerNames(name string) []string {
	return []string{name, loginName(name)}
}

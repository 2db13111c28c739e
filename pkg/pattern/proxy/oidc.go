package proxy

import (
	"cmp"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An OIDC is an OpenID Connect provider with the app as its client.
type OIDC struct {
	// IssuerURL of the provider, with https. oauth2-proxy fetches the provider's other URLs
	// when it starts. If it can't, it exits, and the pod waits. Required.
	IssuerURL string `json:"issuerURL"`
	// ClientID of the app at the provider. Required.
	ClientID string `json:"clientID"`
	// SecretName is the Secret with the client's secret (client-secret) and with 16, 24 or
	// 32 bytes that encrypt cookies (cookie-secret). Required.
	SecretName string `json:"secretName"`
	// RedirectURL is where the provider sends people after the login, as registered there:
	// https://<host>/oauth2/callback. Default: this path on the host of the request.
	RedirectURL string `json:"redirectURL,omitempty"`
	// Scopes to request. Default: openid, email and profile.
	Scopes []string `json:"scopes,omitempty"`
	// EmailDomains of people to admit. Default: all.
	EmailDomains []string `json:"emailDomains,omitempty"`
	// AllowedGroups are groups whose members are admitted. Default: all.
	AllowedGroups []string `json:"allowedGroups,omitempty"`
	// ExtraAudiences are audiences of programs' tokens, in addition to clientID.
	ExtraAudiences []string `json:"extraAudiences,omitempty"`
	// Session is how long people stay logged in, and how often the proxy asks the provider
	// whether they still may.
	Session *Session `json:"session,omitempty"`
	// CA is the authority of the provider's certificate, in place of the public ones.
	// Default: the public authorities in the image.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// ProxyPort is the port of oauth2-proxy on 127.0.0.1. Default: 4180.
	ProxyPort int32 `json:"proxyPort,omitempty"`
	// StatusPort is the port on which the kubelet checks that oauth2-proxy runs, and on
	// which it serves metrics. Default: 44180.
	StatusPort int32 `json:"statusPort,omitempty"`
	// Image of oauth2-proxy. Default: the one that this pattern was tested with.
	Image string `json:"image,omitempty"`
}

// A Session begins with a login. All of it is in encrypted cookies.
type Session struct {
	// ExpireSeconds is after how many seconds an unused session ends. A refresh starts the
	// time again. Default: 43200 (12 hours).
	ExpireSeconds int32 `json:"expireSeconds,omitempty"`
	// RefreshSeconds is after how many seconds the provider is asked for new tokens. People
	// who are locked out there, or have left the allowedGroups, are refused then. The
	// provider must have given a refresh token, which many do only with scope
	// offline_access. Without one, the session ends with its ID token. A provider that
	// replaces the refresh token each time must accept the old one for some more seconds,
	// for requests at the same time. 0 means never, so people stay logged in until the
	// session ends. Default: 300, or half of expireSeconds if that is less.
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

// oauth2Size: about 20 MiB when idle. Sessions are in cookies.
var oauth2Size = pattern.Size{CPU: "10m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "100m"}

// newOAuth2Proxy returns oauth2-proxy, on 127.0.0.1, where only nginx connects to it. It
// returns 202 for requests that it admits; its own login pages are reached through nginx.
// --trusted-proxy-ip makes it accept X-Forwarded-* from nginx alone.
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
		args = append(args, "--cookie-secure=true") // another proxy in front terminates TLS
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
		Image:   cmp.Or(o.Image, w.Pulled(pattern.Oauth2Image.Ref)),
		Command: []string{"oauth2-proxy"},
		Args:    args,
		Env: []corev1.EnvVar{
			pattern.SecretEnvVar("OAUTH2_PROXY_CLIENT_SECRET", o.SecretName, "client-secret"),
			pattern.SecretEnvVar("OAUTH2_PROXY_COOKIE_SECRET", o.SecretName, "cookie-secret"),
		},
		Ports:           []corev1.ContainerPort{{ContainerPort: status}},
		Resources:       oauth2Size.Resources(w),
		VolumeMounts:    mounts,
		StartupProbe:    pattern.NewTCPProbe(status, 1, 60), // the port opens when the provider has answered
		LivenessProbe:   pattern.NewTCPProbe(status, 20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.Oauth2Image),
	}
}

// A GoogleIAP is a resource behind Google's Identity-Aware Proxy.
type GoogleIAP struct {
	// Audience of the assertions: /projects/<number>/global/backendServices/<id>
	// or /projects/<number>/apps/<id>. Required.
	Audience string `json:"audience"`
	// ClaimHeaders send claims of the assertion to the app: the claim for each header.
	// Default: email as X-Auth-Request-Email and sub as X-Auth-Request-User.
	ClaimHeaders map[string]string `json:"claimHeaders,omitempty"`
}

// https://cloud.google.com/iap/docs/signed-headers-howto
const (
	iapIssuer = "https://cloud.google.com/iap"
	iapKeys   = "https://www.gstatic.com/iap/verify/public_key-jwk"
	iapHeader = "X-Goog-Iap-Jwt-Assertion"
)

// assertionJWT returns how the assertions are verified.
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

// ContainerNames returns the names of the containers: the proxy, the program that it may
// ask, and the one that redirects ports to it.
func (p *AuthProxy) ContainerNames(name string) []string {
	return append(p.Base.ContainerNames(name), loginName(name))
}

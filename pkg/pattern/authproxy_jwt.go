package pattern

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A JWT is a kind of JSON Web Token (RFC 7519) that requests must bring.
type JWT struct {
	// Issuer of the tokens, as their claim iss has it. Required.
	Issuer string `json:"issuer"`
	// Audiences of which tokens must name one in their claim aud. Required: else
	// tokens for any other app of the issuer would do.
	Audiences []string `json:"audiences"`
	// JWKSURI is where the issuer's keys are, with https. They're fetched when the
	// proxy starts, and again every five minutes. This or jwks is required.
	JWKSURI string `json:"jwksURI,omitempty"`
	// JWKS is a ConfigMap or Secret that has the issuer's keys (RFC 7517) under its
	// key, jwks.json by default. A changed one counts when the pod is replaced.
	JWKS *CABundle `json:"jwks,omitempty"`
	// Header that has the token and nothing else. Default: Authorization, with the
	// word Bearer before the token.
	Header string `json:"header,omitempty"`
	// ClaimHeaders tell the app what the token says: the claim by the header, as in
	// {X-Jwt-Sub: sub}. Clients can't write these headers themselves.
	ClaimHeaders map[string]string `json:"claimHeaders,omitempty"`
	// RequiredClaims are texts that claims must have; of a claim that is a list,
	// one.
	RequiredClaims map[string]string `json:"requiredClaims,omitempty"`
	// ForwardToken leaves the token in the request for the app. Default: false.
	ForwardToken bool `json:"forwardToken,omitempty"`
	// AllowCORSPreflight lets the preflight requests of browsers in, which bring no
	// token. Default: false.
	AllowCORSPreflight bool `json:"allowCORSPreflight,omitempty"`
}

const (
	envoyDir = "/etc/outrigger/envoy"
	envoyKey = "envoy.json"
	sdsKey   = "certificate.json"
	jwksDir  = "/etc/outrigger/jwks"
	jwksKey  = "jwks.json"
)

// envoySize: some 50 MiB when idle.
var envoySize = size{cpu: "50m", memory: "64Mi", maxMemory: "256Mi", fixedCPU: "250m"}

// envoy adds an Envoy: of the proxies that have images for all to use, it is the
// one that verifies tokens. Its image has no shell, so it can't quit a little
// before the app does; it gets its signal after the app has ended.
func (p *AuthProxy) envoy(w *sidecar.Workload, c *sidecar.Change, object string) {
	jwt := p.JWT
	if jwt == nil {
		jwt = p.GoogleIAP.jwt()
	}
	e := envoyConf{p: p, jwt: jwt, w: w}
	files := map[string]string{envoyKey: e.bootstrap()}
	if p.tls() {
		files[sdsKey] = e.certificate()
	}
	main := corev1.Container{
		Name:    w.Name,
		Image:   envoyImage.ref,
		Command: []string{"envoy"},
		// No hot restart: its shared memory would outlive the container.
		Args:            []string{"-c", envoyDir + "/" + envoyKey, "--disable-hot-restart", "--concurrency", "2", "--log-level", "warning", "--drain-time-s", "5"},
		Ports:           p.containerPorts(w),
		Resources:       envoySize.resources(w),
		VolumeMounts:    []corev1.VolumeMount{{Name: volume(w, "config"), MountPath: envoyDir, ReadOnly: true}},
		StartupProbe:    tcpProbe(p.doors()[0].listen, 1, 60),
		LivenessProbe:   tcpProbe(p.doors()[0].listen, 20, 3),
		Lifecycle:       p.shutdown(w).hold(w),
		SecurityContext: restricted(envoyImage),
	}
	p.hear(w, &main, true)
	c.Volumes = []corev1.Volume{configVolume(volume(w, "config"), object)}
	if jwt.JWKS != nil {
		v := jwt.JWKS.volumeAs(volume(w, "jwks"), jwksKey)
		c.Volumes = append(c.Volumes, v)
		main.VolumeMounts = append(main.VolumeMounts, corev1.VolumeMount{Name: v.Name, MountPath: jwksDir, ReadOnly: true})
	}
	c.Objects = []sidecar.Object{configMap(object, files)}
	c.Containers = append(c.Containers, main)
	if w.Placement != sidecar.Beside && p.drainSeconds() > 0 {
		c.Notes.Add(sidecar.Info, "envoy-drain", "drainSeconds", "Envoy's image has no shell by which it could quit before the app does: clients that keep connections may get a 503 while their pod ends", "")
	}
}

// envoyConf is what Envoy's configuration is made of.
type envoyConf struct {
	p   *AuthProxy
	jwt *JWT
	w   *sidecar.Workload
}

// dropped are the headers that clients can't write, in the order of their names.
func (e *envoyConf) dropped() []string {
	var names []string
	add := func(list ...string) {
		for _, name := range list {
			names = append(names, strings.ToLower(name))
		}
	}
	add(identityNames()...)
	for header := range e.jwt.ClaimHeaders {
		add(header)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// provider is the one of the jwt_authn filter.
func (e *envoyConf) provider() object {
	provider := object{
		"issuer": e.jwt.Issuer, "audiences": e.jwt.Audiences, "forward": e.jwt.ForwardToken,
		"require_expiration": true, "clock_skew_seconds": 30, "payload_in_metadata": "jwt",
	}
	if e.jwt.JWKS != nil {
		provider["local_jwks"] = object{"filename": jwksDir + "/" + jwksKey}
	} else {
		provider["remote_jwks"] = object{
			"http_uri":       object{"uri": e.jwt.JWKSURI, "cluster": "jwks", "timeout": "5s"},
			"cache_duration": "300s", "async_fetch": object{"fast_listener": true},
		}
	}
	// Said in any case: Envoy's own default takes a parameter of the URL too.
	provider["from_headers"] = []any{object{"name": "Authorization", "value_prefix": "Bearer "}}
	if e.jwt.Header != "" {
		provider["from_headers"] = []any{object{"name": e.jwt.Header}}
	}
	var headers []any
	for _, name := range slices.Sorted(maps.Keys(e.jwt.ClaimHeaders)) {
		headers = append(headers, object{"header_name": strings.ToLower(name), "claim_name": e.jwt.ClaimHeaders[name]})
	}
	if headers != nil {
		provider["claim_to_headers"] = headers
	}
	return provider
}

// publicMatches are the routes that need no token.
func (e *envoyConf) publicMatches() (out []object) {
	for _, path := range e.p.PublicPaths {
		if prefix, ok := strings.CutSuffix(path, "*"); ok {
			out = append(out, object{"prefix": prefix})
		} else {
			out = append(out, object{"path": path})
		}
	}
	return out
}

// claims is the RBAC filter's rule: whoever has all required claims, and
// everybody on public paths.
func (e *envoyConf) claims() object {
	var all []any
	for _, claim := range slices.Sorted(maps.Keys(e.jwt.RequiredClaims)) {
		text := object{"string_match": object{"exact": e.jwt.RequiredClaims[claim]}}
		is := func(value object) object {
			return object{"metadata": object{
				"filter": "envoy.filters.http.jwt_authn",
				"path":   []any{object{"key": "jwt"}, object{"key": claim}},
				"value":  value,
			}}
		}
		all = append(all, object{"or_ids": object{"ids": []any{is(text), is(object{"list_match": object{"one_of": text}})}}})
	}
	policies := object{"claims": object{"permissions": []any{object{"any": true}}, "principals": []any{object{"and_ids": object{"ids": all}}}}}
	var paths []any
	for _, m := range e.publicMatches() {
		match := object{"exact": m["path"]}
		if m["prefix"] != nil {
			match = object{"prefix": m["prefix"]}
		}
		paths = append(paths, object{"url_path": object{"path": match}})
	}
	if paths != nil {
		policies["public"] = object{"permissions": paths, "principals": []any{object{"any": true}}}
	}
	return object{"action": "ALLOW", "policies": policies}
}

// jwksHost is where the keys are fetched: host and port.
func (e *envoyConf) jwksHost() (host string, port int) {
	u, err := url.Parse(e.jwt.JWKSURI)
	if err != nil {
		return "", 0 // Validate has refused it
	}
	port = 443
	if p := u.Port(); p != "" {
		port = number(p)
	}
	return u.Hostname(), port
}

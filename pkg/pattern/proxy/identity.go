package proxy

import (
	"cmp"
	"maps"
	"net/textproto"
	"slices"
	"sync"
)

// An identityFamily is a set of headers in which some proxy tells an app who the client is.
// Apps that are made for that proxy trust them. If one header of a family comes from the
// proxy and another from the client, bob can become a member of group admins.
type identityFamily struct {
	Of     string   // the proxy
	Source string   // its documentation
	Names  []string // as the documentation has them
}

// identityFamilies are all headers that an app might trust as the identity, the groups or
// the token from a proxy in front. A proxy that authenticates sets or removes each of them.
// docs/identity-headers.md is made from this table.
//
// Credentials of clients that apps verify themselves aren't here: Authorization, Cookie,
// X-Api-Key, X-Auth-Token. Nor are headers with the address of a client: X-Forwarded-For,
// X-Real-IP.
var identityFamilies = []identityFamily{
	{"Authelia", "https://www.authelia.com/integration/trusted-header-sso/introduction/",
		[]string{"Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name"}},
	{"nginx, Apache and CGI, by custom", "https://www.rfc-editor.org/rfc/rfc3875#section-4.1.11",
		[]string{"Remote-Group", "Remote-Roles", "Remote-Ident", "Auth-User", "X-Auth-User", "X-Authenticated-User",
			"X-Remote-Email", "X-Remote-Name", "X-Remote-Roles"}},
	{"oauth2-proxy", "https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview",
		[]string{"X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "X-Auth-Request-Preferred-Username",
			"X-Auth-Request-Access-Token",
			"X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username",
			"X-Forwarded-Access-Token"}},
	{"Kubernetes' request header authentication, kube-rbac-proxy",
		"https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy",
		[]string{"X-Remote-User", "X-Remote-Uid", "X-Remote-Group", "X-Remote-Groups", "X-Remote-Extra-Scopes",
			"X-Remote-Extra-Groups", "X-Remote-Extra-Email"}},
	{"Kubernetes' impersonation", "https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/",
		[]string{"Impersonate-User", "Impersonate-Uid", "Impersonate-Group", "Impersonate-Extra-Scopes"}},
	{"Dex, connector authproxy", "https://dexidp.io/docs/connectors/authproxy/",
		[]string{"X-Remote-User-Id", "X-Remote-User-Email", "X-Remote-User-Name"}},
	{
		"Grafana, Gitea, Forgejo",
		"https://grafana.com/docs/grafana/latest/setup-grafana/configure-access/configure-authentication/auth-proxy/",
		[]string{"X-WEBAUTH-USER", "X-WEBAUTH-NAME", "X-WEBAUTH-FULLNAME", "X-WEBAUTH-LOGIN", "X-WEBAUTH-EMAIL",
			"X-WEBAUTH-GROUPS", "X-WEBAUTH-ROLE"}},
	{"Jenkins, SonarQube", "https://plugins.jenkins.io/reverse-proxy-auth-plugin/",
		[]string{"X-Forwarded-DisplayName", "X-Forwarded-Login", "X-Forwarded-Name"}},
	{"OpenSearch, Search Guard", "https://docs.opensearch.org/latest/security/authentication-backends/proxy/",
		[]string{"X-Proxy-User", "X-Proxy-Roles"}},
	{"Google's Identity-Aware Proxy", "https://cloud.google.com/iap/docs/signed-headers-howto",
		[]string{"X-Goog-IAP-JWT-Assertion", "X-Goog-Authenticated-User-Email", "X-Goog-Authenticated-User-Id"}},
	{"Google Cloud Endpoints and API Gateway",
		"https://cloud.google.com/endpoints/docs/openapi/authenticating-users-custom",
		[]string{"X-Endpoint-API-UserInfo", "X-Apigateway-Api-Userinfo"}},
	{"Amazon's Application Load Balancer",
		"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html",
		[]string{"X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Accesstoken", "X-Amzn-Oidc-Data", "X-Amzn-Mtls-Clientcert",
			"X-Amzn-Mtls-Clientcert-Leaf",
			"X-Amzn-Mtls-Clientcert-Subject", "X-Amzn-Mtls-Clientcert-Issuer", "X-Amzn-Mtls-Clientcert-Serial-Number",
			"X-Amzn-Mtls-Clientcert-Validity"}},
	{"Azure App Service", "https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities",
		[]string{"X-MS-CLIENT-PRINCIPAL", "X-MS-CLIENT-PRINCIPAL-ID", "X-MS-CLIENT-PRINCIPAL-NAME",
			"X-MS-CLIENT-PRINCIPAL-IDP", "X-MS-TOKEN-AAD-ID-TOKEN",
			"X-MS-TOKEN-AAD-ACCESS-TOKEN", "X-ARR-ClientCert"}},
	{"Cloudflare Access", "https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/" +
		"authorization-cookie/validating-json/",
		[]string{"Cf-Access-Jwt-Assertion", "Cf-Access-Authenticated-User-Email", "Cf-Access-Token"}},
	{"Tailscale", "https://tailscale.com/kb/1312/serve#identity-headers",
		[]string{"Tailscale-User-Login", "Tailscale-User-Name", "Tailscale-User-Profile-Pic", "Tailscale-App-Capabilities"}},
	{"Teleport", "https://goteleport.com/docs/enroll-resources/application-access/jwt/introduction/",
		[]string{"Teleport-Jwt-Assertion"}},
	{"Pomerium", "https://www.pomerium.com/docs/capabilities/getting-users-identity",
		[]string{"X-Pomerium-Jwt-Assertion", "X-Pomerium-Claim-Email", "X-Pomerium-Claim-User", "X-Pomerium-Claim-Groups",
			"X-Pomerium-Claim-Name", "X-Pomerium-Claim-Sub"}},
	{"authentik", "https://docs.goauthentik.io/add-secure-apps/providers/proxy/",
		[]string{"X-Authentik-Username", "X-Authentik-Groups", "X-Authentik-Entitlements", "X-Authentik-Email",
			"X-Authentik-Name", "X-Authentik-Uid", "X-Authentik-Jwt"}},
	{"Vouch", "https://github.com/vouch/vouch-proxy",
		[]string{"X-Vouch-User", "X-Vouch-Success", "X-Vouch-IdP-AccessToken", "X-Vouch-IdP-IdToken",
			"X-Vouch-IdP-Claims-Groups", "X-Vouch-IdP-Claims-Email"}},
	{"Keycloak Gatekeeper, Louketo", "https://github.com/louketo/louketo-proxy",
		[]string{"X-Auth-Audience", "X-Auth-Email", "X-Auth-Groups", "X-Auth-Roles", "X-Auth-Subject", "X-Auth-Userid",
			"X-Auth-Username"}},
	{"Kong", "https://developer.konghq.com/plugins/key-auth/",
		[]string{"X-Consumer-ID", "X-Consumer-Custom-ID", "X-Consumer-Username", "X-Consumer-Groups",
			"X-Credential-Identifier", "X-Anonymous-Consumer",
			"X-Authenticated-Scope", "X-Authenticated-Userid", "X-Authenticated-Groups"}},
	{"Ory Oathkeeper, KrakenD and API gateways, by custom", "https://www.ory.com/docs/oathkeeper/pipeline/mutator",
		[]string{"X-User", "X-User-Id", "X-User-Name", "X-User-Email", "X-User-Groups", "X-User-Roles", "X-Username",
			"X-Userid", "X-Groups", "X-Roles"}},
	{"lua-resty-openidc, Kong's OIDC plugins", "https://github.com/nokia/kong-oidc",
		[]string{"X-Userinfo", "X-ID-Token"}},
	{"Envoy and Istio, tokens", "https://istio.io/latest/docs/reference/config/security/request_authentication/",
		[]string{"X-Jwt-Payload", "X-Jwt-Assertion", "X-Jwt-Claim-Sub", "X-Jwt-Claim-Groups", "Sec-Istio-Auth-Userinfo",
			"X-Envoy-Internal"}},
	{"Kubeflow", "https://www.kubeflow.org/docs/components/central-dash/profiles/",
		[]string{"Kubeflow-Userid", "Kubeflow-Groups"}},
	{"Shibboleth, SiteMinder", "https://shibboleth.atlassian.net/wiki/spaces/SP3/pages/2065335062/SpoofChecking",
		[]string{"Shib-Identity-Provider", "Shib-Session-Id", "Eppn", "Persistent-Id", "Affiliation", "Sm-User", "Sm-Userdn",
			"Sm-Universalid", "Smuser"}},
	{"meshes, certificates of clients",
		"https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert",
		[]string{"X-Forwarded-Client-Cert", "L5d-Client-Id"}},
	{"RFC 9440, certificates of clients", "https://www.rfc-editor.org/rfc/rfc9440",
		[]string{"Client-Cert", "Client-Cert-Chain"}},
	{"Traefik, certificates of clients", "https://doc.traefik.io/traefik/middlewares/http/passtlsclientcert/",
		[]string{"X-Forwarded-Tls-Client-Cert", "X-Forwarded-Tls-Client-Cert-Info"}},
	{"ingress-nginx, certificates of clients", "https://kubernetes.github.io/ingress-nginx/user-guide/" +
		"nginx-configuration/annotations/#client-certificate-authentication",
		[]string{"Ssl-Client-Verify", "Ssl-Client-Subject-Dn", "Ssl-Client-Issuer-Dn", "Ssl-Client-Cert", "Ssl-Client-S-Dn",
			"Ssl-Client-Cn"}},
	{"HAProxy, certificates of clients", "https://www.haproxy.com/documentation/haproxy-configuration-tutorials/" +
		"security/authentication/client-certificate-authentication/",
		[]string{"X-SSL-Cert", "X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-CN", "X-SSL-Client-DN",
			"X-SSL-Client-S-DN", "X-SSL-Client-I-DN",
			"X-SSL-Client-Subject", "X-SSL-Client-Issuer", "X-SSL-Client-Serial", "X-SSL-Client-SHA1",
			"X-SSL-Client-Fingerprint", "X-SSL-Issuer", "X-SSL-Subject"}},
	{"outrigger's tlsProxy, certificates of clients", "outrigger explain tlsProxy",
		[]string{"X-Client-Verify", "X-Client-CN", "X-Client-Subject", "X-Client-Cert"}},
	{"other proxies, certificates of clients, by custom",
		"https://nginx.org/en/docs/http/ngx_http_ssl_module.html#variables",
		[]string{"X-Client-DN", "X-Client-S-DN", "X-Client-I-DN", "X-Client-Issuer", "X-Client-Serial",
			"X-Client-Fingerprint", "X-Client-Certificate",
			"X-Client-Verified", "X-Client-SAN", "X-Client-Cert-Chain"}},
}

// identityNames are the canonical names of the headers of all families, without duplicates,
// in the order of the table.
var identityNames = sync.OnceValue(func() (names []string) {
	for _, f := range identityFamilies {
		for _, name := range f.Names {
			if name = textproto.CanonicalMIMEHeaderKey(name); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
})

// isIdentity reports whether a header, in its canonical form, belongs to a family.
func isIdentity(name string) bool { return slices.Contains(identityNames(), name) }

// identityHeaders returns the headers with the client's identity: the given values, and
// empty values for all other headers of all families. Headers outside the families come
// last, sorted.
func identityHeaders(values map[string]string) (all []nginxHeader) {
	left := map[string]string{}
	for name, value := range values {
		left[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	for _, name := range identityNames() {
		all = append(all, nginxHeader{name, cmp.Or(left[name], `""`)})
		delete(left, name)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		all = append(all, nginxHeader{name, cmp.Or(left[name], `""`)})
	}
	return all
}

// A reroutingFamily is a set of headers in which a client can request another path or
// method than in its request line, or a second path.
type reroutingFamily = identityFamily

// reroutingFamilies are removed on public paths, where they could reach paths that aren't
// public. Elsewhere they're kept: authenticated clients may use all paths, and a proxy in
// front may have set them.
var reroutingFamilies = []reroutingFamily{
	{"IIS' URL Rewrite, Symfony, Zend: another path",
		"https://symfony.com/blog/cve-2018-14773-remove-support-for-legacy-and-risky-http-headers",
		[]string{"X-Original-URL", "X-Rewrite-URL"}},
	{"proxies that tell the path as they got it",
		"https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#external-authentication",
		[]string{"X-Original-URI", "X-Original-Path", "X-Forwarded-URI", "X-Forwarded-Path", "X-Envoy-Original-Path",
			"X-Request-URI", "Request-URI", "X-Override-URL"}},
	{"apps that are told where they're mounted, and take it off the path",
		"https://github.com/janeczku/calibre-web/wiki/Setup-Reverse-Proxy",
		[]string{"X-Script-Name", "X-Forwarded-Prefix", "X-Forwarded-Script-Name"}},
	{"WebDAV, object storage: a second path, to or from which is copied",
		"https://www.rfc-editor.org/rfc/rfc4918#section-10.3",
		[]string{"Destination", "X-Amz-Copy-Source", "X-Amz-Rename-Source", "X-Goog-Copy-Source", "X-Ms-Copy-Source",
			"X-Ms-Rename-Source", "X-Copy-From"}},
	{"frameworks that take another method", "https://learn.microsoft.com/aspnet/core/fundamentals/middleware/",
		[]string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "X-Forwarded-Method"}},
}

// reroutingNames returns the headers of these families.
func reroutingNames() (names []string) {
	for _, f := range reroutingFamilies {
		names = append(names, f.Names...)
	}
	return names
}

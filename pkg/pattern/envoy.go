package pattern

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// object is a message of Envoy's API in JSON. All of its configuration is made of
// these and encoded: no text of a user can be anything but a text.
type object = map[string]any

func encode(v any) string {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("envoy.json: %v", err)) // it's made of texts, numbers and lists
	}
	return string(raw) + "\n"
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // url.Parse has refused it
	}
	return n
}

// typed is an extension's configuration.
func typed(name, kind string, fields object) object {
	fields["@type"] = "type.googleapis.com/" + kind
	return object{"name": name, "typed_config": fields}
}

const router = "envoy.extensions.filters.http.router.v3.Router"

// bootstrap is the whole configuration. There is no admin listener.
func (e *envoyConf) bootstrap() string {
	clusters := []any{}
	listeners := []any{}
	for i, d := range e.p.doors() {
		app := fmt.Sprintf("app-%d", d.app)
		clusters = append(clusters, object{
			"name": app, "type": "STATIC", "connect_timeout": "5s",
			// A connection that the app is just closing loses no request: each has its own.
			"typed_extension_protocol_options": object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
				"@type":                        "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
				"common_http_protocol_options": object{"max_requests_per_connection": 1},
				"explicit_http_config":         object{"http_protocol_options": object{}},
			}},
			"load_assignment": object{"cluster_name": app, "endpoints": []any{object{"lb_endpoints": []any{object{
				"endpoint": object{"address": socket("127.0.0.1", int(d.app))}}}}}},
		})
		listeners = append(listeners, e.listener("in-"+fmt.Sprint(d.listen), d.listen, e.manager(app))...)
		if e.p.heard(e.w, d, true) {
			listeners = append(listeners, e.listener("health-"+fmt.Sprint(e.p.health(i)), e.p.health(i), e.healthManager(app, probed(e.w, d.port, e.p.health(i))))...)
		}
	}
	if e.jwt.JWKS == nil {
		host, port := e.jwksHost()
		clusters = append(clusters, object{
			// All addresses are tried: by default, those of IPv6 alone are where a name
			// has some, whether or not the pod has IPv6.
			"name": "jwks", "type": "LOGICAL_DNS", "dns_lookup_family": "ALL", "connect_timeout": "5s",
			"load_assignment": object{"cluster_name": "jwks", "endpoints": []any{object{"lb_endpoints": []any{object{
				"endpoint": object{"address": socket(host, port)}}}}}},
			"transport_socket": typed("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", object{
				"sni": host,
				"common_tls_context": object{"validation_context": object{
					"trusted_ca":                    object{"filename": "/etc/ssl/certs/ca-certificates.crt"}, // the image's
					"match_typed_subject_alt_names": []any{object{"san_type": "DNS", "matcher": object{"exact": host}}},
				}},
			}),
		})
	}
	return encode(object{"static_resources": object{"listeners": listeners, "clusters": clusters}})
}

func socket(address string, port int) object {
	return object{"socket_address": object{"address": address, "port_value": port}}
}

// listener is one for each family of addresses, as nginx has it.
func (e *envoyConf) listener(name string, port int32, manager object) (out []any) {
	for _, f := range []struct {
		family  corev1.IPFamily
		suffix  string
		address string
	}{{corev1.IPv4Protocol, "", "0.0.0.0"}, {corev1.IPv6Protocol, "-v6", "::"}} {
		if !e.p.listens(f.family) {
			continue
		}
		chain := object{"filters": []any{manager}}
		if e.p.tls() {
			chain["transport_socket"] = e.tls()
		}
		out = append(out, object{"name": name + f.suffix, "address": socket(f.address, int(port)), "filter_chains": []any{chain}})
	}
	return out
}

// tls is that of Mozilla's guideline 6.0, with a certificate that is read again
// when the kubelet replaces it.
func (e *envoyConf) tls() object {
	params := object{"tls_minimum_protocol_version": "TLSv1_2", "cipher_suites": []string{
		"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
		"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"}}
	if e.p.TLSProfile == Modern {
		params = object{"tls_minimum_protocol_version": "TLSv1_3"}
	}
	params["tls_maximum_protocol_version"] = "TLSv1_3" // Envoy's own default is 1.2 for servers of old
	return typed("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", object{
		"common_tls_context": object{
			"alpn_protocols": []string{"h2", "http/1.1"},
			"tls_params":     params,
			"tls_certificate_sds_secret_configs": []any{object{
				"name":       "certificate",
				"sds_config": object{"resource_api_version": "V3", "path_config_source": object{"path": envoyDir + "/" + sdsKey}},
			}},
		},
	})
}

// certificate is what the path_config_source has.
func (e *envoyConf) certificate() string {
	return encode(object{"resources": []any{object{
		"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
		"name":  "certificate",
		"tls_certificate": object{
			"certificate_chain": object{"filename": certsDir + "/" + corev1.TLSCertKey},
			"private_key":       object{"filename": certsDir + "/" + corev1.TLSPrivateKeyKey},
			"watched_directory": object{"path": certsDir},
		},
	}}})
}

// manager is the HTTP connection manager that clients meet. Headers by which an
// identity could be pretended go first, then the token is verified. Paths stay as
// they are, unless some of them are public: then all must mean the same to Envoy
// and to the app.
func (e *envoyConf) manager(app string) object {
	var removed []any
	for _, name := range e.dropped() {
		removed = append(removed, object{"remove": name})
	}
	rules := []any{}
	for _, m := range e.publicMatches() {
		rules = append(rules, object{"match": m})
	}
	rules = append(rules, object{"match": object{"prefix": "/"}, "requires": object{"provider_name": "tokens"}})
	filters := []any{
		typed("envoy.filters.http.header_mutation", "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
			object{"mutations": object{"request_mutations": removed}}),
		typed("envoy.filters.http.jwt_authn", "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", object{
			"providers": object{"tokens": e.provider()}, "rules": rules, "bypass_cors_preflight": e.jwt.AllowCORSPreflight}),
	}
	if len(e.jwt.RequiredClaims) > 0 {
		filters = append(filters, typed("envoy.filters.http.rbac", "envoy.extensions.filters.http.rbac.v3.RBAC", object{"rules": e.claims()}))
	}
	fields := object{
		"stat_prefix":                  "in",
		"use_remote_address":           true, // appends to X-Forwarded-For
		"stream_idle_timeout":          "3600s",
		"request_timeout":              "0s",
		"upgrade_configs":              []any{object{"upgrade_type": "websocket"}},
		"server_header_transformation": "PASS_THROUGH",
		"common_http_protocol_options": object{
			"idle_timeout":                    "650s",
			"headers_with_underscores_action": "DROP_HEADER", // some apps read x_a as x-a
		},
		"http_filters": append(filters, typed("envoy.filters.http.router", router, object{})),
		"route_config": object{"virtual_hosts": []any{object{
			"name": "all", "domains": []string{"*"},
			"routes": []any{object{"match": object{"prefix": "/"}, "route": object{"cluster": app, "timeout": "0s"}}},
		}}},
	}
	if len(e.p.PublicPaths) > 0 {
		fields["normalize_path"] = true
		fields["merge_slashes"] = true
		fields["path_with_escaped_slashes_action"] = "REJECT_REQUEST"
	}
	if e.p.AccessLog == JSONAccessLog {
		fields["access_log"] = []any{typed("envoy.access_loggers.stdout", "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", object{
			"log_format": object{"json_format": object{
				"time": "%START_TIME%", "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "method": "%REQ(:METHOD)%", "host": "%REQ(:AUTHORITY)%",
				"uri": "%REQ(:PATH)%", "protocol": "%PROTOCOL%", "status": "%RESPONSE_CODE%", "why": "%RESPONSE_CODE_DETAILS%", "tls": "%DOWNSTREAM_TLS_VERSION%",
			}},
		})}
	}
	return typed("envoy.filters.network.http_connection_manager",
		"envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", fields)
}

// healthManager answers the kubelet: what its probes ask for, and nothing else.
func (e *envoyConf) healthManager(app string, paths []string) object {
	routes := []any{object{"match": object{"path": readyPath}, "direct_response": object{"status": 204}}}
	for _, path := range paths {
		bare, _, _ := strings.Cut(path, "?")
		routes = append(routes, object{
			"match": object{"path": bare, "headers": []any{
				object{"name": ":method", "string_match": object{"exact": "GET"}},
				object{"name": ":path", "string_match": object{"exact": path}}, // the query too
			}},
			"route": object{"cluster": app, "timeout": "60s"},
		})
	}
	routes = append(routes, object{"match": object{"prefix": "/"}, "direct_response": object{"status": 404}})
	var removed []any
	for _, name := range e.dropped() {
		removed = append(removed, object{"remove": name})
	}
	return typed("envoy.filters.network.http_connection_manager",
		"envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", object{
			"stat_prefix":                  "health",
			"common_http_protocol_options": object{"headers_with_underscores_action": "DROP_HEADER"},
			"http_filters": []any{
				typed("envoy.filters.http.header_mutation", "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
					object{"mutations": object{"request_mutations": removed}}),
				typed("envoy.filters.http.router", router, object{}),
			},
			"route_config": object{"virtual_hosts": []any{object{"name": "all", "domains": []string{"*"}, "routes": routes}}},
		})
}

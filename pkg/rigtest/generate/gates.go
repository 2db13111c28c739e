package generate

// drawBase makes of an entry of tlsProxy another one: of another protocol, for clients
// with certificates, in front of an app that stays where it is, or an authProxy.
func (r random) drawBase(e *Node) *Node {
	t := e.at("tlsProxy")
	if r.one(3) {
		return e
	}
	auth := r.one(3)
	if auth {
		t.drop("plainHTTP")
		e.drop("tlsProxy")
		e.set("authProxy", t)
		t.set(r.drawMethod())
		t.set("publicPaths", r.opt(3, list("/healthz", "/static/*")))
	} else if r.one(2) {
		t.drop("plainHTTP")
		t.set("protocol", pick(r, "tcp", "grpc"))
	}
	if r.one(3) {
		t.drop("rebind")
		t.set("mode", "front")
		t.set("listenPort", r.opt(2, num(8443)))
		t.set("networkPolicy", r.opt(20, raw("false")))
	}
	if !auth && r.one(2) {
		clients := dict("ca", dict(pick(r, "secretName", "configMapName"), "clients-ca", "key", r.opt(3, str("root.pem"))))
		clients.set("mode", r.opt(4, str(pick(r, "require", "optional"))))
		clients.set("allowedCommonNames", r.opt(2, list("alice", "a b")))
		clients.set("allowedSubjects", r.opt(5, list("CN=bob,O=x")))
		if p := t.at("protocol"); p != nil && p.value == "tcp" || r.one(60) { // whose proxy sees them
			clients.set("allowedURIs", r.opt(3, list("spiffe://cluster.local/ns/shop/sa/*")))
			clients.set("allowedDNSNames", r.opt(3, list("shop.prod.svc")))
		}
		clients.set("forwardIdentity", r.opt(3, raw("true")))
		t.set("clients", clients)
	}
	return e
}

// drawMethod is how an authProxy authenticates.
func (r random) drawMethod() (string, *Node) {
	switch r.IntN(4) {
	case 0:
		return "jwt", dict("issuer", "https://issuer.example", "audiences", list("web"), "jwksURI",
			"https://issuer.example/keys", "claimHeaders", r.opt(2, dict("X-Jwt-Sub", "sub")), "requiredClaims",
			r.opt(3, dict("scope", "read")))
	case 1:
		return "googleIAP", dict("audience", "/projects/1/apps/web", "image",
			r.opt(3, str("registry.example.com/gcp-iap-auth:1")))
	case 2:
		return "oidc", dict("issuerURL", "https://issuer.example", "clientID", "web", "secretName", "web-oidc",
			"allowedGroups", r.opt(3, list("staff")))
	}
	return "basic", dict("secretName", "web-users", "realm", r.opt(3, str("the web")))
}

package generate

import (
	"fmt"
	"strings"
)

// makeTLSProxy is an entry that takes a port of the workload over.
func (r random) makeTLSProxy(w workload, c container, p port, name string) *Node {
	rebind := dict("port", num(p.number+1000))
	if r.one(2) {
		rebind.set("env", dict(
			"LISTEN", "127.0.0.1",
			fmt.Sprintf("PORT_%d", p.number), fmt.Sprint(p.number+1000),
			"Z", r.opt(3, str(pick(r, "n", "1e3", "a b"))),
		))
	} else {
		rebind.set("args", list(fmt.Sprintf("--listen=127.0.0.1:%d", p.number+1000)))
	}
	t := dict("port", num(p.number), "rebind", rebind)
	if r.one(6) {
		t.set("certificate", dict("issuerRef", dict("name", "ca", "kind", "Issuer"), "dnsNames", list("web.example.com")))
	} else {
		t.set("secretName", "web-tls")
	}
	put := func(odds int, key string, v any) { t.set(key, r.opt(odds, v)) }
	put(4, "tlsProfile", pick(r, "intermediate", "modern"))
	put(4, "plainHTTP", pick(r, "reject", "redirect"))
	put(4, "accessLog", "json")
	put(3, "rewriteCallers", raw("true"))
	put(5, "trust", dict("hostname", "web.example.com", "configMapName", r.opt(2, str("ca"))))
	put(5, "ipFamilies", list("IPv4"))
	put(4, "drainSeconds", num(pick(r, 0, 2, 5, 15)))
	e := dict("name", name)
	if c.name != w.containers[0].name || r.one(4) {
		e.set("app", c.name)
	}
	return r.addPattern(e, w, 3, "tlsProxy", t)
}

// makeTunnel is an entry that points variables of all containers to a tunnel.
func (r random) makeTunnel(w workload, _ container, name string) *Node {
	t := dict(
		"listenPort", num(6300+int(name[0])),
		"statusPort", num(6700+int(name[0])),
		"host", "redis.db.example",
		"port", num(6380),
	)
	put := func(odds int, key string, v any) { t.set(key, r.opt(odds, v)) }
	put(3, "serverName", "redis.example")
	put(2, "ca", dict(pick(r, "secretName", "configMapName"), "db-ca", "key", r.opt(3, str("root.pem"))))
	put(3, "clientCertificate", dict("secretName", "me"))
	t.set("env", dict(pick(r, "V0", "V3", "V5", "V9"), "127.0.0.1", pick(r, "V1", "V10", "WAY"),
		pick(r, "127.0.0.1:6379", "1e3", "two\nlines\n", "n")))
	e := r.nameForSome(name, w, 3, w.containers[min(1, len(w.containers)-1)])
	return r.addPattern(e, w, 5, "tunnel", t)
}

// drawPlacement sets the place of the entry's containers.
func (r random) drawPlacement(e *Node, w workload) {
	if r.one(3) && (!w.job || r.one(20)) { // a Job with a container beside never ends
		e.set("placement", "beside")
	}
	if len(w.inits) > 0 && r.one(3) {
		e.set(pick(r, "after", "before"), list(pick(r, w.inits...)))
	} else if r.one(250) {
		e.set("after", list("nobody"))
	}
}

func (r random) drawOverride() *Node {
	n := dict()
	n.set("resources", r.opt(2, dict("requests", dict("cpu", "50m"), "limits", dict("memory", "64Mi"))))
	n.set("imagePullPolicy", r.opt(2, str("Always")))
	n.set("env", r.opt(2, list(dict("name", "TZ", "value", pick(r, "n", "Europe/Zurich", "two\nlines")))))
	n.set("securityContext", r.opt(3, dict("runAsUser", num(101))))
	if r.one(4) {
		r.drawNull(n)
	}
	return n
}

// drawNull sets a field of an override to null, which removes what the pattern writes.
func (r random) drawNull(n *Node) {
	null := func() *Node { return raw("null") }
	switch r.IntN(5) {
	case 0:
		n.set("securityContext", pick(r, null(), dict("runAsUser", null(), "runAsGroup", null())))
	case 1:
		n.set(pick(r, "startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "terminationMessagePolicy"), null())
	case 2:
		n.set("resources", pick(r, null(), dict("limits", null()), dict("limits", dict("memory", null(), "cpu", null()))))
	case 3:
		n.set("startupProbe", dict("periodSeconds", null()))
	case 4:
		n.set("securityContext", dict("capabilities", dict("drop", null()), "readOnlyRootFilesystem", null()))
	}
}

// makeCustom is an entry in which all is spelled out. Its names begin with its own.
func (r random) makeCustom(w workload, _ container, name string) *Node {
	c, e := dict(), dict("name", name)
	put := func(odds int, key string, v any) bool {
		v = r.opt(odds, v)
		c.set(key, v)
		return v != nil
	}
	put(6, "phase", num(pick(r, 10, 30, 65, 90)))
	volume := put(2, "volumes", list(dict("name", name+"-shared", "emptyDir", dict())))
	object := put(3, "objects", list(r.drawObject(w, name)))
	if object && r.one(2) {
		if !volume {
			c.set("volumes", list())
		}
		c.at("volumes").add(dict("name", name+"-conf", "configMap", dict("name", w.name+"-"+name)))
	}
	command := list("sh", "-c", r.drawScript())
	put(3, "initContainers", list(dict("name", name+"-init", "image", "busybox:1", "command", command)))
	if r.one(2) {
		n := dict("name", name, "image", "agent:1", "env", r.opt(2, r.drawEnv(false)), "args", r.opt(3, list("-v", "n")))
		if volume {
			n.set("volumeMounts", list(dict("name", name+"-shared", "mountPath", "/shared")))
		}
		n.set("ports", r.opt(3, list(dict("name", name, "containerPort", num(7000+int(name[0]))))))
		c.set("containers", list(n))
		e.set("override", r.opt(5, r.drawOverride()))
	}
	app := dict()
	if r.one(2) {
		agent := pick(r, "n", "on", "1e3", "127.0.0.1:7000", "two\nlines\n", "'")
		app.set("env", list(
			dict("name", "AGENT_"+strings.ToUpper(name), "value", agent),
			dict("name", "NODE", "valueFrom", dict("fieldRef", dict("fieldPath", "spec.nodeName"))),
		))
	}
	if r.one(5) {
		if app.at("env") == nil {
			app.set("env", list())
		}
		app.at("env").add(dict(
			"name", pick(r, "V2", "V4", "V7", "V11"),
			"value", pick(r, "led", "1:30", "$(NODE)"),
			"replace", raw("true"),
			"everywhere", r.opt(2, raw("true")),
		))
	}
	app.set("args", r.opt(4, list("--agent", pick(r, "on", "-", "a: b", "1:30"))))
	if volume {
		app.set("volumeMounts", r.opt(2, list(dict("name", name+"-shared", "mountPath", "/"+name, "readOnly", raw("true")))))
	}
	app.set("drainSeconds", r.opt(20, num(pick(r, 5, 7))))
	if len(app.entries) > 0 {
		c.set("app", app)
	}
	put(4, "servicePorts", list(dict("name", name, "port", num(7000+int(name[0])), "targetPort", num(7000))))
	if r.one(4) {
		keepalive := []string{"net.ipv4.tcp_keepalive_time", "net/ipv4/tcp_keepalive_time"}
		c.set("pod", dict(
			"shareProcessNamespace", r.opt(2, raw("true")),
			"sysctls", r.opt(2, list(dict("name", pick(r, keepalive...), "value", "60"))),
			"imagePullSecrets", r.opt(2, list(dict("name", "mirror"))),
			"fsGroup", r.opt(4, num(1000)),
			"minGracePeriodSeconds", r.opt(3, num(pick(r, 20, 90))),
			"annotations", r.opt(3, dict("example.com/of-"+name, pick(r, "n", "1e3"))),
		))
	}
	put(6, "claims", list(dict("port", num(7700+int(name[0])), "for", "the agent")))
	r.drawPlacement(e, w)
	if len(w.containers) > 1 && r.one(3) {
		e.set("app", w.containers[1].name)
	}
	e.set("custom", c)
	return e
}

func (r random) drawScript() string {
	return pick(r, "true", "echo one\necho two\n", "sysctl -w a=b # c", "\n  indented\n", "trailing \nblanks")
}

// drawObject is one to emit.
func (r random) drawObject(w workload, name string) *Node {
	kind := pick(r, "ConfigMap", "ConfigMap", "Secret")
	data := "data"
	if kind == "Secret" {
		data = "stringData"
	}
	meta := dict("name", w.name+"-"+name, "labels", r.opt(4, dict("x", "n")))
	return object("v1", kind, meta, data,
		dict("a.conf", r.drawScript(), "version", "1e3", "empty", r.opt(3, str(""))))
}

// spoilEntry makes an entry ask for what can't be: it wants what the manifest, or
// another entry, has otherwise.
func (r random) spoilEntry(e *Node, w workload) {
	c := e.at("custom")
	if c == nil {
		c = dict()
		e.entries = nil
		e.set("name", "spoiler")
		e.set("custom", c)
	}
	app := c.at("app")
	if app == nil {
		app = dict()
		c.set("app", app)
	}
	switch r.IntN(6) {
	case 0: // a variable that somebody has with another value
		app.set("env", list(dict("name", "TOKEN", "value", Secret+"-other"), dict("name", "POD", "value", "x")))
	case 1:
		c.set("volumes", list(dict("name", "data", "persistentVolumeClaim", dict("claimName", "other"))))
	case 2:
		c.set("initContainers", list(dict("name", w.containers[0].name, "image", "x:1")))
	case 3:
		c.set("containers", list(dict("name", "greedy", "image", "x:1", "ports", list(dict("containerPort", num(8000))))))
	case 4:
		app.set("volumeMounts", list(dict("name", "other", "mountPath", "/data")))
	case 5:
		c.set("objects", list(object("v1", "ConfigMap", dict("name", "bystander-0"), "data", dict("a", "b"))))
	}
}

// drawBase varies an entry of tlsProxy: another protocol, clients with certificates, another mode, or an authProxy.
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
		t.set("mode", pick(r, "front", "front", "redirect"))
		t.set("listenPort", r.opt(2, num(8443)))
		if t.at("mode").value == "front" {
			t.set("networkPolicy", r.opt(20, raw("false")))
		}
		if r.one(2) { // those that the app declares, or to which Services lead
			for _, field := range []string{"port", "protocol", "morePorts"} {
				t.drop(field)
			}
		}
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

package generate

import "fmt"

// A container is what a config must know of one.
type container struct {
	name  string
	ports []port
	env   bool // has a variable TOKEN
	conf  bool // mounts the ConfigMap settings, if the pod has its volume
}

type port struct {
	name   string
	number int
}

var images = []string{
	"web:1",
	"docker.io/library/web:1.2.3",
	"web@sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865",
	"registry:5000/web",
}

// drawContainer makes one; i is its place in the pod, so that its ports are its own.
func (r random) drawContainer(name string, i int) (*Node, container) {
	c := container{name: name}
	n := dict("name", name, "image", pick(r, images...))
	put := func(odds int, key string, v any) { n.set(key, r.opt(odds, v)) }
	script := pick(r, `exec web "$@"`, `echo '---'; exec web --on "$@"`, `a: b $* # c`)
	put(4, "command", list("/bin/sh", "-c", script, "sh"))
	put(3, "args", r.drawSome(list("--log=json", "n", "-v", "1e3")))
	if !r.one(4) {
		c.env = r.one(2)
		n.set("env", r.drawSome(r.drawEnv(c.env)))
		c.env = c.env && n.at("env") != nil
	}
	r.drawPorts(n, &c, i)
	requests := dict("cpu", "100m", "memory", pick(r, "64Mi", "1e3"))
	put(5, "resources", dict("requests", requests, "limits", dict("cpu", raw("1"))))
	put(2, "volumeMounts", r.drawSome(list(
		dict("name", "data", "mountPath", "/data"),
		dict("mountPath", "/etc/web", "name", "conf", "readOnly", raw("true")),
	)))
	c.conf = n.at("volumeMounts") != nil && len(n.at("volumeMounts").entries) > 0
	put(6, "securityContext", dict("runAsUser", raw("0"), "capabilities", dict("drop", list("ALL"))))
	put(8, "newerField", pick(r, str("kept"), raw("null"), dict("x", raw("0777"))))
	r.drawProbes(n, &c)
	return n, c
}

// drawEnv is what a container's environment may look like.
func (r random) drawEnv(token bool) *Node {
	n := list()
	for i, v := range []string{
		"n", "on", "1e3", "0777", "1:30", "", "a: b", " blank ", "ünï", "it's \"so\"", "two\nlines\n", "~", "$(HOST)",
	} {
		if r.one(5) {
			n.add(dict("name", fmt.Sprintf("V%d", i), "value", v))
		}
	}
	if r.one(8) {
		n.add(dict("name", "SCRIPT", "value", block(pick(r, "|", "|-", "|+", ">-"), r.drawBody()...)))
	}
	if token {
		n.add(dict("name", "TOKEN", "value", Secret))
	}
	if r.one(3) {
		n.add(dict("name", "POD", "valueFrom", dict("fieldRef", dict("fieldPath", "metadata.name"))))
	}
	if len(n.entries) == 0 {
		n.add(dict("name", "A", "value", "b"))
	}
	return n
}

// drawPorts gives the container ports. The first one is called http at times.
func (r random) drawPorts(n *Node, c *container, i int) {
	if r.one(6) {
		n.set("ports", r.opt(2, r.drawEmpty(listKind)))
		return
	}
	all := list()
	for j := range 1 + r.IntN(3) {
		p := port{number: 8000 + 100*i + j}
		if r.one(12) {
			p.number = 80 + 10*i + j
		}
		e := dict("containerPort", num(p.number))
		if !r.one(3) {
			p.name = []string{"http", "admin", "x-y"}[j]
			if i > 0 {
				p.name += fmt.Sprint(i)
			}
			e.set("name", p.name)
		}
		e.set("protocol", r.opt(4, str("TCP")))
		if r.one(12) {
			e.set("hostPort", num(p.number))
		}
		all.add(e)
		c.ports = append(c.ports, p)
	}
	if first := &c.ports[0]; r.one(12) && first.name != "" {
		all.add(dict("containerPort", num(first.number), "name", fmt.Sprintf("again%d", i)))
		if r.one(2) {
			first.name = fmt.Sprintf("again%d", i) // probes and Services call it so
		}
	}
	if r.one(8) { // UDP on the same number is another port
		all.add(dict("containerPort", num(c.ports[0].number), "protocol", "UDP", "name", fmt.Sprintf("udp%d", i)))
	}
	n.set("ports", all)
}

// to is a port as a probe may name it.
func (r random) to(p port) *Node {
	if p.name != "" && r.one(2) {
		return str(p.name)
	}
	return num(p.number)
}

// drawProbes gives the container probes and hooks.
func (r random) drawProbes(n *Node, c *container) {
	if len(c.ports) == 0 {
		return
	}
	for _, field := range []string{"readinessProbe", "livenessProbe", "startupProbe"} {
		if r.one(3) {
			n.set(field, r.drawProbe(pick(r, c.ports...)))
		}
	}
	if r.one(8) {
		n.set("lifecycle", r.drawSome(dict("postStart", dict("httpGet", r.drawHTTPGet(pick(r, c.ports...))))))
	} else if r.one(8) {
		n.set("lifecycle", dict("preStop", dict("exec", dict("command", list("sleep", "9")))))
	} else if r.one(16) {
		n.set("lifecycle", dict("preStop", r.drawEmpty(mapKind)))
	}
}

func (r random) drawProbe(p port) *Node {
	n := dict()
	switch r.IntN(10) {
	case 0, 1, 2:
		n.set("tcpSocket", dict("port", r.to(p)))
	case 3:
		n.set("exec", dict("command", list("curl", fmt.Sprintf("http://localhost:%d/", p.number))))
	default:
		n.set("httpGet", r.drawHTTPGet(p))
	}
	n.set("periodSeconds", r.opt(3, num(5)))
	return n
}

func (r random) drawHTTPGet(p port) *Node {
	return dict("path", pick(r, "/", "/health?a=b&c", "/", "/health", pick(r, "/", "/ü")), "port", r.to(p), "scheme",
		r.opt(4, str("HTTP")), "httpHeaders", r.opt(8, list(dict("name", "Host", "value", "n"))))
}

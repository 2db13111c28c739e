package generate

import (
	"fmt"
	"slices"
)

// makeConfigReload is an entry that watches what the workload has.
func (r random) makeConfigReload(w workload, c container, name string) *Node {
	if i := slices.IndexFunc(w.containers, func(c container) bool { return c.conf }); w.conf && i >= 0 {
		c = w.containers[i]
	} else {
		return nil
	}
	t := dict("volumes", r.opt(2, list("conf")), "periodSeconds", r.opt(4, num(30)))
	number := 8000
	if len(c.ports) > 0 {
		number = pick(r, c.ports...).number
	}
	if r.one(4) {
		process := pick(r, "web", "n")
		signal := r.opt(2, str(pick(r, "SIGHUP", "SIGUSR1", "SIGTERM")))
		t.set("signal", dict("process", process, "signal", signal))
	} else {
		url := fmt.Sprintf("http://%s:%d/-/reload", pick(r, "127.0.0.1", "localhost", "[::1]"), number)
		t.set("webhook", dict("url", url, "method", r.opt(3, str(pick(r, "PUT", "GET")))))
	}
	e := dict("name", name, "app", c.name)
	r.drawPlacement(e, w)
	override := r.drawOverride()
	if t.at("signal") != nil { // it needs the app's user, which the manifest mostly doesn't say
		override.set("securityContext", dict("runAsUser", num(101)))
		e.set("override", override)
	} else {
		e.set("override", r.opt(3, override))
	}
	e.set("configReload", t)
	return e
}

package merge

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// changes reports whether a value that is there may become another one.
func changes(v *sidecar.EnvVar) bool { return v.AppendWith != "" || v.Replace }

// joined appends part to a list of values, unless it's among them.
func joined(list, part, separator string) string {
	switch {
	case strings.Contains(separator+list+separator, separator+part+separator):
		return list
	case list == "":
		return part
	}
	return list + separator + part
}

// A variable is what becomes of one name in a container's env.
type variable struct {
	sidecar.EnvVar
	owner string // the first sidecar that wants it
	at    int    // where the manifest has it; -1: nowhere, so it's added
	was   string // the value that it had, where something is appended or replaced
}

// envs puts the variables of one container together.
type envs struct {
	*flattener
	c     *corev1.Container
	path  sidecar.Path
	there map[string]int // places of the manifest's variables by name
	vars  []variable
	index map[string]int // in vars

	others []sidecar.Edit // later wishes for names in vars, of other values
}

// env flattens the variables that sidecars want of a container. Those that aren't
// there yet are put in an order in which references resolve: the kubelet expands
// $(NAME) with what stands earlier in the list, and leaves the text where nothing
// of the name does
// (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables).
func (f *flattener) env(c *corev1.Container, path sidecar.Path, parts []part) {
	n := 0
	for _, p := range parts {
		n += len(p.app.Env)
	}
	if n == 0 {
		return
	}
	e := envs{flattener: f, c: c, path: path, there: make(map[string]int, len(c.Env)), index: make(map[string]int, n),
		vars: make([]variable, 0, n)}
	for i := range c.Env {
		e.there[c.Env[i].Name] = i // of equal names the last one counts
	}
	for _, p := range parts {
		for i := range p.app.Env {
			e.want(p.owner, &p.app.Env[i])
		}
	}
	for _, i := range e.order() {
		v := &e.vars[i.variable]
		at := path.At("name", v.Name)
		switch {
		case v.at < 0 || !changes(&v.EnvVar):
			set := sidecar.Edit{Path: at, Value: v.EnvVar.EnvVar}
			if i.before >= 0 {
				set.Before = c.Env[i.before].Name
			}
			f.post(v.owner, set)
		case v.Value != v.was:
			f.post(v.owner, sidecar.Edit{Path: at.To("value"), Value: v.Value, Was: v.was})
		}
	}
	f.edits = append(f.edits, e.others...)
}

// want joins one wish with the earlier ones of its name.
func (e *envs) want(owner string, w *sidecar.EnvVar) {
	i, twice := e.index[w.Name]
	if !twice {
		at, there := e.there[w.Name]
		if !there {
			at = -1
		}
		v := variable{EnvVar: *w, owner: owner, at: at}
		if w.AppendWith != "" && !e.appendable(owner, w, &v) || w.Replace && !e.replaceable(owner, w, &v) {
			return
		}
		e.index[w.Name] = len(e.vars)
		e.vars = append(e.vars, v)
		return
	}
	v := &e.vars[i]
	at := func() sidecar.Path { return e.path.At("name", w.Name) }
	switch {
	case v.AppendWith == "" && w.AppendWith == "" && (v.Replace || w.Replace):
		if !same(v.EnvVar.EnvVar, w.EnvVar) { // where the manifest has one of them, Merge sees no two wishes
			e.add(sidecar.Error, "conflict", owner, at(), against(owner, w.EnvVar, v.owner, v.EnvVar.EnvVar),
				"let both want the same, or leave one of the sidecars out")
		} else if !v.Replace && e.replaceable(owner, w, v) {
			v.Replace = true
		}
	case v.AppendWith == "" && w.AppendWith == "":
		if v.EnvVar.EnvVar != w.EnvVar { // Merge tells whether that's a conflict
			e.others = append(e.others, sidecar.Edit{Owner: owner, Object: e.w.Ref, Path: at(), Value: w.EnvVar, View: e.w})
		}
	case v.AppendWith == "" || w.AppendWith == "":
		e.add(sidecar.Error, "conflict", owner, at(), verb(w)+" this variable, but "+v.owner+" "+verb(&v.EnvVar)+" it",
			"let both append, with appendWith, or leave one of them out")
	case v.AppendWith != w.AppendWith:
		e.add(sidecar.Error, "conflict", owner, at(), fmt.Sprintf("appends with %q, but %s appends with %q", w.AppendWith,
			v.owner, v.AppendWith),
			"let both append with the same")
	default:
		v.Value = joined(v.Value, w.Value, w.AppendWith)
	}
}

func verb(v *sidecar.EnvVar) string {
	if v.AppendWith != "" {
		return "appends to"
	}
	return "sets"
}

// appendable looks at what the first wish to append finds, and appends.
func (e *envs) appendable(owner string, w *sidecar.EnvVar, v *variable) bool {
	at := func() sidecar.Path { return e.path.At("name", w.Name) }
	switch {
	case w.ValueFrom != nil:
		e.add(sidecar.Error, "env-append", owner, at(), "a value from elsewhere can't be appended",
			"write a value, or take appendWith out")
		return false
	case v.at < 0:
		if len(e.c.EnvFrom) > 0 {
			e.add(sidecar.Warning, "env-append-hidden", owner, at(),
				"the container has envFrom, which can't be looked into: if the variable comes from there, it's replaced and not "+
					"appended to", "write it into the container's env")
		}
		return true
	case e.c.Env[v.at].ValueFrom != nil:
		e.add(sidecar.Error, "env-append", owner, at(), "can't append: the manifest has "+say(e.c.Env[v.at])+
			" there, and what that is shows only in the cluster",
			"append it where the value comes from, or write the value into the manifest")
		return false
	case slices.ContainsFunc(e.c.Env[:v.at], func(o corev1.EnvVar) bool { return o.Name == w.Name }):
		e.add(sidecar.Error, "env-append", owner, at(), "can't append: the manifest has the variable twice",
			"leave the last one, which counts")
		return false
	}
	v.was = e.c.Env[v.at].Value
	v.Value = joined(v.was, w.Value, w.AppendWith)
	return true
}

// replaceable looks at what the wish to replace finds.
func (e *envs) replaceable(owner string, w *sidecar.EnvVar, v *variable) bool {
	refuse := func(message, hint string) bool {
		e.add(sidecar.Error, "env-replace", owner, e.path.At("name", w.Name), "can't replace: "+message, hint)
		return false
	}
	switch {
	case w.ValueFrom != nil:
		return refuse("a value from elsewhere doesn't take the place of one", "write a value, or take replace out")
	case v.at < 0:
		return true // before what envFrom gives, a variable of the container's own counts
	case e.c.Env[v.at].ValueFrom != nil:
		return refuse("the manifest has "+say(e.c.Env[v.at])+" there, and what that is shows only in the cluster",
			"change it where the value comes from, or take the variable out of the manifest")
	case slices.ContainsFunc(e.c.Env[:v.at], func(o corev1.EnvVar) bool { return o.Name == w.Name }):
		return refuse("the manifest has the variable twice", "leave the last one, which counts")
	}
	v.was = e.c.Env[v.at].Value
	return true
}

// A place is where a variable comes to stand: before the manifest's variable of
// that number, or at the end with -1.
type place struct{ variable, before int }

// order finds the order and the places of all variables. Names that the manifest
// has stay where they are.
func (e *envs) order() []place {
	out := make([]place, 0, len(e.vars))
	if !e.refers() {
		for i := range e.vars {
			out = append(out, place{i, -1})
		}
		return out
	}
	g := newGraph(len(e.vars))
	after := make([]int, len(e.vars)) // the last of the manifest's that it refers to
	for i := range e.vars {
		if after[i] = -1; e.vars[i].at < 0 {
			e.edges(g, after, i)
		}
	}
	order, cycles := g.sort(func(int, int) bool { return false })
	for _, c := range cycles {
		e.cyclic(c)
	}
	for _, i := range order {
		for _, j := range g.follows[i] {
			after[j] = max(after[j], after[i])
		}
	}
	before := e.needed(after)
	for _, i := range slices.Backward(order) { // what one refers to stands no later than it
		for _, j := range g.follows[i] {
			if before[j] >= 0 && (before[i] < 0 || before[j] < before[i]) {
				before[i] = before[j]
			}
		}
	}
	for _, i := range order {
		out = append(out, place{i, before[i]})
	}
	return out
}

// refers reports whether any value has a reference at all; most haven't.
func (e *envs) refers() bool {
	for i := range e.vars {
		if strings.Contains(e.vars[i].Value, "$(") {
			return true
		}
	}
	for i := range e.c.Env {
		if strings.Contains(e.c.Env[i].Value, "$(") {
			return true
		}
	}
	return false
}

// edges notes what a new variable refers to.
func (e *envs) edges(g *graph, after []int, i int) {
	v := &e.vars[i]
	if v.ValueFrom != nil {
		return
	}
	sidecar.References(v.Value, func(name string) {
		if j, ours := e.index[name]; ours && j != i && e.vars[j].at < 0 {
			g.edge(j, i)
		} else if at, there := e.there[name]; there {
			after[i] = max(after[i], at)
		} else {
			e.undefined(v, name, j == i && ours)
		}
	})
}

// undefined warns of a reference that stays text. What envFrom gives can't be
// seen, and Services of the namespace give variables too.
func (e *envs) undefined(v *variable, name string, itself bool) {
	if len(e.c.EnvFrom) > 0 || strings.Contains(name, "_SERVICE_") || strings.Contains(name, "_PORT") {
		return
	}
	message := "refers to $(" + name + "), which nothing defines here: the text stays as it is"
	if itself {
		message = "refers to itself: what the image gives it can't be had this way, and the text stays as it is"
	}
	e.add(sidecar.Warning, "env-undefined", v.owner, e.path.At("name", v.Name), message, "define it, or write $$("+name+
		") if the text is meant")
}

func (e *envs) cyclic(cycle []int) {
	var names []string
	for _, i := range cycle {
		names = append(names, e.vars[i].Name+" ("+e.vars[i].owner+")")
	}
	e.add(sidecar.Error, "env-cycle", "", e.path, "these variables refer to each other: "+strings.Join(names, ", "),
		"write out the value of one of them")
}

// needed says before which of the manifest's variables a new one must stand,
// since they refer to it; after is where it can stand at the earliest. A person
// who writes $(NAME) means a variable, so one that is defined nowhere else is put
// before it. Where it may come from envFrom, that one is what was meant, and the
// new one goes to the end.
func (e *envs) needed(after []int) []int {
	before := make([]int, len(e.vars))
	for i := range before {
		before[i] = -1
	}
	for at := range e.c.Env {
		value := e.c.Env[at].Value
		i, touched := e.index[e.c.Env[at].Name]
		if touched && e.there[e.c.Env[at].Name] == at && changes(&e.vars[i].EnvVar) {
			value = e.vars[i].Value
		}
		sidecar.References(value, func(name string) {
			j, ours := e.index[name]
			if !ours || e.vars[j].at >= 0 || before[j] >= 0 && before[j] <= at {
				return
			}
			v, why := &e.vars[j], ""
			switch {
			case after[j] >= at:
				why = "it refers to a later one itself"
			case len(e.c.EnvFrom) > 0:
				why = "it may mean the one of envFrom"
			default:
				before[j] = at
				return
			}
			e.add(sidecar.Warning, "env-order", v.owner, e.path.At("name", v.Name),
				"stands behind "+e.c.Env[at].Name+", whose $("+name+") doesn't see it: "+why,
				"write it into the manifest, before "+e.c.Env[at].Name)
		})
	}
	return before
}

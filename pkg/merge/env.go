package merge

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// changesValue reports whether a variable changes an existing value.
func changesValue(v *sidecar.EnvVar) bool { return v.AppendWith != "" || v.Replace }

// reportOverwritten finds a variable that doesn't reach the app as the container's env has it.
func (e *envs) reportOverwritten(l *launch, v *variable) {
	overwritten, guessed := l.overwrites(v.Name, v.Value)
	switch at := e.path.At("name", v.Name); {
	case guessed:
		e.report(sidecar.Warning, "env-overwritten", v.owner, at,
			"the container's script seems to give "+v.Name+" another value", "remove it from the script")
	case overwritten:
		e.report(sidecar.Error, "env-overwritten", v.owner, at,
			"the variable wouldn't reach the app, since the container starts it through "+l.program+
				", which gives it another environment", "remove that from the container's command")
	}
}

// appendPart appends part to a list of values, unless the list has it.
func appendPart(list, part, separator string) string {
	switch {
	case strings.Contains(separator+list+separator, separator+part+separator):
		return list
	case list == "":
		return part
	}
	return list + separator + part
}

// A variable is the result for one name in a container's env.
type variable struct {
	sidecar.EnvVar
	owner string // the first sidecar that sets it
	at    int    // its index in the manifest; -1: it's added
	was   string // the value before, if something is appended or replaced
}

// envs merges the variables of one container.
type envs struct {
	*flattener
	c     *corev1.Container
	path  sidecar.Path
	there map[string]int // index of the manifest's variables by name
	vars  []variable
	index map[string]int // in vars

	others []sidecar.Edit // edits of names in vars that set other values
}

// flattenEnv makes edits of the variables that sidecars set in a container. New variables
// are ordered so that references resolve: the kubelet expands $(NAME) with variables
// that are earlier in the list, and leaves the text if there is none of that name
// (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables).
func (f *flattener) flattenEnv(c *corev1.Container, path sidecar.Path, parts []part) {
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
		e.there[c.Env[i].Name] = i // the last of equal names takes effect
	}
	for _, p := range parts {
		for i := range p.app.Env {
			e.addVariable(p.owner, &p.app.Env[i])
		}
	}
	launched := readLaunch(slices.Concat(c.Command, c.Args))
	for _, i := range e.orderVariables() {
		v := &e.vars[i.variable]
		e.reportOverwritten(launched, v)
		at := path.At("name", v.Name)
		switch {
		case v.at < 0 || !changesValue(&v.EnvVar):
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

// addVariable merges a sidecar's variable with the earlier ones of its name.
func (e *envs) addVariable(owner string, w *sidecar.EnvVar) {
	i, twice := e.index[w.Name]
	if !twice {
		at, there := e.there[w.Name]
		if !there {
			at = -1
		}
		v := variable{EnvVar: *w, owner: owner, at: at}
		if w.AppendWith != "" && !e.appendValue(owner, w, &v) || w.Replace && !e.replaceValue(owner, w, &v) {
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
		if !sameJSON(v.EnvVar.EnvVar, w.EnvVar) { // Merge doesn't see this conflict if the manifest has one of the values
			e.report(sidecar.Error, "conflict", owner, at(), describeConflict(owner, w.EnvVar, v.owner, v.EnvVar.EnvVar),
				"make both equal, or remove one of the sidecars")
		} else if !v.Replace && e.replaceValue(owner, w, v) {
			v.Replace = true
		}
	case v.AppendWith == "" && w.AppendWith == "":
		if v.EnvVar.EnvVar != w.EnvVar { // Merge decides whether that's a conflict
			e.others = append(e.others, sidecar.Edit{Owner: owner, Object: e.w.Ref, Path: at(), Value: w.EnvVar, View: e.w})
		}
	case v.AppendWith == "" || w.AppendWith == "":
		e.report(sidecar.Error, "conflict", owner, at(), verbOf(w)+" this variable, but "+v.owner+" "+verbOf(&v.EnvVar)+" it",
			"set appendWith in both, or remove one of them")
	case v.AppendWith != w.AppendWith:
		e.report(sidecar.Error, "conflict", owner, at(), fmt.Sprintf("appends with %q, but %s appends with %q", w.AppendWith,
			v.owner, v.AppendWith),
			"use the same appendWith in both")
	default:
		v.Value = appendPart(v.Value, w.Value, w.AppendWith)
	}
}

func verbOf(v *sidecar.EnvVar) string {
	if v.AppendWith != "" {
		return "appends to"
	}
	return "sets"
}

// appendValue appends a value to the one in the manifest, or reports why it can't.
func (e *envs) appendValue(owner string, w *sidecar.EnvVar, v *variable) bool {
	at := func() sidecar.Path { return e.path.At("name", w.Name) }
	switch {
	case w.ValueFrom != nil:
		e.report(sidecar.Error, "env-append", owner, at(), "a value of valueFrom can't be appended",
			"write a value, or remove appendWith")
		return false
	case v.at < 0:
		if len(e.w.MayGet(e.c, w.Name)) > 0 {
			e.report(sidecar.Warning, "env-append-hidden", owner, at(),
				"the container has envFrom, and its variables are known only in the cluster: if this one is among them, "+
					"its value is replaced, not appended to", "write the variable into the container's env")
		}
		return true
	case e.c.Env[v.at].ValueFrom != nil:
		e.report(sidecar.Error, "env-append", owner, at(), "can't append: the manifest has "+describeValue(e.c.Env[v.at])+
			" here, and its value is known only in the cluster",
			"append to the value where it comes from, or write the value into the manifest")
		return false
	case slices.ContainsFunc(e.c.Env[:v.at], func(o corev1.EnvVar) bool { return o.Name == w.Name }):
		e.report(sidecar.Error, "env-append", owner, at(), "can't append: the manifest has the variable twice",
			"keep only the last one, which takes effect")
		return false
	}
	v.was = e.c.Env[v.at].Value
	v.Value = appendPart(v.was, w.Value, w.AppendWith)
	return true
}

// replaceValue prepares the replacement of a value in the manifest, or reports why that
// isn't possible.
func (e *envs) replaceValue(owner string, w *sidecar.EnvVar, v *variable) bool {
	refuse := func(message, hint string) bool {
		e.report(sidecar.Error, "env-replace", owner, e.path.At("name", w.Name), "can't replace: "+message, hint)
		return false
	}
	switch {
	case w.ValueFrom != nil:
		return refuse("a value of valueFrom can't replace another one", "write a value, or remove replace")
	case v.at < 0:
		return true // env takes precedence over envFrom
	case e.c.Env[v.at].ValueFrom != nil:
		return refuse("the manifest has "+describeValue(e.c.Env[v.at])+" here, and its value is known only in the cluster",
			"change the value where it comes from, or remove the variable from the manifest")
	case slices.ContainsFunc(e.c.Env[:v.at], func(o corev1.EnvVar) bool { return o.Name == w.Name }):
		return refuse("the manifest has the variable twice", "keep only the last one, which takes effect")
	}
	v.was = e.c.Env[v.at].Value
	return true
}

// A place is where a variable is inserted: before the manifest's variable of that index,
// or at the end if before is -1.
type place struct{ variable, before int }

// orderVariables returns the order and the places of all variables. Those that the
// manifest has stay where they are.
func (e *envs) orderVariables() []place {
	out := make([]place, 0, len(e.vars))
	if !e.hasReferences() {
		for i := range e.vars {
			out = append(out, place{i, -1})
		}
		return out
	}
	g := newGraph(len(e.vars))
	after := make([]int, len(e.vars)) // index of the last manifest variable that it refers to
	for i := range e.vars {
		if after[i] = -1; e.vars[i].at < 0 {
			e.addEdges(g, after, i)
		}
	}
	order, cycles := g.sortStable(func(int, int) bool { return false })
	for _, c := range cycles {
		e.reportCycle(c)
	}
	for _, i := range order {
		for _, j := range g.follows[i] {
			after[j] = max(after[j], after[i])
		}
	}
	before := e.placeBefore(after)
	for _, i := range slices.Backward(order) { // a variable comes no later than those that refer to it
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

// hasReferences reports whether any value has a reference. Most have none.
func (e *envs) hasReferences() bool {
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

// addEdges adds an edge for each reference of a new variable.
func (e *envs) addEdges(g *graph, after []int, i int) {
	v := &e.vars[i]
	if v.ValueFrom != nil {
		return
	}
	sidecar.VisitReferences(v.Value, func(name string) {
		if j, ours := e.index[name]; ours && j != i && e.vars[j].at < 0 {
			g.addEdge(j, i)
		} else if at, there := e.there[name]; there {
			after[i] = max(after[i], at)
		} else {
			e.warnUndefined(v, name, j == i && ours)
		}
	})
}

// warnUndefined warns of a reference that stays text. It's silent where envFrom or a
// Service of the namespace may define the variable.
func (e *envs) warnUndefined(v *variable, name string, itself bool) {
	if len(e.c.EnvFrom) > 0 || strings.Contains(name, "_SERVICE_") || strings.Contains(name, "_PORT") {
		return
	}
	message := "refers to $(" + name + "), which isn't defined here, so the text stays as it is"
	if itself {
		message = "refers to itself, which doesn't give the value of the image: the text stays as it is"
	}
	e.report(sidecar.Warning, "env-undefined", v.owner, e.path.At("name", v.Name), message, "define it, or write $$("+name+
		") if you mean the text")
}

func (e *envs) reportCycle(cycle []int) {
	var names []string
	for _, i := range cycle {
		names = append(names, e.vars[i].Name+" ("+e.vars[i].owner+")")
	}
	e.report(sidecar.Error, "env-cycle", "", e.path, "these variables refer to each other: "+strings.Join(names, ", "),
		"write out the value of one of them")
}

// placeBefore returns, for each new variable, the index of the first manifest variable
// that refers to it, or -1. The new one is inserted there, since $(NAME) in the manifest
// means a variable that nothing else defines. It goes to the end if envFrom may define the
// name, too, or if it refers to a later variable itself: after has the index of the
// last one.
func (e *envs) placeBefore(after []int) []int {
	before := make([]int, len(e.vars))
	for i := range before {
		before[i] = -1
	}
	for at := range e.c.Env {
		value := e.c.Env[at].Value
		i, touched := e.index[e.c.Env[at].Name]
		if touched && e.there[e.c.Env[at].Name] == at && changesValue(&e.vars[i].EnvVar) {
			value = e.vars[i].Value
		}
		sidecar.VisitReferences(value, func(name string) {
			j, ours := e.index[name]
			if !ours || e.vars[j].at >= 0 || before[j] >= 0 && before[j] <= at {
				return
			}
			v, why := &e.vars[j], ""
			switch {
			case after[j] >= at:
				why = "it refers to a later variable itself"
			case len(e.c.EnvFrom) > 0:
				why = "envFrom may define it, too"
			default:
				before[j] = at
				return
			}
			e.report(sidecar.Warning, "env-order", v.owner, e.path.At("name", v.Name),
				"is added after "+e.c.Env[at].Name+", so $("+name+") there doesn't use it: "+why,
				"declare it in the manifest, before "+e.c.Env[at].Name)
		})
	}
	return before
}

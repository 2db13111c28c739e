package proxy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkPreset finds reasons why a preset doesn't work in this pod. Messages don't show
// values of variables and arguments, which may be secret.
func (p *Base) checkPreset(w *sidecar.Workload, fs *sidecar.Findings) {
	if p.leavesApp() || p.Rebind == nil || w.App == nil {
		return
	}
	p.checkNodes(w, fs)
	preset := p.Rebind.findPreset()
	if preset == nil || preset.Refuse != "" {
		return // Validate reports it
	}
	c, port := w.App, p.rebindPort()
	if why := preset.refusalFor(c); why != "" {
		why, hint, _ := strings.Cut(why, ": ")
		fs.Add(sidecar.Error, "rebind-refused", "rebind.preset", preset.Name+": "+why, hint)
		return
	}
	ours := p.Rebind.rebindArgs(c, port)
	checkFlags(preset, "among the arguments of container "+c.Name, slices.Concat(c.Command, c.Args), ours, fs)
	for _, e := range c.Env {
		if a, appended := preset.Append[e.Name]; appended {
			theirs := strings.TrimSuffix(e.Value, pattern.ExpandPort(a.Value, port))
			checkFlags(preset, "in variable "+e.Name, strings.Fields(theirs), nil, fs)
		}
		if slices.ContainsFunc(preset.BeatenBy, func(b string) bool {
			stem, prefix := strings.CutSuffix(b, "*")
			return b == e.Name || prefix && strings.HasPrefix(e.Name, stem)
		}) {
			fs.Add(sidecar.Warning, "rebind-beaten", "rebind.preset",
				fmt.Sprintf("variable %s may override what moves %s", e.Name, preset.Name),
				"remove it, or make sure that it has the same value")
		}
	}
	if preset.ByEntrypoint && len(c.Command) > 0 {
		fs.Add(sidecar.Warning, "rebind-entrypoint", "rebind.preset",
			fmt.Sprintf("a script of the image reads the variables that move %s, and the pod's own command may skip it",
				preset.Name), "remove command, or move the app with its own configuration")
	}
	for _, names := range slices.Sorted(maps.Keys(preset.SetToo)) {
		each := strings.Split(names, "|")
		if !slices.ContainsFunc(each, func(name string) bool { return p.Rebind.Env[name] != "" || hasEnv(c, name) }) {
			fs.Add(sidecar.Warning, "rebind-set-too", "rebind.preset",
				fmt.Sprintf("variable %s isn't set: %s", each[0], pattern.ExpandPort(preset.SetToo[names], port)),
				"set it in the manifest or in rebind.env")
		}
	}
	if preset.StillPublic != "" {
		fs.Add(sidecar.Info, "rebind-still-public", "rebind.preset", pattern.ExpandPort(preset.StillPublic, port), "")
	}
	if f := preset.FirstStart; f != nil && slices.Contains(p.TakenPorts(), f.Port) && f.happensIn(c) {
		fs.Add(sidecar.Error, "rebind-first-start", "rebind.preset",
			fmt.Sprintf(
				"on an empty volume, the image of %s first starts a temporary server on port %d, where the proxy already listens",
				preset.Name, f.Port), "use mode: front or mode: redirect")
	}
}

// checkNodes finds an Elasticsearch or OpenSearch with several nodes whose transport is
// moved too, so that they can't reach each other.
func (p *Base) checkNodes(w *sidecar.Workload, fs *sidecar.Findings) {
	if p.Rebind.Env["network.host"] != "127.0.0.1" || hasEnv(w.App, "transport.host") {
		return
	}
	if hasEnv(w.App, "discovery.seed_hosts") || hasEnv(w.App, "discovery.seed_providers") ||
		w.Replicas != nil && *w.Replicas > 1 {
		fs.Add(sidecar.Error, "rebind-peers", "rebind.env.network.host",
			"it also moves the transport to 127.0.0.1, where the nodes can't reach each other", "use http.host instead")
	}
}

// refusalFor returns why a preset can't move a container, or "".
func (p *RebindPreset) refusalFor(c *corev1.Container) string {
	for _, part := range slices.Sorted(maps.Keys(p.RefuseIf)) {
		if slices.ContainsFunc(slices.Concat(c.Command, c.Args), func(word string) bool {
			return strings.Contains(word, part)
		}) ||
			slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return strings.HasPrefix(e.Name+"="+e.Value, part) }) {
			return p.RefuseIf[part]
		}
	}
	return ""
}

func hasEnv(c *corev1.Container, name string) bool {
	return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == name })
}

// checkFlags finds flags of a preset among the app's words, except those that we add.
func checkFlags(preset *RebindPreset, where string, theirs, ours []string, fs *sidecar.Findings) {
	var words []string
	for _, word := range theirs {
		if !slices.Contains(ours, word) && strings.ContainsAny(word, " \t\n") {
			words = append(words, strings.Fields(word)...) // a shell script
		} else {
			words = append(words, word)
		}
	}
	for i, word := range words {
		at := slices.Index(ours, word)
		isOurs := at >= 0 &&
			(at+1 == len(ours) || strings.Contains(word, "=") || i+1 < len(words) && words[i+1] == ours[at+1])
		if j := slices.IndexFunc(preset.Flags, func(flag string) bool { return isFlag(word, flag) }); j >= 0 && !isOurs {
			fs.Add(sidecar.Error, "rebind-flag", "rebind.preset",
				fmt.Sprintf("%s is %s, and sets where %s listens", preset.Flags[j], where, preset.Name),
				"remove it from the manifest, or write the value that it must have")
		}
	}
}

// isFlag reports whether a word is a flag, alone or with its value: --port, --port=1,
// -port=1 (Go's flag package accepts both), -p1, -p=1.
func isFlag(word, flag string) bool {
	name, _, _ := strings.Cut(word, "=")
	if name == flag {
		return true
	}
	if len(flag) == 2 && flag[0] == '-' {
		rest, ok := strings.CutPrefix(word, flag)
		return ok && rest != "" && strings.ContainsAny(rest[:1], "0123456789:[*")
	}
	return strings.HasPrefix(name, "-") && strings.HasPrefix(flag, "-") && len(strings.TrimLeft(name, "-")) > 1 &&
		strings.TrimLeft(name, "-") == strings.TrimLeft(flag, "-")
}

package exporter

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Durations of Prometheus, paths, and names of parameters.
var (
	promDuration = pattern.LazyRegexp(`^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$`)
	promPath     = pattern.LazyRegexp(`^/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$`)
	promParam    = pattern.LazyRegexp(`^[A-Za-z0-9_.\[\]-]+$`)
)

// checkScrapes finds metrics that Prometheus can't scrape.
func (p *Exporter) checkScrapes(w *sidecar.Workload, fs *sidecar.Findings) {
	monitor := p.monitorKind()
	if monitor == ByNone {
		return
	}
	if w.IsJob() {
		fs.Add(sidecar.Warning, "monitor-job", "monitor", "pods of a Job often end before Prometheus has scraped them",
			"let the Job push its metrics, or write monitor: None")
	}
	if len(w.Selector()) == 0 &&
		(monitor == ByPodMonitor || monitor == ByServiceMonitor || monitor == ByService && !isInternal(w)) {
		fs.AddUnfit(sidecar.Error, "labels-missing", "monitor", "the pods have no labels to select them by",
			"give the pod template labels, or write monitor: Annotations or None")
	}
	if monitor == ByService && !isInternal(w) && len(w.Services) > 0 {
		fs.Add(sidecar.Info, "service-public", "monitor",
			"all Services of the workload are reachable from outside the cluster, so metrics get a Service of their own, "+
				metricsService(w),
			"")
	}
	if known := p.knownPreset(); len(known.Params) > 0 && monitor == ByService {
		fs.Add(sidecar.Warning, "scrape-params", "monitor",
			fmt.Sprintf("a Service can't set the parameters that the exporter of %s needs", known.Name),
			"write monitor: PodMonitor, ServiceMonitor or Annotations")
	}
	if monitor == ByAnnotations {
		p.checkAnnotations(w, fs)
	}
	for _, s := range p.scrapePlaces(w) {
		s.checkTakeovers(monitor, fs)
	}
}

// checkTakeovers finds takeovers that keep Prometheus out.
func (s *scrape) checkTakeovers(monitor Monitor, fs *sidecar.Findings) {
	t := s.taken
	switch {
	case t == nil:
		return
	case t.Front:
		fs.Add(sidecar.Warning, "scrape-closed", "appMetrics.port",
			fmt.Sprintf("another sidecar is in front of port %d, and closes it with a NetworkPolicy unless that is turned off",
				s.port), "serve metrics on a port of their own")
		return
	}
	if s.usesHTTPS() && t.Trust == nil || s.usesHTTPS() && (monitor == ByService || monitor == ByAnnotations) {
		fs.Add(sidecar.Warning, "scrape-ca", "appMetrics.port",
			fmt.Sprintf("port %d uses TLS, and Prometheus has no CA to verify its certificate", s.port),
			"write trust in the proxy and monitor: PodMonitor or ServiceMonitor, or serve metrics on a port of their own")
	}
	if t.ClientCertificate || t.Authenticated {
		fs.Add(sidecar.Warning, "scrape-refused", "appMetrics.port",
			fmt.Sprintf("port %d requires credentials, which Prometheus doesn't have", s.port),
			"make the path public, or serve metrics on a port of their own")
	}
}

// checkAnnotations finds pods with annotations for another port: they can name only one.
func (p *Exporter) checkAnnotations(w *sidecar.Workload, fs *sidecar.Findings) {
	all := p.scrapePlaces(w)
	wanted, have := all[0].scrapeAnnotations(), w.Pod.Annotations
	if have[sidecar.ScrapeKey] != "true" || have[sidecar.ScrapePortKey] == wanted[sidecar.ScrapePortKey] {
		return
	}
	announced := "all of its ports"
	if have[sidecar.ScrapePortKey] != "" {
		announced = "port " + strconv.Quote(have[sidecar.ScrapePortKey])
	}
	fs.Add(sidecar.Error, "scrape-ports", "monitor",
		"the pod's annotations announce "+announced+" already, and can name only one port",
		"write monitor: PodMonitor, which leaves the annotations to the app's own metrics")
}

// Check finds errors in the entry for this workload.
func (p *Exporter) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	if w.App == nil {
		fs.AddUnfit(sidecar.Error, "no-container", "", "the pod has no container to serve", "write app")
		return fs
	}
	known := p.knownPreset()
	if p.runsExporter() {
		p.checkApp(w, &fs)
		p.checkInputs(w, &fs)
		if known.Receives {
			pattern.CheckPodNetwork(w, &fs) // it listens on 127.0.0.1
		} else if pattern.CheckLinux(w, &fs); w.Pod.Spec.HostNetwork {
			fs.AddUnfit(sidecar.Warning, "host-network", "",
				fmt.Sprintf("metrics are on the node's port %d, open to everybody who reaches the node, and two of these pods "+
					"would collide", p.metricsPort()), "remove hostNetwork, or exclude this workload")
		}
		if known.Note != "" {
			fs.Add(sidecar.Info, "exporter-note", "preset", known.Note, "")
		}
		if known.Receives && len(p.AppEnv) == 0 {
			fs.Add(sidecar.Info, "exporter-untold", "appEnv", "no variable points the app to its exporter",
				fmt.Sprintf("make sure that its own configuration has 127.0.0.1:%d", p.appPort()))
		}
		if known.EndsWithoutApp && w.Placement == sidecar.Native {
			fs.Add(sidecar.Warning, "exporter-ends", "",
				"the exporter of "+known.Name+
					" exits if the app isn't running yet, and a native sidecar starts before the app",
				"write placement: beside")
		}
		p.checkTwice(w, &fs)
	}
	if m := p.AppMetrics; m != nil && !w.DeclaresPort(m.Port) && w.LoopbackPort(m.Port) == m.Port {
		fs.AddUnfit(sidecar.Error, "port-unknown", "appMetrics.port", describeUndeclared(w, m.Port),
			declaredBy(w, m.Port, "declare the port in the container: Prometheus looks for declared ports"))
	}
	p.checkScrapes(w, &fs)
	return fs
}

// checkApp finds apps that don't listen where the exporter connects.
func (p *Exporter) checkApp(w *sidecar.Workload, fs *sidecar.Findings) {
	known, port := p.knownPreset(), p.appPort()
	if port == 0 || known.Receives || !strings.Contains(p.writtenTexts(), "{port}") || w.LoopbackPort(port) != port ||
		sidecar.DeclaresPort(w.App, port) {
		return
	}
	message, hint := describeUndeclared(w, port), declaredBy(w, port, "write port, or uri where it's reached otherwise")
	switch {
	case p.Port == 0:
		fs.AddUnfit(sidecar.Error, "port-unknown", "port", message, hint)
	case !known.Status && p.Preset != "":
		fs.Add(sidecar.Warning, "port-unknown", "port", message, hint)
	}
}

func describeUndeclared(w *sidecar.Workload, port int32) string {
	return fmt.Sprintf("container %s doesn't declare port %d (it declares %s)", w.App.Name, port,
		cmp.Or(strings.Join(pattern.DescribeTCPPorts(w.App), ", "), "no port"))
}

// declaredBy returns a hint at another container that declares the port, else the given
// hint.
func declaredBy(w *sidecar.Workload, port int32, hint string) string {
	for _, c := range pattern.RunningContainers(w) {
		if c.Name != "" && c.Name != w.App.Name && c.Name != w.Name && sidecar.DeclaresPort(&c, port) {
			return fmt.Sprintf("container %s does: write app: %s if that is the one", c.Name, c.Name)
		}
	}
	return hint
}

// checkInputs finds Secrets and ConfigMaps of the input that lack a needed key.
func (p *Exporter) checkInputs(w *sidecar.Workload, fs *sidecar.Findings) {
	keys := p.credentialKeys()
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if have, known := w.Secrets[p.Credentials.SecretName]; known && !slices.Contains(have, keys[name]) {
			fs.Add(sidecar.Error, "secret-key", "credentials",
				fmt.Sprintf("Secret %s has no key %s for %s (it has %s)", p.Credentials.SecretName, keys[name], name,
					pattern.JoinSorted(have)), "set the key in credentials.keys")
		}
	}
	p.checkUserName(w, fs)
	if p.ConfigMap == nil {
		return
	}
	if m := w.ConfigMap(p.ConfigMap.Name); m != nil && !slices.Contains(m.Keys, p.ConfigMap.fileKey()) {
		fs.Add(sidecar.Error, "config-key", "configMap",
			fmt.Sprintf("ConfigMap %s has no key %s (it has %s)", p.ConfigMap.Name, p.ConfigMap.fileKey(),
				pattern.JoinSorted(m.Keys)), "set configMap.key")
	}
}

// checkUserName finds a Secret of the documented form, with username and password, whose user name the exporter
// wouldn't get: it would log in as somebody else. Whoever names keys, or sets the name otherwise, has decided.
func (p *Exporter) checkUserName(w *sidecar.Workload, fs *sidecar.Findings) {
	if p.Credentials == nil || len(p.Credentials.Keys) > 0 {
		return
	}
	const user, password = "username", "password"
	known := p.knownPreset()
	used := slices.Sorted(maps.Values(known.Credentials))
	if !slices.Contains(w.Secrets[p.Credentials.SecretName], user) || !slices.Equal(used, []string{password}) {
		return
	}
	variable := ""
	for _, name := range known.Secrets {
		if known.Credentials[name] == "" {
			variable = name
		}
	}
	if _, set := p.Env[variable]; set || known.UserArg != "" && p.hasFlag(known.UserArg) {
		return
	}
	alone := strings.Join(slices.Collect(maps.Keys(known.Credentials)), "") + ": " + password
	hint := "write args: [" + known.UserArg + "=...] with that name"
	if variable != "" {
		hint = fmt.Sprintf("write credentials.keys: {%s, %s: %s}", alone, variable, user)
	}
	hint += fmt.Sprintf(", or, if it isn't meant, credentials.keys: {%s}", alone)
	fs.Add(sidecar.Error, "credentials-unused", "credentials",
		fmt.Sprintf("Secret %s has a %s, which the exporter of %s wouldn't use", p.Credentials.SecretName, user, known.Name),
		hint)
}

// checkTwice finds several pods with exporters that all report the whole cluster.
func (p *Exporter) checkTwice(w *sidecar.Workload, fs *sidecar.Findings) {
	known := p.knownPreset()
	if w.Ref.Kind != "DaemonSet" && (w.Replicas == nil || *w.Replicas < 2) {
		return
	}
	if known.OncePerCluster {
		fs.Add(sidecar.Warning, "exporter-twice", "preset",
			"the exporter of "+known.Name+
				" reports the whole cluster, and there is one in each pod, so everything is counted several times",
			"run it in one pod of its own")
	}
	for i, arg := range p.Args {
		if slices.ContainsFunc(known.ClusterArgs, func(c string) bool { return flagName(c) == flagName(arg) }) {
			fs.Add(sidecar.Warning, "exporter-twice", fmt.Sprintf("args[%d]", i),
				"with --"+flagName(arg)+
					" it reports the whole cluster, and there is one in each pod, so everything is counted several times", "remove it")
		}
	}
}

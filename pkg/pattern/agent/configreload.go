// Package agent holds helpers that run beside the app or are loaded into it:
// ConfigReload, RedisCache, GitSync, OTelAgent and JavaAgent.
package agent

import (
	"cmp"
	_ "embed"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// ConfigReload watches the ConfigMaps and Secrets that the app mounts and tells the
// app when they change, by an HTTP request or by a signal. The kubelet brings a
// change within a minute or two; what an app has as variables, or mounts by subPath,
// never changes in a running container.
type ConfigReload struct {
	// Volumes are the volumes of ConfigMaps, Secrets or both (projected) to be
	// watched, by their names in the pod. Default: all that the app mounts.
	Volumes []string `json:"volumes,omitempty"`
	// Webhook tells the app by an HTTP request. Either this or signal is required.
	Webhook *ReloadWebhook `json:"webhook,omitempty"`
	// Signal tells the app by a signal. The containers of the pod share their
	// processes for it (shareProcessNamespace): they see each other's, and what was
	// process 1 of its container isn't any more.
	Signal *ReloadSignal `json:"signal,omitempty"`
	// PeriodSeconds is how often is looked whether something has changed. An app that
	// can't be told is asked again after two such periods, then later and later, up to
	// 33 of them. Default: 10.
	PeriodSeconds int32 `json:"periodSeconds,omitempty"`
}

// A ReloadWebhook is an HTTP request that makes an app read its files again.
type ReloadWebhook struct {
	// URL of the app on 127.0.0.1, as in http://127.0.0.1:9090/-/reload. Where another
	// sidecar takes the app's port over, write it as it was: the request goes to where
	// the app is then. Required.
	URL string `json:"url"`
	// Method of the request. Any answer of 200 to 299 means that it was heard.
	// Default: POST.
	Method HTTPMethod `json:"method,omitempty"`
}

// An HTTPMethod is one that changes something, or that apps take for it.
type HTTPMethod string

const (
	Post HTTPMethod = "POST"
	Put  HTTPMethod = "PUT"
	Get  HTTPMethod = "GET"
)

// A ReloadSignal is a signal that makes an app read its files again.
type ReloadSignal struct {
	// Process is the name of the app's executable, as in haproxy. Of several processes
	// of that name, those are told that none of the others has started. Required.
	Process string `json:"process"`
	// Signal that is sent. SIGTERM ends the app, and the kubelet starts it again.
	// Default: SIGHUP.
	Signal SignalName `json:"signal,omitempty"`
}

// A SignalName is a signal by which programs are told to read their files again.
type SignalName string

const (
	HUP  SignalName = "SIGHUP"
	USR1 SignalName = "SIGUSR1"
	USR2 SignalName = "SIGUSR2"
	TERM SignalName = "SIGTERM"
)

var _ sidecar.Pattern = (*ConfigReload)(nil)

const (
	reloadDir = "/etc/outrigger/reload" // where the script is
	watchDir  = "/etc/outrigger/watch"  // where the volumes are, by their names

	watchKey = "run.sh" // the script, in its ConfigMap

	reloadSeconds = 10
)

// watchScript looks and tells. Of the programs that could be had, one knows HTTP
// only, and the one that sends signals wants to hear from Prometheus' own API that
// they arrived.
//
//go:embed reload.sh
var watchScript string

// reloadSize: a shell, and now and then a curl.
var reloadSize = pattern.Size{CPU: "5m", Memory: "8Mi", MaxMemory: "32Mi", FixedCPU: "50m"}

// Change adds the watcher.
func (p *ConfigReload) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	object := w.ObjectName()
	c := &sidecar.Change{
		Phase:      sidecar.PhaseExporter,
		Containers: []corev1.Container{p.newWatcher(w)},
		Volumes:    []corev1.Volume{pattern.ConfigMapVolume(pattern.VolumeName(w, "script"), object)},
		Objects:    []sidecar.Object{pattern.NewConfigMap(object, map[string]string{watchKey: watchScript})},
	}
	if p.Signal != nil {
		c.Pod.ShareProcessNamespace = new(true)
	}
	return c, nil
}

// newWatcher has the same volumes as the app, read-only. There are no probes: it
// serves nobody, and a pod isn't worse for it. As a native sidecar it knows what the
// files were before the app has read them.
func (p *ConfigReload) newWatcher(w *sidecar.Workload) corev1.Container {
	c := corev1.Container{
		Name:         w.Name,
		Command:      []string{"sh", reloadDir + "/" + watchKey},
		Resources:    reloadSize.Resources(w),
		VolumeMounts: []corev1.VolumeMount{{Name: pattern.VolumeName(w, "script"), MountPath: reloadDir, ReadOnly: true}},
	}
	if p.Webhook != nil {
		c.Image, c.Args = pattern.CurlImage.Ref,
			[]string{"webhook", cmp.Or(string(p.Webhook.Method), string(Post)), p.webhookURL(w)}
		c.SecurityContext = pattern.RestrictedSecurityContext(pattern.CurlImage)
	} else {
		c.Image, c.Args = pattern.BusyboxImage.Ref,
			[]string{"signal", strings.TrimPrefix(cmp.Or(string(p.Signal.Signal), string(HUP)), "SIG"), p.Signal.Process}
		c.SecurityContext = p.sameUser(w)
	}
	c.Args = append(c.Args, strconv.Itoa(int(cmp.Or(p.PeriodSeconds, reloadSeconds))))
	for _, name := range p.watchedVolumes(w) {
		dir := watchDir + "/" + name
		c.Args = append(c.Args, dir)
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: dir, ReadOnly: true})
	}
	return c
}

func leadingNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // url.Parse has refused it
	}
	return n
}

// webhookURL leads to the app where it listens now.
func (p *ConfigReload) webhookURL(w *sidecar.Workload) string {
	u, err := url.Parse(p.Webhook.URL)
	if err != nil {
		return p.Webhook.URL // Validate says so
	}
	port := int32(leadingNumber(u.Port()))
	switch {
	case port != 0:
	case u.Scheme == "https":
		port = 443
	default:
		port = 80
	}
	if at := w.Listens(port); at != port {
		u.Host = fmt.Sprintf("127.0.0.1:%d", at)
		u.Scheme = "http" // who takes a port over speaks plain with the app
	}
	return u.String()
}

// sameUser is that of the app: only a process of the same user, or one with more
// rights than a sidecar should have, may send it a signal.
func (p *ConfigReload) sameUser(w *sidecar.Workload) *corev1.SecurityContext {
	uid, gid := pattern.RunsAs(w, w.App)
	i := pattern.BusyboxImage
	if uid != nil {
		i.UID = *uid
	}
	if gid != nil {
		i.GID = *gid
	}
	s := pattern.RestrictedSecurityContext(i)
	s.RunAsNonRoot = new(i.UID != 0)
	return s
}

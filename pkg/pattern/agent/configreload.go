// Package agent holds helpers that run beside the app or are loaded into it: ConfigReload,
// RedisCache, GitSync, OTelAgent and JavaAgent.
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

// ConfigReload watches the ConfigMaps and Secrets that the app mounts, and notifies the app
// of changes with an HTTP request or a signal. The kubelet updates mounted files within a
// minute or two. Variables, and files that are mounted with subPath, never change in a
// running container.
type ConfigReload struct {
	// Volumes are the names of the pod's volumes to watch: those of ConfigMaps, Secrets or
	// both (projected). Default: all that the app mounts.
	Volumes []string `json:"volumes,omitempty"`
	// Webhook is an HTTP request that notifies the app. Either webhook or signal is
	// required.
	Webhook *ReloadWebhook `json:"webhook,omitempty"`
	// Signal notifies the app. It makes the containers of the pod share their processes
	// (shareProcessNamespace): they see each other's processes, and none of them has
	// process 1 any more.
	Signal *ReloadSignal `json:"signal,omitempty"`
	// PeriodSeconds is the time between two checks for changes. If notifying the app fails,
	// the next attempt follows after two periods, then after longer and longer times, up to
	// 33 periods. Default: 10.
	PeriodSeconds int32 `json:"periodSeconds,omitempty"`
}

// A ReloadWebhook is an HTTP request that makes an app read its files again.
type ReloadWebhook struct {
	// URL of the app on 127.0.0.1, as in http://127.0.0.1:9090/-/reload. Write the app's
	// original port, even if another sidecar takes it over: the request goes to the port on
	// which the app then listens. Required.
	URL string `json:"url"`
	// Method of the request. A status from 200 to 299 means success. Default: POST.
	Method HTTPMethod `json:"method,omitempty"`
}

// An HTTPMethod is a method that may make an app reload.
type HTTPMethod string

const (
	Post HTTPMethod = "POST"
	Put  HTTPMethod = "PUT"
	Get  HTTPMethod = "GET"
)

// A ReloadSignal is a signal that makes an app read its files again.
type ReloadSignal struct {
	// Process is the name of the app's executable, as in haproxy. If several processes have
	// that name, only those get the signal that no other one of them has started. Required.
	Process string `json:"process"`
	// Signal to send. SIGTERM ends the app, and the kubelet restarts it. Default: SIGHUP.
	Signal SignalName `json:"signal,omitempty"`
}

// A SignalName is a signal that makes programs read their files again.
type SignalName string

const (
	HUP  SignalName = "SIGHUP"
	USR1 SignalName = "SIGUSR1"
	USR2 SignalName = "SIGUSR2"
	TERM SignalName = "SIGTERM"
)

var _ sidecar.Pattern = (*ConfigReload)(nil)

const (
	reloadDir = "/etc/outrigger/reload" // of the script
	watchDir  = "/etc/outrigger/watch"  // of the volumes, each in a folder with its name

	watchKey = "run.sh" // key of the script in its ConfigMap

	reloadSeconds = 10
)

// watchScript detects changes and notifies the app. Of the existing programs, one only
// sends HTTP requests, and the one that sends signals needs metrics of the app to verify
// that they arrived.
//
//go:embed reload.sh
var watchScript string

// reloadSize: a shell, and a curl from time to time.
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

// newWatcher returns a container with the app's volumes, read-only. There are no probes: it
// serves nothing, and the pod works without it. As a native sidecar, it reads the state of
// the files before the app does.
func (p *ConfigReload) newWatcher(w *sidecar.Workload) corev1.Container {
	c := corev1.Container{
		Name:         w.Name,
		Command:      []string{"sh", reloadDir + "/" + watchKey},
		Resources:    reloadSize.Resources(w),
		VolumeMounts: []corev1.VolumeMount{{Name: pattern.VolumeName(w, "script"), MountPath: reloadDir, ReadOnly: true}},
	}
	if p.Webhook != nil {
		c.Image, c.Args = w.Pulled(pattern.CurlImage.Ref),
			[]string{"webhook", cmp.Or(string(p.Webhook.Method), string(Post)), p.webhookURL(w)}
		c.SecurityContext = pattern.RestrictedSecurityContext(pattern.CurlImage)
	} else {
		c.Image, c.Args = w.Pulled(pattern.BusyboxImage.Ref),
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
		return 0 // url.Parse refuses such a port
	}
	return n
}

// webhookURL returns the URL with the port on which the app listens now.
func (p *ConfigReload) webhookURL(w *sidecar.Workload) string {
	u, err := url.Parse(p.Webhook.URL)
	if err != nil {
		return p.Webhook.URL // Validate reports it
	}
	port := int32(leadingNumber(u.Port()))
	switch {
	case port != 0:
	case u.Scheme == "https":
		port = 443
	default:
		port = 80
	}
	if at := w.LoopbackPort(port); at != port {
		u.Host = fmt.Sprintf("127.0.0.1:%d", at)
		u.Scheme = "http" // behind a takeover, the app uses plain HTTP
	}
	return u.String()
}

// sameUser returns a securityContext with the app's user. Only a process of the same user
// may send it a signal, or one with more rights than a sidecar should have.
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

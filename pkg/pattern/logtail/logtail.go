// Package logtail holds LogTail, which streams log files of the app to stdout or ships
// them with fluent-bit.
package logtail

import (
	"cmp"
	_ "embed"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// LogTail streams log files of the app to stdout, where the cluster's log collector finds
// them. Each file has a container of its own, so that lines of different files don't mix.
// Instead, a fluent-bit can parse and ship them. Files are followed through rotation,
// whether they're renamed, truncated or written anew. A restarted container streams the
// existing content again; fluent-bit continues where it was.
type LogTail struct {
	// Directory is the folder in which the app writes the files, as the app's container
	// sees it. If no volume is there, it becomes an emptyDir, which is empty when the app
	// starts, and writable for every user.
	Directory string `json:"directory"`
	// Files are names in the directory, or patterns with *, ? and [...], as in [app.log,
	// "*.json"]. The files needn't exist yet. New matches of a pattern are found within
	// five seconds. Compressed files are left out. A pattern mustn't match the copies that
	// a rotation makes. A file is looked for once a second: if it's renamed twice within
	// one, the lines of the file in between are lost, unless a pattern matches its new name
	// too, as app.log*, also with fluentBit.
	Files []string `json:"files" config:"nonempty"`
	// Merge streams all files with one container. Lines of different files may mix.
	// Default: false.
	Merge bool `json:"merge,omitempty"`
	// From is where to begin in files that exist when the pod starts: start (all content)
	// or end (only what is added). Default: start. If the volume outlives the pod and the
	// placement is native, the default is end, since the pod before has streamed the rest.
	From LogStart `json:"from,omitempty"`
	// Volume names a volume of the pod to mount at the directory, if the app doesn't mount
	// it itself. Default: the volume that the app has there or above, else an emptyDir.
	Volume string `json:"volume,omitempty"`
	// SizeLimit of the emptyDir. A pod with larger files is evicted, so the app must rotate
	// them well below. Without a limit, they would fill the node's disk, and other pods
	// would be evicted too. The same amount is requested from the node. Default: 1Gi.
	SizeLimit *resource.Quantity `json:"sizeLimit,omitempty"`
	// AppConfig is a configuration file that makes the app log there.
	AppConfig *LogConfig `json:"appConfig,omitempty"`
	// FluentBit parses and ships the files, in place of a container for each.
	FluentBit *FluentBit `json:"fluentBit,omitempty"`
}

// LogStart is where to begin in files that exist already.
type LogStart string

const (
	FromStart LogStart = "start"
	FromEnd   LogStart = "end"
)

var (
	_ sidecar.Pattern        = (*LogTail)(nil)
	_ sidecar.ContainerNamer = (*LogTail)(nil)
)

// The scripts that containers run. Most files are no patterns, and get the simpler script.
var (
	//go:embed files/tail.sh
	tailScript string
	//go:embed files/patterns.sh
	patternsScript string
)

const (
	logsDir      = "/logs" // of the volume in the sidecar
	defaultLimit = "1Gi"

	// nativeDrain is how many seconds a tail continues after the app has ended: it reads once a
	// second. The kubelet gives each native sidecar at least two seconds.
	nativeDrain = 2
	// besideDrain is the same where both get their signal at once: the app then still waits for
	// its Services, and writes its last lines.
	besideDrain = 10
)

// tailSize: a shell and a tail for each file take 60 KiB each. The rest is for kernel
// memory of these, and for about a hundred files of a pattern.
var tailSize = pattern.Size{CPU: "5m", Memory: "8Mi", MaxMemory: "32Mi", FixedCPU: "20m"}

// Change adds the containers that stream the files, and the volume that they share with the
// app.
func (p *LogTail) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	at, _ := p.findPlace(w) // Check has reported the errors
	c := &sidecar.Change{Phase: sidecar.PhaseExporter}
	if at.own {
		c.Volumes = append(c.Volumes, corev1.Volume{Name: at.mount.Name, VolumeSource: corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(p.sizeLimit())}}})
	}
	if at.lay {
		c.App.VolumeMounts = append(c.App.VolumeMounts, corev1.VolumeMount{Name: at.mount.Name, MountPath: p.Directory})
	}
	files := map[string]string{}
	p.AppConfig.addFile(w, c, files)
	if p.FluentBit != nil {
		p.fluentBit(w, at, c, files)
	} else {
		for _, t := range p.tailsOf(w.Name) {
			c.Containers = append(c.Containers, p.newTail(w, at, t))
		}
	}
	if len(files) > 0 {
		c.Objects = []sidecar.Object{pattern.NewConfigMap(w.ObjectName(), files)}
	}
	if at.own { // the pod's volume counts as a request of one container
		r := &c.Containers[0].Resources
		r.Requests = r.Requests.DeepCopy()
		r.Requests[corev1.ResourceEphemeralStorage] = p.sizeLimit()
	}
	return c, nil
}

func (p *LogTail) sizeLimit() resource.Quantity {
	if p.SizeLimit != nil {
		return p.SizeLimit.DeepCopy()
	}
	return resource.MustParse(defaultLimit)
}

// newTail returns a container that streams files with busybox's tail. It has no probes:
// nothing listens, and its shell exits when a tail does. The volume is read-only here. The
// user is the app's, which can read what it has written.
func (p *LogTail) newTail(w *sidecar.Workload, at logPlace, t tail) corev1.Container {
	script := tailScript
	if slices.ContainsFunc(t.files, isPattern) {
		script = patternsScript
	}
	from := "+1"
	if p.startOf(w, at) == FromEnd {
		from = "0"
	}
	drain := nativeDrain
	if w.Placement == sidecar.Beside {
		drain = besideDrain
	}
	args := []string{from, strconv.Itoa(drain)}
	for _, f := range t.files {
		args = append(args, path.Join(at.dir, f))
	}
	return corev1.Container{
		Name:            t.name,
		Image:           w.Pulled(pattern.BusyboxImage.Ref),
		Command:         []string{"sh", "-c", script, "tail"},
		Args:            args,
		Env:             at.env,
		Resources:       tailSize.Resources(p.withoutTails(w)),
		VolumeMounts:    []corev1.VolumeMount{at.mount},
		SecurityContext: pattern.RestrictedSecurityContext(p.findUser(w, pattern.BusyboxImage)),
	}
}

// startOf returns where to begin in files that exist when the pod starts. Logs of an init
// container exist by then.
func (p *LogTail) startOf(w *sidecar.Workload, at logPlace) LogStart {
	if p.From == "" && at.lasts && w.Placement != sidecar.Beside && !w.EndsBeforeApp(w.App) {
		return FromEnd
	}
	return LogStart(cmp.Or(string(p.From), string(FromStart)))
}

// A tail is a container and the files that it streams.
type tail struct {
	name  string
	files []string
}

// tailsOf returns the containers. One for all files has the name of the sidecar.
func (p *LogTail) tailsOf(name string) []tail {
	if p.Merge || p.FluentBit != nil || len(p.Files) == 1 {
		return []tail{{name, p.Files}}
	}
	var all []tail
	for i, stem := range fileStems(p.Files) {
		all = append(all, tail{sidecar.Shorten(name+"-"+stem, sidecar.LabelLength), p.Files[i : i+1]})
	}
	return all
}

// ContainerNames returns the names of the containers.
func (p *LogTail) ContainerNames(name string) (names []string) {
	for _, t := range p.tailsOf(name) {
		names = append(names, t.name)
	}
	return names
}

// withoutTails returns the pod without the containers of an earlier run.
func (p *LogTail) withoutTails(w *sidecar.Workload) *sidecar.Workload {
	own := p.ContainerNames(w.Name)
	bare := *w
	isOwn := func(c corev1.Container) bool { return slices.Contains(own, c.Name) }
	bare.Pod.Spec.Containers = slices.DeleteFunc(slices.Clone(w.Pod.Spec.Containers), isOwn)
	bare.Pod.Spec.InitContainers = slices.DeleteFunc(slices.Clone(w.Pod.Spec.InitContainers), isOwn)
	return &bare
}

func isPattern(file string) bool { return strings.ContainsAny(file, "*?[") }

// fileStems returns a short, unique name for each file: app for app.log, json for *.json.
// The name of a file doesn't depend on the other files, unless two would be the same.
func fileStems(files []string) []string {
	out := make([]string, len(files))
	count := map[string]int{}
	for i, f := range files {
		base := path.Base(f)
		ext := path.Ext(base)
		out[i] = cmp.Or(plainWords(strings.TrimSuffix(base, ext)), cmp.Or(plainWords(ext), "files"))
		count[out[i]]++
	}
	for i, f := range files {
		if count[out[i]] > 1 {
			out[i] = sidecar.Label(f)
		}
	}
	return out
}

// plainWords keeps lower case letters and digits, and joins them with dashes.
func plainWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}

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

// LogTail streams log files of the app to stdout, where the cluster's collector
// finds them: one container for each file, so that no line is torn by another
// file's. Or a fluent-bit parses them and ships them itself. Files are followed
// through rotation, whether they're renamed, truncated or written anew. What stands
// in them already when such a container is restarted is streamed again; fluent-bit
// goes on where it was.
type LogTail struct {
	// Directory is the folder of the app's container in which it writes the files.
	// What isn't on a volume there gets an emptyDir, which is empty when the app
	// starts, and on which the app can write whoever it is.
	Directory string `json:"directory"`
	// Files are their names in the directory, or patterns of names with *, ? and
	// [...], as in [app.log, "*.json"]. They needn't be there yet. What a pattern
	// matches is found within five seconds, but for compressed files; it mustn't
	// match the copies that a rotation by copying makes.
	Files []string `json:"files" config:"nonempty"`
	// Merge streams all files by one container. Lines of different files may tear
	// each other then. Default: false.
	Merge bool `json:"merge,omitempty"`
	// From says what is streamed of files that are there when the pod starts: start
	// (all of it) or end (what is added). Default: start; end where the volume
	// outlives the pod and the placement is native, as the pod before has streamed
	// the rest.
	From LogStart `json:"from,omitempty"`
	// Volume names a volume of the pod that is mounted on the directory, where the
	// app doesn't mount it itself. Default: the one that the app has there or above,
	// else an emptyDir.
	Volume string `json:"volume,omitempty"`
	// SizeLimit of the emptyDir. A pod whose files grow larger is evicted, so the app
	// has to rotate them well below; without a limit, they'd fill the node's disk, and
	// other pods would be evicted too. As much is requested of the node. Default: 1Gi.
	SizeLimit *resource.Quantity `json:"sizeLimit,omitempty"`
	// AppConfig gives the app a file that tells it to log there.
	AppConfig *LogConfig `json:"appConfig,omitempty"`
	// FluentBit parses and ships the files, instead of a container for each.
	FluentBit *FluentBit `json:"fluentBit,omitempty"`
}

// LogStart says what is streamed of files that are there already.
type LogStart string

const (
	FromStart LogStart = "start"
	FromEnd   LogStart = "end"
)

var (
	_ sidecar.Pattern = (*LogTail)(nil)
	_ sidecar.Namer   = (*LogTail)(nil)
)

// The scripts that containers begin with. Most need no patterns, and get the one
// that can be read at a glance.
var (
	//go:embed files/tail.sh
	tailScript string
	//go:embed files/patterns.sh
	patternsScript string
)

const (
	logsDir      = "/logs" // where the sidecar has the volume
	defaultLimit = "1Gi"

	// nativeDrain is how long a tail goes on when the app has ended: it looks once a
	// second. The kubelet gives every native sidecar two seconds, if late.
	nativeDrain = 2
	// besideDrain is the same where both are told to end at once: the app waits for
	// its Services by then, and has its last lines to write.
	besideDrain = 10
)

// tailSize: a shell and a tail for each file, of 60 KiB each; the rest is for what
// the kernel keeps for them, and for some hundred files of a pattern.
var tailSize = pattern.Size{CPU: "5m", Memory: "8Mi", MaxMemory: "32Mi", FixedCPU: "20m"}

// Change adds the containers that stream the files, and the volume that they share
// with the app.
func (p *LogTail) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	at, _ := p.findPlace(w) // check has told what is wrong
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
	if at.own { // the volume is the pod's, and a request one of its containers'
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

// newTail streams files by busybox's tail. There are no probes: nothing listens,
// and its shell ends when a tail does. The volume is read-only here, and its user
// the app's, who can read what it has written.
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
		Image:           pattern.BusyboxImage.Ref,
		Command:         []string{"sh", "-c", script, "tail"},
		Args:            args,
		Env:             at.env,
		Resources:       tailSize.Resources(p.withoutTails(w)),
		VolumeMounts:    []corev1.VolumeMount{at.mount},
		SecurityContext: pattern.RestrictedSecurityContext(p.findUser(w, pattern.BusyboxImage)),
	}
}

// startOf is where files begin that are there when the pod starts. Logs of an init
// container are there by then.
func (p *LogTail) startOf(w *sidecar.Workload, at logPlace) LogStart {
	if p.From == "" && at.lasts && w.Placement != sidecar.Beside && !w.Ends(w.App) {
		return FromEnd
	}
	return LogStart(cmp.Or(string(p.From), string(FromStart)))
}

// A tail is a container and what it streams.
type tail struct {
	name  string
	files []string
}

// tailsOf are the containers: one file's is named as the sidecar.
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

// Names of the containers.
func (p *LogTail) Names(name string) (names []string) {
	for _, t := range p.tailsOf(name) {
		names = append(names, t.name)
	}
	return names
}

// withoutTails is the pod without the containers of an earlier run.
func (p *LogTail) withoutTails(w *sidecar.Workload) *sidecar.Workload {
	own := p.Names(w.Name)
	bare := *w
	mine := func(c corev1.Container) bool { return slices.Contains(own, c.Name) }
	bare.Pod.Spec.Containers = slices.DeleteFunc(slices.Clone(w.Pod.Spec.Containers), mine)
	bare.Pod.Spec.InitContainers = slices.DeleteFunc(slices.Clone(w.Pod.Spec.InitContainers), mine)
	return &bare
}

func isPattern(file string) bool { return strings.ContainsAny(file, "*?[") }

// fileStems are short names of files, each another: app.log is app, *.json is json. The
// name of a file doesn't change with the other files, but where two would be alike.
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

// plainWords leaves lower case letters and digits, with dashes between them.
func plainWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}

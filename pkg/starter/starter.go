// Package starter writes the first Sidecars document for a workload: an entry for one pattern, with the names and
// ports of the workload, and comments at what only a person can know.
package starter

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Workload is what a document can be written for.
type Workload struct {
	Ref    sidecar.Ref
	File   string
	Image  string            // of the app's container
	Port   int32             // its first TCP port; 0 if it declares none
	Mounts []string          // the volumes that it mounts
	Labels map[string]string // of the pods
}

// FindWorkloads returns the workloads of texts in their order. Patches, and objects that no cluster takes, aren't
// workloads.
func FindWorkloads(texts []*manifest.Text) (all []Workload) {
	manifest.MarkPatches(texts)
	for _, t := range texts {
		for _, o := range t.Objects {
			at, ok := o.Template(nil)
			if !ok || o.PatchedBy() != "" || o.IsOnlyLocal() {
				continue
			}
			var pod corev1.PodTemplateSpec
			if o.Decode(at, &pod) != nil || len(pod.Spec.Containers) == 0 {
				continue
			}
			all = append(all, newWorkload(o, pod))
		}
	}
	return all
}

func newWorkload(o *manifest.Object, pod corev1.PodTemplateSpec) Workload {
	app := pod.Spec.Containers[0]
	w := Workload{Ref: o.Ref, File: o.File(), Image: app.Image, Labels: pod.Labels}
	for _, p := range app.Ports {
		if p.Protocol == "" || p.Protocol == corev1.ProtocolTCP {
			w.Port = cmp.Or(w.Port, p.ContainerPort)
		}
	}
	for _, m := range app.VolumeMounts {
		w.Mounts = append(w.Mounts, m.Name)
	}
	return w
}

// Options say where a document is for.
type Options struct {
	Function bool   // kustomize runs it as a function: it has the annotation that says how
	Local    bool   // it lies among manifests that are applied, and must not be
	Schema   string // the name of its schema, beside it
	Labels   bool   // it runs where names have got prefixes: it selects by a label of the pods, if there is a usual one
}

// A Document is a Sidecars document with the lines of it that a person must look at.
type Document struct {
	Text  string
	Check []string
}

// checkMark begins the comment at a value that is made up.
const checkMark = "# check: "

// WriteDocuments writes documents for a workload and a pattern, each of which may do; the first is the best. It fails
// if the pattern needs what the workload hasn't, such as a port.
func WriteDocuments(w Workload, pattern string, opt Options) (all []Document, err error) {
	forms, ok := starts[pattern]
	if !ok {
		return nil, fmt.Errorf("there is no pattern %q; it's one of %s", pattern, strings.Join(config.PatternKeys(), ", "))
	}
	if !hasOnly(w.Ref.Name, lower+digits+"-.") || !hasOnly(w.Ref.Kind, lower+upper+digits) {
		return nil, fmt.Errorf("%s: the cluster takes no such name or kind; mend it first", w.Ref)
	}
	failure := fmt.Errorf("%s: no preset of %s is for the image %s; outrigger explain %[2]s says how to do without one",
		w.Ref, pattern, w.Image)
	for _, form := range forms {
		entry, err := w.fillEntry(form)
		if err != nil {
			failure = fmt.Errorf("%s: %w", w.Ref, err)
			continue
		}
		text := w.writeHead(opt) + "  patterns:\n    - " + pattern + ":\n" + indentLines(entry, 8)
		if _, fs := config.Read([]byte(text), ""); !fs.Failed() { // no preset may have that name
			all = append(all, Document{text, findChecks(text)})
		}
	}
	if len(all) == 0 {
		return nil, failure
	}
	return all, nil
}

// writeHead returns the document up to its patterns.
func (w Workload) writeHead(opt Options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=%s\napiVersion: %s\nkind: %s\nmetadata:\n  name: %s\n",
		opt.Schema, config.APIVersion, config.Kind, QuoteName(w.Ref.Name))
	switch {
	case opt.Function:
		b.WriteString("  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: outrigger}\n")
	case opt.Local:
		fmt.Fprintf(&b, "  annotations:\n    %s: \"true\"\n", manifest.LocalKey)
	}
	fmt.Fprintf(&b, "spec:\n  select:\n    - kind: %s\n", w.Ref.Kind)
	for _, key := range []string{"app.kubernetes.io/name", "app"} {
		if value := w.Labels[key]; opt.Labels && hasOnly(value, lower+upper+digits+"-_.") {
			fmt.Fprintf(&b, "      podSelector: %s=%s # its name may have a prefix here\n", key, value)
			return b.String()
		}
	}
	fmt.Fprintf(&b, "      name: %s", QuoteName(w.Ref.Name))
	if opt.Labels {
		b.WriteString(" " + checkMark + "it may have a prefix where this runs")
	}
	b.WriteString("\n")
	return b.String()
}

// fillEntry puts a workload's names and ports into an entry.
func (w Workload) fillEntry(entry string) (string, error) {
	volume := ""
	if len(w.Mounts) > 0 {
		volume = w.Mounts[0]
	}
	switch {
	case strings.Contains(entry, "{port}") && w.Port == 0:
		return "", errors.New("its first container declares no port; add ports to it, or choose another pattern")
	case strings.Contains(entry, "{volume}") && volume == "":
		return "", errors.New("its first container mounts no volume; add one, or choose another pattern")
	}
	image, _, _ := strings.Cut(path.Base(w.Image), "@")
	image, _, _ = strings.Cut(image, ":")
	return strings.NewReplacer("{name}", w.Ref.Name, "{quoted}", QuoteName(w.Ref.Name),
		"{port}", strconv.Itoa(int(w.Port)), "{volume}", QuoteName(volume),
		"{image}", QuoteName(image)).Replace(entry), nil
}

// QuoteName writes a name so that YAML 1.1 reads it as text.
func QuoteName(name string) string {
	words := []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
	if !hasOnly(name, lower+digits+"-") || slices.Contains(words, name) || name[0] < 'a' {
		return strconv.Quote(name)
	}
	return name
}

// Characters that names of Kubernetes have.
const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// hasOnly reports whether a text isn't empty and has only these characters. What has others may be made to break out of
// its place in a document.
func hasOnly(text, characters string) bool { return text != "" && strings.Trim(text, characters) == "" }

func indentLines(text string, by int) string {
	space := strings.Repeat(" ", by)
	return space + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+space) + "\n"
}

// findChecks returns the fields that have a mark, with what it says.
func findChecks(text string) (all []string) {
	for line := range strings.Lines(text) {
		if field, what, ok := strings.Cut(strings.TrimSpace(line), checkMark); ok {
			name, _, _ := strings.Cut(strings.TrimLeft(field, "-{ "), ":")
			all = append(all, name+": "+strings.TrimSpace(what))
		}
	}
	return all
}

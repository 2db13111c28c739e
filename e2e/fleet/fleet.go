// Package fleet runs a document for many workloads over a folder of manifests, as somebody's repository has them, and
// counts what became of the workloads.
package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// A Report is what became of the workloads of folders. Repositories have alternatives of one workload, as for another
// way to install: they count once, and so does a warning about the same object. With several sidecars in a document, a
// workload counts for each of them.
type Report struct {
	Runs    int // one for each set of files without an object that is there twice
	Code    int // the highest exit code
	Errors  []string
	served  map[string]bool   // sidecars of workloads
	skipped map[string]string // those that no alternative got: the reason, without names
	warned  map[string]string // printed warnings, without others that are alike: the code
	printed []string          // the same, with their hints, as they're printed
	about   map[string]bool   // the codes and objects of warnings
	skips   map[string]string // those of skipped, as they're printed
}

// NewReport returns an empty report.
func NewReport() *Report {
	return &Report{served: map[string]bool{}, skipped: map[string]string{}, warned: map[string]string{},
		about: map[string]bool{}, skips: map[string]string{}}
}

// Served returns how many workloads got their sidecar.
func (r *Report) Served() int { return len(r.served) }

// Without returns how many didn't.
func (r *Report) Without() int { return len(r.skipped) }

// Skips counts the reasons.
func (r *Report) Skips() map[string]int { return countValues(r.skipped) }

// Warnings counts printed warnings by their codes.
func (r *Report) Warnings() map[string]int { return countValues(r.warned) }

func countValues(all map[string]string) map[string]int {
	counts := map[string]int{}
	for _, value := range all {
		counts[value]++
	}
	return counts
}

// A finding is one of `outrigger inject --findings json`.
type finding struct {
	Severity, Code, Message, Sidecar string
	Object                           struct{ Kind, Namespace, Name string }
}

// CheckFolder runs a program with a document over the manifests of a folder. Files with templates aren't manifests. The
// document says that no workload has to be served (expect): some sets are like that, and their skips are counted.
func CheckFolder(program, document, dir string) (*Report, error) {
	sets, err := readSets(dir)
	if err != nil {
		return nil, err
	}
	r := NewReport()
	for _, files := range sets {
		if err := r.addRun(program, document, files); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// readSets finds the files of a folder. Repositories have alternatives side by side, so a file with an object that
// another file has goes into a set of its own.
func readSets(dir string) (sets [][]string, err error) {
	var seen []map[string]bool // objects of each set
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		objects, isYAML := readObjects(text)
		if len(objects) == 0 || !isYAML && bytes.Contains(text, []byte("{{")) {
			return nil
		}
		i := slices.IndexFunc(seen, func(have map[string]bool) bool {
			return !slices.ContainsFunc(objects, func(o string) bool { return have[o] })
		})
		if i < 0 {
			i, sets, seen = len(sets), append(sets, nil), append(seen, map[string]bool{})
		}
		sets[i] = append(sets[i], path)
		for _, o := range objects {
			seen[i][o] = true
		}
		return nil
	})
	return sets, err
}

// readObjects lists the objects of a file by kind, namespace and name, and says whether all of it can be read.
func readObjects(text []byte) (names []string, isYAML bool) {
	isYAML = true
	for _, doc := range regexp.MustCompile(`(?m)^---.*$`).Split(string(text), -1) {
		var o struct {
			APIVersion, Kind string
			Metadata         struct{ Name, Namespace string }
		}
		if yaml.Unmarshal([]byte(doc), &o) != nil {
			isYAML = false
		}
		if o.Kind == "" || o.APIVersion == "" {
			continue
		}
		group, _, _ := strings.Cut(o.APIVersion, "/")
		names = append(names, strings.Join([]string{group, o.Kind, o.Metadata.Namespace, o.Metadata.Name}, " "))
	}
	return names, isYAML
}

// addRun runs the program over files, and adds what it says.
func (r *Report) addRun(program, document string, files []string) error {
	out, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	to := filepath.Join(out, "findings.json")
	args := append([]string{"inject", "-c", document, "--findings", "json", "--findings-file", to}, files...)
	var stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			return err
		}
	}
	raw, err := os.ReadFile(to)
	if err != nil {
		return fmt.Errorf("%w: %s", err, &stderr)
	}
	var all []finding
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	known := r.Served() + r.Without()
	r.countFindings(all)
	r.countPrinted(stderr.String())
	if code := cmd.ProcessState.ExitCode(); code != 0 || r.Served()+r.Without() > known {
		r.Runs++ // other sets have no workloads, or none that's new
		r.Code = max(r.Code, code)
	}
	return nil
}

// countFindings adds errors and skips.
func (r *Report) countFindings(all []finding) {
	for _, f := range all {
		name := strings.TrimPrefix(f.Object.Namespace+"/"+f.Object.Name, "/")
		switch key := f.Object.Kind + " " + name + ": " + f.Sidecar; {
		case f.Code == "skipped" && !r.served[key]:
			r.skipped[key] = withoutNames(f.Message)
		case f.Severity == "error":
			r.Errors = append(r.Errors, fmt.Sprintf("%s: %s: %s", key, f.Code, f.Message))
		}
	}
}

// countPrinted adds the warnings that a run prints, of which one may tell of several objects, and the lines of its
// report, one for each workload.
func (r *Report) countPrinted(text string) {
	warning := regexp.MustCompile(`(?m)^warning\[([\w-]+)\]: (?:\S+: )?((\w+ [^ :]+).*?)(?: \(also (.*?)\))?` +
		`(\n  hint: .*)?$`)
	var now []string // the code and the object of each
	for _, m := range warning.FindAllStringSubmatch(text, -1) {
		about := []string{m[1] + " " + m[3]}
		for _, other := range strings.Split(m[4], ", ") {
			about = append(about, m[1]+" "+other)
		}
		if now = append(now, about...); !r.about[about[0]] { // in another alternative
			r.warned[m[1]+m[2]] = m[1]
			r.printed = append(r.printed, m[0])
		}
	}
	for _, one := range now {
		r.about[one] = true
	}
	for _, line := range regexp.MustCompile(`(?m)^(\w+ \S+: ) *([\w-]+ \(.*)`).FindAllStringSubmatch(text, -1) {
		for _, m := range regexp.MustCompile(`(?:^|; )([\w-]+) \(`).FindAllStringSubmatch(line[2], -1) {
			r.served[line[1]+m[1]] = true
			delete(r.skipped, line[1]+m[1])
		}
	}
	skip := regexp.MustCompile(`(?m)^info\[skipped\]: (?:\S+: )?(\w+ \S+: [\w-]+)(?::|,) .*`)
	for _, m := range skip.FindAllStringSubmatch(text, -1) {
		r.skips[m[1]] = m[0]
	}
}

// Add adds the report of another folder.
func (r *Report) Add(dir string, other *Report) {
	r.Runs, r.Code = r.Runs+other.Runs, max(r.Code, other.Code)
	for key := range other.served {
		r.served[dir+key] = true
	}
	for key, reason := range other.skipped {
		r.skipped[dir+key], r.skips[dir+key] = reason, other.skips[key]
	}
	for key, code := range other.warned {
		r.warned[dir+key] = code
	}
	r.printed, r.Errors = append(r.printed, other.printed...), append(r.Errors, other.Errors...)
}

// Lines returns the warnings and skips as they're printed.
func (r *Report) Lines() []string {
	lines := slices.Clone(r.printed)
	for _, key := range slices.Sorted(maps.Keys(r.skipped)) {
		lines = append(lines, r.skips[key])
	}
	return lines
}

// withoutNames makes reasons of several workloads equal.
func withoutNames(message string) string {
	message = strings.TrimPrefix(strings.TrimPrefix(message, "skipped: "), "skipped, ")
	message = regexp.MustCompile(`(container|volume|ConfigMap|Secret) \S+`).ReplaceAllString(message, "$1 ...")
	message = regexp.MustCompile(`ports with TLS, .*`).ReplaceAllString(message, "ports with TLS")
	return regexp.MustCompile(`\d+`).ReplaceAllString(message, "N")
}

// PercentServed returns how many percent of the workloads are served.
func (r *Report) PercentServed() float64 { return ratioOf(r.Served(), r.Served()+r.Without(), 100) }

// PerThousand returns the number of printed warnings per 1,000 that were served.
func (r *Report) PerThousand() float64 { return ratioOf(len(r.warned), r.Served(), 1000) }

func ratioOf(part, whole int, of float64) float64 {
	if whole == 0 {
		return 0
	}
	return of * float64(part) / float64(whole)
}

// Print writes the report for people.
func (r *Report) Print(to io.Writer) {
	fmt.Fprintf(to, "exit code %d in %d runs\n", r.Code, r.Runs)
	fmt.Fprintf(to, "served: %d of %d (%.0f %%)\n", r.Served(), r.Served()+r.Without(), r.PercentServed())
	printCounts(to, "skipped", r.Skips())
	fmt.Fprintf(to, "warnings per 1,000 served: %.0f\n", r.PerThousand())
	printCounts(to, "warning", r.Warnings())
	for _, e := range r.Errors {
		fmt.Fprintln(to, "error:", e)
	}
}

// printCounts writes what there is most of first.
func printCounts(to io.Writer, title string, counts map[string]int) {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for _, key := range keys {
		fmt.Fprintf(to, "%6d %s: %s\n", counts[key], title, key)
	}
}

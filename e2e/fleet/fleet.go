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

// A Report is what became of the workloads of a folder.
type Report struct {
	Runs     int            // one for each set of files without an object that is there twice
	Code     int            // the highest exit code
	Served   int            // workloads that got every sidecar
	Without  int            // workloads that didn't
	Skips    map[string]int // by reason, without names
	Warnings map[string]int // by code
	Errors   []string
}

// A finding is one of `outrigger inject --findings json`.
type finding struct {
	Severity, Code, Message string
	Object                  struct{ Kind, Namespace, Name string }
}

// CheckFolder runs a program with a document over the manifests of a folder. Files with templates aren't manifests.
func CheckFolder(program, document, dir string) (*Report, error) {
	sets, err := readSets(dir)
	if err != nil {
		return nil, err
	}
	r := &Report{Skips: map[string]int{}, Warnings: map[string]int{}}
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
	if len(all) == 1 && all[0].Code == "nothing-selected" {
		return nil // files without workloads
	}
	r.Runs++
	r.Code = max(r.Code, cmd.ProcessState.ExitCode())
	r.countFindings(all, stderr.String())
	return nil
}

// countFindings adds the findings of a run, and the lines of its report: one for each workload with a sidecar.
func (r *Report) countFindings(all []finding, printed string) {
	for _, f := range all {
		switch {
		case f.Code == "skipped":
			r.Skips[withoutNames(f.Message)]++
			r.Without++
		case f.Severity == "warning":
			r.Warnings[f.Code]++
		case f.Severity == "error":
			r.Errors = append(r.Errors, fmt.Sprintf("%s %s/%s: %s: %s", f.Object.Kind, f.Object.Namespace, f.Object.Name,
				f.Code, f.Message))
		}
	}
	served := regexp.MustCompile(`(?m)^\w+ \S+: +[\w-]+ \(.*; requests `)
	r.Served += len(served.FindAllString(printed, -1))
}

// withoutNames makes reasons of several workloads equal.
func withoutNames(message string) string {
	message = strings.TrimPrefix(strings.TrimPrefix(message, "skipped: "), "skipped, ")
	message = regexp.MustCompile(`(container|volume) \S+`).ReplaceAllString(message, "$1 ...")
	return regexp.MustCompile(`\d+`).ReplaceAllString(message, "N")
}

// PercentServed returns how many percent of the workloads are served.
func (r *Report) PercentServed() float64 { return ratioOf(r.Served, r.Served+r.Without, 100) }

// PerThousand returns the number of warnings per 1,000 workloads.
func (r *Report) PerThousand() float64 {
	n := 0
	for _, count := range r.Warnings {
		n += count
	}
	return ratioOf(n, r.Served+r.Without, 1000)
}

func ratioOf(part, whole int, of float64) float64 {
	if whole == 0 {
		return 0
	}
	return of * float64(part) / float64(whole)
}

// Print writes the report for people.
func (r *Report) Print(to io.Writer) {
	fmt.Fprintf(to, "exit code %d in %d runs\n", r.Code, r.Runs)
	fmt.Fprintf(to, "served: %d of %d workloads (%.0f %%)\n", r.Served, r.Served+r.Without, r.PercentServed())
	printCounts(to, "skipped", r.Skips)
	fmt.Fprintf(to, "warnings per 1,000 workloads: %.0f\n", r.PerThousand())
	printCounts(to, "warning", r.Warnings)
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

package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/eject"
	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An ejection is the command line of eject.
type ejection struct {
	documents []string
	dir       string
	check     bool
}

func newEject(s *streams) *cobra.Command {
	var e ejection
	c := &cobra.Command{
		Use:                   "eject -c FILE... -o DIR [--check] [PATH...]",
		DisableFlagsInUseLine: true,
		Short:                 "write the sidecars of a document as a plain kustomize Component",
		Long: `Write what the function does to a base as a kustomize Component that needs no function:
JSON patches, ConfigMaps with a hash in their names, and other objects. It's for builds that
run no functions: those of Flux, Config Sync, Argo CD and kubectl apply -k.

The base is what kustomize builds of it, on standard input, or files and folders. List the
Component in a kustomization, with the base in resources: and the prefix, namespace and
images of that kustomization reach what is added.

The patches test what the sidecars depend on, so a build fails where the base has changed in
a way that needs another Component. To find out what that is, outrigger runs the documents
over variants of the base: each value changed and removed, each list longer and shorter, each
field of a pod and a container added. A new object isn't noticed, as a workload that the
documents select, or another Service for the same pods; --check notices it, if it's called as the
folder was made: it compares bytes. Fifty workloads take a minute or two.`,
		Example: `  # a Component beside the base
  kubectl kustomize base | outrigger eject -c sidecars.yaml -o ejected

  # of files that no kustomization generates anything from
  outrigger eject -c sidecars.yaml -o ejected base/web.yaml

  # in CI: exit with 3 where the folder isn't what a run makes of it
  kubectl kustomize base | outrigger eject -c sidecars.yaml -o ejected --check`,
		RunE: func(c *cobra.Command, paths []string) error {
			switch {
			case len(e.documents) == 0:
				return misuseOf(c, "no Sidecars document is given", "name it with -c FILE")
			case e.dir == "":
				return misuseOf(c, "no folder is given", "name it with -o DIR")
			}
			return e.run(c, s, paths)
		},
	}
	addDocumentsFlag(c, &e.documents, "a Sidecars document: `FILE`, folder or -; may be repeated (required)")
	addFindingFlags(c, s)
	c.Flags().StringVarP(&e.dir, "output", "o", "", "the `DIR` of the Component (required)")
	_ = c.MarkFlagDirname("output")
	c.Flags().BoolVar(&e.check, "check", false,
		"print the names of files that would change, write nothing, and exit with 3 if there are any")
	c.Flags().BoolVarP(&s.quiet, "quiet", "q", false, "print findings, and no report of what each workload got")
	return c
}

func (e *ejection) run(c *cobra.Command, s *streams, paths []string) error {
	docs, err := readDocuments(c, s, e.documents, paths)
	if err != nil {
		return err
	}
	in, err := readInput(c, s, paths, manifestFlags{})
	if err != nil {
		return err
	}
	finish := s.showProgress("adding sidecars to variants")
	defer finish()
	out := rig.RunAll(in.files, docs, rig.Options{})
	out.Findings = slices.DeleteFunc(out.Findings, func(f sidecar.Finding) bool { return f.Code == "name-hashed" })
	if err := s.tellFindings(in.explainBroken(out.Findings)); err != nil {
		return err
	}
	base, err := decodeBase(in.files)
	if err != nil {
		return err
	}
	opt := eject.Options{Header: e.header(paths), Notes: rig.ReadNotes(eject.AnyPort)}
	made, err := eject.Eject(base, functionOf(docs), opt)
	if err != nil {
		return tellUnsayable(err)
	}
	finish()
	if e.check {
		return e.checkFolder(s, made)
	}
	if err := e.writeFolder(made); err != nil {
		return err
	}
	s.tellReport(out)
	return nil
}

// decodeBase decodes the objects of the base.
func decodeBase(files []rig.File) (base []eject.Object, err error) {
	all, fs := rig.ReadObjects(files)
	if fs.Failed() {
		return nil, fs
	}
	for _, raw := range all {
		o, err := eject.DecodeObject(raw)
		if err != nil {
			return nil, err
		}
		base = append(base, o)
	}
	return base, nil
}

// functionOf returns the function that kustomize would run for the documents.
func functionOf(docs []*config.Sidecars) eject.Function {
	return func(objects []eject.Object) ([]eject.Object, error) {
		all := make([]json.RawMessage, len(objects))
		for i, o := range objects {
			raw, err := json.Marshal(o)
			if err != nil {
				return nil, err
			}
			all[i] = raw
		}
		done, err := rig.RunInBuild(all, docs)
		if fs, ok := errors.AsType[sidecar.Findings](err); ok {
			return nil, refuseObjects(fs)
		}
		if err != nil {
			return nil, err
		}
		after := make([]eject.Object, len(done))
		for i, raw := range done {
			if after[i], err = eject.DecodeObject(raw); err != nil {
				return nil, err
			}
		}
		return after, nil
	}
}

// refuseObjects names the objects that errors are about.
func refuseObjects(fs sidecar.Findings) error {
	var names []string
	for _, f := range fs {
		if f.Severity == sidecar.Error {
			names = append(names, eject.NameOf(f.Object.Group, f.Object.Kind, f.Object.Namespace, f.Object.Name))
		}
	}
	return eject.Refuse(fs, names...)
}

// tellUnsayable returns findings about what a Component can't say.
func tellUnsayable(err error) error {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		all = joined{err}
	}
	var fs sidecar.Findings
	for _, err := range all.Unwrap() {
		what, ok := errors.AsType[*eject.Unsayable](err)
		if !ok {
			return err
		}
		fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "not-ejectable", Message: what.Error(),
			Hint: what.Hint})
	}
	return fs
}

type joined []error

func (j joined) Unwrap() []error { return j }

// header says how the files were made.
func (e *ejection) header(paths []string) string {
	var command strings.Builder
	command.WriteString("outrigger eject")
	for _, d := range e.documents {
		command.WriteString(" -c " + d)
	}
	command.WriteString(" -o " + e.dir)
	for _, p := range paths {
		command.WriteString(" " + p)
	}
	return "# Written by: " + sidecar.OneLine(command.String()) + "\n# Don't edit it: run the command again.\n"
}

// checkFolder prints the names of files that aren't what they would be.
func (e *ejection) checkFolder(s *streams, files map[string]string) error {
	stale := map[string]bool{}
	for name, text := range files {
		have, err := os.ReadFile(filepath.Join(e.dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		stale[name] = err != nil || string(have) != text
	}
	there, err := e.listFolder()
	if err != nil {
		return err
	}
	for _, name := range there {
		if _, made := files[name]; !made {
			stale[name] = true
		}
	}
	failure := error(nil)
	for _, name := range slices.Sorted(maps.Keys(stale)) {
		if stale[name] {
			failure = errWouldChange
			if _, err := fmt.Fprintln(s.out, filepath.Join(e.dir, name)); err != nil {
				return err
			}
		}
	}
	return failure
}

// listFolder lists the files of the folder.
func (e *ejection) listFolder() (names []string, err error) {
	err = filepath.WalkDir(e.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == e.dir {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(e.dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	return names, err
}

// writeFolder writes the files, each as a whole, and removes those of an earlier run that aren't made any more. A
// folder with files of another origin is an error.
func (e *ejection) writeFolder(made map[string]string) error {
	there, err := e.listFolder()
	if err != nil {
		return err
	}
	for _, name := range there {
		if !e.isWritten(name) {
			return sidecar.Findings{{Severity: sidecar.Error, Code: "folder-taken", File: filepath.Join(e.dir, name),
				Message: "outrigger eject hasn't written this file", Hint: "name another folder, or remove it"}}
		}
	}
	for _, name := range there {
		if _, again := made[name]; !again {
			if err := os.Remove(filepath.Join(e.dir, name)); err != nil {
				return err
			}
		}
	}
	// The kustomization comes last: it makes the rest count.
	names := slices.SortedFunc(maps.Keys(made), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(a, "kustomization"), strings.Count(b, "kustomization")), cmp.Compare(a, b))
	})
	for _, name := range names {
		path := filepath.Join(e.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := files.Replace(path, 0o644, strings.NewReader(made[name])); err != nil {
			return err
		}
	}
	return nil
}

// isWritten reports whether an earlier run has written a file: it says so, or is content that the kustomization names.
func (e *ejection) isWritten(name string) bool {
	if files.IsTemporary(filepath.Base(name)) { // of a killed run
		return true
	}
	const mark = "# Written by: outrigger eject "
	text, err := os.ReadFile(filepath.Join(e.dir, name))
	if err == nil && strings.HasPrefix(string(text), mark) {
		return true
	}
	k, err := os.ReadFile(filepath.Join(e.dir, "kustomization.yaml"))
	return err == nil && strings.HasPrefix(string(k), mark) && strings.Contains(string(k), "="+name+"\n")
}

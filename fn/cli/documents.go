package cli

import (
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// readDocuments reads the Sidecars documents that -c names, and prints the warnings about
// them. A name is a file with one or more documents; a folder, of whose files all others
// are passed over; or - for standard input, unless manifests are read there.
func readDocuments(c *cobra.Command, s *streams, names, paths []string) (docs []*config.Sidecars, err error) {
	var all sidecar.Findings
	for i, name := range names {
		var found []*config.Sidecars
		var fs sidecar.Findings
		info, err := os.Stat(name)
		switch {
		case name == "":
			return nil, misuseOf(c, "-c has no name", "a variable may be empty")
		case name == "-" && (len(paths) == 0 || slices.Contains(paths, "-") || slices.Contains(names[:i], "-")):
			return nil, misuseOf(c, "-c - takes standard input, which is read once", "name the manifests as files or folders")
		case name == "-":
			text, err := files.ReadStream(s.in)
			if err != nil {
				return nil, err
			}
			found, fs = config.ReadAll([]byte(text), "", false)
		case err == nil && info.IsDir():
			if found, fs, err = readFolder(c, s, name); err != nil {
				return nil, err
			}
		default:
			if err := s.findings.refuseInput(c, name); err != nil {
				return nil, err
			}
			text, err := files.ReadDocument(name)
			if err != nil {
				return nil, err
			}
			found, fs = config.ReadAll(text, name, false)
		}
		docs, all = append(docs, found...), append(all, fs...)
	}
	return docs, s.tellFindings(all)
}

// readFolder reads the Sidecars documents of a folder.
func readFolder(c *cobra.Command, s *streams, name string) (docs []*config.Sidecars, fs sidecar.Findings, err error) {
	set, err := files.Read([]string{name}, false)
	if err != nil {
		return nil, nil, err
	}
	s.printer().PrintNotes(set.Notes)
	for _, f := range set.Files {
		if err := s.findings.refuseInput(c, f.Name); err != nil {
			return nil, nil, err
		}
		found, more := config.ReadAll([]byte(f.Text), f.Name, true)
		docs, fs = append(docs, found...), append(fs, more...)
	}
	if len(docs) == 0 && !fs.Failed() {
		fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "missing-config", File: name,
			Message: "there is no Sidecars document in the folder",
			Hint:    "write a document of apiVersion " + config.APIVersion + " and kind " + config.Kind})
	}
	return docs, fs, nil
}

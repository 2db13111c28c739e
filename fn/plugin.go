package fn

import (
	"errors"
	"io"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/report"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// Plugin is the function in the form of kustomize's legacy plugins: document names a file
// with the Sidecars document, and in has the objects as bare documents. They have the
// annotations with earlier names and the id that functions get, too, but none of kyaml's. It
// writes the objects with the sidecars to out, and nothing on an error, which it has printed
// on err already.
func Plugin(document string, in io.Reader, out, err io.Writer) error {
	p := report.New(err, report.Auto)
	failure := transformBare(document, in, out, p)
	p.PrintError(failure)
	return failure
}

func transformBare(document string, in io.Reader, out io.Writer, p *report.Printer) error {
	src, err := files.ReadDocument(document)
	if err != nil {
		return err
	}
	conf, fs := config.ReadCopy(src) // kustomize has written the file, and removes it
	if fs.Failed() {
		return fs
	}
	stream, err := files.ReadStream(in)
	switch empty := errors.Is(err, files.ErrEmpty); {
	case empty && *conf.Spec.Expect.Min > 0:
		return noObjects(conf)
	case empty:
		return nil // it expects none
	case err != nil:
		return refuse(report.IO, err.Error(), "")
	}
	text, err := manifest.Parse("", listDocuments(stream))
	if err != nil {
		return refuse("yaml-syntax", "standard input: "+err.Error(), "")
	}
	laid := rig.RunTexts([]*manifest.Text{text}, []*config.Sidecars{conf}, rig.Options{})
	fs = append(fs, laid.Findings...)
	if fs.Failed() {
		return fs
	}
	p.PrintFindings(fs)
	if _, err := io.WriteString(out, bareDocuments(laid.Texts[0].String())); err != nil {
		return refuse(report.IO, "standard output can't be written: "+err.Error(), "")
	}
	return nil
}

// listHead begins a ResourceList whose items follow.
const listHead = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"

// listDocuments makes a ResourceList of a stream of documents. Each line of them is indented, and nothing else changes.
func listDocuments(stream string) string {
	var b strings.Builder
	b.WriteString(listHead)
	begun := false
	for line := range strings.Lines(stream) {
		rest, marker := strings.CutPrefix(line, "---")
		if marker = marker && strings.TrimLeft(rest, " \t\r\n") != rest; marker {
			begun = false
			line = strings.TrimLeft(rest, " \t")
		}
		switch content := strings.TrimSpace(line); {
		case content == "" && begun:
			b.WriteString(line)
			continue
		case !begun && (content == "" || content[0] == '#'):
			continue
		case begun:
			b.WriteString("  ")
		default:
			b.WriteString("- ")
			begun = true
		}
		b.WriteString(line)
	}
	return b.String()
}

// bareDocuments returns the items of such a list as a stream of documents.
func bareDocuments(list string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimPrefix(list, listHead)) {
		if rest, first := strings.CutPrefix(line, "- "); first {
			if b.Len() > 0 {
				b.WriteString("---\n")
			}
			b.WriteString(rest)
		} else {
			b.WriteString(strings.TrimPrefix(line, "  "))
		}
	}
	return b.String()
}

package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// input is what a run reads, and where its results go.
type input struct {
	files []rig.File
	set   *files.Set // where the files are; nil for standard input
}

// read reads the inputs that the arguments name, or standard input where there
// are none.
func read(paths []string, inPlace bool, s streams) (in input, code int) {
	stdin := len(paths) == 0 || len(paths) == 1 && paths[0] == "-"
	switch {
	case inPlace && stdin:
		return in, fail(s, "-w needs files or folders to write to")
	case stdin:
		text, err := readAll(s.in)
		switch {
		case err != nil:
			return in, fail(s, "standard input can't be read: %v", err)
		case blank(text):
			return in, fail(s, "standard input is empty")
		}
		return input{files: []rig.File{{Text: text}}}, 0
	}
	set, err := files.Read(paths, inPlace)
	note(s, set.Notes)
	if err != nil {
		return in, failAll(s, err)
	}
	for _, f := range set.Files {
		in.files = append(in.files, rig.File{Name: f.Name, Text: f.Text})
	}
	in.set = set
	return in, 0
}

// write gives the results: back into their files, or all as one stream.
func (in input) write(out []rig.File, inPlace bool, s streams) int {
	if !inPlace {
		if _, err := io.WriteString(s.out, stream(out)); err != nil {
			return failAll(s, err)
		}
		return 0
	}
	texts := make([]string, len(out))
	for i, f := range out {
		texts[i] = f.Text
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	notes, err := in.set.Write(ctx, texts)
	if note(s, notes); err != nil {
		return failAll(s, err)
	}
	return 0
}

// stream joins files to one text of several documents.
func stream(files []rig.File) string {
	var b strings.Builder
	for i, f := range files {
		if i > 0 {
			if !strings.HasSuffix(b.String(), "\n") {
				b.WriteByte('\n')
			}
			if !strings.HasPrefix(f.Text, "---") {
				b.WriteString("---\n")
			}
		}
		b.WriteString(f.Text)
	}
	return b.String()
}

package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// read reads the inputs that the arguments name: files, folders, or standard
// input where there are none.
func read(paths []string, s streams) ([]rig.File, error) {
	if len(paths) == 0 || len(paths) == 1 && paths[0] == "-" {
		text, err := readAll(s.in)
		if err == nil && blank(text) {
			err = errors.New("standard input is empty")
		}
		return []rig.File{{Text: text}}, err
	}
	var files []rig.File
	var errs []error
	for _, p := range paths {
		errs = append(errs, filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && path != p && strings.HasPrefix(d.Name(), "."):
				return filepath.SkipDir
			case d.IsDir() || path != p && filepath.Ext(path) != ".yaml" && filepath.Ext(path) != ".yml":
				return nil
			}
			b, err := os.ReadFile(path)
			files = append(files, rig.File{Name: filepath.ToSlash(path), Text: string(b)})
			return err
		}))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no .yaml or .yml files there")
	}
	return files, nil
}

// write gives the results: back into their files, or all as one stream.
func write(files []rig.File, before []rig.File, inPlace bool, s streams) error {
	if !inPlace {
		_, err := io.WriteString(s.out, stream(files))
		return err
	}
	for i, f := range files {
		if f.Text == before[i].Text {
			continue
		}
		write := replace
		if blank(f.Text) { // it held emitted objects only
			write = func(name, _ string) error { return os.Remove(name) }
		}
		if err := write(f.Name, f.Text); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file whole or not at all, and keeps its mode.
func replace(name, text string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".outrigger-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone after the rename; left over only after an error
	_, err = tmp.WriteString(text)
	if err := errors.Join(err, tmp.Chmod(info.Mode().Perm()), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
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

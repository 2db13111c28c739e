package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/outrigger-dev/outrigger/e2e/bench/corpus"
	"github.com/outrigger-dev/outrigger/e2e/made"
)

// programs are paths of what is run; dir is where corpora go.
type programs struct{ dir, outrigger, minimal, hello, launch, config string }

// buildPrograms makes outrigger as users get it, unless a program is given, and the others
// in dir.
func buildPrograms(dir, outrigger string) (programs, error) {
	p := programs{dir: dir, outrigger: outrigger, config: filepath.Join(dir, "sidecars.yaml")}
	if outrigger == "" {
		bin, err := made.Make("build")
		if err != nil {
			return p, err
		}
		p.outrigger = filepath.Join(bin, "outrigger")
	}
	root, err := made.FindRoot()
	if err != nil {
		return p, err
	}
	for name, path := range map[string]*string{"minimal": &p.minimal, "hello": &p.hello, "launch": &p.launch} {
		*path = filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", *path, "./"+name)
		cmd.Dir = filepath.Join(root, "e2e/bench")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return p, fmt.Errorf("go build ./%s: %w\n%s", name, err, out)
		}
	}
	for _, by := range corpus.Selections {
		config := []byte(corpus.Spec{Select: by}.Config())
		if err := os.WriteFile(p.config+"."+by, config, 0o644); err != nil {
			return p, err
		}
	}
	return p, nil
}

// ourCommand is the command line for a corpus.
func (p programs) ourCommand(s corpus.Spec) []string {
	if s.Form.IsStream() {
		return []string{p.outrigger, "inject", "-c", p.config + "." + s.Selection()}
	}
	return []string{p.outrigger}
}

// writeInput writes a corpus to a file.
func (p programs) writeInput(s corpus.Spec) (path string, err error) {
	path = filepath.Join(p.dir, s.String()+".yaml")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	return path, errors.Join(s.WriteCorpus(f), f.Close())
}

// checkOutput runs a program without a clock and counts the containers that it adds.
func checkOutput(s corpus.Spec, input string, argv []string) error {
	in, err := os.Open(input)
	if err != nil {
		return err
	}
	defer in.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = in
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	got := 0
	for lines := bufio.NewReader(out); ; {
		line, end := lines.ReadString('\n')
		if strings.TrimSpace(line) == imageLine {
			got++
		}
		if end != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w\n%s", argv[0], err, stderr.Bytes())
	}
	if !s.Form.IsStream() {
		got-- // the config's own
	}
	if want := s.Selected(); got != want {
		return fmt.Errorf("%s: %d workloads got the container, %d should", argv[0], got, want)
	}
	return nil
}

// imageLine is the line by which added containers are counted.
var imageLine = strings.Split(corpus.Container, "\n")[1]

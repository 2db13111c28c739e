package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/outrigger-dev/outrigger/e2e/bench/corpus"
	"github.com/outrigger-dev/outrigger/e2e/image"
	"github.com/outrigger-dev/outrigger/e2e/made"
)

// A way is how kustomize and outrigger are put together. The first is kustomize alone, with which others are compared.
type way struct {
	name, function string // the annotation of the document
	command        string // for a shell, in the folder of the kustomizations
}

var ways = []way{
	{"plain", "", "kustomize build base"},
	{"pipe", "", "kustomize build base | outrigger inject -c pipe/sidecars.yaml"},
	{"legacy", "", "kustomize build --enable-alpha-plugins legacy"},
	{"exec", "exec: {path: outrigger}", "kustomize build --enable-alpha-plugins --enable-exec exec"},
	{"container", "container: {image: " + image.Name + "}", "kustomize build --enable-alpha-plugins container"},
}

// prepareRunners makes kustomize, the plugin and the image, and sets the environment in which all are found.
func (p programs) prepareRunners() error {
	bin, err := made.Make("bin/kustomize")
	if err != nil {
		return err
	}
	os.Setenv("PATH", filepath.Dir(p.outrigger)+string(os.PathListSeparator)+bin+
		string(os.PathListSeparator)+os.Getenv("PATH"))
	os.Setenv("KUSTOMIZE_PLUGIN_HOME", filepath.Join(p.dir, "plugins"))
	plugin := filepath.Join(p.dir, "plugins/outrigger.dev/v1alpha1/sidecars")
	if err := os.MkdirAll(plugin, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(p.outrigger, filepath.Join(plugin, "Sidecars")); err != nil {
		return err
	}
	_, err = image.Build(p.dir)
	return err
}

// measureRunners measures each way by turns, and prints a table: CPU of all processes together.
func (p programs) measureRunners(o options, out, progress io.Writer) error {
	if err := p.prepareRunners(); err != nil {
		return err
	}
	fmt.Fprint(out, "CPU is user + sys of all processes together. A plain build by kustomize is 1.\n\n")
	fmt.Fprint(out, "| objects | workloads |")
	for _, w := range ways {
		fmt.Fprintf(out, " %s |", w.name)
	}
	fmt.Fprint(out, "\n| ---: | ---: |"+strings.Repeat(" ---: |", len(ways))+"\n")
	for _, n := range o.sizes {
		s := corpus.Spec{N: n, Percent: o.percents[0], Form: corpus.Stream}
		fmt.Fprintln(progress, s)
		if err := p.writeWays(s); err != nil {
			return err
		}
		costs := make([][]cost, len(ways))
		var subjects []subject
		for i, w := range ways {
			argv := []string{"/bin/sh", "-c", "cd '" + p.dir + "' && " + w.command}
			if i > 0 {
				if err := checkOutput(s, os.DevNull, argv); err != nil {
					return err
				}
			}
			subjects = append(subjects, subject{argv, false, &costs[i]})
		}
		rounds := o.rounds
		if rounds == 0 {
			rounds = usualSpecs(n)
		}
		if err := p.runRounds(rounds, os.DevNull, subjects); err != nil {
			return err
		}
		fmt.Fprintf(out, "| %d | %d |", n, s.Selected())
		for i := range ways {
			fmt.Fprintf(out, " %s ms, %s |", millis(costs[i], cpu), ratio(costs[i], costs[0], cpu))
		}
		fmt.Fprintln(out)
	}
	return nil
}

// writeWays writes the folders: a base, and a kustomization for each way.
func (p programs) writeWays(s corpus.Spec) error {
	input, err := p.writeInput(s)
	if err != nil {
		return err
	}
	base := filepath.Join(p.dir, "base")
	if err := os.MkdirAll(base, 0o755); err != nil {
		return err
	}
	if err := os.Rename(input, filepath.Join(base, "all.yaml")); err != nil {
		return err
	}
	files := map[string]string{"base/kustomization.yaml": "resources: [all.yaml]\n"}
	for _, w := range ways[1:] {
		document := corpus.Spec{}.Config()
		if w.function != "" {
			annotation := "  annotations:\n    config.kubernetes.io/function: |\n      " + w.function + "\n"
			document = strings.Replace(document, "  name: bench\n", "  name: bench\n"+annotation, 1)
		}
		files[w.name+"/sidecars.yaml"] = document
		files[w.name+"/kustomization.yaml"] = "resources: [../base]\ntransformers: [sidecars.yaml]\n"
	}
	for name, text := range files {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

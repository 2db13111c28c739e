// Command minimal is the function that everybody would write with kyaml: it adds
// a container and two volumes to the workloads that carry a label. It's what
// outrigger is measured against. With -null it does nothing.
package main

import (
	"os"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/bench/corpus"
)

func main() {
	null := slices.Contains(os.Args[1:], "-null")
	process := framework.ResourceListProcessorFunc(func(rl *framework.ResourceList) error {
		if null {
			return nil
		}
		for _, o := range rl.Items {
			if err := inject(o); err != nil {
				return err
			}
		}
		return nil
	})
	if err := framework.Execute(process, nil); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

var kinds = []string{"Deployment", "StatefulSet", "DaemonSet"}

func inject(o *yaml.RNode) error {
	if !slices.Contains(kinds, o.GetKind()) || o.GetLabels()[corpus.LabelKey] != corpus.LabelValue {
		return nil
	}
	spec, err := o.Pipe(yaml.Lookup("spec", "template", "spec"))
	if err != nil || spec == nil {
		return err
	}
	container := yaml.Append(yaml.MustParse(corpus.Container).YNode())
	if err := spec.PipeE(yaml.LookupCreate(yaml.SequenceNode, "containers"), container); err != nil {
		return err
	}
	volumes := yaml.Append(yaml.MustParse(corpus.Volumes).Content()...)
	return spec.PipeE(yaml.LookupCreate(yaml.SequenceNode, "volumes"), volumes)
}

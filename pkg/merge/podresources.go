package merge

import (
	"fmt"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// raisePodResources raises what the pod itself requests and may use at most, where the API server would refuse it
// with its new containers. They come from all sidecars together, so the first with a container owns the edits.
func (f *flattener) raisePodResources(answers []sidecar.Answer) {
	owner := firstWithContainer(answers)
	if f.w.Pod.Spec.Resources == nil || owner == nil {
		return
	}
	with := f.w.Pod.DeepCopy()
	applyEdits(with, f.w.Template, f.edits)
	var changes []string
	for _, r := range sidecar.RaisedResources(&with.Spec) {
		f.post(owner.Name, sidecar.Edit{Path: f.spec.To("resources", r.List, string(r.Name)), Value: r.Now, Was: r.Was})
		changes = append(changes, fmt.Sprintf("%s.%s from %s to %s", r.List, r.Name, r.Was.String(), r.Now.String()))
	}
	if len(changes) > 0 {
		f.report(sidecar.Info, sidecar.PodResources, "", f.spec.To("resources"),
			"the pod's own resources are less than its containers need, so they are raised: "+strings.Join(changes, ", "),
			"write that into the manifest, or write lower resources into the override of a sidecar")
	}
}

func firstWithContainer(answers []sidecar.Answer) *sidecar.Answer {
	for i := range answers {
		if len(answers[i].Change.InitContainers)+len(answers[i].Change.Containers) > 0 {
			return &answers[i]
		}
	}
	return nil
}

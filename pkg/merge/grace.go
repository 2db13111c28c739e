package merge

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// raiseGracePeriod raises terminationGracePeriodSeconds to the largest value that a
// sidecar needs.
func (f *flattener) raiseGracePeriod(answers []sidecar.Answer) {
	grace, was := sidecar.GracePeriod(f.w, answers)
	var largest int64
	var owner string
	told := false // by the sidecar itself, with the reason
	for i := range answers {
		if least := answers[i].Change.Pod.MinGracePeriodSeconds; least > largest {
			owner, largest = answers[i].Name, least
			told = slices.ContainsFunc(answers[i].Change.Notes, func(n sidecar.Finding) bool {
				return n.Code == sidecar.GracePeriodCode
			})
		}
	}
	have := f.w.Pod.Spec.TerminationGracePeriodSeconds
	if largest == 0 || grace == was && have == nil {
		return
	}
	e := sidecar.Edit{Path: f.spec.To("terminationGracePeriodSeconds"), Value: grace}
	if have != nil {
		e.Was = was
	}
	if have != nil && grace > was && !told {
		f.report(sidecar.Info, sidecar.GracePeriodCode, owner, e.Path,
			fmt.Sprintf("is raised from %d to %d, as the sidecar needs that time to stop", was, grace),
			"write that into the manifest")
	}
	f.post(owner, e)
}

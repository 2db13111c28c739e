package merge

import (
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// raiseGracePeriod raises terminationGracePeriodSeconds to the largest value that a
// sidecar needs.
func (f *flattener) raiseGracePeriod(answers []sidecar.Answer) {
	grace, was := sidecar.GracePeriod(f.w, answers)
	var largest int64
	var owner string
	for i := range answers {
		if least := answers[i].Change.Pod.MinGracePeriodSeconds; least > largest {
			owner, largest = answers[i].Name, least
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
	f.post(owner, e)
}

package merge

import (
	"strconv"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// grace raises how long the pod has to end, where a sidecar needs more.
func (f *flattener) grace(asked []sidecar.Answer) {
	grace, was := sidecar.GracePeriod(f.w, asked)
	var wants int64
	var owner string
	for i := range asked {
		if least := asked[i].Change.Pod.MinGracePeriodSeconds; least > wants {
			owner, wants = asked[i].Name, least
		}
	}
	have := f.w.Pod.Spec.TerminationGracePeriodSeconds
	if wants == 0 || grace == was && have == nil {
		return
	}
	// A value that is there may be another document's.
	e := sidecar.Edit{Path: f.spec.To("terminationGracePeriodSeconds"), Value: grace, Part: strconv.FormatInt(wants, 10)}
	if have != nil {
		e.Was = was
	}
	f.post(owner, e)
}

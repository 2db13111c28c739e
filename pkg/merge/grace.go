package merge

import (
	"strconv"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// grace raises the pod's, where a sidecar needs more.
func (f *flattener) grace(asked []sidecar.Answer) {
	grace, was := sidecar.GracePeriod(f.w, asked)
	var wants int64
	for i := range asked {
		if least := asked[i].Change.Pod.MinGracePeriodSeconds; least > wants {
			f.owner, wants = asked[i].Name, least
		}
	}
	have := f.w.Pod.Spec.TerminationGracePeriodSeconds
	if wants == 0 || grace == was && have == nil {
		return
	}
	f.set(f.spec.To("terminationGracePeriodSeconds"), grace) // a value that is there may be another document's
	e := &f.edits[len(f.edits)-1]
	if e.Part = strconv.FormatInt(wants, 10); have != nil {
		e.Was = was
	}
}

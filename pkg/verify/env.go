package verify

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkEnvTwice finds variables that the app of a takeover has twice, with different
// values. The app may read its port from one of them, and it isn't clear from which.
func checkEnvTwice(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	for i := range answers {
		a := &answers[i]
		if len(a.Change.Takeovers) == 0 {
			continue
		}
		first := map[string]*corev1.EnvVar{}
		for j := range a.App.Env {
			e := &a.App.Env[j]
			if before := first[e.Name]; before == nil {
				first[e.Name] = e
			} else if !reflect.DeepEqual(before, e) {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "env-twice", Object: w.Ref, Sidecar: a.Name,
					Message: "container " + a.App.Name + " has the variable " + e.Name +
						" twice, with different values", Hint: "keep one of them"})
			}
		}
	}
	return fs
}

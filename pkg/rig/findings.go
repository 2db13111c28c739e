package rig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var rank = map[sidecar.Severity]int{sidecar.Error: 0, sidecar.Warning: 1, sidecar.Info: 2}

// tidy sorts findings, errors first, and drops what is said twice.
func tidy(fs sidecar.Findings) sidecar.Findings {
	out := slices.Clone(fs)
	slices.SortStableFunc(out, func(a, b sidecar.Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Object.String(), b.Object.String()), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code), cmp.Compare(a.String(), b.String()))
	})
	return slices.Compact(out)
}

// told reports what a workload got.
func (r *run) told(o *manifest.Object, asked []sidecar.Answer) {
	var parts []string
	for _, a := range asked {
		var has []string
		count := func(n int, one, many string) {
			if n == 1 {
				has = append(has, "1 "+one)
			} else if n > 1 {
				has = append(has, fmt.Sprintf("%d %s", n, many))
			}
		}
		if a.Placement == sidecar.Native {
			count(len(a.Change.Containers), "native sidecar", "native sidecars")
		} else {
			count(len(a.Change.Containers), "container", "containers")
		}
		count(len(a.Change.InitContainers), "init container", "init containers")
		count(len(a.Change.Objects), "object", "objects")
		for _, t := range a.Change.Takeovers {
			if !t.MovesApp() {
				has = append(has, fmt.Sprintf("port %d in front of %d", t.Port, t.AppPort))
			} else {
				has = append(has, fmt.Sprintf("takes over port %d", t.Port))
			}
		}
		parts = append(parts, a.Name+" ("+strings.Join(has, ", ")+")")
	}
	r.report = append(r.report, o.Ref.String()+": "+strings.Join(parts, "; "))
}

// oneLine makes each line of a report one.
func oneLine(report []string) []string {
	for i := range report {
		report[i] = sidecar.OneLine(report[i])
	}
	return report
}

// wellNamed reports whether an object has a name to make others of, and says so if not.
func (r *run) wellNamed(o *manifest.Object) bool {
	field, at, why := o.Misnamed()
	if why == "" {
		return true
	}
	if o.Text().IsResourceList() {
		at = 0
	}
	r.add(sidecar.Finding{Severity: sidecar.Error, Code: "no-name", Object: o.Ref, File: o.File(), Line: at, Field: field, Message: why})
	return false
}

package rig

import (
	"fmt"
	"reflect"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// describeAdditions lists in a few words what a sidecar adds. If it adds nothing, it lists what the sidecar sets.
func describeAdditions(a sidecar.Answer) []string {
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
	if len(has) > 0 {
		return has
	}
	count(len(a.Change.Volumes), "volume", "volumes")
	count(len(a.Change.ServicePorts), "Service port", "Service ports")
	count(len(a.Change.App.Env), "variable", "variables")
	count(len(a.Change.App.Args), "argument", "arguments")
	count(len(a.Change.App.VolumeMounts), "mount", "mounts")
	if !reflect.ValueOf(a.Change.Pod).IsZero() {
		has = append(has, "settings of the pod")
	}
	return has
}

package sidecar

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// CheckOverlaid finds probes of a container that have nothing to do after an override, which
// the API server refuses.
func CheckOverlaid(out *corev1.Container) (fs Findings) {
	check := func(field string, handler any) {
		if reflect.ValueOf(handler).IsZero() {
			fs.Add(Error, "override-handler", "override."+field,
				"leaves container "+out.Name+" a probe without exec, httpGet, tcpSocket or grpc",
				"write "+field+": null to remove it")
		}
	}
	for _, p := range []struct {
		field string
		probe *corev1.Probe
	}{{"startupProbe", out.StartupProbe}, {"readinessProbe", out.ReadinessProbe}, {"livenessProbe", out.LivenessProbe}} {
		if p.probe != nil {
			check(p.field, p.probe.ProbeHandler)
		}
	}
	if s := out.SecurityContext; s != nil && isRoot(s) && s.RunAsNonRoot != nil && *s.RunAsNonRoot {
		fs.Add(Error, "override-user", "override.securityContext",
			"makes container "+out.Name+" root, and its runAsNonRoot lets no kubelet start it so",
			"add runAsNonRoot: false, if it must be root")
	}
	return fs
}

// CheckArguments finds an override that drops all that a pattern has written into the command
// or the arguments of its container, which then doesn't know what to do: both are lists
// without keys, so that the override's replaces the pattern's.
func CheckArguments(base, out *corev1.Container) (fs Findings) {
	check := func(field, what string, needed, have []string) {
		keeps := func(arg string) bool { return !isShell(arg) && slices.Contains(needed, arg) }
		if len(needed) == 0 || slices.ContainsFunc(have, keeps) || slices.Equal(needed, have) { // equal: nothing but a shell
			return
		}
		fs.Add(Error, "override-args", "override."+field,
			"drops "+what+" that the pattern writes into container "+out.Name+", and that it needs",
			"to append, begin with what outrigger explain --expand prints without this field, and write yours behind that")
	}
	check("command", "the command", base.Command, out.Command)
	check("args", "all arguments", base.Args, out.Args)
	return fs
}

// isShell reports whether an argument only says that the next one is a script.
func isShell(arg string) bool {
	return slices.Contains([]string{"sh", "/bin/sh", "bash", "/bin/bash", "-c", "-ec", "-e"}, arg)
}

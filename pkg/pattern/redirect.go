package pattern

import (
	_ "embed" // for the script
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Redirection is a port of the pod, and the one to which connections to it go instead.
type Redirection struct{ Port, To int32 }

//go:embed files/redirect.sh
var redirectScript string

// redirectSize: a shell and iptables.
var redirectSize = Size{CPU: "10m", Memory: "16Mi", MaxMemory: "64Mi", FixedCPU: "100m"}

// RedirectorName returns the name of a sidecar's init container that redirects ports.
func RedirectorName(sidecarName string) string {
	return sidecar.Shorten(sidecarName+"-redirect", sidecar.LabelLength)
}

// NewRedirector returns an init container that makes the pod's network redirect connections
// to some ports, those of UDP excepted. Connections within the pod to 127.0.0.1 and ::1
// stay as they are. Legacy iptables need NET_RAW besides NET_ADMIN for their socket.
func NewRedirector(w *sidecar.Workload, all []Redirection) corev1.Container {
	var args []string
	for _, r := range all {
		args = append(args, strconv.Itoa(int(r.Port)), strconv.Itoa(int(r.To)))
	}
	return corev1.Container{
		Name:            RedirectorName(w.Name),
		Image:           w.Pulled(IptablesImage.Ref),
		Command:         ShellCommand("redirect", redirectScript),
		Args:            args,
		Resources:       redirectSize.Resources(w),
		SecurityContext: RootSecurityContext("NET_ADMIN", "NET_RAW"),
	}
}

// CheckRedirector finds namespaces that refuse the init container, and says what it costs.
func CheckRedirector(w *sidecar.Workload, field string, fs *sidecar.Findings) {
	if CheckAdmitted(w, "baseline", field, "the init container with NET_ADMIN that redirects the app's port",
		"write rebind or mode: front, or use a namespace that admits privileged pods", fs) {
		fs.Add(sidecar.Warning, "redirect-privileged", field,
			"the init container that redirects the app's port is root with NET_ADMIN and NET_RAW: a namespace that admits "+
				"it (Pod Security level privileged) admits every privileged pod",
			"write rebind if the app can be moved, or mode: front")
	}
}

// ShellCommand returns the command that runs a shell script. Lines before "# Written" are
// for editors and shellcheck only.
func ShellCommand(name, script string) []string {
	return []string{"sh", "-c", script[strings.Index(script, "# Written"):], name}
}

// EnforcesLevel reports whether the namespace refuses pods that a level doesn't admit.
func EnforcesLevel(w *sidecar.Workload, level string) bool {
	return w.PodSecurity == "restricted" || w.PodSecurity == level
}

// CheckAdmitted finds namespaces that refuse a container, and reports whether this one
// doesn't, as far as is known.
func CheckAdmitted(w *sidecar.Workload, level, field, what, hint string, fs *sidecar.Findings) bool {
	if !EnforcesLevel(w, level) {
		return true
	}
	fs.AddUnfit(sidecar.Error, "pod-security", field,
		fmt.Sprintf("the namespace's label %s: %s refuses %s", sidecar.PodSecurityLabel, w.PodSecurity, what), hint)
	return false
}

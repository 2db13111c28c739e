package sidecar

// Check finds what can't work, whatever the patterns: ports that two want,
// sidecars that keep a Job from ending, placements that the cluster doesn't know.
func Check(w *Workload, asked []Asked) Findings {
	fs := Ports(w, asked)
	add := func(a Asked, code, message, hint string) {
		fs = append(fs, Finding{Severity: Error, Code: code, Object: w.Ref, Sidecar: a.Name, Message: message, Hint: hint})
	}
	for _, a := range asked {
		if len(a.Change.Containers) == 0 {
			continue
		}
		switch {
		case a.Placement == Beside && w.IsJob():
			add(a, "job-never-ends", "an ordinary container never exits, so the Job would never complete", "use placement native")
		case a.Placement == Native && !w.Kubernetes.AtLeast(1, 29): // KEP-753: on by default since 1.29
			add(a, "kubernetes-version", "native sidecars need Kubernetes 1.29, spec.kubernetesVersion says "+w.Kubernetes.String(), "use placement beside")
		}
	}
	return fs
}

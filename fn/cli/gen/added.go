package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// writeAdded lists what an entry of the example adds to the pod.
func (p *page) writeAdded(e *example) error {
	conf, fs := rig.Expand(e.files, e.alone(p.key))
	if fs.Failed() {
		return fs
	}
	p.add("\nIn this example it adds:\n\n| what | |\n| --- | --- |")
	for _, entry := range conf.Spec.Patterns {
		c := entry.Custom
		for _, ctr := range c.InitContainers {
			p.add("| init container `%s` | %s |", ctr.Name, aboutContainer(ctr))
		}
		long := "native sidecar"
		if entry.Placement == sidecar.Beside {
			long = "container"
		}
		for _, ctr := range c.Containers {
			p.add("| %s `%s` | %s |", long, ctr.Name, aboutContainer(ctr))
		}
		if c.Phase > 0 && entry.Placement != sidecar.Beside {
			p.add("| its start | in phase %d: lower ones start first, and the manifest's own init containers are in %d |",
				c.Phase, sidecar.PhaseUser)
		}
		for _, v := range c.Volumes {
			p.add("| volume `%s` | %s |", v.Name, aboutVolume(v))
		}
		p.writeAddedAround(c)
	}
	return nil
}

// writeAddedAround lists what the app, the pod and its neighbours get.
func (p *page) writeAddedAround(c *pattern.Custom) {
	for _, t := range c.Takeovers {
		if t.Front {
			p.add("| port %d | of the proxy, to which Services are changed; the app stays on %d |", t.Port, t.AppPort)
			continue
		}
		if t.Redirected {
			p.add("| port %d | is redirected to the proxy; only 127.0.0.1 within the pod reaches the app there |", t.Port)
			continue
		}
		p.add("| port %d | is taken over; the app listens on %d of 127.0.0.1 |", t.Port, t.AppPort)
	}
	if about := aboutApp(c.App); about != "" {
		p.add("| the app's container | %s |", about)
	}
	if about := aboutPod(c.Pod); about != "" {
		p.add("| the pod | %s |", about)
	}
	for _, claim := range c.Claims {
		p.add("| port %d | is used, so no other container may listen there |", claim.Port)
	}
	for _, s := range c.ServicePorts {
		p.add("| the Services | port %s %d |", s.Name, s.Port)
	}
	for _, o := range c.Objects {
		var head struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if json.Unmarshal(o.RawMessage, &head) == nil {
			p.add("| %s | `%s` |", head.Kind, head.Metadata.Name)
		}
	}
}

func aboutContainer(c corev1.Container) string {
	parts := []string{fmt.Sprintf("image `%s`", c.Image)}
	if c.Image == "" {
		parts = []string{"image of the app"}
	}
	for _, port := range c.Ports {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("port %d %s", port.ContainerPort, port.Name)))
	}
	for _, of := range []struct {
		what string
		list corev1.ResourceList
	}{{"requests", c.Resources.Requests}, {"limits", c.Resources.Limits}} {
		var amounts []string
		for _, name := range slices.Sorted(maps.Keys(of.list)) {
			amount := of.list[name]
			amounts = append(amounts, amount.String()+" "+strings.Replace(string(name), "cpu", "CPU", 1))
		}
		if amounts != nil {
			parts = append(parts, of.what+" "+strings.Join(amounts, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// aboutVolume says where a volume is from.
func aboutVolume(v corev1.Volume) string {
	switch {
	case v.ConfigMap != nil:
		return "of ConfigMap `" + v.ConfigMap.Name + "`"
	case v.Secret != nil:
		return "of Secret `" + v.Secret.SecretName + "`"
	case v.EmptyDir != nil:
		about := "an emptyDir"
		if v.EmptyDir.Medium == corev1.StorageMediumMemory {
			about += " in memory"
		}
		if v.EmptyDir.SizeLimit != nil {
			about += " of at most " + v.EmptyDir.SizeLimit.String()
		}
		return about
	case v.Projected != nil:
		return "projected"
	}
	return ""
}

func aboutApp(a sidecar.App) string {
	var parts, names []string
	for _, e := range a.Env {
		names = append(names, "`"+e.Name+"`")
	}
	if names != nil {
		parts = append(parts, "env "+strings.Join(names, ", "))
	}
	if a.Args != nil {
		parts = append(parts, "args `"+strings.Join(a.Args, "`, `")+"`")
	}
	for _, m := range a.VolumeMounts {
		parts = append(parts, fmt.Sprintf("volume `%s` at `%s`", m.Name, m.MountPath))
	}
	if a.DrainSeconds > 0 {
		parts = append(parts, fmt.Sprintf("runs on for %d seconds when the pod ends", a.DrainSeconds))
	}
	return strings.Join(parts, "; ")
}

func aboutPod(pod sidecar.Pod) string {
	var parts []string
	if pod.FSGroup != nil {
		parts = append(parts, "fsGroup "+strconv.FormatInt(*pod.FSGroup, 10))
	}
	if pod.ShareProcessNamespace != nil {
		parts = append(parts, "its containers share their processes")
	}
	for _, s := range pod.Sysctls {
		parts = append(parts, fmt.Sprintf("`%s` is %s", s.Name, s.Value))
	}
	if pod.MinGracePeriodSeconds > 0 {
		parts = append(parts, fmt.Sprintf("a grace period of at least %d seconds", pod.MinGracePeriodSeconds))
	}
	for _, key := range slices.Sorted(maps.Keys(pod.Annotations)) {
		parts = append(parts, "annotation `"+key+"`")
	}
	return strings.Join(parts, "; ")
}

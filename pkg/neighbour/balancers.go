package neighbour

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// balancers finds annotations of Services by which a cloud's load balancer still
// speaks plain HTTP, or checks by it whether pods are well.
func balancers(w *World, r *Result) {
	for i := range w.Doors {
		d := &w.Doors[i]
		if !d.tls() || d.Service.Spec.Type != corev1.ServiceTypeLoadBalancer {
			continue
		}
		s := w.object("Service", d.Service.Ref)
		if s == nil {
			continue
		}
		annotations := s.Annotations()
		keys := make([]string, 0, len(annotations))
		for key := range annotations {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			last := key[strings.LastIndexByte(key, '/')+1:]
			speaks := slices.Contains([]string{"aws-load-balancer-healthcheck-protocol", "aws-load-balancer-backend-protocol", "do-loadbalancer-protocol",
				"do-loadbalancer-healthcheck-protocol", "azure-load-balancer-health-probe-protocol"}, last) ||
				strings.HasPrefix(last, "port_") && strings.HasSuffix(last, "_health-probe_protocol")
			value := annotations[key]
			if want := map[string]string{"http": "https", "HTTP": "HTTPS", "Http": "Https"}[value]; speaks && want != "" {
				r.warn("balancer-health", d.Service.Ref, d.Owner, "metadata.annotations."+key, fmt.Sprintf("says %s, and port %d speaks TLS now", value, d.Port.Port), "write "+want)
			}
		}
	}
}

package neighbour

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// healthChecks are the annotations of Services by which clouds' load balancers
// learn what the backend, or its health check, speaks; each is http by a person's
// word, and TCP or what appProtocol says without it. What AWS and DigitalOcean do
// with ports is theirs, so that they're told and not set.
var healthChecks = []struct{ key, want string }{
	{"service.beta.kubernetes.io/aws-load-balancer-backend-protocol", "https"},
	{"service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol", "https"},
	{"service.beta.kubernetes.io/azure-load-balancer-health-probe-protocol", "https"},
	{"service.beta.kubernetes.io/do-loadbalancer-healthcheck-protocol", "https"},
	{"service.beta.kubernetes.io/do-loadbalancer-protocol", "tcp"}, // it speaks plain HTTP behind its own TLS
	{"load-balancer.hetzner.cloud/health-check-protocol", "https"},
	{"load-balancer.hetzner.cloud/protocol", "tcp"},
}

// loadBalancers warns of load balancers that are told to speak HTTP. A Service's
// healthCheckNodePort isn't concerned: kube-proxy itself answers there.
func loadBalancers(s *scene, r *Result) {
	for _, ref := range s.refs {
		for _, l := range s.services[ref] {
			if l.service.Spec.Type != corev1.ServiceTypeLoadBalancer {
				continue
			}
			azure := "service.beta.kubernetes.io/port_" + strconv.Itoa(int(l.port.Port)) + "_health-probe_protocol"
			for _, h := range append(healthChecks[:len(healthChecks):len(healthChecks)], struct{ key, want string }{azure, "https"}) {
				if !strings.EqualFold(l.service.Annotations[h.key], "http") {
					continue
				}
				r.find(l.finding(sidecar.Warning, "load-balancer-protocol", ref, sidecar.Fields("metadata", "annotations", h.key).String(),
					fmt.Sprintf("says http, but port %d speaks TLS now", l.port.Port), "set it to "+h.want))
			}
		}
	}
}

package neighbour

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A balancer is an annotation of Services by which a cloud's load balancer learns what
// the backend, or its health check, speaks.
type balancer struct {
	key   string
	plain []string // values by which it speaks no TLS to the backend
	want  string
	ends  string // only where this annotation is there: it ends TLS itself
	but   string // not where this one is true
}

// balancers are told and not set: what they do with several ports is theirs. The
// default of those without ends is TCP, or what appProtocol says.
var balancers = []balancer{
	{key: aws + "backend-protocol", plain: []string{"http"}, want: "https"},
	{key: aws + "backend-protocol", plain: []string{"", "tcp"}, want: "ssl", ends: aws + "ssl-cert"},
	{key: aws + "healthcheck-protocol", plain: []string{"http"}, want: "https"},
	{key: azure + "health-probe-protocol", plain: []string{"http"}, want: "https"},
	{key: do + "healthcheck-protocol", plain: []string{"http"}, want: "https"},
	// it speaks plain HTTP behind its own TLS
	{key: do + "protocol", plain: []string{"http", "https", "http2", "http3"}, want: "tcp", but: do + "tls-passthrough"},
	{key: hetzner + "health-check-protocol", plain: []string{"http"}, want: "https"},
	{key: hetzner + "protocol", plain: []string{"http", "https"}, want: "tcp"},
	{key: linode + "default-protocol", plain: []string{"http", "https"}, want: "tcp"},
	{key: linode + "check-type", plain: []string{"http", "http_body"}, want: "connection"},
	{key: "service.beta.kubernetes.io/oci-load-balancer-backend-protocol", plain: []string{"http"}, want: "TCP"},
	{key: "service.beta.kubernetes.io/scw-loadbalancer-health-check-type", plain: []string{"http"}, want: "https"},
}

const (
	aws     = "service.beta.kubernetes.io/aws-load-balancer-"
	azure   = "service.beta.kubernetes.io/azure-load-balancer-"
	do      = "service.beta.kubernetes.io/do-loadbalancer-"
	hetzner = "load-balancer.hetzner.cloud/"
	linode  = "service.beta.kubernetes.io/linode-loadbalancer-"
)

// followLoadBalancers warns of load balancers that speak plain HTTP. A Service's
// healthCheckNodePort isn't concerned: kube-proxy itself answers there.
func followLoadBalancers(s *scene, r *Result) {
	for _, ref := range s.refs {
		for i := range s.services[ref] {
			l := &s.services[ref][i]
			if l.service.Spec.Type != corev1.ServiceTypeLoadBalancer {
				continue
			}
			port := "service.beta.kubernetes.io/port_" + strconv.Itoa(int(l.port.Port)) + "_health-probe_protocol" // Azure's
			for _, a := range append(balancers[:len(balancers):len(balancers)], balancer{key: port, plain: []string{"http"},
				want: "https"}) {
				a.look(l, r)
			}
		}
	}
}

// look compares the annotation with one port, where it's about that one.
func (a *balancer) look(l *lead, r *Result) {
	have := l.service.Annotations
	value, there := have[a.key]
	if !there && a.ends == "" || !slices.Contains(a.plain, strings.ToLower(value)) || a.but != "" &&
		have[a.but] == "true" {
		return
	}
	message := fmt.Sprintf("says %s, but port %d speaks TLS now", value, l.port.Port)
	if a.ends != "" {
		ports := split(have[aws+"ssl-ports"])
		if have[a.ends] == "" || len(ports) > 0 && !slices.Contains(ports, "*") && !slices.Contains(ports, l.port.Name) &&
			!slices.Contains(ports, strconv.Itoa(int(l.port.Port))) {
			return
		}
		message = fmt.Sprintf("lets the load balancer pass on what was in its own TLS without any, but port %d speaks TLS now", l.port.Port)
	}
	r.find(l.finding(sidecar.Warning, "load-balancer-protocol", l.service.Ref, sidecar.Fields("metadata", "annotations",
		a.key).String(), message, "set it to "+a.want))
}

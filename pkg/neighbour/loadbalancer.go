package neighbour

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A balancerAnnotation is an annotation of Services that sets which protocol a cloud's load balancer, or its health
// check, speaks to the backend.
type balancerAnnotation struct {
	key            string
	plain          []string // values that mean no TLS
	tls            string   // the value that means TLS
	certificateKey string   // if not "", it matters only with this annotation, which makes the balancer terminate TLS
	passThroughKey string   // if not "", it doesn't matter when this annotation is true
}

// balancerAnnotations are reported and not set, as their effect on several ports differs between clouds. Without the
// annotation, the balancer speaks TCP or what appProtocol says, except for those with a certificateKey.
var balancerAnnotations = []balancerAnnotation{
	{key: aws + "backend-protocol", plain: []string{"http"}, tls: "https"},
	{key: aws + "backend-protocol", plain: []string{"", "tcp"}, tls: "ssl", certificateKey: aws + "ssl-cert"},
	{key: aws + "healthcheck-protocol", plain: []string{"http"}, tls: "https"},
	{key: azure + "health-probe-protocol", plain: []string{"http"}, tls: "https"},
	{key: do + "healthcheck-protocol", plain: []string{"http"}, tls: "https"},
	// it terminates TLS and speaks plain HTTP to the backend
	{
		key: do + "protocol", plain: []string{"http", "https", "http2", "http3"}, tls: "tcp",
		passThroughKey: do + "tls-passthrough",
	},
	{key: hetzner + "health-check-protocol", plain: []string{"http"}, tls: "https"},
	{key: hetzner + "protocol", plain: []string{"http", "https"}, tls: "tcp"},
	{key: linode + "default-protocol", plain: []string{"http", "https"}, tls: "tcp"},
	{key: linode + "check-type", plain: []string{"http", "http_body"}, tls: "connection"},
	{key: "service.beta.kubernetes.io/oci-load-balancer-backend-protocol", plain: []string{"http"}, tls: "TCP"},
	{key: "service.beta.kubernetes.io/scw-loadbalancer-health-check-type", plain: []string{"http"}, tls: "https"},
}

// azureProbe returns Azure's annotation for the health check of one port.
func azureProbe(port int32) balancerAnnotation {
	key := fmt.Sprintf("service.beta.kubernetes.io/port_%d_health-probe_protocol", port)
	return balancerAnnotation{key: key, plain: []string{"http"}, tls: "https"}
}

const (
	aws     = "service.beta.kubernetes.io/aws-load-balancer-"
	azure   = "service.beta.kubernetes.io/azure-load-balancer-"
	do      = "service.beta.kubernetes.io/do-loadbalancer-"
	hetzner = "load-balancer.hetzner.cloud/"
	linode  = "service.beta.kubernetes.io/linode-loadbalancer-"
)

// followLoadBalancers warns of load balancers that don't speak TLS to a port that speaks it now. A Service's
// healthCheckNodePort doesn't matter: kube-proxy itself answers there.
func followLoadBalancers(s *scene, r *Result) {
	for _, ref := range s.tlsServices {
		for i := range s.tlsPorts[ref] {
			sp := &s.tlsPorts[ref][i]
			if sp.service.Spec.Type != corev1.ServiceTypeLoadBalancer {
				continue
			}
			for i := range balancerAnnotations {
				balancerAnnotations[i].checkPort(sp, r)
			}
			probe := azureProbe(sp.port.Port)
			probe.checkPort(sp, r)
		}
	}
}

// checkPort warns if the annotation means that a port is reached without TLS.
func (a *balancerAnnotation) checkPort(sp *servicePort, r *Result) {
	have := sp.service.Annotations
	value, ok := have[a.key]
	if !ok && a.certificateKey == "" || !slices.Contains(a.plain, strings.ToLower(value)) {
		return
	}
	if a.passThroughKey != "" && have[a.passThroughKey] == "true" {
		return
	}
	message := fmt.Sprintf("is %s, but port %d speaks TLS now", value, sp.port.Port)
	if a.certificateKey != "" {
		if have[a.certificateKey] == "" || !terminatesTLS(have, &sp.port) {
			return
		}
		message = fmt.Sprintf("makes the load balancer terminate TLS and forward plain TCP, but port %d now expects TLS",
			sp.port.Port)
	}
	sp.addWarning(r, "load-balancer-protocol", sp.service.Ref, annotationPath(a.key).String(), message, "set it to "+a.tls)
}

// terminatesTLS reports whether AWS's load balancer terminates TLS on a port; without a list of ports, on all.
func terminatesTLS(annotations map[string]string, port *corev1.ServicePort) bool {
	ports := splitList(annotations[aws+"ssl-ports"])
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p string) bool {
		return p == "*" || p == port.Name || p == strconv.Itoa(int(port.Port))
	})
}

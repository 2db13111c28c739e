package neighbour

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A balancerAnnotation is an annotation of Services by which a cloud's load balancer learns what
// the backend, or its health check, speaks.
type balancerAnnotation struct {
	key            string
	plainValues    []string // values by which it speaks no TLS to the backend
	tlsValue       string
	tlsKey         string // only where this annotation is there: it ends TLS itself
	passThroughKey string // not where this one is true
}

// balancerAnnotations are told and not set: what they do with several ports is theirs. The
// default of those without ends is TCP, or what appProtocol says.
var balancerAnnotations = []balancerAnnotation{
	{key: aws + "backend-protocol", plainValues: []string{"http"}, tlsValue: "https"},
	{key: aws + "backend-protocol", plainValues: []string{"", "tcp"}, tlsValue: "ssl", tlsKey: aws + "ssl-cert"},
	{key: aws + "healthcheck-protocol", plainValues: []string{"http"}, tlsValue: "https"},
	{key: azure + "health-probe-protocol", plainValues: []string{"http"}, tlsValue: "https"},
	{key: do + "healthcheck-protocol", plainValues: []string{"http"}, tlsValue: "https"},
	// it speaks plain HTTP behind its own TLS
	{key: do + "protocol", plainValues: []string{"http", "https", "http2", "http3"}, tlsValue: "tcp", passThroughKey: do + "tls-passthrough"},
	{key: hetzner + "health-check-protocol", plainValues: []string{"http"}, tlsValue: "https"},
	{key: hetzner + "protocol", plainValues: []string{"http", "https"}, tlsValue: "tcp"},
	{key: linode + "default-protocol", plainValues: []string{"http", "https"}, tlsValue: "tcp"},
	{key: linode + "check-type", plainValues: []string{"http", "http_body"}, tlsValue: "connection"},
	{key: "service.beta.kubernetes.io/oci-load-balancer-backend-protocol", plainValues: []string{"http"}, tlsValue: "TCP"},
	{key: "service.beta.kubernetes.io/scw-loadbalancer-health-check-type", plainValues: []string{"http"}, tlsValue: "https"},
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
	for _, ref := range s.tlsServices {
		for i := range s.tlsPorts[ref] {
			sp := &s.tlsPorts[ref][i]
			if sp.service.Spec.Type != corev1.ServiceTypeLoadBalancer {
				continue
			}
			port := "service.beta.kubernetes.io/port_" + strconv.Itoa(int(sp.port.Port)) + "_health-probe_protocol" // Azure's
			for _, a := range append(balancerAnnotations[:len(balancerAnnotations):len(balancerAnnotations)], balancerAnnotation{key: port, plainValues: []string{"http"},
				tlsValue: "https"}) {
				a.checkPort(sp, r)
			}
		}
	}
}

// checkPort compares the annotation with one port, where it's about that one.
func (a *balancerAnnotation) checkPort(sp *servicePort, r *Result) {
	have := sp.service.Annotations
	value, there := have[a.key]
	if !there && a.tlsKey == "" || !slices.Contains(a.plainValues, strings.ToLower(value)) || a.passThroughKey != "" &&
		have[a.passThroughKey] == "true" {
		return
	}
	message := fmt.Sprintf("says %s, but port %d speaks TLS now", value, sp.port.Port)
	if a.tlsKey != "" {
		ports := splitList(have[aws+"ssl-ports"])
		if have[a.tlsKey] == "" || len(ports) > 0 && !slices.Contains(ports, "*") && !slices.Contains(ports, sp.port.Name) &&
			!slices.Contains(ports, strconv.Itoa(int(sp.port.Port))) {
			return
		}
		message = fmt.Sprintf("lets the load balancer pass on what was in its own TLS without any, but port %d speaks TLS now", sp.port.Port)
	}
	r.addFindings(sp.newFinding(sidecar.Warning, "load-balancer-protocol", sp.service.Ref, sidecar.Fields("metadata", "annotations",
		a.key).String(), message, "set it to "+a.tlsValue))
}

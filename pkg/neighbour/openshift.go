package neighbour

import (
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var openshiftRoutes = Kind{"route.openshift.io", "Route"}

// openshiftRoute holds the fields of a Route that are read here (openshift/api route/v1).
type openshiftRoute struct {
	To                routeTarget   `json:"to"`
	AlternateBackends []routeTarget `json:"alternateBackends"`
	Port              *struct {
		TargetPort intstr.IntOrString `json:"targetPort"`
	} `json:"port"`
	TLS struct {
		Termination string `json:"termination"`
	} `json:"tls"`
}

type routeTarget struct {
	Name string `json:"name"`
}

// checkOpenShiftRoutes warns of Routes whose router speaks plain HTTP to the pods.
func checkOpenShiftRoutes(s *scene, r *Result) {
	if len(s.tlsPorts) == 0 {
		return
	}
	for _, o := range s.Objects(openshiftRoutes, "*", s.hasTLS) {
		route := o.Spec.(*openshiftRoute)
		if route.TLS.Termination != "" && route.TLS.Termination != "edge" {
			continue
		}
		for _, to := range append([]routeTarget{route.To}, route.AlternateBackends...) {
			for _, sp := range s.tlsPorts[sidecar.Ref{Kind: "Service", Namespace: o.Ref.Namespace, Name: to.Name}] {
				if !route.leadsTo(&sp) {
					continue
				}
				sp.addWarning(r, "route-backend", o.Ref, "spec.tls",
					fmt.Sprintf("routes to %s port %d, which speaks TLS now", sp.service.Ref, sp.port.Port),
					"set tls: {termination: reencrypt, destinationCACertificate: ...}, with the certificate of its CA")
				break
			}
		}
	}
}

// leadsTo reports whether the Route leads to a port of its Services: it may name the Service's port or the pod's.
func (route *openshiftRoute) leadsTo(sp *servicePort) bool {
	if route.Port == nil || route.Port.TargetPort == sp.port.TargetPort {
		return true
	}
	name := route.Port.TargetPort.String()
	return name == sp.port.Name || name == strconv.Itoa(int(sp.Takeover.Port))
}

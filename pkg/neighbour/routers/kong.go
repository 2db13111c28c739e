package routers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// Kong's KongIngress isn't read: Kong ignores its proxy, where a protocol was, since version 3 of its controller.

// kongTCPIngress holds the fields of a TCPIngress that are read here. A rule with a host has an SNI, so Kong terminates
// TLS. Its Service speaks tcp by default (Kong/kubernetes-ingress-controller
// internal/dataplane/translator/translate_kong_l4.go).
type kongTCPIngress struct {
	Rules []struct {
		Host    string `json:"host"`
		Backend struct {
			ServiceName string             `json:"serviceName"`
			ServicePort intstr.IntOrString `json:"servicePort"`
		} `json:"backend"`
	} `json:"rules"`
}

var kongAnnotation = serviceSetting{keys: []string{"konghq.com/protocol"}, values: []string{"tls", "https", "grpcs"}}

func (t *kongTCPIngress) Backends(annotations map[string]string) (all []Backend) {
	if strings.Contains(annotations["konghq.com/protocols"], "tls_passthrough") {
		return nil
	}
	for i, rule := range t.Rules {
		if rule.Host != "" {
			all = append(all, Backend{
				Field: fmt.Sprintf("spec.rules[%d].backend", i), Service: rule.Backend.ServiceName, Port: rule.Backend.ServicePort,
				Hint: "give the Service the annotation konghq.com/protocol: tls", setting: &kongAnnotation,
			})
		}
	}
	return all
}

// kongService holds the fields of a KongService that are read here (Kong/kubernetes-configuration
// api/configuration/v1alpha1). A url is found as those of other callers are.
type kongService struct {
	URL      string `json:"url"`
	Host     string `json:"host"`
	Port     int32  `json:"port"`
	Protocol string `json:"protocol"`
}

func (s *kongService) Backends(map[string]string) []Backend {
	isPlain := slices.Contains([]string{"", "http", "grpc", "tcp", "ws"}, s.Protocol)
	if s.URL != "" || !isPlain {
		return nil
	}
	tls := map[string]string{"grpc": "grpcs", "tcp": "tls", "ws": "wss"}[s.Protocol]
	return []Backend{{Field: "spec.protocol", Host: strings.ToLower(s.Host), Port: intstr.FromInt32(cmp.Or(s.Port, 80)),
		Hint: "set protocol: " + cmp.Or(tls, "https")}}
}

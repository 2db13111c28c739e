package routers

import (
	"fmt"
	"strings"
)

// ambassadorMapping holds the fields of a Mapping that are read here, and those of other kinds whose service is written
// alike: services for rate limits, traces and logs. It is
// [scheme://]service[.namespace][:port], with http and its port as defaults (emissary-ingress/emissary
// python/ambassador/ir/ircluster.py).
type ambassadorMapping struct {
	Service string `json:"service"`
	TLS     any    `json:"tls"` // true, or the name of a TLSContext
}

// ambassadorBackends returns the Service of a mapping. One with a scheme is a URL, which the search for callers finds.
func ambassadorBackends(field, service string, tls any) []Backend {
	if strings.Contains(service, "://") || tls == true || tls != nil && tls != false && tls != "" {
		return nil
	}
	host, port := splitAddress(service, 80)
	return []Backend{{Field: field, Host: host, Port: port,
		Hint: fmt.Sprintf("write https://%s:%s", host, port.String())}}
}

func (m *ambassadorMapping) Backends(map[string]string) []Backend {
	return ambassadorBackends("spec.service", m.Service, m.TLS)
}

// ambassadorTCPMapping is a TCPMapping. With a host, which is an SNI, it terminates TLS. A scheme counts there, too
// (python/tests/src/tests/kat/t_tcpmapping.py).
type ambassadorTCPMapping struct {
	ambassadorMapping
	Host string `json:"host"`
}

func (m *ambassadorTCPMapping) Backends(map[string]string) []Backend {
	if m.Host == "" {
		return nil
	}
	return ambassadorBackends("spec.service", m.Service, m.TLS)
}

// ambassadorAuth is an AuthService.
type ambassadorAuth struct {
	Service string `json:"auth_service"`
	TLS     any    `json:"tls"`
}

func (a *ambassadorAuth) Backends(map[string]string) []Backend {
	return ambassadorBackends("spec.auth_service", a.Service, a.TLS)
}

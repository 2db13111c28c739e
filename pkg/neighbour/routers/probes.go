package routers

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// probe holds the fields of a Probe that are read here (prometheus-operator pkg/apis/monitoring/v1).
type probe struct {
	Module string `json:"module"`
	Prober struct {
		URL    string `json:"url"`
		Scheme string `json:"scheme"`
	} `json:"prober"`
	Targets struct {
		StaticConfig struct {
			Static []string `json:"static"`
		} `json:"staticConfig"`
	} `json:"targets"`
}

// Backends returns the prober and the targets without a scheme: the blackbox exporter puts http:// before those, unless
// its module isn't about HTTP (its prober/http.go). URLs are found as those of other callers are.
func (p *probe) Backends(map[string]string) (all []Backend) {
	if p.Prober.URL != "" && !strings.EqualFold(p.Prober.Scheme, "https") {
		host, port := splitAddress(p.Prober.URL, 80)
		all = append(all, Backend{Field: "spec.prober", Host: host, Port: port, Called: p.Prober.URL,
			Hint: "set prober.scheme: https, and a tlsConfig"})
	}
	for i, target := range p.Targets.StaticConfig.Static {
		if strings.Contains(target, "://") || !p.requestsHTTP() {
			continue
		}
		address, path, _ := strings.Cut(target, "/")
		host, port := splitAddress(address, 80)
		hint := fmt.Sprintf("write https://%s:%s", host, port.String())
		if path != "" {
			hint += "/" + path
		}
		all = append(all, Backend{Field: fmt.Sprintf("spec.targets.staticConfig.static[%d]", i), Host: host, Port: port,
			Called: target, Hint: hint})
	}
	return all
}

// requestsHTTP reports whether the module's name leaves open that it sends HTTP requests.
func (p *probe) requestsHTTP() bool {
	for _, other := range []string{"tcp", "icmp", "dns", "ssh", "tls", "ping"} {
		if strings.Contains(strings.ToLower(p.Module), other) {
			return false
		}
	}
	return true
}

// scrapeConfig holds the fields of a ScrapeConfig that are read here (pkg/apis/monitoring/v1alpha1).
type scrapeConfig struct {
	Scheme        string `json:"scheme"`
	StaticConfigs []struct {
		Targets []string `json:"targets"`
	} `json:"staticConfigs"`
}

func (c *scrapeConfig) Backends(map[string]string) (all []Backend) {
	if strings.EqualFold(c.Scheme, "https") {
		return nil
	}
	for i, group := range c.StaticConfigs {
		for j, target := range group.Targets {
			host, port := splitAddress(target, 80)
			all = append(all, Backend{Field: fmt.Sprintf("spec.staticConfigs[%d].targets[%d]", i, j), Host: host, Port: port,
				Called: target, Hint: "set scheme: HTTPS, and a tlsConfig"})
		}
	}
	return all
}

// prometheus holds the fields of a Prometheus that are read here: the Alertmanagers to which it sends alerts
// (pkg/apis/monitoring/v1). A number is a port of their pods, not of the Service.
type prometheus struct {
	Alerting struct {
		Alertmanagers []struct {
			Namespace string             `json:"namespace"`
			Name      string             `json:"name"`
			Port      intstr.IntOrString `json:"port"`
			Scheme    string             `json:"scheme"`
		} `json:"alertmanagers"`
	} `json:"alerting"`
}

func (p *prometheus) Backends(map[string]string) (all []Backend) {
	for i, a := range p.Alerting.Alertmanagers {
		if a.Port.Type == intstr.String && !strings.EqualFold(a.Scheme, "https") {
			all = append(all, Backend{Field: fmt.Sprintf("spec.alerting.alertmanagers[%d]", i), Namespace: a.Namespace,
				Service: a.Name, Port: a.Port, Called: a.Name + ":" + a.Port.StrVal, Hint: "set scheme: https, and a tlsConfig"})
		}
	}
	return all
}

// splitAddress splits a host and a port, which may be missing.
func splitAddress(address string, def int32) (host string, port intstr.IntOrString) {
	host, text, _ := strings.Cut(address, ":")
	port = intstr.FromInt32(def)
	if n, err := strconv.ParseUint(text, 10, 16); err == nil {
		port = intstr.FromInt32(int32(n))
	}
	return strings.ToLower(strings.TrimSuffix(host, ".")), port
}

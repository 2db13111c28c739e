package pattern

import (
	"embed"
	"fmt"
	"strings"
	"sync"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	confDir  = "/etc/outrigger/nginx" // where nginx.conf is mounted
	certsDir = "/etc/outrigger/certs" // where tls.crt and tls.key are
	confKey  = "nginx.conf"
	confFile = confDir + "/" + confKey
)

//go:embed files/nginx
var nginxFiles embed.FS

// nginxTemplates are the configurations of nginx, one a pattern, and the parts
// that they're made of.
var nginxTemplates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(nginxFiles, "files/nginx/*.tmpl"))
})

// nginxConf is what nginx.conf is made of. Numbers, booleans and words of our own
// only, no string that a user wrote: nobody can break out of a directive.
type nginxConf struct {
	Port, AppPort    int32
	Workers          int64
	ShutdownSeconds  int64
	Listen           []string
	Certs            string
	HTTP2Directive   bool // "http2 on" (nginx 1.25.1) in place of a word of listen
	CertificateCache bool // ssl_certificate_cache (nginx 1.27.4)
	Modern           bool
	Redirect         bool
	AccessLog        bool
}

// conf is what the nginx.conf of a valid TLSProxy is made of.
func (p *TLSProxy) conf(w *sidecar.Workload, given corev1.ResourceRequirements) nginxConf {
	version := nginxRelease(w.Image(nginxImage.ref))
	c := nginxConf{
		Port: p.Port, AppPort: p.Rebind.Port,
		Workers:          workers(cpuLimit(w, given)),
		ShutdownSeconds:  p.shutdown(w).left(),
		Certs:            certsDir,
		HTTP2Directive:   version.atLeast(1, 25, 1),
		CertificateCache: version.atLeast(1, 27, 4),
		Modern:           p.TLSProfile == Modern,
		Redirect:         p.PlainHTTP == Redirect,
		AccessLog:        p.AccessLog == JSONAccessLog,
	}
	options := " ssl"
	if !c.HTTP2Directive {
		options += " http2"
	}
	if p.listens(corev1.IPv4Protocol) {
		c.Listen = append(c.Listen, fmt.Sprintf("%d%s", p.Port, options))
	}
	if p.listens(corev1.IPv6Protocol) {
		c.Listen = append(c.Listen, fmt.Sprintf("[::]:%d%s", p.Port, options))
	}
	return c
}

// workers is one process per CPU of the limit, from 1 to 4; 2 without a limit.
func workers(limit resource.Quantity) int64 {
	if limit.IsZero() {
		return 2
	}
	return min(max(limit.Value(), 1), 4) // Value rounds up
}

// String is the text of nginx.conf.
func (c nginxConf) String() string {
	var b strings.Builder
	if err := nginxTemplates().ExecuteTemplate(&b, "tlsproxy.tmpl", c); err != nil {
		panic(fmt.Sprintf("tlsproxy.tmpl: %v", err)) // the template and its type are both ours
	}
	return b.String()
}

package proxy

import (
	"embed"
	"fmt"
	"strings"
	"sync"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
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

// nginxConf is what nginx.conf is made of. Strings that a user wrote come in
// only as words that quote made: nobody can break out of a directive.
type nginxConf struct {
	Pattern          string // its key, for the first line
	Workers          int64
	ShutdownSeconds  int64
	Certs            string
	Plain            bool // without TLS
	HTTP2Directive   bool // "http2 on" (nginx 1.25.1) in place of a word of listen
	CertificateCache bool // ssl_certificate_cache (nginx 1.27.4)
	Modern           bool
	Redirect         bool
	AccessLog        bool
	Zone             string // of TLS sessions
	Clients          *nginxClients
	Auth             *nginxAuth
	Identity         []nginxHeader // towards the app, where the proxy finds out who is there
	Servers          []nginxServer // http and grpc
	Streams          []nginxServer // tcp
}

// nginxServer is one port.
type nginxServer struct {
	*nginxConf
	Port, AppPort int32
	Listen        []string
	GRPC          bool
	OnPublicPath  bool // of its requests
	Health        *nginxHealth
}

// Preflight are the headers that lead a request elsewhere, where requests without a
// token come through the same location as those with one.
func (s nginxServer) Preflight() []preflightHeader {
	if s.OnPublicPath || s.Auth == nil || s.Auth.Token == nil {
		return nil
	}
	return s.Auth.Token.Preflight
}

// Set is the directive by which a header is set towards the app.
func (s nginxServer) Set() string {
	if s.GRPC {
		return "grpc_set_header"
	}
	return "proxy_set_header"
}

// Anonymous is s for requests of nobody: no identity goes to the app.
func (s nginxServer) Anonymous() nginxServer {
	conf := *s.nginxConf
	conf.Identity = nil
	for _, h := range s.Identity {
		conf.Identity = append(conf.Identity, nginxHeader{h.Name, `""`})
	}
	s.nginxConf = &conf
	return s
}

// Public is s for public paths: nobody's, and a request stays what it is, at the path
// that was compared and in HTTP.
func (s nginxServer) Public() nginxServer {
	s = s.Anonymous()
	s.OnPublicPath = true
	for _, name := range reroutingNames() {
		s.Identity = append(s.Identity, nginxHeader{name, `""`})
	}
	return s
}

// Stream is c with the names that the stream module shares with nobody.
func (c *nginxConf) Stream() *nginxConf {
	out := *c
	out.Zone = "tcp"
	return &out
}

// Healthy are the servers that have a listener for the kubelet.
func (c *nginxConf) Healthy() (out []nginxServer) {
	for _, s := range c.Servers {
		if s.Health != nil {
			out = append(out, s)
		}
	}
	return out
}

// baseNginxConf is what the nginx.conf of a valid Base is made of.
func (p *Base) baseNginxConf(w *sidecar.Workload, given corev1.ResourceRequirements) *nginxConf {
	version := nginxRelease(w.Image(pattern.NginxImage.Ref))
	end := p.planShutdown(w)
	c := &nginxConf{
		Workers:          countWorkers(pattern.CPULimit(w, given)),
		ShutdownSeconds:  end.quitSeconds(end.proxy),
		Certs:            certsDir,
		HTTP2Directive:   version.AtLeast(1, 25, 1),
		CertificateCache: version.AtLeast(1, 27, 4),
		Modern:           p.TLSProfile == Modern,
		AccessLog:        p.AccessLog == JSONAccessLog,
		Zone:             "tls",
	}
	options := " ssl"
	switch {
	case !p.hasCertificate():
		options = ""
		c.Plain, c.HTTP2Directive = true, false
	case !c.HTTP2Directive:
		options += " http2"
	}
	for _, d := range p.portRoutes() {
		s := nginxServer{nginxConf: c, Port: d.listen, AppPort: d.app, GRPC: d.protocol == sidecar.GRPC}
		if d.protocol == sidecar.TCP {
			s.Listen = p.listenDirectives(d.listen, " ssl so_keepalive=on")
			c.Streams = append(c.Streams, s)
			continue
		}
		s.Listen = p.listenDirectives(d.listen, options)
		c.Servers = append(c.Servers, s)
	}
	return c
}

// addHealthListeners gives the servers their listeners for the kubelet.
func (p *Base) addHealthListeners(w *sidecar.Workload, c *nginxConf, guarded bool) {
	at := 0
	for i, d := range p.portRoutes() {
		if d.protocol == sidecar.TCP {
			continue
		}
		if p.needsHealthListener(w, d, guarded) {
			c.Servers[at].Health = p.healthListener(w, i, c.HTTP2Directive)
		}
		at++
	}
}

// countWorkers is one process per CPU of the limit, from 1 to 4; 2 without a limit.
func countWorkers(limit resource.Quantity) int64 {
	if limit.IsZero() {
		return 2
	}
	return min(max(limit.Value(), 1), 4) // Value rounds up
}

// quoteWord writes a word of a directive. In quotes, nginx takes \" and \\ for what
// follows the backslash (ngx_conf_read_token), and a variable where a $ begins
// one: what may have a $ must not come here.
func quoteWord(word string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

// String is the text of nginx.conf.
func (c *nginxConf) String() string {
	var b strings.Builder
	if err := nginxTemplates().ExecuteTemplate(&b, "nginx.tmpl", c); err != nil {
		panic(fmt.Sprintf("nginx.tmpl: %v", err)) // the template and its type are both ours
	}
	return b.String()
}

// nginxRelease reads the version of nginx from the tag of an image.
func nginxRelease(ref string) pattern.Release { return pattern.ReleaseOf(ref, "nginx", "openresty") }

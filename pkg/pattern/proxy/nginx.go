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
	confDir  = "/etc/outrigger/nginx" // of nginx.conf
	certsDir = "/etc/outrigger/certs" // of tls.crt and tls.key
	confKey  = "nginx.conf"
	confFile = confDir + "/" + confKey
)

//go:embed files/nginx
var nginxFiles embed.FS

// nginxTemplates are the configurations of nginx for each pattern, and their parts.
var nginxTemplates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(nginxFiles, "files/nginx/*.tmpl"))
})

// nginxConf is the data of nginx.conf. Text of a user is only in words that quoteWord has
// made, so it can't break out of a directive.
type nginxConf struct {
	Pattern          string // its key, in the first line
	Workers          int64
	Connections      int64 // of each worker, with clients and the app
	ShutdownSeconds  int64
	StayingDir       string // it's there until nginx is about to quit; "": no port speaks HTTP/1.1
	KeepSeconds      int64  // how long idle connections outlive a quit (keepalive_min_timeout, nginx 1.27.4)
	Certs            string
	Plain            bool // without TLS
	HTTP2Directive   bool // "http2 on" (nginx 1.25.1) in place of an argument of listen
	CertificateCache bool // ssl_certificate_cache (nginx 1.27.4)
	Modern           bool
	Redirect         bool
	AccessLog        bool
	Zone             string // name of the cache of TLS sessions
	Clients          *nginxClients
	Auth             *nginxAuth
	Identity         []nginxHeader // for the app, if the proxy identifies clients
	Servers          []nginxServer // http and grpc
	Streams          []nginxServer // tcp
}

// nginxServer is one port.
type nginxServer struct {
	*nginxConf
	Port, AppPort int32
	Listen        []string
	GRPC          bool
	HTTP2         bool
	OnPublicPath  bool // it's for requests to public paths
	Health        *nginxHealth
}

// Preflight returns the headers that may change a request's path or method, if the location
// is for requests with and without a token.
func (s nginxServer) Preflight() []preflightHeader {
	if s.OnPublicPath || s.Auth == nil || s.Auth.Token == nil {
		return nil
	}
	return s.Auth.Token.Preflight
}

// Set returns the directive that sets a header for the app.
func (s nginxServer) Set() string {
	if s.GRPC {
		return "grpc_set_header"
	}
	return "proxy_set_header"
}

// Anonymous returns s for requests without an identity.
func (s nginxServer) Anonymous() nginxServer {
	conf := *s.nginxConf
	conf.Identity = nil
	for _, h := range s.Identity {
		conf.Identity = append(conf.Identity, nginxHeader{h.Name, `""`})
	}
	s.nginxConf = &conf
	return s
}

// Public returns s for public paths: requests have no identity, and no header that changes
// the path or method.
func (s nginxServer) Public() nginxServer {
	s = s.Anonymous()
	s.OnPublicPath = true
	for _, name := range reroutingNames() {
		s.Identity = append(s.Identity, nginxHeader{name, `""`})
	}
	return s
}

// Stream returns c with names of its own for the stream module, which shares none with
// http.
func (c *nginxConf) Stream() *nginxConf {
	out := *c
	out.Zone = "tcp"
	return &out
}

// Healthy returns the servers with a listener for the kubelet.
func (c *nginxConf) Healthy() (out []nginxServer) {
	for _, s := range c.Servers {
		if s.Health != nil {
			out = append(out, s)
		}
	}
	return out
}

// baseNginxConf returns the data of nginx.conf for a valid Base.
func (p *Base) baseNginxConf(w *sidecar.Workload, given corev1.ResourceRequirements) *nginxConf {
	version := nginxRelease(w.Image(pattern.NginxImage.Ref))
	end := p.planShutdown(w)
	workers := countWorkers(pattern.CPULimit(w, given))
	c := &nginxConf{
		Workers:          workers,
		Connections:      countConnections(pattern.MemoryLimit(w, given), workers),
		ShutdownSeconds:  end.quitSeconds(end.proxy),
		Certs:            certsDir,
		HTTP2Directive:   version.AtLeast(1, 25, 1),
		CertificateCache: version.AtLeast(1, 27, 4),
		Modern:           p.TLSProfile == Modern,
		AccessLog:        p.AccessLog == JSONAccessLog,
		Zone:             "tls",
	}
	if end.proxy > 0 && version.AtLeast(1, 27, 4) {
		c.KeepSeconds = end.app - end.proxy // the app still answers
	}
	options := " ssl"
	if !p.hasCertificate() {
		options = ""
		c.Plain, c.HTTP2Directive = true, false
	}
	for _, d := range p.portRoutes() {
		s := nginxServer{nginxConf: c, Port: d.listen, AppPort: d.app, GRPC: d.protocol == sidecar.GRPC}
		if d.protocol == sidecar.TCP {
			s.Listen = p.listenDirectives(d.listen, " ssl so_keepalive=on")
			c.Streams = append(c.Streams, s)
			continue
		}
		if !s.GRPC { // HTTP/2 has no such header
			c.StayingDir = stayingDir
		}
		s.HTTP2 = !c.Plain && (s.GRPC || p.HTTP2 == nil || *p.HTTP2)
		if s.HTTP2 && !c.HTTP2Directive {
			s.Listen = p.listenDirectives(d.listen, options+" http2")
		} else {
			s.Listen = p.listenDirectives(d.listen, options)
		}
		c.Servers = append(c.Servers, s)
	}
	return c
}

// newNginxContainer returns the container of nginx with its configuration, and with more
// mounts. Its command skips the image's entrypoint, whose scripts write to the root file
// system. There is no readiness probe: the app's own goes through nginx and covers both.
func (p *Base) newNginxContainer(w *sidecar.Workload, resources corev1.ResourceRequirements,
	more ...corev1.VolumeMount) corev1.Container {
	mounts := []corev1.VolumeMount{{Name: pattern.VolumeName(w, "config"), MountPath: confDir, ReadOnly: true}}
	mounts = append(mounts, more...)
	return corev1.Container{
		Name:            w.Name,
		Image:           w.Pulled(pattern.NginxImage.Ref),
		Command:         []string{"nginx", "-e", "stderr", "-c", confFile, "-g", "daemon off;"},
		Ports:           p.containerPorts(w),
		Resources:       resources,
		VolumeMounts:    append(mounts, corev1.VolumeMount{Name: pattern.VolumeName(w, "tmp"), MountPath: "/tmp"}),
		StartupProbe:    pattern.NewTCPProbe(p.portRoutes()[0].listen, 1, 60),
		LivenessProbe:   pattern.NewTCPProbe(p.portRoutes()[0].listen, 20, 3),
		Lifecycle:       p.planShutdown(w).quitHook(),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.NginxImage),
	}
}

// addHealthListeners adds the listeners for the kubelet to the servers.
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

// countWorkers returns one process for each CPU of the limit, from 1 to 4, or 2 without a
// limit.
func countWorkers(limit resource.Quantity) int64 {
	if limit.IsZero() {
		return 2
	}
	return min(max(limit.Value(), 1), 4) // Value rounds up
}

// countConnections returns how many connections each worker may have in a limit of memory, from 256 to 16384, or 4096
// without a limit. Where all are taken, nginx lets idle ones go, and new clients wait or are refused; over its limit of
// memory, it would be killed, and all clients would lose theirs. By measurement, with OpenSSL 3.0, a stream in HTTP/1.1
// takes 48 KiB for its two connections, and one in HTTP/2 takes 20 KiB for the one with the app. A process takes 4 MiB,
// and so does the cache of sessions.
func countConnections(limit resource.Quantity, workers int64) int64 {
	const each, process, cache = 25 << 10, 4 << 20, 4 << 20
	if limit.IsZero() {
		return 4096
	}
	free := limit.Value() - process*(workers+1) - cache
	return min(max(free/each/workers, 256), 16384)
}

// Files returns the limit of open files of each worker: those beside its connections are certificates and logs.
func (c *nginxConf) Files() int64 { return c.Connections + 1024 }

// quoteWord quotes an argument of a directive. In quotes, nginx reads \" and \\ as the
// character after the backslash (ngx_conf_read_token), and expands variables after $. So
// the word must not contain a $.
func quoteWord(word string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

// String returns the text of nginx.conf.
func (c *nginxConf) String() string {
	var b strings.Builder
	if err := nginxTemplates().ExecuteTemplate(&b, "nginx.tmpl", c); err != nil {
		panic(fmt.Sprintf("nginx.tmpl: %v", err)) // the template and its type are both ours
	}
	return b.String()
}

// nginxRelease reads the version of nginx from the tag of an image.
func nginxRelease(ref string) pattern.Release { return pattern.ReleaseOf(ref, "nginx", "openresty") }

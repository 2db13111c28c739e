// Package tunnel holds Tunnel, a plain port on loopback that reaches a server outside the
// pod through verified TLS.
package tunnel

import (
	"cmp"
	"maps"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Tunnel is a port of 127.0.0.1, for the containers of the pod only, that reaches a server
// outside through TLS. It always verifies the server's certificate and its name, and has no
// switch to turn that off. By default it's a ghostunnel, for protocols that use TLS from
// the first byte. Databases that start TLS inside their own protocol need pgbouncer,
// cloudSQL, alloyDB or clientTLS.
type Tunnel struct {
	// ListenPort is the plain port of 127.0.0.1. Required without clientTLS.
	ListenPort int32 `json:"listenPort,omitempty"`
	// Host is the name or address of the server. It's looked up for each connection, so the
	// pod can start before the name or the server exists. Required without cloudSQL,
	// alloyDB and clientTLS.
	Host string `json:"host,omitempty"`
	// Port of the server with TLS. Required with host.
	Port int32 `json:"port,omitempty"`
	// ServerName is the name in the server's certificate. Required if host is an address.
	// Default: host.
	ServerName string `json:"serverName,omitempty"`
	// CA is the authority of the server's certificate. A change takes effect within a
	// minute. Default: the public authorities in the image.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// ClientCertificate is sent to servers that request one. Default: none.
	ClientCertificate *ClientCertificate `json:"clientCertificate,omitempty"`
	// Protocol of the app: tcp (anything that uses TLS from the first byte), postgres,
	// mysql, smtp or ldap. In the last four, TLS starts inside the protocol. Default: tcp;
	// postgres with pgbouncer.
	Protocol Protocol `json:"protocol,omitempty"`
	// Env are variables that point the containers to the tunnel, as in {REDIS_HOST:
	// 127.0.0.1, REDIS_PORT: "6379"}. The app gets all of them. In its containers, and in
	// every other container and init container of the pod that has one of them, they
	// replace the value. A container that another entry serves with the same variable keeps
	// that entry's value.
	Env map[string]string `json:"env,omitempty"`
	// StatusPort is the port of the pod's address on which the kubelet checks that the
	// tunnel runs. A second tunnel in a pod needs another one. Default: 16001.
	StatusPort int32 `json:"statusPort,omitempty"`

	// PgBouncer is for PostgreSQL: a pgbouncer handles its protocol on both sides, with one
	// connection to the server for each of the app's.
	PgBouncer *PgBouncer `json:"pgbouncer,omitempty"`
	// CloudSQL connects to an instance of Google Cloud SQL with its Auth Proxy.
	CloudSQL *CloudSQL `json:"cloudSQL,omitempty"`
	// AlloyDB connects to an instance of Google AlloyDB with its Auth Proxy.
	AlloyDB *AlloyDB `json:"alloyDB,omitempty"`
	// ClientTLS runs no proxy: the app itself uses TLS, and gets the files and variables
	// for it.
	ClientTLS *ClientTLS `json:"clientTLS,omitempty"`
}

// A ClientCertificate identifies the client to a server.
type ClientCertificate struct {
	// SecretName is the Secret with the certificate (tls.crt) and its key (tls.key), of
	// type kubernetes.io/tls. A change takes effect within a minute. With certificate, it's
	// the name of the Secret to write. Required without certificate.
	SecretName string `json:"secretName,omitempty"`
	// Certificate requests the certificate from cert-manager: it emits a Certificate object
	// that writes the Secret. Its dnsNames are required, as they identify the client to the
	// server.
	Certificate *pattern.Certificate `json:"certificate,omitempty"`
}

// A Protocol is the protocol of the app in a tunnel.
type Protocol string

const (
	TCP      Protocol = "tcp"
	Postgres Protocol = "postgres"
	MySQL    Protocol = "mysql"
	SMTP     Protocol = "smtp"
	LDAP     Protocol = "ldap"
)

var _ sidecar.Pattern = (*Tunnel)(nil)

const (
	clientDir = "/etc/outrigger/client" // of the client's tls.crt and tls.key

	// tunnelStatus is a free port next to those of the proxies' health listeners.
	tunnelStatus = 16001
)

// Change adds the tunnel and points the containers to it.
func (p *Tunnel) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseTunnel, App: sidecar.App{Env: p.appEnv()}}
	if cc := p.ClientCertificate; cc != nil && cc.Certificate != nil {
		c.Objects = append(c.Objects, cc.Certificate.ObjectForUse("client auth", cc.secretName(w), cc.Certificate.DNSNames))
	}
	switch {
	case p.ClientTLS != nil:
		p.clientTLS(w, c)
		return c, nil
	case p.PgBouncer != nil:
		p.addPgBouncer(w, c)
	case p.CloudSQL != nil:
		p.cloudSQL(w, c)
	case p.AlloyDB != nil:
		p.alloyDB(w, c)
	default:
		p.addGhostunnel(w, c)
	}
	c.Dials = p.tunnelServers()
	c.Claims = []sidecar.Claim{{Port: p.ListenPort, For: "tunnel " + w.Name + ", on 127.0.0.1"}}
	return c, nil
}

// tunnelServers returns to what the tunnel leads, with the APIs that say where an instance is.
func (p *Tunnel) tunnelServers() []sidecar.Dial {
	switch {
	case p.CloudSQL != nil: // https://cloud.google.com/sql/docs/postgres/sql-proxy
		return []sidecar.Dial{{Host: "sqladmin.googleapis.com", Port: 443}, pattern.GoogleMetadata,
			{Port: 3307, For: "the Cloud SQL instance"}}
	case p.AlloyDB != nil: // https://cloud.google.com/alloydb/docs/auth-proxy/overview
		return []sidecar.Dial{{Host: "alloydb.googleapis.com", Port: 443}, pattern.GoogleMetadata,
			{Port: 5433, For: "the AlloyDB instance"}}
	}
	return pattern.DialsOf(net.JoinHostPort(p.Host, strconv.Itoa(int(p.Port))))
}

// appEnv returns variables that replace existing ones in all containers, as these share
// 127.0.0.1.
func (p *Tunnel) appEnv() []sidecar.EnvVar {
	var env []sidecar.EnvVar
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		env = append(env, sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: p.Env[name]}, Replace: true,
			Everywhere: true})
	}
	return env
}

// addGhostunnel adds a ghostunnel in client mode. There is no readiness probe, as an
// unreachable server is no reason to take the pod out of its Services. The probes connect
// to the status listener without a request: its /_status returns 503 while the server is
// unreachable, which would keep the app from starting.
func (p *Tunnel) addGhostunnel(w *sidecar.Workload, c *sidecar.Change) {
	args := []string{
		"--listen=" + p.listenAddress(),
		"--target=" + net.JoinHostPort(p.Host, strconv.Itoa(int(p.Port))),
	}
	if p.ServerName != "" && p.ServerName != p.Host {
		args = append(args, "--override-server-name="+p.ServerName)
	}
	if resolvesLater(w.Image(pattern.GhostunnelImage.Ref)) {
		args = append(args, "--skip-resolve")
	}
	var mounts []corev1.VolumeMount
	if p.CA != nil {
		args = append(args, "--cacert="+pattern.CADir+"/"+pattern.CAKey)
		mounts = append(mounts, p.mountCA(w, c))
	}
	if p.ClientCertificate != nil {
		args = append(args, "--cert="+clientDir+"/"+corev1.TLSCertKey, "--key="+clientDir+"/"+corev1.TLSPrivateKeyKey)
		mounts = append(mounts, p.mountClient(w, c))
	} else {
		args = append(args, "--disable-authentication") // it has no certificate of its own
	}
	if mounts != nil {
		args = append(args, "--timed-reload=60s")
	}
	args = append(args, "--status=http://:"+strconv.Itoa(int(p.statusPort())), "--quiet=conns")
	c.Containers = []corev1.Container{{
		Name:            w.Name,
		Image:           w.Pulled(pattern.GhostunnelImage.Ref),
		Command:         []string{"ghostunnel", "client"},
		Args:            args,
		Ports:           []corev1.ContainerPort{{ContainerPort: p.statusPort()}},
		Resources:       pattern.GhostunnelSize.Resources(w),
		VolumeMounts:    mounts,
		StartupProbe:    pattern.NewTCPProbe(p.statusPort(), 1, 60),
		LivenessProbe:   pattern.NewTCPProbe(p.statusPort(), 20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.GhostunnelImage),
	}}
}

// resolvesLater reports whether a ghostunnel has --skip-resolve, which came with 1.9.0.
func resolvesLater(ref string) bool { return pattern.ReleaseOf(ref, "ghostunnel").AtLeast(1, 9, 0) }

func (p *Tunnel) listenAddress() string { return "127.0.0.1:" + strconv.Itoa(int(p.ListenPort)) }

func (p *Tunnel) statusPort() int32 {
	if p.StatusPort == 0 {
		return tunnelStatus
	}
	return p.StatusPort
}

// mountCA adds the volume of the authority's certificates, and returns its mount.
func (p *Tunnel) mountCA(w *sidecar.Workload, c *sidecar.Change) corev1.VolumeMount {
	name := pattern.VolumeName(w, "ca")
	c.Volumes = append(c.Volumes, p.CA.Volume(name))
	return corev1.VolumeMount{Name: name, MountPath: pattern.CADir, ReadOnly: true}
}

// mountClient adds the volume of the client's certificate, and returns its mount.
func (p *Tunnel) mountClient(w *sidecar.Workload, c *sidecar.Change) corev1.VolumeMount {
	name := pattern.VolumeName(w, "client")
	c.Volumes = append(c.Volumes, pattern.SecretVolume(name, p.ClientCertificate.secretName(w), pattern.TLSKeys...))
	return corev1.VolumeMount{Name: name, MountPath: clientDir, ReadOnly: true}
}

// secretName returns the name of the Secret: the configured one, or that of the emitted
// objects.
func (c *ClientCertificate) secretName(w *sidecar.Workload) string {
	return cmp.Or(c.SecretName, w.ObjectName())
}

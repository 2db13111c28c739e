// Package tunnel holds the way out of the pod: Tunnel, a plain port on loopback that
// reaches a server outside through verified TLS.
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

// Tunnel is the way out: a port of 127.0.0.1, for the containers of the pod only,
// that leads to a server outside through TLS. The server's certificate and its
// name are always verified; there is no switch for that. By default a ghostunnel
// does it, for whatever speaks TLS from the first byte; databases that start TLS
// inside their own protocol need pgbouncer, cloudSQL, alloyDB or clientTLS.
type Tunnel struct {
	// ListenPort is the plain port of 127.0.0.1. Required, but for clientTLS.
	ListenPort int32 `json:"listenPort,omitempty"`
	// Host is the name or address of the server outside. It's looked up for each
	// connection, so the pod starts before the name or the server is there.
	// Required, but for cloudSQL, alloyDB and clientTLS.
	Host string `json:"host,omitempty"`
	// Port of the server on which it speaks TLS. Required where host is.
	Port int32 `json:"port,omitempty"`
	// ServerName is the name that the server's certificate must be for. Default:
	// host; an address as host needs it.
	ServerName string `json:"serverName,omitempty"`
	// CA is the authority that the server's certificate must come from. A changed
	// one counts within a minute. Default: the public authorities that the image
	// knows.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// ClientCertificate is what the server gets to see, where it asks for one.
	// Default: none.
	ClientCertificate *ClientCertificate `json:"clientCertificate,omitempty"`
	// Protocol is what the app speaks: tcp (anything whose server speaks TLS from
	// the first byte), postgres, mysql, smtp or ldap. The last four mean that TLS
	// starts inside the protocol. Default: tcp; postgres with pgbouncer.
	Protocol Protocol `json:"protocol,omitempty"`
	// Env are variables by which the containers are led to the tunnel, as in
	// {REDIS_HOST: 127.0.0.1, REDIS_PORT: "6379"}. The app gets all of them; in its
	// containers, and in every other container and init container of the pod that
	// has one of them, they take the place of what is written there. A container that
	// another entry serves with a variable of that name goes the way of that one.
	Env map[string]string `json:"env,omitempty"`
	// StatusPort is where the kubelet sees on the pod's address whether the tunnel
	// runs. A second tunnel in a pod needs another one. Default: 16001.
	StatusPort int32 `json:"statusPort,omitempty"`

	// PgBouncer is for PostgreSQL: a pgbouncer speaks its protocol to both sides,
	// one connection to the server for one of the app's.
	PgBouncer *PgBouncer `json:"pgbouncer,omitempty"`
	// CloudSQL leads to an instance of Google Cloud SQL by its Auth Proxy.
	CloudSQL *CloudSQL `json:"cloudSQL,omitempty"`
	// AlloyDB leads to an instance of Google AlloyDB by its Auth Proxy.
	AlloyDB *AlloyDB `json:"alloyDB,omitempty"`
	// ClientTLS runs no proxy: the app itself speaks TLS, and gets the files and
	// variables for it.
	ClientTLS *ClientTLS `json:"clientTLS,omitempty"`
}

// A ClientCertificate shows a server who is calling.
type ClientCertificate struct {
	// SecretName is the Secret with the certificate (tls.crt) and its key
	// (tls.key), of type kubernetes.io/tls. A changed one counts within a minute.
	// Required unless certificate is given, whose Secret it names then.
	SecretName string `json:"secretName,omitempty"`
	// Certificate asks cert-manager for the certificate: a Certificate object is
	// emitted that writes the Secret. Its dnsNames are required: they tell the
	// server who is calling.
	Certificate *pattern.Certificate `json:"certificate,omitempty"`
}

// A Protocol is what goes through a tunnel.
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
	clientDir = "/etc/outrigger/client" // where the client's tls.crt and tls.key are

	// tunnelStatus is a free port next to those of proxies' health listeners.
	tunnelStatus = 16001
)

// Change adds the tunnel and leads the containers to it.
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
	c.Claims = []sidecar.Claim{{Port: p.ListenPort, For: "tunnel " + w.Name + ", on 127.0.0.1"}}
	return c, nil
}

// appEnv takes the place of what is there, in all containers: they share 127.0.0.1.
func (p *Tunnel) appEnv() []sidecar.EnvVar {
	var env []sidecar.EnvVar
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		env = append(env, sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: p.Env[name]}, Replace: true,
			Everywhere: true})
	}
	return env
}

// addGhostunnel adds one in client mode. There is no readiness probe: that the
// server outside is gone is no reason to take the pod out of its Services. The
// probes see the status listener and never ask it anything: its /_status is 503
// while the server can't be reached, which would keep the app from starting.
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
		args = append(args, "--disable-authentication") // of itself: without a certificate to show
	}
	if mounts != nil {
		args = append(args, "--timed-reload=60s")
	}
	args = append(args, "--status=http://:"+strconv.Itoa(int(p.statusPort())), "--quiet=conns")
	c.Containers = []corev1.Container{{
		Name:            w.Name,
		Image:           pattern.GhostunnelImage.Ref,
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

// resolvesLater reports whether a ghostunnel knows --skip-resolve: since 1.9.0.
func resolvesLater(ref string) bool { return pattern.ReleaseOf(ref, "ghostunnel").AtLeast(1, 9, 0) }

func (p *Tunnel) listenAddress() string { return "127.0.0.1:" + strconv.Itoa(int(p.ListenPort)) }

func (p *Tunnel) statusPort() int32 {
	if p.StatusPort == 0 {
		return tunnelStatus
	}
	return p.StatusPort
}

// mountCA adds the volume of the authority's certificates.
func (p *Tunnel) mountCA(w *sidecar.Workload, c *sidecar.Change) corev1.VolumeMount {
	name := pattern.VolumeName(w, "ca")
	c.Volumes = append(c.Volumes, p.CA.Volume(name))
	return corev1.VolumeMount{Name: name, MountPath: pattern.CADir, ReadOnly: true}
}

// mountClient adds the volume of the client's certificate.
func (p *Tunnel) mountClient(w *sidecar.Workload, c *sidecar.Change) corev1.VolumeMount {
	name := pattern.VolumeName(w, "client")
	c.Volumes = append(c.Volumes, pattern.SecretVolume(name, p.ClientCertificate.secretName(w), pattern.TLSKeys...))
	return corev1.VolumeMount{Name: name, MountPath: clientDir, ReadOnly: true}
}

// secretName is the name of the Secret: the entry's, or that of what is made for it.
func (c *ClientCertificate) secretName(w *sidecar.Workload) string {
	return cmp.Or(c.SecretName, w.ObjectName())
}

package tunnel

import (
	"cmp"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// PgBouncer is a tunnel for PostgreSQL, which starts TLS inside its own protocol. The app
// connects without TLS, and without a password, as only the pod can reach 127.0.0.1.
// pgbouncer authenticates itself to the server. It reads a changed CA or certificate only
// when it starts.
type PgBouncer struct {
	// AuthSecretName is the Secret with the users that may connect, and with their
	// passwords at the server, in the form of pgbouncer's auth_file: "user" "password" on
	// each line. Required.
	AuthSecretName string `json:"authSecretName"`
	// Key of the users in the Secret. Default: userlist.txt.
	Key string `json:"key,omitempty"`
	// MaxConnections is the number of connections that the app may open. Each of them uses
	// one connection to the server. Default: 100.
	MaxConnections int32 `json:"maxConnections,omitempty"`
}

const (
	pgbouncerDir     = "/etc/outrigger/pgbouncer" // of pgbouncer.ini
	pgbouncerAuthDir = "/etc/outrigger/auth"      // of userlist.txt
	pgbouncerKey     = "pgbouncer.ini"
	userlistKey      = "userlist.txt"

	pgbouncerConnections = 100
)

// pgbouncerSize: about 5 MiB when idle, and a few KiB for each connection.
var pgbouncerSize = pattern.Size{CPU: "10m", Memory: "16Mi", MaxMemory: "64Mi", FixedCPU: "100m"}

// addPgBouncer adds a pgbouncer. It listens on 127.0.0.1 only, where the kubelet can't
// reach it, and has no status port, so the probes run in the container. They only connect,
// so the server needn't be reachable. The command skips the image's entrypoint, which
// writes its own config.
func (p *Tunnel) addPgBouncer(w *sidecar.Workload, c *sidecar.Change) {
	object, key := w.ObjectName(), cmp.Or(p.PgBouncer.Key, userlistKey)
	auth := pattern.SecretVolume(pattern.VolumeName(w, "auth"), p.PgBouncer.AuthSecretName)
	auth.Secret.Items = []corev1.KeyToPath{{Key: key, Path: userlistKey}}
	c.Objects = append(c.Objects, pattern.NewConfigMap(object, map[string]string{pgbouncerKey: p.pgbouncerINI()}))
	c.Volumes = []corev1.Volume{pattern.ConfigMapVolume(pattern.VolumeName(w, "config"), object), auth}
	mounts := []corev1.VolumeMount{
		{Name: pattern.VolumeName(w, "config"), MountPath: pgbouncerDir, ReadOnly: true},
		{Name: pattern.VolumeName(w, "auth"), MountPath: pgbouncerAuthDir, ReadOnly: true},
		p.mountCA(w, c),
	}
	if p.ClientCertificate != nil {
		mounts = append(mounts, p.mountClient(w, c))
	}
	c.Containers = []corev1.Container{{
		Name:            w.Name,
		Image:           pattern.PgbouncerImage.Ref,
		Command:         []string{"pgbouncer", pgbouncerDir + "/" + pgbouncerKey},
		Resources:       pgbouncerSize.Resources(w),
		VolumeMounts:    mounts,
		StartupProbe:    p.newConnectProbe(1, 60),
		LivenessProbe:   p.newConnectProbe(20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.PgbouncerImage),
	}}
}

// newConnectProbe returns a probe that connects to the port from inside, with busybox of
// the image.
func (p *Tunnel) newConnectProbe(period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{
			Exec: &corev1.ExecAction{Command: []string{"nc", "-z", "127.0.0.1", fmt.Sprint(p.ListenPort)}}},
		PeriodSeconds:    period,
		FailureThreshold: failures,
	}
}

// pgbouncerINI returns the configuration. Values from the user are a DNS name and numbers
// (see validatePgBouncer), so none can end a line. Pool mode session is the only one that
// no app can notice. Each connection of the app gets one to the server, so none waits for
// another.
func (p *Tunnel) pgbouncerINI() string {
	connections := cmp.Or(p.PgBouncer.MaxConnections, pgbouncerConnections)
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("[databases]")
	line("* = host=%s port=%d", p.Host, p.Port)
	line("")
	line("[pgbouncer]")
	line("listen_addr = 127.0.0.1")
	line("listen_port = %d", p.ListenPort)
	line("unix_socket_dir =")
	line("auth_type = trust")
	line("auth_file = %s/%s", pgbouncerAuthDir, userlistKey)
	line("pool_mode = session")
	line("max_client_conn = %d", connections)
	line("default_pool_size = %d", connections)
	line("ignore_startup_parameters = extra_float_digits,options")
	line("log_connections = 0")
	line("log_disconnections = 0")
	line("server_tls_sslmode = verify-full")
	line("server_tls_ca_file = %s/%s", pattern.CADir, pattern.CAKey)
	if p.ClientCertificate != nil {
		line("server_tls_cert_file = %s/%s", clientDir, corev1.TLSCertKey)
		line("server_tls_key_file = %s/%s", clientDir, corev1.TLSPrivateKeyKey)
	}
	return b.String()
}

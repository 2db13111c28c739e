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
	// MaxConnections is the number of connections that the app may open. Default: 100.
	MaxConnections int32 `json:"maxConnections,omitempty"`
	// PoolMode is when pgbouncer takes a connection to the server back from the app:
	// session (when the app disconnects), transaction or statement. The last two save
	// connections, and break apps that keep something in a session, such as SET, temporary
	// tables or advisory locks. Default: session, which no app can notice.
	PoolMode PoolMode `json:"poolMode,omitempty"`
	// PoolSize is the number of connections to the server, for each user and database.
	// Default: maxConnections, so that no connection of the app waits for another.
	PoolSize int32 `json:"poolSize,omitempty"`
	// IgnoreStartupParameters are settings with which the app connects, and that are thrown
	// away: pgbouncer refuses connections with a setting that it doesn't know, as
	// statement_timeout. With options among them, an app that chooses its schema by
	// search_path there reads another one. Default: extra_float_digits, which is always
	// among them.
	IgnoreStartupParameters []string `json:"ignoreStartupParameters,omitempty"`
	// StatsUsers are users of the Secret that may ask pgbouncer for its statistics, in its
	// own database pgbouncer, as exporter preset pgbouncer does.
	StatsUsers []string `json:"statsUsers,omitempty"`
}

// A PoolMode is when a connection to the server is free for another one of the app.
type PoolMode string

const (
	PoolSession     PoolMode = "session"
	PoolTransaction PoolMode = "transaction"
	PoolStatement   PoolMode = "statement"
)

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
		Image:           w.Pulled(pattern.PgbouncerImage.Ref),
		Command:         p.PgBouncer.command(),
		Resources:       pgbouncerSize.Resources(w),
		VolumeMounts:    mounts,
		StartupProbe:    p.newConnectProbe(1, 60),
		LivenessProbe:   p.newConnectProbe(20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.PgbouncerImage),
	}}
}

// command returns the program with its config. pgbouncer doesn't raise its limit of open
// files (src/main.c, check_limits, only logs it), which is 1024 on nodes with containerd 2.
// So a shell does it where that's too few: a connection of the app and one to the server
// take a file each. Where the hard limit is low, too, pgbouncer runs with what it has.
func (p *PgBouncer) command() []string {
	const usual, own = 1024, 64
	program := []string{"pgbouncer", pgbouncerDir + "/" + pgbouncerKey}
	files := p.maxConnections() + p.poolSize() + own
	if files <= usual {
		return program
	}
	script := fmt.Sprintf(`ulimit -Sn %d || :; exec "$0" "$@"`, files)
	return append([]string{"sh", "-c", script}, program...)
}

func (p *PgBouncer) maxConnections() int32 { return cmp.Or(p.MaxConnections, pgbouncerConnections) }
func (p *PgBouncer) poolSize() int32       { return cmp.Or(p.PoolSize, p.maxConnections()) }

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
// (see validatePgBouncer), or words without blanks and commas, so none can end a line. By
// default, each connection of the app gets one to the server, so none waits for another.
// The parameter options isn't ignored: pgbouncer 1.20 and later honours the settings in it
// that it tracks, and refuses others aloud; older ones refuse it (NEWS, 1.20.0).
func (p *Tunnel) pgbouncerINI() string {
	pool := p.PgBouncer
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
	line("pool_mode = %s", cmp.Or(pool.PoolMode, PoolSession))
	line("max_client_conn = %d", pool.maxConnections())
	line("default_pool_size = %d", pool.poolSize())
	ignored := append([]string{"extra_float_digits"}, pool.IgnoreStartupParameters...)
	line("ignore_startup_parameters = %s", strings.Join(ignored, ","))
	if len(pool.StatsUsers) > 0 {
		line("stats_users = %s", strings.Join(pool.StatsUsers, ","))
	}
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

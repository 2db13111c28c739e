package tunnel

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *Tunnel) Validate() sidecar.Findings {
	var fs sidecar.Findings
	engines := p.chosenEngines()
	if len(engines) > 1 {
		fs.Add(sidecar.Error, "bad-value", engines[1], engines[0]+" is set too, and a tunnel is only one of them",
			"remove one of them, and write an entry of its own for each tunnel")
		return fs
	}
	pattern.ValidateEnum("protocol", p.Protocol, &fs, TCP, Postgres, MySQL, SMTP, LDAP)
	p.validateEnv(&fs)
	switch {
	case p.ClientTLS != nil:
		p.validateClientTLS(&fs)
	case p.PgBouncer != nil:
		p.validatePgBouncer(&fs)
	case p.CloudSQL != nil:
		p.validateGoogle("cloudSQL", p.CloudSQL.Instance, cloudSQLInstance().MatchString, "project:region:instance", &fs)
		validateWay("cloudSQL", "privateIP", p.CloudSQL.PrivateIP && p.CloudSQL.PSC, &fs)
	case p.AlloyDB != nil:
		p.validateGoogle("alloyDB", p.AlloyDB.Instance, alloyDBInstance().MatchString,
			"projects/PROJECT/locations/REGION/clusters/CLUSTER/instances/INSTANCE", &fs)
		validateWay("alloyDB", "publicIP", p.AlloyDB.PublicIP && p.AlloyDB.PSC, &fs)
	default:
		p.validateGhostunnel(&fs)
	}
	return fs
}

// validateWay finds two ways to an instance of Google's, for which the proxy doesn't start.
func validateWay(engine, other string, both bool, fs *sidecar.Findings) {
	if both {
		fs.Add(sidecar.Error, "bad-value", engine+".psc", "is set together with "+other, "remove one of them")
	}
}

// chosenEngines returns the fields that choose the tunnel's program. None means ghostunnel.
func (p *Tunnel) chosenEngines() (set []string) {
	for _, e := range []struct {
		field string
		set   bool
	}{
		{"pgbouncer", p.PgBouncer != nil},
		{"cloudSQL", p.CloudSQL != nil},
		{"alloyDB", p.AlloyDB != nil},
		{"clientTLS", p.ClientTLS != nil},
	} {
		if e.set {
			set = append(set, e.field)
		}
	}
	return set
}

func (p *Tunnel) validateGhostunnel(fs *sidecar.Findings) {
	p.validatePorts(fs)
	p.validateHost(fs)
	p.CA.ValidateAt("ca", fs)
	p.ClientCertificate.validateCertificate(fs)
	advice := map[Protocol]string{
		Postgres: "use pgbouncer, cloudSQL, alloyDB, or clientTLS if the app itself can use TLS",
		MySQL:    "use cloudSQL, or clientTLS if the app itself can use TLS",
		SMTP:     "use the server's port for TLS from the first byte, usually 465, with protocol tcp, or use clientTLS",
		LDAP:     "use the server's port for TLS from the first byte, usually 636, with protocol tcp, or use clientTLS",
	}
	if hint, inside := advice[p.Protocol]; inside {
		fs.Add(sidecar.Error, "tunnel-protocol", "protocol",
			string(p.Protocol)+" starts TLS inside its own protocol, and a tunnel uses it from the first byte", hint)
		return
	}
	// A usual port is only a warning, as another protocol may use it.
	usual := map[int32]Protocol{5432: Postgres, 3306: MySQL, 25: SMTP, 587: SMTP, 389: LDAP}
	if inside, known := usual[p.Port]; known && p.Protocol == "" {
		fs.Add(sidecar.Warning, "tunnel-protocol", "port",
			fmt.Sprintf(
				"port %d is usually %s, which starts TLS inside its own protocol, and this tunnel uses TLS from the first byte",
				p.Port, inside),
			advice[inside]+". Write protocol: tcp if the server has another protocol")
	}
}

func (p *Tunnel) validatePgBouncer(fs *sidecar.Findings) {
	p.validatePorts(fs)
	p.validateHost(fs)
	if p.CA == nil {
		fs.Add(sidecar.Error, "missing-field", "ca", "pgbouncer trusts no public certificate authorities",
			"name the Secret or ConfigMap with the CA of the server")
	}
	p.CA.ValidateAt("ca", fs)
	p.ClientCertificate.validateCertificate(fs)
	if p.ServerName != "" && p.ServerName != p.Host {
		fs.Add(sidecar.Error, "bad-value", "serverName", "pgbouncer verifies the name that it connects to",
			"write that name as host, or remove serverName")
	}
	if p.Protocol != "" && p.Protocol != Postgres {
		fs.Add(sidecar.Error, "bad-value", "protocol", "pgbouncer is for postgres only", "write postgres, or remove it")
	}
	if p.StatusPort != 0 {
		pattern.RefuseField("statusPort", "pgbouncer has no status port", fs)
	}
	if p.PgBouncer.AuthSecretName == "" {
		fs.Add(sidecar.Error, "missing-field", "pgbouncer.authSecretName", "the users who may connect are missing",
			`name a Secret with userlist.txt, which has "user" "password" on each line`)
	} else {
		pattern.ValidateObjectName("pgbouncer.authSecretName", p.PgBouncer.AuthSecretName, fs)
	}
	pattern.ValidateKey("pgbouncer.key", p.PgBouncer.Key, fs)
	for field, n := range map[string]int32{
		"maxConnections": p.PgBouncer.MaxConnections, "poolSize": p.PgBouncer.PoolSize,
	} {
		if n < 0 || n > 10000 {
			fs.Add(sidecar.Error, "bad-value", "pgbouncer."+field, fmt.Sprintf("%d isn't a valid number of connections", n),
				"write 1 to 10000")
		}
	}
	pattern.ValidateEnum("pgbouncer.poolMode", p.PgBouncer.PoolMode, fs, PoolSession, PoolTransaction, PoolStatement)
	validateWords("pgbouncer.ignoreStartupParameters", p.PgBouncer.IgnoreStartupParameters, fs)
	validateWords("pgbouncer.statsUsers", p.PgBouncer.StatsUsers, fs)
}

var oneWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.@-]+\z`) })

// validateWords finds what pgbouncer.ini can't hold as one word of a list: it knows no quotes there.
func validateWords(field string, words []string, fs *sidecar.Findings) {
	for i, word := range words {
		if !oneWord().MatchString(word) {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%q isn't one word", word),
				"write letters, digits, and _ . - @")
		}
	}
}

func (p *Tunnel) validateGoogle(field, instance string, isValid func(string) bool, form string, fs *sidecar.Findings) {
	p.validatePorts(fs)
	if instance == "" {
		fs.Add(sidecar.Error, "missing-field", field+".instance", "no instance is named", "write "+form)
	} else if !isValid(instance) {
		fs.Add(sidecar.Error, "bad-value", field+".instance", fmt.Sprintf("%q isn't a valid instance", instance),
			"write "+form)
	}
	why := "Google's proxy finds and verifies the instance itself"
	p.refuseServer(why, fs)
	if p.CA != nil {
		pattern.RefuseField("ca", why, fs)
	}
	if p.ClientCertificate != nil {
		pattern.RefuseField("clientCertificate", why, fs)
	}
	if p.Protocol == SMTP || p.Protocol == LDAP {
		fs.Add(sidecar.Error, "bad-value", "protocol", "no database uses "+string(p.Protocol), "remove it")
	}
}

func (p *Tunnel) validateClientTLS(fs *sidecar.Findings) {
	why := "without a proxy, the app itself connects to the server"
	p.refuseServer(why, fs)
	if p.ListenPort != 0 {
		pattern.RefuseField("listenPort", why, fs)
	}
	if p.StatusPort != 0 {
		pattern.RefuseField("statusPort", why, fs)
	}
	if p.CA == nil {
		fs.Add(sidecar.Error, "missing-field", "ca", "the app needs the server's CA to verify it",
			"name the Secret or ConfigMap with the CA of the server")
	}
	p.CA.ValidateAt("ca", fs)
	p.ClientCertificate.validateCertificate(fs)
	if m := p.ClientTLS.MountPath; m != "" &&
		(!path.IsAbs(m) || path.Clean(m) != m || m == "/" || strings.ContainsAny(m, ":$")) {
		fs.Add(sidecar.Error, "bad-value", "clientTLS.mountPath", fmt.Sprintf("%q isn't a valid folder path", m),
			"write one like /etc/database")
	}
	if p.Protocol != Postgres && len(p.Env) == 0 {
		fs.Add(sidecar.Error, "missing-field", "env",
			"no variable makes the app use TLS: outrigger adds only those of libpq, for protocol postgres",
			"write the app's variables, with the paths of the files")
	}
}

// refuseServer finds the fields that name the server, for engines that don't use them.
func (p *Tunnel) refuseServer(why string, fs *sidecar.Findings) {
	if p.Host != "" {
		pattern.RefuseField("host", why, fs)
	}
	if p.Port != 0 {
		pattern.RefuseField("port", why, fs)
	}
	if p.ServerName != "" {
		pattern.RefuseField("serverName", why, fs)
	}
}

func (p *Tunnel) validatePorts(fs *sidecar.Findings) {
	pattern.ValidatePort("listenPort", p.ListenPort, "write the port of 127.0.0.1 for the app, as in 6379", fs)
	if p.ListenPort > 0 && p.ListenPort < 1024 {
		fs.Add(sidecar.Error, "bad-value", "listenPort",
			fmt.Sprintf("port %d needs root, and the tunnel doesn't run as root", p.ListenPort),
			"write 1024 or more")
	}
	if p.StatusPort != 0 {
		pattern.ValidatePort("statusPort", p.StatusPort, "", fs)
	}
	if p.ListenPort == p.statusPort() {
		fs.Add(sidecar.Error, "bad-value", "statusPort", fmt.Sprintf("%d is the listenPort", p.ListenPort),
			"write another one")
	}
}

func (p *Tunnel) validateHost(fs *sidecar.Findings) {
	pattern.ValidatePort("port", p.Port, "write the server's port for TLS, as in 6380", fs)
	address, err := netip.ParseAddr(p.Host)
	switch {
	case p.Host == "":
		fs.Add(sidecar.Error, "missing-field", "host", "no server is named", "write its name, as in redis.db.example")
	case err == nil && (address.Zone() != "" || address.IsLoopback() || address.IsUnspecified()), p.Host == "localhost":
		fs.Add(sidecar.Error, "bad-value", "host", fmt.Sprintf("%q isn't a server outside the pod", p.Host),
			"write its name, as in redis.db.example")
	case err == nil && p.ServerName == "":
		fs.Add(sidecar.Error, "missing-field", "serverName",
			fmt.Sprintf("host %s is an address, and certificates are usually issued for names", p.Host),
			"write the name in the server's certificate, or the address if the certificate has that")
	case err != nil && len(validation.IsDNS1123Subdomain(p.Host)) > 0:
		fs.Add(sidecar.Error, "bad-value", "host", fmt.Sprintf("%q isn't a valid server name", p.Host),
			"write lower case letters, digits, - and dots, as in redis.db.example, and the port into port")
	}
	if p.ServerName == "" {
		return
	}
	if _, err := netip.ParseAddr(p.ServerName); err != nil && len(validation.IsDNS1123Subdomain(p.ServerName)) > 0 {
		fs.Add(sidecar.Error, "bad-value", "serverName",
			fmt.Sprintf("%q isn't a name that a certificate can have", p.ServerName),
			"write a name, as in redis.db.example")
	}
}

func (c *ClientCertificate) validateCertificate(fs *sidecar.Findings) {
	if c == nil {
		return
	}
	if c.SecretName == "" && c.Certificate == nil {
		fs.Add(sidecar.Error, "missing-field", "clientCertificate.secretName", "no Secret is named",
			"name the one with tls.crt and tls.key, or request one from cert-manager with "+
				"certificate: {issuerRef: {name: ...}, dnsNames: [...]}")
	}
	if c.SecretName != "" {
		pattern.ValidateObjectName("clientCertificate.secretName", c.SecretName, fs)
	}
	if c.Certificate == nil {
		return
	}
	c.Certificate.ValidateAt("clientCertificate.certificate", fs)
	if len(c.Certificate.DNSNames) == 0 {
		fs.Add(sidecar.Error, "missing-field", "clientCertificate.certificate.dnsNames", "the certificate has no names",
			"write the name that the server expects of its client")
	}
}

func (p *Tunnel) validateEnv(fs *sidecar.Findings) {
	local := false
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		value := p.Env[name]
		pattern.ValidateEnvName("env", name, fs)
		if strings.Contains(value, "localhost") {
			fs.Add(sidecar.Warning, "rebind-address", "env."+name,
				"localhost may resolve to ::1, where the tunnel doesn't listen",
				"write 127.0.0.1")
			local = true
		}
		local = local || strings.Contains(value, "127.0.0.1")
	}
	switch {
	case p.ClientTLS != nil || local:
	case len(p.Env) == 0:
		fs.Add(sidecar.Info, "tunnel-untold", "env", "no variable points the app to the tunnel",
			fmt.Sprintf("make sure that its own configuration has 127.0.0.1:%d", p.ListenPort))
	default:
		fs.Add(sidecar.Warning, "tunnel-untold", "env", "no variable has the tunnel's address 127.0.0.1",
			"write it into the variable with the server's name")
	}
}

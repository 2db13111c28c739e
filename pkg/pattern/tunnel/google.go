package tunnel

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// CloudSQL is an instance of Google Cloud SQL. Workload Identity must allow the pod's
// service account to connect to it.
type CloudSQL struct {
	// Instance is the connection name of the instance, as in
	// my-project:europe-west1:orders. Required.
	Instance string `json:"instance"`
	// AutoIAMAuthn logs the app in as the service account, without a password.
	// Default: false.
	AutoIAMAuthn bool `json:"autoIAMAuthn,omitempty"`
	// PrivateIP connects to the instance's private address. Default: false.
	PrivateIP bool `json:"privateIP,omitempty"`
	// PSC connects by Private Service Connect, to the DNS name that Google has made for the
	// instance. Default: false.
	PSC bool `json:"psc,omitempty"`
}

// AlloyDB is an instance of Google AlloyDB. Workload Identity must allow the pod's service
// account to connect to it.
type AlloyDB struct {
	// Instance is the URI of the instance, as in
	// projects/my-project/locations/europe-west1/clusters/orders/instances/primary.
	// Required.
	Instance string `json:"instance"`
	// AutoIAMAuthn logs the app in as the service account, without a password.
	// Default: false.
	AutoIAMAuthn bool `json:"autoIAMAuthn,omitempty"`
	// PublicIP connects to the instance's public address. Default: false.
	PublicIP bool `json:"publicIP,omitempty"`
	// PSC connects by Private Service Connect, to the DNS name that Google has made for the
	// instance. Default: false.
	PSC bool `json:"psc,omitempty"`
}

// googleSize is the first recommendation in Google's documentation of both proxies. The CPU
// request is smaller, as theirs is for bulk loads.
var googleSize = pattern.Size{CPU: "20m", Memory: "64Mi", MaxMemory: "256Mi", FixedCPU: "250m"}

// Names of instances. Old projects start with a domain and a colon.
var (
	cloudSQLInstance = pattern.LazyRegexp(`^(?:[a-z0-9][a-z0-9.-]*:)?[a-z][a-z0-9-]*:[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$`)
	alloyDBInstance  = pattern.LazyRegexp(`^projects/(?:[a-z0-9][a-z0-9.-]*:)?[a-z][a-z0-9-]*/locations/[a-z][a-z0-9-]*/` +
		`clusters/[a-z][a-z0-9-]*/instances/[a-z][a-z0-9-]*$`)
)

func (p *Tunnel) cloudSQL(w *sidecar.Workload, c *sidecar.Change) {
	p.addGoogleProxy(w, c, pattern.CloudSQLImage, p.CloudSQL.Instance,
		map[string]bool{"--auto-iam-authn": p.CloudSQL.AutoIAMAuthn, "--private-ip": p.CloudSQL.PrivateIP,
			"--psc": p.CloudSQL.PSC})
}

func (p *Tunnel) alloyDB(w *sidecar.Workload, c *sidecar.Change) {
	p.addGoogleProxy(w, c, pattern.AlloyDBImage, p.AlloyDB.Instance,
		map[string]bool{"--auto-iam-authn": p.AlloyDB.AutoIAMAuthn, "--public-ip": p.AlloyDB.PublicIP,
			"--psc": p.AlloyDB.PSC})
}

// addGoogleProxy adds one of Google's two proxies, which have the same flags (cmd/root.go
// of both). Their health listener is on localhost by default. /startup reports that the
// proxy listens, not that the instance is reachable.
func (p *Tunnel) addGoogleProxy(w *sidecar.Workload, c *sidecar.Change, i pattern.Image, instance string,
	flags map[string]bool) {
	args := []string{
		"--address=127.0.0.1",
		"--port=" + strconv.Itoa(int(p.ListenPort)),
		"--health-check",
		"--http-address=0.0.0.0",
		"--http-port=" + strconv.Itoa(int(p.statusPort())),
		"--structured-logs",
	}
	for _, flag := range []string{"--auto-iam-authn", "--private-ip", "--public-ip", "--psc"} {
		if flags[flag] {
			args = append(args, flag)
		}
	}
	c.Containers = []corev1.Container{{
		Name:            w.Name,
		Image:           w.Pulled(i.Ref),
		Args:            append(args, instance),
		Ports:           []corev1.ContainerPort{{ContainerPort: p.statusPort()}},
		Resources:       googleSize.Resources(w),
		StartupProbe:    pattern.NewHTTPProbe("/startup", p.statusPort(), 1, 60),
		LivenessProbe:   pattern.NewHTTPProbe("/liveness", p.statusPort(), 20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(i),
	}}
}

package pattern

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Certificate is requested from cert-manager.
type Certificate struct {
	// IssuerRef names the issuer that signs it. Required, unless selfSigned is
	// true.
	IssuerRef IssuerRef `json:"issuerRef,omitzero"`
	// SelfSigned makes an authority for this certificate alone: an Issuer that signs
	// itself, a CA certificate that is valid for ten years, an Issuer of that CA, and the
	// certificate. Clients trust ca.crt of its Secret, which stays the same when the
	// certificate is renewed. (kustomize's namePrefix doesn't change the names in
	// issuerRef, so outrigger must run after it.)
	SelfSigned bool `json:"selfSigned,omitempty"`
	// DNSNames are the names in the certificate. Default: the names of the Services in
	// front of the workload: <service>, and where the namespace is known
	// <service>.<namespace>, <service>.<namespace>.svc and
	// <service>.<namespace>.svc.cluster.local too. For headless Services, wildcards add
	// the names of single pods. The names <pod>.<service> of a StatefulSet's pods are
	// written out, up to 16 replicas, as not all clients accept *.<service>.
	DNSNames []string `json:"dnsNames,omitempty"`
	// Duration is how long the certificate is valid, in hours, minutes and
	// seconds, as in 2160h; at least 1h. Default: 2160h (90 days).
	Duration string `json:"duration,omitempty"`
	// RenewBefore is how long before its end the certificate is renewed, in the same form;
	// at least 5m. Default: a third of duration.
	RenewBefore string `json:"renewBefore,omitempty"`
}

// An IssuerRef names a cert-manager issuer.
type IssuerRef struct {
	// Name of the issuer. Required.
	Name string `json:"name"`
	// Kind of the issuer: Issuer (in the workload's namespace), ClusterIssuer, or the kind
	// of an external issuer. Default: Issuer.
	Kind string `json:"kind,omitempty"`
	// Group of the issuer's API. Default: cert-manager.io.
	Group string `json:"group,omitempty"`
}

// The minimums of cert-manager (its pkg/apis/certmanager/v1/const.go), and its defaults.
const (
	minDuration        = time.Hour
	minRenewBefore     = 5 * time.Minute
	defaultDuration    = "2160h"
	defaultRenewBefore = "720h"
)

// ValidateAt finds errors in the certificate that the config has at a field.
func (c *Certificate) ValidateAt(at string, fs *sidecar.Findings) {
	if c.SelfSigned {
		if c.IssuerRef != (IssuerRef{}) {
			fs.Add(sidecar.Error, "bad-value", at+".issuerRef", "selfSigned creates its own issuer",
				"remove one of them")
		}
	} else if c.IssuerRef.Name == "" {
		fs.Add(sidecar.Error, "missing-field", at+".issuerRef.name", "no issuer is named",
			"name an Issuer of the workload's namespace, or a ClusterIssuer with kind: ClusterIssuer")
	} else {
		ValidateObjectName(at+".issuerRef.name", c.IssuerRef.Name, fs)
	}
	for i, name := range c.DNSNames {
		field := fmt.Sprintf("%s.dnsNames[%d]", at, i)
		if _, err := netip.ParseAddr(name); err == nil {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q is an address, not a name", name),
				"name the Services in front")
		} else if len(validation.IsDNS1123Subdomain(name)) > 0 && len(validation.IsWildcardDNS1123Subdomain(name)) > 0 {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q isn't a valid DNS name", name),
				"use lower case letters, digits, - and dots, as in search.prod.svc, with *. in front for a wildcard")
		}
	}
	duration := parseDuration(at+".duration", c.Duration, defaultDuration, minDuration, fs)
	renew := parseDuration(at+".renewBefore", c.RenewBefore, minRenewBefore.String(), minRenewBefore, fs)
	if duration > 0 && renew >= duration {
		fs.Add(sidecar.Error, "bad-value", at+".renewBefore",
			"it isn't shorter than duration, so the certificate would be renewed all the time",
			"write about a third of duration, or remove it")
	}
}

// parseDuration parses s, or def if s is empty. It returns 0 and adds a finding if s is
// invalid.
func parseDuration(field, s, def string, least time.Duration, fs *sidecar.Findings) time.Duration {
	if s == "" {
		s = def
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q isn't a valid duration", s),
			"write hours, minutes and seconds, as in 2160h or 1h30m")
		return 0
	}
	if d < least {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%s is less than cert-manager accepts", s),
			"write at least "+least.String())
		return 0
	}
	return d
}

// certManagerCertificate holds the fields of a cert-manager.io/v1 Certificate that we
// write.
type certManagerCertificate struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Metadata   Metadata        `json:"metadata"`
	Spec       certificateSpec `json:"spec"`
}

type certificateSpec struct {
	SecretName  string     `json:"secretName"`
	IsCA        bool       `json:"isCA,omitempty"`
	CommonName  string     `json:"commonName,omitempty"`
	DNSNames    []string   `json:"dnsNames,omitempty"`
	Duration    string     `json:"duration"`
	RenewBefore string     `json:"renewBefore,omitempty"`
	PrivateKey  privateKey `json:"privateKey"`
	Usages      []string   `json:"usages"`
	IssuerRef   issuerRef  `json:"issuerRef"`
}

// issuerRef is an IssuerRef with its defaults spelled out.
type issuerRef struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Group string `json:"group"`
}

type privateKey struct {
	Algorithm      string `json:"algorithm"`
	Size           int    `json:"size"`
	RotationPolicy string `json:"rotationPolicy"`
}

// newObject returns the Certificate for a server's Secret. Its name is the Secret's, so two
// workloads that request one Secret with different DNS names conflict visibly. cert-manager
// has rotationPolicy Always as its default only since 1.18.
func (c *Certificate) newObject(secretName string, dnsNames []string) sidecar.Object {
	return c.ObjectForUse("server auth", secretName, dnsNames)
}

// ObjectForUse returns the Certificate for a use, such as "client auth".
func (c *Certificate) ObjectForUse(use, secretName string, dnsNames []string) sidecar.Object {
	spec := certificateSpec{
		SecretName: secretName, DNSNames: dnsNames,
		Duration: c.Duration, RenewBefore: c.RenewBefore,
		PrivateKey: privateKey{Algorithm: "ECDSA", Size: 256, RotationPolicy: "Always"},
		Usages:     []string{"digital signature", use},
		IssuerRef: issuerRef{Kind: cmp.Or(c.IssuerRef.Kind, "Issuer"), Name: c.IssuerRef.Name,
			Group: cmp.Or(c.IssuerRef.Group, "cert-manager.io")},
	}
	if spec.Duration == "" {
		spec.Duration = defaultDuration
		spec.RenewBefore = cmp.Or(spec.RenewBefore, defaultRenewBefore)
	} // else cert-manager renews after two thirds of the duration
	return sidecar.NewObject(certManagerCertificate{"cert-manager.io/v1", "Certificate", NewMetadata(secretName), spec})
}

// ObjectsForServer returns all objects for a server's Secret.
func (c *Certificate) ObjectsForServer(secretName string, dnsNames []string) []sidecar.Object {
	if !c.SelfSigned {
		return []sidecar.Object{c.newObject(secretName, dnsNames)}
	}
	root, ca := secretName+"-root", secretName+"-ca"
	issuer := func(name string, spec any) sidecar.Object {
		return sidecar.NewObject(struct {
			APIVersion string   `json:"apiVersion"`
			Kind       string   `json:"kind"`
			Metadata   Metadata `json:"metadata"`
			Spec       any      `json:"spec"`
		}{"cert-manager.io/v1", "Issuer", NewMetadata(name), spec})
	}
	authority := certificateSpec{
		SecretName: ca, IsCA: true, CommonName: sidecar.Shorten(ca, 64), Duration: "87600h", // ten years
		PrivateKey: privateKey{Algorithm: "ECDSA", Size: 256, RotationPolicy: "Never"}, // clients trust this key
		Usages:     []string{"cert sign", "crl sign"},
		IssuerRef:  issuerRef{Kind: "Issuer", Name: root, Group: "cert-manager.io"},
	}
	leaf := *c
	leaf.SelfSigned, leaf.IssuerRef = false, IssuerRef{Name: ca}
	return []sidecar.Object{
		issuer(root, map[string]any{"selfSigned": map[string]any{}}),
		sidecar.NewObject(certManagerCertificate{"cert-manager.io/v1", "Certificate", NewMetadata(ca), authority}),
		issuer(ca, map[string]any{"ca": map[string]any{"secretName": ca}}),
		leaf.newObject(secretName, dnsNames),
	}
}

// ServiceNames returns the names in the certificate of a workload.
func (c *Certificate) ServiceNames(w *sidecar.Workload) []string {
	if len(c.DNSNames) > 0 {
		return c.DNSNames
	}
	services := slices.SortedFunc(slices.Values(w.Services), func(a, b sidecar.Service) int {
		return strings.Compare(a.Ref.Name, b.Ref.Name) // the order of the input doesn't matter
	})
	var names []string
	for _, s := range services {
		names = append(names, s.Ref.Name)
		headless := s.Spec.ClusterIP == "None"
		if headless {
			names = append(names, "*."+s.Ref.Name)
			names = append(names, podNames(w, s.Ref.Name)...)
		}
		namespace := cmp.Or(s.Ref.Namespace, w.Ref.Namespace)
		if namespace == "" {
			continue
		}
		for _, suffix := range []string{"", ".svc", ".svc.cluster.local"} {
			name := s.Ref.Name + "." + namespace + suffix
			names = append(names, name)
			if headless {
				names = append(names, "*."+name)
			}
		}
	}
	return names
}

// mostPods is the greatest number of pods whose names a certificate has.
const mostPods = 16

// podNames returns the short names of a StatefulSet's pods behind a headless Service, as its peers use them. Not all
// clients accept a wildcard with one word behind it (OpenSSL's valid_star wants two).
func podNames(w *sidecar.Workload, service string) (names []string) {
	replicas := int32(1)
	if w.Replicas != nil {
		replicas = *w.Replicas
	}
	if w.Ref.Kind != "StatefulSet" || replicas > mostPods {
		return nil
	}
	for i := range replicas {
		names = append(names, fmt.Sprintf("%s-%d.%s", w.Ref.Name, w.FirstPod+i, service))
	}
	return names
}

// CheckNames finds workloads for which the certificate's names aren't known.
func (c *Certificate) CheckNames(w *sidecar.Workload, at string, fs *sidecar.Findings) {
	if len(c.DNSNames) > 0 {
		return
	}
	if len(w.Services) == 0 {
		fs.AddUnfit(sidecar.Error, "certificate-names", at+".dnsNames",
			"no Service selects the workload, so there are no names for its certificate", "write dnsNames")
		return
	}
	for _, s := range w.Services {
		if cmp.Or(s.Ref.Namespace, w.Ref.Namespace) == "" {
			fs.Add(sidecar.Info, "certificate-names", at+".dnsNames",
				"the namespace isn't known, so the certificate has only the short names of the Services",
				"write dnsNames if clients in other namespaces use longer names")
			return
		}
	}
}

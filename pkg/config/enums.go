package config

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// enums are the values that types of strings can have, by package path and name.
var enums = map[string][]string{
	ours + "config.Record":      {string(RecordAuto), string(RecordAlways), string(RecordNever)},
	ours + "config.Rollout":     {string(RolloutAuto), string(RolloutHash), string(RolloutChecksum), string(RolloutNone)},
	ours + "sidecar.Placement":  {string(sidecar.Native), string(sidecar.Beside)},
	ours + "pattern.TLSProfile": {string(pattern.Intermediate), string(pattern.Modern)},
	ours + "pattern.PlainHTTP":  {string(pattern.Reject), string(pattern.Redirect)},
	ours + "pattern.AccessLog":  {string(pattern.NoAccessLog), string(pattern.JSONAccessLog)},
	core + "IPFamily":           {string(corev1.IPv4Protocol), string(corev1.IPv6Protocol)},
	core + "URIScheme":          {string(corev1.URISchemeHTTP), string(corev1.URISchemeHTTPS)},
	core + "Protocol":           {string(corev1.ProtocolTCP), string(corev1.ProtocolUDP), string(corev1.ProtocolSCTP)},
	core + "PullPolicy":         {string(corev1.PullAlways), string(corev1.PullNever), string(corev1.PullIfNotPresent)},
}

const (
	ours = "github.com/outrigger-dev/outrigger/pkg/"
	core = "k8s.io/api/core/v1."
)

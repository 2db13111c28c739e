package sidecar

import (
	"cmp"
	"net"
	"net/netip"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// A Dial is a server outside of the pod to which the containers of a sidecar connect. What
// isn't known is left out: a name that only a Secret has, or a port.
type Dial struct {
	// Host is the name or address of the server.
	Host string `json:"host,omitempty"`
	// Port of the server.
	Port int32 `json:"port,omitempty"`
	// Protocol of the port. Default: TCP.
	Protocol corev1.Protocol `json:"protocol,omitempty"`
	// Scheme of the URLs with which they connect, if it's one without TLS, such as http.
	Scheme string `json:"scheme,omitempty"`
	// For describes the server, for messages. Required without host.
	For string `json:"for,omitempty"`
	// AtStart says that the app doesn't start before the server has answered.
	AtStart bool `json:"atStart,omitempty"`
}

// String names the server in a message.
func (d Dial) String() string {
	name := cmp.Or(d.Host, d.For)
	switch port := strconv.Itoa(int(d.Port)); {
	case d.Port == 0:
		return name
	case d.Host == "":
		return name + " on port " + port
	default:
		return net.JoinHostPort(name, port)
	}
}

// Address returns the address of a server that has no name.
func (d Dial) Address() (a netip.Addr, ok bool) {
	a, err := netip.ParseAddr(d.Host)
	return a.Unmap(), err == nil
}

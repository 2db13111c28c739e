// Package tunnel proves that what pattern tunnel renders does what it promises: a
// real ghostunnel runs it, unchanged and as the container would, between a client
// in the pod and a real Redis with TLS.
package tunnel

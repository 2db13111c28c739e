// Package vault proves that what pattern vault renders does what it promises: a real
// Vault serves, and the real agent and the real command fetch from it, unchanged and
// as the container would. The server knows pods by the signature of their tokens: it
// has its auth method for JWTs where the one for Kubernetes would ask a cluster.
package vault

// Package tunnel proves that what pattern tunnel renders does what it promises: a
// real ghostunnel and a real pgbouncer run it, unchanged and as the container
// would, between a client in the pod and a real Redis or PostgreSQL with TLS.
package tunnel

// Package cluster runs what outrigger renders in a real Kubernetes: pods with their
// proxies, exporters, log tails, caches, steps and secrets, jobs beside sidecars that
// never end, and requests while pods go. Namespaces are as strict as the pods allow,
// and no container may be started twice. It needs a single-node cluster that isn't
// part of this repository; `make e2e-cluster` looks for it and runs these tests, which
// nothing else builds (build tag cluster).
package cluster

// Package cluster runs what outrigger renders in a real Kubernetes: pods with
// their proxies, probes and Services, and requests while pods go. It needs a
// single-node cluster that isn't part of this repository; `make e2e-cluster` looks
// for it and runs these tests, which nothing else builds (build tag cluster).
package cluster

package sidecar

// A Phase is the place of a container in the start of a pod. Lower phases start earlier.
// The manifest's own init containers keep their order, in PhaseUser.
type Phase int32

const (
	PhaseKernel   Phase = 10 // kernel settings, permissions
	PhaseSecrets  Phase = 20 // secrets fetched
	PhaseTunnel   Phase = 30 // tunnels, before everything that needs them
	PhaseWait     Phase = 40 // waiting for other services
	PhaseFetch    Phase = 50 // files fetched
	PhaseMigrate  Phase = 60 // migrations
	PhaseUser     Phase = 65 // the manifest's own init containers
	PhaseAgent    Phase = 70 // caches, agents
	PhaseProxy    Phase = 80 // proxies in front of the app
	PhaseExporter Phase = 90 // exporters, log tails, reloaders
)

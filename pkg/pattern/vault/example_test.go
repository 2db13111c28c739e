package vault_test

import (
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/vault"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An agent writes a secret into a file, in memory, and keeps it fresh.
func Example() {
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"}, Name: "secrets"}
	w.Pod.Spec.Containers = []corev1.Container{{
		Name: "shop", Image: "shop:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
	}}
	w.App = &w.Pod.Spec.Containers[0]
	change, err := sidecar.Build(&vault.Vault{
		Address: "https://vault.example:8200", Role: "shop",
		Files: []vault.VaultFile{{Path: "db.env", Secret: "secret/data/shop"}},
	}, w)
	if err != nil {
		log.Fatal(err)
	}
	for c := range change.AllContainers() {
		fmt.Println(c.Name)
	}
	for _, v := range change.Volumes {
		fmt.Println(v.Name)
	}
	// Output:
	// secrets
	// secrets-files
	// secrets-config
	// secrets-token
}

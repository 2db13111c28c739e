package config_test

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

func ExampleRead() {
	_, findings := config.Read([]byte(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select:
    - kind: Deployment
      nmae: elasticsearch
  kubernetesVersion: 1.30
  patterns:
    - tlsProxy:
        port: 9200
        secretname: elasticsearch-tls
        rebind: {port: 9201, args: ["--listen=127.0.0.1:9201"]}
`), "sidecars.yaml")
	fmt.Println(findings)
	// Output:
	// sidecars.yaml:7: spec.select[0].nmae: there is no such field; did you mean name
	// sidecars.yaml:8: spec.kubernetesVersion: wanted a string, got a number; quote it
	// sidecars.yaml:12: spec.patterns[0].tlsProxy.secretname: there is no such field; did you mean secretName
}

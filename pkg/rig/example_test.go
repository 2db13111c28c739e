package rig_test

import (
	"fmt"
	"log"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// A run adds the sidecars of the document to the manifest, and leaves everything else unchanged.
func Example() {
	conf, findings := config.Read([]byte(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: agents}
spec:
  select: [{kind: Deployment}]
  patterns:
  - name: agent
    custom:
      containers: [{name: agent, image: "agent:1"}]
`), "sidecars.yaml")
	if findings.Failed() {
		log.Fatal(findings)
	}
	out := rig.Run([]rig.File{{Name: "shop.yaml", Text: `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
      - {name: shop, image: 'shop:1'}   # ours
`}}, conf, rig.Options{})
	if out.Findings.Failed() {
		log.Fatal(out.Findings)
	}
	fmt.Print(out.Files()[0].Text)
	// Output:
	// apiVersion: apps/v1
	// kind: Deployment
	// metadata: {name: shop, annotations: {outrigger.dev/patterns: agent, outrigger.dev/phases: agent=70}}
	// spec:
	//   template:
	//     spec:
	//       containers:
	//       - {name: shop, image: 'shop:1'}   # ours
	//       initContainers:
	//       - name: agent
	//         image: agent:1
	//         restartPolicy: Always
	//     metadata:
	//       annotations:
	//         outrigger.dev/patterns: agent
}

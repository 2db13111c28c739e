package manifest_test

import (
	"fmt"
	"log"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// What a run adds in place is taken off again, byte for byte.
func Example() {
	const before = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}   # ours
spec:
  template:
    spec:
      containers:
      - {name: shop, image: 'shop:1'}
`
	conf, findings := config.Read([]byte(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: settings}
spec:
  select: [{kind: Deployment}]
  patterns:
  - sysctl: {sysctls: [{name: net.ipv4.tcp_keepalive_time, value: "60"}]}
`), "sidecars.yaml")
	if findings.Failed() {
		log.Fatal(findings)
	}
	laid := rig.Run([]rig.File{{Name: "shop.yaml", Text: before}}, conf, rig.Options{InPlace: true}).Files()[0].Text
	text, err := manifest.Parse("shop.yaml", laid)
	if err != nil {
		log.Fatal(err)
	}
	stripped, findings := manifest.StripAll(text)
	if findings.Failed() {
		log.Fatal(findings)
	}
	fmt.Println(len(laid) > len(before), stripped.String() == before)
	// Output: true true
}

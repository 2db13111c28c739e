package admission_test

import (
	"fmt"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/admission"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func ExampleWrite() {
	web := admission.Workload{
		Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"},
		Containers: []admission.Container{
			{Name: "tls-proxy", Image: "nginx:1.30", Init: true, RestartPolicy: "Always"},
		},
	}
	text, findings := admission.Write([]admission.Workload{web}, nil, admission.Options{
		Name: "shop", WayOut: "Build it with outrigger.", Rules: []string{admission.WorkloadRule},
	})
	_, selected, _ := strings.Cut(text, "selected\n")
	selected, _, _ = strings.Cut(selected, "  variables:")
	fmt.Print(selected)
	fmt.Println(len(findings), "findings")
	// Output:
	//       expression: |-
	//         request.namespace == "shop" &&
	//         (object.kind + "/" + object.metadata.?name.orValue("")) in ["Deployment/web"]
	// 0 findings
}

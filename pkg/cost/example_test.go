package cost_test

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/cost"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func Example() {
	each := cost.Request{CPU: resource.MustParse("10m"), Memory: resource.MustParse("24Mi")}
	web := cost.CountPods(sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "web"}, new(int32(3)), nil, nil)
	agent := cost.CountPods(sidecar.Ref{Group: "apps", Kind: "DaemonSet", Name: "agent"}, nil, nil, nil)
	fmt.Println(web.Describe(each))
	fmt.Println(agent.Describe(each))
	var sum cost.Sum
	sum.AddWorkload(web, each)
	sum.AddWorkload(agent, each)
	fmt.Println(sum.String())
	// Output:
	// requests 3 x (10m CPU, 24Mi)
	// requests 10m CPU, 24Mi per node
	// total: 2 workloads with sidecars; requests 30m CPU, 72Mi in 3 pods; 10m CPU, 24Mi per node
}

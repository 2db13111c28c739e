package netpol_test

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
)

// A policy lets in the pods of the namespace that have a label, and nobody else.
func Example() {
	policies := []networkingv1.NetworkPolicy{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "prod"},
		Spec: networkingv1.NetworkPolicySpec{Ingress: []networkingv1.NetworkPolicyIngressRule{{
			From: []networkingv1.NetworkPolicyPeer{{
				PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}},
			}},
		}}},
	}}
	database := netpol.Pod{Namespace: "prod", Labels: map[string]string{"app": "database"}}
	for _, app := range []string{"shop", "blog"} {
		peer := netpol.Peer{Namespace: "prod", Labels: map[string]string{"app": app}}
		fmt.Println(app, netpol.Allowed(policies, database, peer, netpol.Port{Number: 5432}))
	}
	// Output:
	// shop true
	// blog false
}

package step

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Addresses need no more than a shell; URLs need curl.
func TestWaitFor(t *testing.T) {
	c := patterntest.BuildChange(t, &WaitFor{Targets: []string{"postgres.db:5432", "[::1]:80", "10.0.0.1:1"}},
		patterntest.NewShop())
	require.Equal(t, sidecar.PhaseWait, c.Phase)
	require.Equal(t, pattern.BusyboxImage.Ref, c.InitContainers[0].Image)
	require.Equal(t, []string{"300", "2", "[23][0-9][0-9]", "postgres.db:5432", "[::1]:80", "10.0.0.1:1"},
		c.InitContainers[0].Args)
	c = patterntest.BuildChange(t,
		&WaitFor{Targets: []string{"postgres:5432", "https://search/?q=$(A)"}, TimeoutSeconds: 60, IntervalSeconds: 1,
			Status: 204, CA: &pattern.CABundle{SecretName: "ca"}}, patterntest.NewShop())
	require.Equal(t, pattern.CurlImage.Ref, c.InitContainers[0].Image)
	require.Equal(t, []string{"60", "1", "204", "postgres:5432", "https://search/?q=$$(A)"}, c.InitContainers[0].Args)
	require.Equal(t, []corev1.EnvVar{{Name: "CURL_CA_BUNDLE", Value: "/etc/outrigger/ca/ca.crt"}}, c.InitContainers[0].Env)
}

func TestWaitForTargets(t *testing.T) {
	for target, fine := range map[string]bool{
		"postgres:5432": true, "Postgres.db.svc.cluster.local.:5432": true, "[2001:db8::1]:1": true, "https://a/b?c=d": true,
		"http://[::1]:80/": true,
		"postgres":         false, ":80": false, "a:0": false, "a:080": false, "a:65536": false, "2001:db8::1:80": false,
		"[fe80::1%eth0]:80": false, "a b:80": false, "-o:80": false, "a;b:80": false,
		"https://": false, "ftp://a/": false, "https://me:pw@a/": false, "https://a/b c": false, "": false,
	} {
		err := (&WaitFor{Targets: []string{target}}).Validate().Err()
		require.Equal(t, fine, err == nil, "%s: %v", target, err)
	}
}

// Who waits for itself waits in vain.
func TestWaitForItself(t *testing.T) {
	w := patterntest.NewShop(func(w *sidecar.Workload) {
		w.Services = []sidecar.Service{{Ref: sidecar.Ref{Kind: "Service", Namespace: "prod", Name: "shop"}}}
		w.Pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8080}}
	})
	for target, says := range map[string]string{
		"shop:80":                           "selects these pods themselves",
		"shop.prod:80":                      "selects these pods themselves",
		"http://shop.prod.svc/":             "selects these pods themselves",
		"shop.prod.svc.cluster.local:80":    "selects these pods themselves",
		"shop.other:80":                     "",
		"shop.prod.example:80":              "",
		"shops:80":                          "",
		"127.0.0.1:8080":                    "container shop of this pod listens there",
		"http://localhost:8080/":            "container shop of this pod listens there",
		"[::1]:8080":                        "container shop of this pod listens there",
		"127.0.0.1:6379":                    "",
		"https://shop-2.example:8080/shop:": "",
	} {
		got := strings.Join(patterntest.FindingLines(t, &WaitFor{Targets: []string{target}}, w), "\n")
		if says == "" {
			require.Empty(t, got, target)
		} else {
			require.Contains(t, got, says, target)
		}
	}
	w.Services[0].Spec.PublishNotReadyAddresses = true
	require.Empty(t, patterntest.FindingLines(t, &WaitFor{Targets: []string{"shop:80"}}, w))
}

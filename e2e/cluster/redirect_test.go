//go:build cluster

package cluster

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

// iptablesImage gives the cluster Debian's iptables, with a shell, as the pattern's own image has them.
func iptablesImage(t *testing.T) {
	t.Helper()
	const nft, legacy, shell = "/usr/sbin/xtables-nft-multi", "/usr/sbin/xtables-legacy-multi", "/bin/dash"
	extensions, err := filepath.Glob("/usr/lib/*/xtables/*.so")
	require.NoError(t, err)
	require.NotEmpty(t, extensions)
	files := map[string][]byte{}
	add := func(file string) { files[strings.TrimPrefix(file, "/")] = contents(t, file) }
	for _, file := range append(extensions, nft, legacy, shell) {
		add(file)
	}
	for _, program := range []string{nft, legacy, shell} {
		out, err := run("", "ldd", program)
		require.NoError(t, err)
		for word := range strings.FieldsSeq(out) {
			if strings.HasPrefix(word, "/") && strings.Contains(word, ".so") {
				add(word)
			}
		}
	}
	links := map[string]string{"bin/sh": "dash"}
	for _, name := range []string{"iptables", "ip6tables"} {
		links["bin/"+name+"-nft"], links["bin/"+name+"-legacy"] = nft, legacy
	}
	load(t, pattern.IptablesImage.Ref, "/bin/sh", archive(t, files, links))
}

// TestRedirect has a proxy before an app that isn't moved: everybody outside of the pod gets the proxy, and the kubelet
// does, too.
func TestRedirect(t *testing.T) {
	images(t)
	iptablesImage(t)
	for _, placement := range []string{"native", "beside"} {
		t.Run(placement, func(t *testing.T) {
			n := newNamespaceAt(t, "privileged")
			host, ca := n.host("shop"), n.certify("shop")
			n.inject(sidecars("Deployment", "shop", `
    - placement: `+placement+`
      override: {image: `+nginxImage+`, imagePullPolicy: IfNotPresent, resources: {requests: {cpu: 5m}}}
      tlsProxy: {mode: redirect, secretName: shop-tls}
`), singleReplica(workload))
			n.rolledOut("shop")
			n.answers("HTTPS through the Service, verified", "200", ca.trusted("https://"+host+"/")...)
			n.answers("plain HTTP", "400", "http://"+host+":443/")
			pod := n.pod("shop")
			n.answers("HTTPS at the pod", "200", "-k", "https://"+n.address(pod)+":8080/")
			n.answers("plain HTTP at the pod", "400", "http://"+n.address(pod)+":8080/")
			require.Equal(t, "200", n.exec(pod, "tls-proxy",
				"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8080/"), "the app itself, within the pod")
			require.Contains(t, n.logs(pod, "tls-proxy-redirect"), "redirected by iptables-")
			n.calm()
		})
	}
}

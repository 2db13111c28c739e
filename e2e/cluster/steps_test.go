//go:build cluster

package cluster

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// files is an HTTPS server with one file.
var files = deployment("files", "runAsUser: 101", `      containers:
        - name: nginx
          image: `+nginxImage+`
          imagePullPolicy: IfNotPresent
          readinessProbe: {httpGet: {path: /, port: 8443, scheme: HTTPS}, periodSeconds: 1}
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          volumeMounts:
            - {name: config, mountPath: /etc/nginx/conf.d}
            - {name: tls, mountPath: /tls}
            - {name: content, mountPath: /www}
      volumes:
        - {name: config, configMap: {name: files-nginx}}
        - {name: tls, secret: {secretName: files-tls}}
        - {name: content, configMap: {name: files}}
`) + service("files", "port: 443, targetPort: 8443") + `---
apiVersion: v1
kind: ConfigMap
metadata: {name: files-nginx}
data:
  default.conf: |
    server {
        listen 8443 ssl;
        ssl_certificate /tls/tls.crt;
        ssl_certificate_key /tls/tls.key;
        location = / { return 204; }
        location / { root /www; }
    }
---
apiVersion: v1
kind: ConfigMap
metadata: {name: files}
`

// model is what is fetched.
func model(t *testing.T) []byte {
	t.Helper()
	b := make([]byte, 600_000)
	_, err := rand.Read(b)
	require.NoError(t, err)
	return b
}

func (n *namespace) serve(content []byte) {
	n.t.Helper()
	n.apply(files + "binaryData: {model.bin: " + base64.StdEncoding.EncodeToString(content) + "}\n")
}

// TestSteps has four steps before the app, each of which needs the one before; the
// config has them the other way round. What they need comes up after the pod.
func TestSteps(t *testing.T) {
	images(t)
	loadTunnel(t)
	n := newNamespace(t)
	redisHost, filesHost := n.host("redis"), n.host("files")
	ca := newAuthority(t)
	for name, host := range map[string]string{"redis": redisHost, "files": filesHost, "client": n.host("shop")} {
		ca.issue(name, host)
		n.apply(ca.secret(name+"-tls", name))
	}
	content := model(t)
	fetch := func(sum [32]byte) string {
		return fmt.Sprintf(`
    - override: {resources: {requests: {cpu: 5m}}}
      fetch:
        url: https://%s/model.bin
        sha256: %x
        mountPath: /models
        sizeLimit: 16Mi
        ca: {secretName: client-tls}
`, filesHost, sum)
	}
	n.inject(sidecars("Deployment", "shop", `
    - migrate: {command: [/bin/app, migrate]}
`+strings.TrimLeft(fetch(sha256.Sum256(content)), "\n")+`
    - waitFor:
        targets: [`+redisHost+`:6380, https://`+filesHost+`]
        intervalSeconds: 1
        ca: {secretName: client-tls}
`+strings.TrimLeft(n.tunnelToRedis("client-tls"), "\n")),
		withEnv(singleReplica(workload), "{name: NEEDS, value: /models/model.bin}"))
	n.tells("shop", "wait-for", "waiting for redis")
	require.Equal(t, "true", n.field("pod/"+n.pod("shop"), `.status.initContainerStatuses[?(@.name=="tunnel")].started`))
	n.apply(redis)
	n.serve(content)
	n.rolledOut("shop")
	n.calm()

	var pod struct {
		Status struct {
			InitContainerStatuses []struct {
				Name  string
				State struct {
					Running, Terminated struct{ StartedAt, FinishedAt time.Time }
				}
			}
			ContainerStatuses []struct {
				State struct{ Running struct{ StartedAt time.Time } }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(n.kc("get", "pod", n.pod("shop"), "-o", "json")), &pod))
	names, ended := []string{}, time.Time{}
	for _, c := range pod.Status.InitContainerStatuses {
		names = append(names, c.Name)
		if c.State.Terminated.StartedAt.IsZero() {
			ended = c.State.Running.StartedAt // a sidecar: the next one follows when it has started
			continue
		}
		require.False(t, c.State.Terminated.StartedAt.Before(ended), c.Name)
		ended = c.State.Terminated.FinishedAt
	}
	require.Equal(t, []string{"tunnel", "wait-for", "fetch", "migrate"}, names)
	require.False(t, pod.Status.ContainerStatuses[0].State.Running.StartedAt.Before(ended))
	require.Equal(t, "schema :1\n", n.first("shop", "migrate"))
	require.Contains(t, n.first("shop", "fetch"), "/models/model.bin was fetched")

	other := sha256.Sum256(bytes.ToUpper(content))
	n.inject(sidecars("Pod", "wrong", fetch(other)), `apiVersion: v1
kind: Pod
metadata: {name: wrong, labels: {app: wrong}}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: wrong
      image: `+appImage+`
      imagePullPolicy: IfNotPresent
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`)
	becomes(t, "a pod whose file is another one", "Failed", func() string { return n.field("pod/wrong", ".status.phase") })
	require.Contains(t, n.logs("wrong", "fetch"), fmt.Sprintf("not %x", other))
}

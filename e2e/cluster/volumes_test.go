//go:build cluster

package cluster

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// store keeps what it has on a volume of its own, and logs there.
var store = asStatefulSet(deployment("store", "runAsUser: 65532, runAsGroup: 65532", `      containers:
        - name: store
          image: docker.io/library/busybox:1.36
          imagePullPolicy: IfNotPresent
          command: [sh, -c]
          args:
            - |
              set -e
              mkdir -p /data/logs
              echo start >>/data/starts
              echo "start $(wc -l </data/starts)" >>/data/logs/store.log
              trap 'exit 0' TERM
              while :; do sleep 1 & wait $!; done
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {storageClassName: NAME, accessModes: [ReadWriteOnce], resources: {requests: {storage: 64Mi}}}
`))

func asStatefulSet(deployment string) string {
	return strings.NewReplacer(
		"kind: Deployment\n", "kind: StatefulSet\n",
		"spec:\n  selector:", "spec:\n  serviceName: store\n  selector:",
	).Replace(deployment)
}

// TestVolumes has a StatefulSet whose volume is root's at first, and outlives its pod:
// it's given to the app's user, a file is fetched into it once, and of the log only what
// is new is streamed.
func TestVolumes(t *testing.T) {
	images(t)
	n := newNamespaceAt(t, "baseline") // for the change of the owner, which root makes
	n.certify("files")
	content := model(t)
	n.serve(content)
	n.rolledOut("files")
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	n.apply(fmt.Sprintf(`apiVersion: v1
kind: PersistentVolume
metadata: {name: %s}
spec:
  storageClassName: %[1]s
  capacity: {storage: 64Mi}
  accessModes: [ReadWriteOnce]
  hostPath: {path: %q, type: Directory}
`, n.name, dir))
	t.Cleanup(func() { n.kc("delete", "persistentvolume", n.name, "--wait=false") })

	n.inject(sidecars("StatefulSet", "store", `
    - override: {resources: {requests: {cpu: 5m}}}
      fetch:
        url: https://`+n.host("files")+`/model.bin
        sha256: `+fmt.Sprintf("%x", sha256.Sum256(content))+`
        volumeName: data
        ca: {secretName: files-tls}
    - name: logs
      logTail: {directory: /data/logs, files: [store.log]}
    - permissions: {volumes: [data], mode: chown}
`), strings.Replace(store, "NAME", n.name, 1))
	ready := func() { n.kc("rollout", "status", "statefulset/store", "--timeout=90s") }
	ready()
	require.Contains(t, n.logs("store-0", "fetch"), "/data/model.bin was fetched")
	becomes(t, "the log", "start 1\n", func() string { return n.logs("store-0", "logs") })
	require.Equal(t, "65532 65532", n.exec("store-0", "store", "stat", "-c", "%u %g", "/data"))
	n.calm()

	n.kc("delete", "pod", "store-0", "--timeout=25s")
	ready()
	require.Contains(t, n.logs("store-0", "fetch"), "/data/model.bin is there")
	becomes(t, "the log of the second pod", "start 2\n", func() string { return n.logs("store-0", "logs") })
	sum := n.exec("store-0", "store", "sha256sum", "/data/model.bin")
	require.Equal(t, fmt.Sprintf("%x  /data/model.bin", sha256.Sum256(content)), sum)
	n.calm()
}

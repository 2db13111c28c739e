//go:build cluster

package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sleeper is a pod template that a restricted namespace accepts, at an indentation of zero.
const sleeper = `metadata: {labels: {app: NAME}}
spec:
  restartPolicy: RESTART
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  securityContext: {runAsNonRoot: true, runAsUser: 101, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: app
      image: docker.io/library/busybox:1.37
      command: [sleep, "3600"]
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

// guarded are workloads of all kinds that policies judge when they are applied.
func guarded() string {
	template := func(by int, name, restart string) string {
		return indented(by, strings.NewReplacer("NAME", name, "RESTART", restart).Replace(sleeper))
	}
	head := func(version, kind, name string) string {
		return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: %s}\nspec:\n", version, kind, name)
	}
	selector := func(name string) string { return "  selector: {matchLabels: {app: " + name + "}}\n" }
	return head("apps/v1", "Deployment", "deployment") + "  replicas: 2\n" + selector("deployment") + "  template:\n" +
		template(4, "deployment", "Always") +
		head("apps/v1", "StatefulSet", "statefulset") + "  serviceName: none\n" + selector("statefulset") + "  template:\n" +
		template(4, "statefulset", "Always") +
		head("apps/v1", "DaemonSet", "daemonset") + selector("daemonset") + "  template:\n" +
		template(4, "daemonset", "Always") +
		head("batch/v1", "Job", "job") + "  template:\n" + template(4, "job", "Never") +
		head("batch/v1", "CronJob", "cronjob") + "  schedule: '0 0 1 1 *'\n  jobTemplate:\n    spec:\n      template:\n" +
		template(8, "cronjob", "Never")
}

// agents is a document that adds a server to each of them.
const agents = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: agents}
spec:
  select: [{name: deployment|statefulset|daemonset|job|cronjob}]
  patterns:
    - name: agent
      custom:
        containers:
          - name: agent
            image: docker.io/nginxinc/nginx-unprivileged:1.29
            securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
            startupProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, failureThreshold: 60}
`

var guardedKinds = []string{"deployment", "statefulset", "daemonset", "job", "cronjob"}

// TestPolicies has a cluster refuse builds that were made without outrigger, and let everything else pass.
func TestPolicies(t *testing.T) {
	for _, mode := range []string{"client", "server"} {
		t.Run(mode, func(t *testing.T) {
			n := newNamespace(t)
			apply := func(manifests string, more ...string) error {
				args := append([]string{"-n", n.name, "apply", "--server-side=" + fmt.Sprint(mode == "server"), "-f", "-"}, more...)
				_, err := run(manifests, filepath.Join(tools, "kc"), args...)
				return err
			}
			n.applyPolicies(agents, guarded())
			built := render(t, agents, guarded())
			require.NoError(t, apply(built))
			n.awaitGuarded()
			before := n.podStates()

			for i, object := range strings.Split(strings.TrimPrefix(guarded(), "---\n"), "---\n") {
				err := apply(object)
				require.Error(t, err, guardedKinds[i])
				if guardedKinds[i] != "job" { // whose template never changes, so that is refused first
					require.ErrorContains(t, err, lacksAgent(guardedKinds[i]))
				}
			}
			for end := time.Now().Add(time.Minute); time.Now().Before(end); <-time.After(2 * time.Second) {
				require.Equal(t, before, n.podStates(), "the old pods are there and Ready, and nothing rolls")
			}
			n.kc("delete", "job", "job", "--cascade=foreground", "--timeout=60s")
			require.ErrorContains(t, apply(guarded()), lacksAgent("job"))
			_, err := run(barePod, filepath.Join(tools, "kc"), "-n", n.name, "apply", "-f", "-")
			require.ErrorContains(t, err, "denied request: Pod bare comes without its sidecars: agent.")
			n.refusesPodsOfOthers()
			n.kc("create", "rolebinding", "team", "--clusterrole=admin", "--user=team")
			for _, verb := range []string{"delete", "update", "create"} {
				out, _ := kubectl("auth", "can-i", verb, "validatingadmissionpolicies", "--as=team", "-n", n.name)
				require.Equal(t, "no", strings.TrimSpace(out), "the admin of a namespace, and policies")
			}
			n.usesUntouched(apply, built)

			if mode == "client" { // the other manager's sidecar stays in the merged object, so it isn't refused
				require.NoError(t, apply(guarded(), "--server-side=true", "--force-conflicts"))
				require.Equal(t, "agent", n.field("deployment/deployment", ".spec.template.spec.initContainers[*].name"))
			}
			n.deletesAll()
		})
	}
}

// refusesPodsOfOthers has a controller that is in no manifest make pods with the labels of a workload that is.
func (n *namespace) refusesPodsOfOthers() {
	n.t.Helper()
	template := strings.NewReplacer("NAME", "statefulset", "RESTART", "Always").Replace(sleeper)
	n.apply("apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: by-hand}\nspec:\n  selector: {matchLabels: " +
		"{app: statefulset}}\n  template:\n" + indented(4, template))
	becomes(n.t, "the ReplicaSet to tell why it has no pods", "yes", func() string {
		events := n.try("get", "events", "--field-selector=involvedObject.kind=ReplicaSet,involvedObject.name=by-hand")
		return yes(strings.Contains(events, " comes without its sidecars: agent. Build it with outrigger: "))
	})
	n.kc("delete", "replicaset", "by-hand", "--cascade=foreground", "--timeout=60s")
}

// addsAgent is a policy that adds a container to Deployments, with the name and the image of a sidecar.
const addsAgent = `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: NAME}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
  mutations:
    - patchType: JSONPatch
      jsonPatch:
        expression: |-
          [JSONPatch{op: "add", path: "/spec/template/spec/initContainers", value: [
            Object.spec.template.spec.initContainers{name: "agent", restartPolicy: "Always",
              image: "docker.io/nginxinc/nginx-unprivileged:1.29", command: ["sleep", "1"]}]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: NAME}
spec:
  policyName: NAME
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}}
`

// TestPoliciesComeLast has the policies judge what others have made of an object.
func TestPoliciesComeLast(t *testing.T) {
	n := newNamespace(t)
	n.applyPolicies(agents, guarded())
	t.Cleanup(func() {
		for _, kind := range []string{"mutatingadmissionpolicybinding", "mutatingadmissionpolicy"} {
			_, _ = kubectl("delete", kind, n.name, "--ignore-not-found")
		}
	})
	_, err := run(strings.ReplaceAll(addsAgent, "NAME", n.name), filepath.Join(tools, "kc"), "apply", "-f", "-")
	require.NoError(t, err)
	object, _, _ := strings.Cut(strings.TrimPrefix(guarded(), "---\n"), "---\n")
	require.True(t, strings.Contains(object, "kind: Deployment\n"))
	becomes(t, "a plain Deployment to be accepted", "yes", func() string {
		_, err := run(object, filepath.Join(tools, "kc"), "-n", n.name, "create", "--dry-run=server", "-f", "-")
		return yes(err == nil)
	})
}

const barePod = `apiVersion: v1
kind: Pod
metadata: {name: bare, labels: {app: deployment}}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 101, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: app
      image: docker.io/library/busybox:1.37
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

// TestPoliciesAfterwards has policies for workloads that are older and have no sidecars: those can be labelled, scaled,
// restarted and deleted, and change to what has sidecars.
func TestPoliciesAfterwards(t *testing.T) {
	n := newNamespace(t)
	n.apply(guarded())
	n.awaitGuarded()
	n.applyPolicies(agents, guarded(), "--only", "workloads")
	for _, kind := range guardedKinds {
		n.kc("label", kind, kind, "touched=yes")
		n.kc("annotate", kind, kind, "touched=yes")
		_, err := kubectl("-n", n.name, "patch", kind, kind, "--type=json", "-p", `[{"op": "add",
			"path": "/spec/`+map[bool]string{true: "jobTemplate/spec/", false: ""}[kind == "cronjob"]+
			`template/spec/activeDeadlineSeconds", "value": 3000}]`)
		require.Error(t, err, "a change of the pods of a %s", kind)
		if kind == "cronjob" {
			require.ErrorContains(t, err, lacksAgent(kind))
		}
	}
	n.kc("scale", "deployment", "deployment", "--replicas=3")
	n.kc("patch", "statefulset", "statefulset", "-p", `{"spec": {"replicas": 2}}`)
	n.kc("patch", "cronjob", "cronjob", "-p", `{"spec": {"suspend": true}}`)
	for _, kind := range guardedKinds[:3] {
		n.kc("rollout", "restart", kind, kind)
	}
	n.awaitGuarded()
	_, err := kubectl("-n", n.name, "set", "image", "deployment/deployment", "app=docker.io/library/busybox:1.36")
	require.ErrorContains(t, err, lacksAgent("deployment"))
	n.kc("delete", "job", "job", "--cascade=foreground", "--timeout=60s")
	_, err = run(render(t, agents, guarded()), filepath.Join(tools, "kc"), "-n", n.name, "apply", "--server-side",
		"--force-conflicts", "-f", "-") // over what was scaled
	require.NoError(t, err)
	n.awaitGuarded()
	require.Equal(t, "agent", n.field("deployment/deployment", ".spec.template.spec.initContainers[*].name"))
	n.deletesAll()

	// older ones without sidecars go, too
	n.removePolicies()
	becomes(t, "the policies to act no more", "no", func() string { return yes(n.refusesPlain(guarded())) })
	n.apply(guarded())
	n.awaitGuarded()
	n.applyPolicies(agents, guarded(), "--only", "workloads")
	n.deletesAll()
}

func lacksAgent(kind string) string {
	names := map[string]string{"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet",
		"job": "Job", "cronjob": "CronJob"}
	return "denied request: " + names[kind] + " " + kind + " comes without its sidecars: agent. Build it with outrigger: "
}

// render returns manifests with the sidecars of a document.
func render(t *testing.T, document, manifests string) string {
	t.Helper()
	out, err := run(manifests, filepath.Join(bin, "outrigger"), "inject", "-q", "-c", documentFile(t, document))
	require.NoError(t, err)
	return out
}

func documentFile(t *testing.T, document string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sidecars.yaml")
	require.NoError(t, os.WriteFile(file, []byte(document), 0o600))
	return file
}

// applyPolicies applies the policies for manifests, waits until they act, and removes them at the end.
func (n *namespace) applyPolicies(document, manifests string, args ...string) {
	n.t.Helper()
	own := []string{"policy", "-q", "-c", documentFile(n.t, document), "--namespace", n.name, "--name", n.name}
	args = append(own, args...)
	policies, err := run(manifests, filepath.Join(bin, "outrigger"), args...)
	require.NoError(n.t, err)
	n.t.Cleanup(n.removePolicies)
	_, err = run(policies, filepath.Join(tools, "kc"), "apply", "-f", "-")
	require.NoError(n.t, err)
	becomes(n.t, "the policies to act", "yes", func() string { return yes(n.refusesPlain(manifests)) })
	if slices.Contains(args, "workloads") {
		return
	}
	becomes(n.t, "the policy for pods to act", "yes", func() string {
		_, err := run(barePod, filepath.Join(tools, "kc"), "-n", n.name, "create", "--dry-run=server", "-f", "-")
		return yes(err != nil && strings.Contains(err.Error(), "comes without its sidecars"))
	})
	for _, rule := range []string{"workloads", "pods"} {
		name := "validatingadmissionpolicy/" + n.name + "-" + rule
		becomes(n.t, name+" to be checked", "yes", func() string {
			return yes(n.field(name, ".status.observedGeneration") != "")
		})
		require.Empty(n.t, n.field(name, ".status.typeChecking.expressionWarnings"))
	}
}

// refusesPlain reports whether the first of the manifests would be refused, be there one already or not.
func (n *namespace) refusesPlain(manifests string) bool {
	object, _, _ := strings.Cut(strings.TrimPrefix(manifests, "---\n"), "---\n")
	_, err := run(object, filepath.Join(tools, "kc"), "-n", n.name, "create", "--dry-run=server", "-f", "-")
	return err != nil && strings.Contains(err.Error(), lacksAgent("deployment"))
}

func (n *namespace) removePolicies() {
	for _, kind := range []string{"validatingadmissionpolicybinding", "validatingadmissionpolicy"} {
		_, err := kubectl("delete", kind, n.name+"-workloads", n.name+"-pods", "--ignore-not-found")
		require.NoError(n.t, err)
	}
}

// awaitGuarded waits until all pods are there and Ready, and no others.
func (n *namespace) awaitGuarded() {
	n.t.Helper()
	for _, kind := range guardedKinds[:3] {
		n.kc("rollout", "status", kind+"/"+kind, "--timeout=90s")
	}
	becomesWithin(n.t, 90*time.Second, "all pods to be Ready", "yes", func() string {
		states := strings.Fields(n.podStates())
		isOther := func(s string) bool { return !strings.HasSuffix(s, "=True=") }
		return yes(strings.Contains(n.podStates(), "job-") && !slices.ContainsFunc(states, isOther))
	})
}

// podStates lists the pods with their Ready condition, and when they are deleted.
func (n *namespace) podStates() string {
	return n.try("get", "pods", "-o", `jsonpath={range .items[*]}{.metadata.name}/{.metadata.uid}`+
		`={.status.conditions[?(@.type=="Ready")].status}={.metadata.deletionTimestamp}{"\n"}{end}`)
}

// usesUntouched applies, scales and restarts what has its sidecars.
func (n *namespace) usesUntouched(apply func(string, ...string) error, built string) {
	n.t.Helper()
	require.NoError(n.t, apply(built))
	n.awaitGuarded()
	n.kc("scale", "deployment", "deployment", "--replicas=3")
	n.kc("scale", "statefulset", "statefulset", "--replicas=2")
	for _, kind := range guardedKinds[:3] {
		n.kc("label", kind, kind, "touched=yes")
		n.kc("rollout", "restart", kind, kind)
	}
	n.kc("create", "job", "by-hand", "--from=cronjob/cronjob")
	n.awaitGuarded()
	becomes(n.t, "the agent of a Job by hand", "agent", func() string {
		return n.field("job/by-hand", ".spec.template.spec.initContainers[*].name")
	})
	require.Equal(n.t, "3", n.field("deployment/deployment", ".status.readyReplicas"))
	n.kc("set", "env", "deployment/deployment", "-c", "app", "CHANGED=yes")
	n.awaitGuarded()
	n.kc("delete", "job", "by-hand", "--cascade=foreground", "--timeout=60s")
	require.NoError(n.t, apply(built, "--force-conflicts="+fmt.Sprint(strings.Contains(n.t.Name(), "server"))))
	n.awaitGuarded()
}

// deletesAll deletes everything as the garbage collector does, which updates objects before they go.
func (n *namespace) deletesAll() {
	n.t.Helper()
	for _, kind := range guardedKinds {
		n.kc("delete", kind, kind, "--cascade=foreground", "--timeout=60s")
	}
}

package rig

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A hookDialect is how a program marks objects that it applies at other times than the rest.
type hookDialect struct {
	hook, weight, policy string   // annotations
	early, later         []string // events
	replaced, succeeded  string   // policies: delete it before it's made anew; delete it when all hooks have succeeded
}

// helmHooks are those of Helm 3 and 4. Of the hooks of an event, those of a lower weight come first, and within a
// weight those whose name does: kinds only order equal names. Each is deleted before it's made, by default, and one
// that has succeeded once all have (pkg/action/hooks.go). A weight that isn't a number is 0, and events are read in any
// case (pkg/release/v1/util/manifest_sorter.go). At pre-delete, the release is still there (pkg/action/uninstall.go).
var helmHooks = hookDialect{hookKey, "helm.sh/hook-weight", "helm.sh/hook-delete-policy",
	[]string{"pre-install", "pre-upgrade", "pre-rollback", "post-delete"},
	[]string{"post-install", "post-upgrade", "post-rollback", "pre-delete", "test", "test-success"},
	"before-hook-creation", "hook-succeeded"}

// argoHooks are those of Argo CD. Within a phase, waves order all objects, and within a wave kinds do, those without a
// known place last (gitops-engine/pkg/sync/sync_tasks.go). A hook is deleted before it's made, by default
// (gitops-engine/pkg/sync/hook/delete_policy.go), and one that has succeeded at the end of the sync
// (gitops-engine/pkg/sync/sync_context.go). At PreDelete, the application is still there (controller/hook.go).
var argoHooks = hookDialect{sidecar.ArgoHookKey, argoWaveKey, "argocd.argoproj.io/hook-delete-policy",
	[]string{"PreSync", "SyncFail", "PostDelete"}, []string{"Sync", "PostSync", "PreDelete"},
	"BeforeHookCreation", "HookSucceeded"}

// hookDialects have early events, at which an object that isn't a hook isn't there yet, or not any more.
var hookDialects = []*hookDialect{&helmHooks, &argoHooks}

// argoWaveKey orders all objects of Argo CD, hooks or not. It waits until those of a wave are healthy.
const argoWaveKey = "argocd.argoproj.io/sync-wave"

// A claim holds data.
var claim = sidecar.Ref{Kind: "PersistentVolumeClaim"}

// awaited are the kinds of objects without which a pod doesn't start, or not as it should.
var awaited = []sidecar.Ref{
	{Kind: "ConfigMap"}, {Kind: "Secret"}, claim, {Kind: "ServiceAccount"},
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}, {Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"},
	{Group: "cert-manager.io", Kind: "Certificate"}, {Group: "cert-manager.io", Kind: "Issuer"},
}

// An emitter is a workload with a sidecar that emits an object.
type emitter struct {
	of      *manifest.Object
	sidecar string
}

// A hookTime is when an object is applied that a workload waits for.
type hookTime struct {
	events    []string // "": it isn't a hook
	weight    int
	weighted  bool
	succeeded bool // it may be deleted as soon as all hooks have succeeded
}

// timeOf returns when an object must be applied for a workload; needed is false if that's when all are applied.
func (d *hookDialect) timeOf(o *manifest.Object) (t hookTime, needed bool) {
	events, policies := d.eventsOf(o), d.list(o, d.policy)
	weight, weighted := d.weightOf(o)
	switch {
	case len(events) > 0:
		inWave := weight < 0 && slices.Contains(events, "Sync") // other objects are in its phase, in wave 0
		needed = slices.ContainsFunc(events, d.isEarly) || inWave
		return hookTime{events, before(weight), true, slices.Contains(policies, d.succeeded)}, needed
	case d != &argoHooks || !weighted:
		return hookTime{}, false
	}
	// Argo CD takes Helm's hooks for its own, with the wave before the weight.
	inWave := weight < 0 || slices.ContainsFunc(helmHooks.eventsOf(o), helmHooks.isEarly)
	return hookTime{weight: before(weight), weighted: inWave}, inWave
}

// before returns the next lower weight. There is none below the lowest, which sorts by kinds or names.
func before(weight int) int { return max(weight, math.MinInt+1) - 1 }

func (d *hookDialect) isEarly(event string) bool { return slices.Contains(d.early, event) }

// eventsOf returns the events of a hook. Helm leaves out objects with an event that it doesn't know.
func (d *hookDialect) eventsOf(o *manifest.Object) []string {
	isUnknown := func(e string) bool { return !d.isEarly(e) && !slices.Contains(d.later, e) }
	return slices.DeleteFunc(d.list(o, d.hook), isUnknown)
}

// weightOf returns an object's weight, and whether an annotation of the dialect has it. Argo CD takes Helm's for a wave
// where there is none (gitops-engine/pkg/sync/syncwaves/waves.go).
func (d *hookDialect) weightOf(o *manifest.Object) (weight int, weighted bool) {
	if w, err := strconv.Atoi(o.Annotation(d.weight)); err == nil {
		return w, true
	}
	if d == &argoHooks {
		weight, _ = helmHooks.weightOf(o)
	}
	return weight, false
}

// list returns the entries of an annotation.
func (d *hookDialect) list(o *manifest.Object, key string) []string {
	all := splitList(o.Annotation(key))
	if d == &helmHooks {
		for i := range all {
			all[i] = strings.ToLower(all[i])
		}
	}
	return all
}

// splitList returns the entries of an annotation.
func splitList(annotation string) (all []string) {
	for part := range strings.SplitSeq(annotation, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// join makes a time at which the object is there for two workloads; shared is false if there's none, since only one of
// them is a hook.
func (t *hookTime) join(other hookTime) (shared bool) {
	if (len(t.events) == 0) != (len(other.events) == 0) {
		return false
	}
	for _, e := range other.events {
		if !slices.Contains(t.events, e) {
			t.events = append(slices.Clone(t.events), e)
		}
	}
	t.weight, t.weighted = min(t.weight, other.weight), t.weighted || other.weighted
	t.succeeded = t.succeeded && other.succeeded
	return true
}

// annotate adds the annotations of a time.
func (d *hookDialect) annotate(t hookTime, to map[string]string) {
	if t.weighted {
		to[d.weight] = strconv.Itoa(t.weight)
	}
	if len(t.events) == 0 {
		return
	}
	to[d.hook], to[d.policy] = strings.Join(t.events, ","), d.replaced
	if t.succeeded {
		to[d.policy] += "," + d.succeeded
	}
}

// applyBefore makes emitted objects that the pods of hooks wait for hooks, too, which are applied before them.
// Otherwise the first install would hang. The same holds for early waves of Argo CD.
func (r *run) applyBefore() {
	for i := range r.emits {
		em := &r.emits[i]
		ref := em.Ref
		ref.Namespace, ref.Name = "", ""
		if !slices.Contains(awaited, ref) || isHook(em.Object) {
			continue
		}
		annotations := map[string]string{}
		for j := range hookDialects {
			r.joinTimes(hookDialects[j], em, annotations)
		}
		if len(annotations) == 0 {
			continue
		}
		raw, err := manifest.WithAnnotations(json.RawMessage(em.Object.RawMessage), annotations)
		if err == nil { // ownObject has read it already
			em.Object.RawMessage = raw
		}
	}
}

// joinTimes finds when an object must be applied for all workloads that it's emitted for. A hook that shares it with
// others is reported: Helm would delete it before each run of the hook, and keep it when the release is gone. So is a
// claim, whose volume would go with it.
func (r *run) joinTimes(d *hookDialect, em *manifest.Emit, annotations map[string]string) {
	var all hookTime
	var early []emitter
	shared := true
	emitters := r.emitters[em.Ref]
	for i, e := range emitters {
		t, needed := d.timeOf(e.of)
		if needed {
			early = append(early, e)
		}
		if i == 0 {
			all = t
		} else {
			shared = all.join(t) && shared
		}
	}
	switch {
	case len(early) == 0:
	case shared && len(all.events) > 0 && em.Ref.Kind == claim.Kind:
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "hook-claim", Object: early[0].of.Ref,
			Sidecar: early[0].sidecar,
			Message: "is a hook that waits for " + em.Ref.String() + ", which would have to be one, too: it would be " +
				"deleted with its data before each run",
			Hint: "create the claim apart from what is released, use a volume of the kind ephemeral, or give the claim " +
				d.hook + " and a delete policy of its own"})
	case shared:
		d.annotate(all, annotations)
	default:
		r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "hook-waits", Object: early[0].of.Ref,
			Sidecar: early[0].sidecar,
			Message: "is a hook that runs before " + em.Ref.String() + " is there, and waits for it, as " +
				otherEmitter(emitters, early).Ref.String() + " has it too",
			Hint: "leave out the hook with exclude, or give it an entry with an object of another name"})
	}
}

// otherEmitter returns the first workload that isn't early.
func otherEmitter(all, early []emitter) *manifest.Object {
	at := slices.IndexFunc(all, func(e emitter) bool { return !slices.Contains(early, e) })
	return all[max(at, 0)].of
}

// isHook reports whether an object to emit says itself when it's applied.
func isHook(obj sidecar.Object) bool {
	var has struct {
		Metadata struct{ Annotations map[string]string }
	}
	_ = json.Unmarshal(obj.RawMessage, &has) // what isn't an object is reported elsewhere
	return slices.ContainsFunc(hookDialects, func(d *hookDialect) bool {
		return cmp.Or(has.Metadata.Annotations[d.hook], has.Metadata.Annotations[d.weight]) != ""
	})
}

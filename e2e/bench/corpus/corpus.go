// Package corpus generates manifests to measure with: the same objects for the
// same numbers, on every machine and for ever, in a mix and in house styles as
// large installations have them.
package corpus

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// LabelKey and LabelValue mark the workloads that get a sidecar, on the object
// and on its pod template.
const (
	LabelKey   = "perf.example.com/sidecar"
	LabelValue = "nginx"
)

// A Spec says which corpus.
type Spec struct {
	N       int    // objects
	Percent int    // of the Deployments, StatefulSets and DaemonSets that carry the label
	Form    Form   // how they're written
	Select  string // the selector that finds them, of [Selections]; "" for the first one
}

func (s Spec) String() string {
	return fmt.Sprintf("n%d-m%d-%s-%s", s.N, s.Percent, s.Form, s.Selection())
}

// Selected is the number of workloads that carry the label: at least one where
// there's a workload at all.
func (s Spec) Selected() int {
	n := 0
	for g := range s.makeObjects() {
		if g.selected {
			n++
		}
	}
	return n
}

// WriteCorpus writes the corpus.
func (s Spec) WriteCorpus(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<20)
	f := formatter{form: s.Form, config: s.Config(), w: b}
	f.beginStream()
	for g := range s.makeObjects() {
		f.writeObject(g, g.kind.make(g))
	}
	f.endStream()
	return b.Flush()
}

// mix is how many objects of which kind come in a thousand.
var mix = []struct {
	count int
	make  func(*maker) mapping
	kind  string
}{
	{240, (*maker).makeDeployment, "Deployment"},
	{40, (*maker).statefulSet, "StatefulSet"},
	{20, (*maker).daemonSet, "DaemonSet"},
	{40, (*maker).cronJob, "CronJob"},
	{10, (*maker).makeJob, "Job"},
	{210, (*maker).makeService, "Service"},
	{155, (*maker).configMap, "ConfigMap"},
	{80, (*maker).makeSecret, "Secret"},
	{40, (*maker).makeIngress, "Ingress"},
	{45, (*maker).serviceAccount, "ServiceAccount"},
	{20, (*maker).makeRole, "Role"},
	{20, (*maker).roleBinding, "RoleBinding"},
	{20, (*maker).makeHPA, "HorizontalPodAutoscaler"},
	{15, (*maker).makePDB, "PodDisruptionBudget"},
	{15, (*maker).networkPolicy, "NetworkPolicy"},
	{4, (*maker).makeCRD, "CustomResourceDefinition"},
	{14, (*maker).makeCertificate, "Certificate"},
	{12, (*maker).serviceMonitor, "ServiceMonitor"},
}

// perBlock is the sum of mix: larger corpora repeat the order of kinds.
const perBlock = 1000

// place is one of the thousand: which kind, and the how manieth of it.
type place struct{ kind, j int }

// orderObjects spreads each kind evenly over the thousand, so that ten objects already
// have the mix of ten thousand.
func orderObjects() []place {
	var all []place
	for kind, m := range mix {
		for j := range m.count {
			all = append(all, place{kind, j})
		}
	}
	at := func(p place) float64 { return (float64(p.j) + 0.5) / float64(mix[p.kind].count) }
	slices.SortStableFunc(all, func(a, b place) int {
		switch d := at(a) - at(b); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	return all
}

// maker makes one object.
type maker struct {
	*rand.Rand
	kind     kind
	index    int  // in the list
	block    int  // which thousand
	j        int  // the how manieth of its kind in it
	selected bool // carries the label
	by       string
}

type kind struct {
	name string
	make func(*maker) mapping
}

// makeObjects yields the makers of all objects. What is random about an object
// depends on its index only: percentages differ in labels and nothing else.
func (s Spec) makeObjects() func(yield func(*maker) bool) {
	return func(yield func(*maker) bool) {
		places := orderObjects()
		workloads := 0
		for i := range s.N {
			p := places[i%perBlock]
			m := mix[p.kind]
			g := &maker{
				Rand:  rand.New(rand.NewPCG(2026, uint64(i))),
				kind:  kind{m.kind, m.make},
				index: i,
				block: i / perBlock,
				j:     p.j,
				by:    s.Selection(),
			}
			if p.kind <= lastLongRunning {
				g.selected = workloads*37%100 < s.Percent // 37: not every tenth, where one kind might always stand
				workloads++
			}
			if !yield(g) {
				return
			}
		}
	}
}

// lastLongRunning is the last kind in mix that can carry the label: an ordinary
// container beside a Job's would keep it from completing.
const lastLongRunning = 2

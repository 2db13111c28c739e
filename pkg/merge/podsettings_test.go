package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

// What a sidecar sets for the whole pod is in the view of the others, unless the
// manifest has it.
func TestWithPodSettings(t *testing.T) {
	all := sidecar.Pod{FSGroup: new(int64(7)), FSGroupChangePolicy: corev1.FSGroupChangeAlways,
		ShareProcessNamespace: new(true), MinGracePeriodSeconds: 60,
		Sysctls: []corev1.Sysctl{{Name: "net.core.somaxconn", Value: "1024"}}}
	w := sidecartest.Workload()
	require.Nil(t, merge.WithPodSettings(w, nil))
	unshared := sidecar.Pod{MinGracePeriodSeconds: 20, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "x"}}}
	require.Nil(t, merge.WithPodSettings(w, []sidecar.Answer{sidecartest.Answer(w, "a", &sidecar.Change{Pod: unshared})}))

	before := w.Pod.DeepCopy()
	wants := []sidecar.Answer{sidecartest.Answer(w, "a", &sidecar.Change{}), sidecartest.Answer(w, "b",
		&sidecar.Change{Pod: all})}
	settled := merge.WithPodSettings(w, wants)
	require.Equal(t, before, &w.Pod, "the first view stays as it is")
	require.EqualValues(t, 60, *settled.Pod.Spec.TerminationGracePeriodSeconds)
	require.True(t, *settled.Pod.Spec.ShareProcessNamespace)
	security := settled.Pod.Spec.SecurityContext
	require.EqualValues(t, 7, *security.FSGroup)
	require.Equal(t, corev1.FSGroupChangeAlways, *security.FSGroupChangePolicy)
	require.Equal(t, all.Sysctls, security.Sysctls)
	require.Nil(t, merge.WithPodSettings(settled, wants), "and then there is no more to know")

	w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(1)),
		Sysctls: []corev1.Sysctl{{Name: "net/core/somaxconn", Value: "1"}}}
	w.Pod.Spec.TerminationGracePeriodSeconds = new(int64(90))
	settled = merge.WithPodSettings(w, wants)
	require.EqualValues(t, 1, *settled.Pod.Spec.SecurityContext.FSGroup)
	require.Len(t, settled.Pod.Spec.SecurityContext.Sysctls, 1)
	require.EqualValues(t, 90, *settled.Pod.Spec.TerminationGracePeriodSeconds)
}

// A grace period that a person wrote isn't raised without a word, whoever needs it.
func TestRaisedGracePeriodIsSaid(t *testing.T) {
	for have, says := range map[int64]string{
		10: "is raised from 10 to 60, as the sidecar needs that time to stop",
		60: "", 90: "", 0: "",
	} {
		w := sidecartest.Workload()
		if have > 0 {
			w.Pod.Spec.TerminationGracePeriodSeconds = &have
		}
		for _, reason := range []bool{false, true} {
			c := &sidecar.Change{Pod: sidecar.Pod{MinGracePeriodSeconds: 60}}
			if reason { // its own words are better
				c.Notes.Add(sidecar.Info, sidecar.GracePeriodCode, "drainSeconds", "drains", "")
			}
			_, fs := merge.Edits(w, []sidecar.Answer{sidecartest.Answer(w, "a", c)})
			if reason {
				require.Len(t, fs, 1)
				require.Contains(t, fs[0].Message, "drains")
				continue
			}
			if says == "" {
				require.Empty(t, fs)
				continue
			}
			require.Len(t, fs, 1)
			require.Equal(t, sidecar.GracePeriodCode, fs[0].Code)
			require.Equal(t, "a: "+says, fs[0].About())
		}
	}
}

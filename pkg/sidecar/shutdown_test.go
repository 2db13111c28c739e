package sidecar_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Only what sleeps and does nothing else has a length that can be told.
func TestSleeps(t *testing.T) {
	for seconds, commands := range map[int64][][]string{
		15: {{"sleep", "15"}, {"/bin/sleep", "15s"}, {"sh", "-c", "sleep 15"}, {"/bin/bash", "-c", " exec sleep 15; "},
			{"/usr/bin/sleep", "15"}},
		-1: {{"sh", "-c", "sleep 15; bye"}, {"sh", "-c", "bye; sleep 15"}, {"sleep", "15m"}, {"sleep"},
			{"zsh", "-c", "sleep 15"}, {"sh", "sleep", "15"}, {}},
	} {
		for _, c := range commands {
			have, ok := sidecar.SleepSeconds(&corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: c}})
			require.Equal(t, seconds > 0, ok, c)
			require.Equal(t, max(seconds, 0), have, c)
		}
	}
	have, ok := sidecar.SleepSeconds(&corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
	require.True(t, ok)
	require.EqualValues(t, 3, have)
	for _, none := range []*corev1.LifecycleHandler{nil, {}, {HTTPGet: &corev1.HTTPGetAction{}}} {
		_, ok := sidecar.SleepSeconds(none)
		require.False(t, ok)
	}
}

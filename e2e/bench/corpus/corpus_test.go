package corpus_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/bench/corpus"
)

func write(t *testing.T, n, percent int, form corpus.Form) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, corpus.Spec{N: n, Percent: percent, Form: form}.WriteCorpus(&b))
	return b.String()
}

// Measurements of different days are comparable only while the corpora stay the
// same: a change of these sums is a change of the measure.
func TestCorporaAreFrozen(t *testing.T) {
	for form, want := range map[corpus.Form]string{
		corpus.Stream:    "20d7f15a0eae",
		corpus.Kustomize: "1e58e201d407",
		corpus.Kpt:       "3d06f747242d",
	} {
		sum := sha256.Sum256([]byte(write(t, 1000, 10, form)))
		require.Equal(t, want, hex.EncodeToString(sum[:6]), form)
	}
}

// The list is what kustomize would have written: its own writer changes nothing.
func TestKustomizeForm(t *testing.T) {
	in := write(t, 1000, 10, corpus.Kustomize)
	var out bytes.Buffer
	rw := &kio.ByteReadWriter{
		Reader:                strings.NewReader(in),
		Writer:                &out,
		KeepReaderAnnotations: true,
		OmitReaderAnnotations: true,
	}
	nodes, err := rw.Read()
	require.NoError(t, err)
	require.NoError(t, rw.Write(nodes))
	ours, theirs := strings.Split(in, "\n"), strings.Split(out.String(), "\n")
	for i := range ours {
		require.Equal(t, ours[i], theirs[i], "line %d", i+1)
		if ours[i] == "functionConfig:" { // which people write
			return
		}
	}
}

// All forms hold the same objects, all of them whole, the selected ones marked.
func TestForms(t *testing.T) {
	var first []string
	for _, form := range corpus.Forms {
		s := corpus.Spec{N: 300, Percent: 10, Form: form}
		nodes, err := kio.FromBytes([]byte(write(t, s.N, s.Percent, form)))
		require.NoError(t, err)
		require.Len(t, nodes, s.N)
		var objects []string
		marked := 0
		for _, o := range nodes {
			if o.GetLabels()[corpus.LabelKey] == corpus.LabelValue {
				pod, err := o.Pipe(yaml.Lookup("spec", "template", "metadata", "labels", corpus.LabelKey))
				require.NoError(t, err)
				require.NotNil(t, pod)
				marked++
			}
			require.NoError(t, o.SetAnnotations(nil))
			js, err := o.MarshalJSON()
			require.NoError(t, err)
			objects = append(objects, string(js))
		}
		require.Equal(t, s.Selected(), marked)
		require.NotZero(t, marked)
		if first == nil {
			first = objects
		}
		for i := range first {
			require.JSONEq(t, first[i], objects[i], form)
		}
	}
}

// Percentages differ in labels only, and an object is as large as in real
// installations.
func TestSizes(t *testing.T) {
	one, all := write(t, 1000, 1, corpus.Stream), write(t, 1000, 100, corpus.Stream)
	require.InDelta(t, 3100, len(one)/1000, 300)
	require.Less(t, len(one), len(all))
	require.Less(t, len(all)-len(one), 300*2*60)
	require.NotContains(t, write(t, 3, 0, corpus.Stream), "\n"+corpus.LabelKey)
}

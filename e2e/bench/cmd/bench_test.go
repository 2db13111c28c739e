package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/bench/corpus"
)

// A comparison is fair only where both do the same: outrigger and the function
// that it's measured against add the same containers and volumes.
func TestBothInject(t *testing.T) {
	p, err := buildPrograms(t.TempDir(), "")
	require.NoError(t, err)
	for i, by := range corpus.Selections {
		form := corpus.Forms[i%len(corpus.Forms)]
		s := corpus.Spec{N: 200, Percent: 50, Form: form, Select: by}
		require.True(t, s.IsPossible())
		input, err := p.writeInput(s)
		require.NoError(t, err)
		require.NoError(t, checkOutput(s, input, p.ourCommand(s)))
		require.NoError(t, checkOutput(s, input, []string{p.minimal}))

		ours, minimal := added(t, input, p.ourCommand(s)), added(t, input, []string{p.minimal})
		null := added(t, input, []string{p.minimal, "-null"})
		require.Len(t, minimal, s.Selected())
		require.Equal(t, minimal, ours, form)
		require.Empty(t, null)
	}
}

// added are the names of the containers and volumes that each workload has got.
func added(t *testing.T, input string, argv []string) map[string]string {
	t.Helper()
	in, err := os.Open(input)
	require.NoError(t, err)
	defer in.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = in
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	require.NoError(t, err)
	nodes, err := kio.FromBytes(out)
	require.NoError(t, err)
	all := map[string]string{}
	for _, o := range nodes {
		for _, list := range []string{"containers", "volumes"} {
			names, err := o.Pipe(yaml.Lookup("spec", "template", "spec", list))
			require.NoError(t, err)
			if names == nil {
				continue
			}
			require.NoError(t, names.VisitElements(func(e *yaml.RNode) error {
				if name := e.Field("name").Value.YNode().Value; strings.HasPrefix(name, "nginx") {
					all[o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName()] += name + " "
				}
				return nil
			}))
		}
	}
	return all
}

// The whole of it, on the smallest corpora. What comes out isn't looked at: times
// are no test.
func TestMeasure(t *testing.T) {
	o, err := parseFlags([]string{"-n", "1,10", "-forms", "kustomize,stream", "-rounds", "1", "-startup", "1"})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, measureAll(o, &out, io.Discard))
	require.Contains(t, out.String(), "| 10 | 10 | stream | podSelector | 0.0")
	require.Contains(t, out.String(), "| kustomize, m 10, n 1 to 10 | ")
	require.NotContains(t, out.String(), "NaN")
	_, err = parseFlags([]string{"-n", "many", "-forms", "json"})
	require.ErrorContains(t, err, "many")
	require.ErrorContains(t, err, `no form "json"`)
}

// Every way of running outrigger with kustomize works, and is compared with a plain build.
func TestRunners(t *testing.T) {
	o, err := parseFlags([]string{"-runners", "-n", "10", "-rounds", "1"})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, measureAll(o, &out, io.Discard))
	require.Contains(t, out.String(), "| objects | workloads | plain | pipe | legacy | exec | container |\n")
	require.Contains(t, out.String(), "\n| 10 | 1 | ")
	require.Contains(t, out.String(), " ms, 1.000 |", "a plain build is 1")
}

func TestFigures(t *testing.T) {
	at := func(ms ...int) (costs []cost) {
		for _, n := range ms {
			costs = append(costs, cost{cpu: time.Duration(n) * time.Millisecond, peak: int64(n) * 1024, floor: 4096})
		}
		return costs
	}
	require.Equal(t, "3.0", millis(at(9, 1, 3), cpu))
	require.Equal(t, "2.5", millis(at(4, 2, 1, 3), cpu))
	require.Equal(t, "-", millis(nil, cpu))
	require.Equal(t, "0.500", ratio(at(1, 2, 30), at(2, 4, 3), cpu))
	require.Equal(t, "< 4.0", peaks(at(4)))
	require.Equal(t, "5.0", peaks(at(5)))
	require.Equal(t, "2.00", fitExponent(row{bytes: 10}, row{bytes: 100}, at(1), at(100)))
	require.Equal(t, "-", fitExponent(row{bytes: 10}, row{bytes: 100}, at(1), nil))
}

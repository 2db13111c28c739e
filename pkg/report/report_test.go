package report

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func finding(s sidecar.Severity, code, message, hint string) sidecar.Finding {
	return sidecar.Finding{Severity: s, Code: code, Message: message, Hint: hint}
}

func TestPrint(t *testing.T) {
	placed := finding(sidecar.Error, "unknown-field", "there is no such field", "did you mean name")
	placed.File, placed.Line, placed.Field = "sidecars.yaml", 7, "spec.select[0].nmae"
	for name, c := range map[string]struct {
		print func(*Printer)
		want  string
	}{
		"findings": {func(p *Printer) {
			p.PrintFindings(sidecar.Findings{
				placed,
				finding(sidecar.Warning, "grace-period", "ends too early", ""),
				finding(sidecar.Info, sidecar.Skipped, "skipped", ""),
				finding(sidecar.Info, "object-removed", "is gone", ""),
				finding(sidecar.Info, "pod-resources", "are raised", ""),
				finding(sidecar.Info, "grace-period", "is raised", ""),
				finding(sidecar.Info, "other", "is in the results", ""),
			})
		}, "error[unknown-field]: sidecars.yaml:7: spec.select[0].nmae: there is no such field\n  hint: did you mean name\n" +
			"warning[grace-period]: ends too early\ninfo[skipped]: skipped\ninfo[object-removed]: is gone\n" +
			"info[pod-resources]: are raised\ninfo[grace-period]: is raised\n"},
		"an error of findings": {func(p *Printer) { p.PrintError(fmt.Errorf("wrapped: %w", sidecar.Findings{placed})) },
			"error[unknown-field]: sidecars.yaml:7: spec.select[0].nmae: there is no such field\n  hint: did you mean name\n"},
		"a message that is an error": {func(p *Printer) {
			p.PrintFindings(
				sidecar.Findings{
					finding(sidecar.Error, "record-damaged", "is of version 1; strip it with that one; or render it", ""),
				},
			)
		}, "error[record-damaged]: is of version 1\n  hint: strip it with that one; or render it\n"},
		"several errors": {func(p *Printer) {
			p.PrintError(errors.Join(errors.New("a.yaml: no such file; name another"), errors.New("b.yaml: busy")))
		},
			"error[io]: a.yaml: no such file\n  hint: name another\nerror[io]: b.yaml: busy\n"},
		"no error": {func(p *Printer) { p.PrintError(nil) }, ""},
		"notes": {func(p *Printer) { p.PrintNotes([]string{"x: skipped; rename it"}) },
			"note: x: skipped\n  hint: rename it\n"},
		"lines": {func(p *Printer) { p.PrintLines([]string{"Deployment web: tls-proxy"}) }, "Deployment web: tls-proxy\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			c.print(New(&b, Auto))
			require.Equal(t, c.want, b.String())
		})
	}
}

// What an input has in it never looks like a message of ours, nor does it reach the
// terminal as a command.
// Warnings that are alike for all workloads of a run take one line, and so do those with the same words.
func TestPrintAlike(t *testing.T) {
	var fs sidecar.Findings
	for i := range 8 {
		for _, code := range []string{"scrape-ca", "ingress-backend"} {
			f := finding(sidecar.Warning, code, "isn't verified", "name the CA")
			f.Object, f.Sidecar = sidecar.Ref{Kind: "Service", Name: fmt.Sprintf("s%d", i)}, "tls-proxy"
			fs = append(fs, f, f)
		}
	}
	unlike := fs[2]
	unlike.Message = "isn't known"
	other := fs[0]
	other.Sidecar = "more-tls"
	fs = append(fs, other, unlike)
	var b strings.Builder
	New(&b, Never).PrintFindings(fs)
	require.Contains(t, b.String(), "warning[ingress-backend]: Service s0: tls-proxy: isn't verified (also Service s1, "+
		"Service s2, Service s3, Service s4, Service s5, Service s6, Service s7)\n  hint: name the CA\n")
	require.Equal(t, 2, strings.Count(b.String(), "warning[scrape-ca]"))
	require.Equal(t, 2, strings.Count(b.String(), "warning[ingress-backend]"))
	require.Contains(t, b.String(), "warning[scrape-ca]: Service s0: tls-proxy: isn't verified (also Service s1, "+
		"Service s2, Service s3, Service s4, Service s5 and 2 more)\n  hint: name the CA\n")
	require.Contains(t, b.String(), "warning[scrape-ca]: Service s0: more-tls: isn't verified\n")
	require.NotContains(t, fs[0].Message, "also", "the findings stay as they are")
}

// Where each of the others needs a change of its own, all of them are named, and that their hints differ is said.
func TestPrintAlikeNamesAll(t *testing.T) {
	var fs sidecar.Findings
	for i := range 8 {
		for _, code := range []string{"network-policy-open", "mesh-backend"} {
			f := finding(sidecar.Warning, code, "is open", "close it")
			f.Object = sidecar.Ref{Kind: "X", Name: fmt.Sprintf("x%d", i)}
			if code == "mesh-backend" {
				f.Hint = "add " + f.Object.Name
			}
			fs = append(fs, f)
		}
	}
	var b strings.Builder
	New(&b, Never).PrintFindings(fs)
	require.Equal(t, "warning[network-policy-open]: X x0: is open (also X x1, X x2, X x3, X x4, X x5, X x6, X x7)\n"+
		"  hint: close it\n"+
		"warning[mesh-backend]: X x0: is open (also X x1, X x2, X x3, X x4, X x5, X x6, X x7)\n"+
		"  hint: add x0, and one like it for each of the others (--findings json has them)\n", b.String())
}

func TestPrintHostile(t *testing.T) {
	const bad = "x\nerror[forged]: y\x1b[2J\u202e"
	var b strings.Builder
	p := New(&b, Always)
	p.PrintFindings(sidecar.Findings{finding(sidecar.Error, "code", bad, bad)})
	p.PrintError(errors.New("a\x1b[2J; b\x1b[2J"))
	p.PrintNotes([]string{bad})
	p.PrintLines([]string{bad})
	require.NotContains(t, b.String(), "\nerror[forged]")
	require.NotContains(t, b.String(), "\x1b[2J")
	require.NotContains(t, b.String(), "\u202e")
}

func TestColor(t *testing.T) {
	has := func(c Color) string {
		var b strings.Builder
		p := New(&b, c)
		p.PrintFindings(
			sidecar.Findings{
				finding(sidecar.Error, "a", "m", "h"),
				finding(sidecar.Warning, "b", "m", ""),
				finding(sidecar.Info, sidecar.Skipped, "m", ""),
			},
		)
		return b.String()
	}
	require.Equal(
		t,
		"\x1b[1;31merror[a]:\x1b[0m m\n  \x1b[36mhint:\x1b[0m h\n\x1b[1;33mwarning[b]:\x1b[0m m\n"+
			"\x1b[1;34minfo[skipped]:\x1b[0m m\n",
		has(Always),
	)
	plain := "error[a]: m\n  hint: h\nwarning[b]: m\ninfo[skipped]: m\n"
	require.Equal(t, plain, has(Never))
	require.Equal(t, plain, has(Auto), "not on a terminal")
	require.Equal(t, plain, has(""))
}

// A terminal is one of its own here: what a test runs in may be one, or none.
func TestTerminal(t *testing.T) {
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	defer tty.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	require.True(t, IsTerminal(tty))
	require.True(t, New(tty, Auto).colored)
	require.False(t, New(tty, Never).colored)
	t.Setenv("TERM", "dumb")
	require.False(t, New(tty, Auto).colored)
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	require.False(t, New(tty, Auto).colored)
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	require.False(t, IsTerminal(null), "a device isn't a terminal")
	require.False(t, IsTerminal(&strings.Builder{}))
}

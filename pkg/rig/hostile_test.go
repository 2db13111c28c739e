package rig

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var hostileSize = flag.Int("hostile", 60_000, "bytes of each hostile input")

// many repeats what a function writes until the text has the wanted size.
func many(sep string, write func(i int) string) string {
	var b strings.Builder
	for i := 0; b.Len() < *hostileSize; i++ {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(write(i))
	}
	return b.String()
}

func same(s string) func(int) string { return func(int) string { return s } }

func numbered(format string) func(int) string {
	return func(i int) string { return fmt.Sprintf(format, i) }
}

// bomb is a chain of collections. Each has ten aliases of the one before.
func bomb(first, of string) string {
	var b strings.Builder
	b.WriteString("      a0: &a0 " + first + "\n")
	for i := range 30 {
		fmt.Fprintf(&b, "      b%d: &a%d %s\n", i, i+1, strings.ReplaceAll(of, "*",
			strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", ")))
	}
	return b.String()
}

// hostile are texts that are expensive to read. Each has a workload.
func hostile() map[string]func() string {
	w := strings.TrimPrefix(deployment("web", ""), "---\n")
	spec, top := w+"      ", w+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	flow := numbered("{apiVersion: apps/v1, kind: Deployment, metadata: {name: w%d}, spec: {template: {spec: " +
		"{containers: [{name: app, image: a}]}}}}")
	json := numbered(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"w%d"},` +
		`"spec":{"template":{"spec":{"containers":[{"name":"app","image":"\u0061"}]}}}}`)
	list := "apiVersion: v1\nkind: List\nitems:"
	return map[string]func() string{
		"items in brackets": func() string { return list + " [" + many(", ", flow) + "]\n" },
		"items on lines":    func() string { return list + "\n- " + many("\n- ", flow) + "\n" },
		"items in JSON":     func() string { return `{"apiVersion":"v1","kind":"List","items":[` + many(",", json) + "]}" },
		"documents of JSON": func() string { return many("\n---\n", json) },
		"tiny documents":    func() string { return w + "---\n" + many("\n---\n", same("a: b")) },
		"empty documents":   func() string { return w + many("", same("---\n")) },
		"items with tags": func() string {
			return list + "\n" + many("", numbered("- apiVersion: apps/v1\n  kind: !!str Deployment\n  metadata: {name: "+
				"w%d}\n  spec: {template: {spec: {containers: [{name: app, image: a}]}}}\n"))
		},
		"documents with tags": func() string {
			return many("---\n", numbered("apiVersion: !!str apps/v1\nkind: !!str Deployment\nmetadata: !!map {name: !!str "+
				"w%d}\nspec: !!map {template: {spec: {containers: !!seq [!!map {name: !!str app, image: a}]}}}\n"))
		},
		"items tagged in brackets": func() string {
			return list + " [" + many(", ", numbered("{apiVersion: !!str apps/v1, kind: !!str Deployment, metadata: !!map "+
				"{name: !!str w%d}, spec: !!map {template: {spec: {containers: [!!map {name: !!str app, image: a}]}}}}")) + "]\n"
		},
		"documents with anchors": func() string {
			return many("---\n", numbered("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: &n w%d}\nspec: {template: "+
				"{spec: {containers: [{name: &a app, image: *a}]}}}\n"))
		},
		"unsure documents": func() string { return w + "---\n" + many("---\n", same("!!map\nkind: A\n")) },
		"unsure items": func() string {
			return list + "\n- " + flow(1) + "\n" + many("", same("- !!map\n  kind: A\n"))
		},
		"long list":           func() string { return spec + "x: [" + many(",", same("1")) + "]\n" },
		"long list elsewhere": func() string { return top + "x: [" + many(",", same("1")) + "]\n" },
		"list of lines":       func() string { return top + "x:\n" + many("", same("- 1\n")) },
		"many fields":         func() string { return w + many("\n", numbered("k%d: 1")) + "\n" },
		"many annotations": func() string {
			return strings.Replace(w, "  name: web\n", "  name: web\n  annotations:\n"+many("", numbered("    k%d: a\n")), 1)
		},
		"many containers": func() string {
			return spec[:len(spec)-6] + many("", numbered("      - {name: c%d, image: a}\n"))
		},
		"much env": func() string {
			return w + "        env:\n" + many("", numbered("        - {name: E%d, value: x}\n"))
		},
		"aliases that grow": func() string { return w + bomb("[x, x]", "[*]") },
		"merges that grow":  func() string { return w + bomb("{a: 1}", "{<<: [*]}") },
		"many anchors": func() string {
			return w + many("", func(i int) string { return fmt.Sprintf("      k%d: &a%d x\n", i, i) })
		},
		"many aliases": func() string { return spec + "x: &a 1\n      y: [" + many(", ", same("*a")) + "]\n" },
		"many merges":  func() string { return spec + "x: &a {q: 1}\n" + many("", numbered("      k%d: {<<: *a}\n")) },
		"a merge of much": func() string {
			return spec + "x: &a {" + many(", ", numbered("k%d: 1")) +
				"}\n      y: {<<: *a}\n"
		},
		"much merging much": func() string {
			return spec + "x: &a {" + many(", ", numbered("k%d: 1"))[:*hostileSize/2] + "1: 1}\n" +
				many("", numbered("      y%d: {<<: *a}\n"))[:*hostileSize/2]
		},
		"deep brackets":    func() string { return spec + "x: " + many("", same("[")) + many("", same("]")) + "\n" },
		"open brackets":    func() string { return spec + "x: " + many("", same("[")) + "\n" },
		"deep dashes":      func() string { return spec + "x:\n        " + many("", same("- ")) + "a\n" },
		"open quotes":      func() string { return spec + "x: \"" + many("", same("a\n")) },
		"lines in quotes":  func() string { return spec + "x: \"a\n" + many("", same("\n")) + "        \"\n" },
		"quotes in quotes": func() string { return spec + "x: '" + many("", same("''")) + "'\n" },
		"backslashes":      func() string { return spec + "x: \"" + many("", same(`\\`)) + "\"\n" },
		"a long line":      func() string { return spec + "x: " + many(" ", same("a")) + "\n" },
		"a long block":     func() string { return spec + "x: |\n" + many("", same("        a\n")) },
		"many blocks":      func() string { return top + "data:\n" + many("", numbered("  k%d: |\n    a\n")) },
		"comments":         func() string { return spec + "x: &a 1\n" + many("", same("      # c\n")) + "      y: 1\n" },
		"a long comment":   func() string { return w + "#" + many("", same("#")) + "\n" },
		"blank lines":      func() string { return spec + "x: a\n" + many("", same("\n")) + "      y: 1\n" },
		"returns alone":    func() string { return strings.ReplaceAll(w, "\n", "\r") + many("", same("# c\r")) },
		"wide letters":     func() string { return spec + "x: [" + many(",", same("é")) + "]\n" },
		"a field twice":    func() string { return w + many("", same("      k: v\n")) },
		"broken objects": func() string {
			return w + many("", numbered("---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: s%d}\nspec: "+
				"{template: {spec: {containers: a: b}}}\n"))
		},
		"many Services": func() string {
			return w + many("", numbered("---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d}\nspec: {selector: {app: "+
				"web}, ports: [{port: 80}]}\n"))
		},
		"digits":        func() string { return spec + "x: " + many("", same("9")) + "\n" },
		"explicit keys": func() string { return w + many("", numbered("? k%d\n: v\n")) },
		"pairs of surrogates": func() string {
			return w + "---\n{\"kind\":\"A\",\"a\":\"" + many("", same(`\ud83d\ude00`)) +
				"\"}\n"
		},
	}
}

// cpu returns the CPU time of the process so far, on all cores. On a busy machine, it's more precise than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak runs f and returns the most memory that was in use meanwhile, in bytes.
func peak(f func()) (most uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	done, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return most
}

// The time and the memory that a text takes grow no faster than its size, in any style: 5 MB in 10 s and 500 MB
// (-hostile 5000000).
func TestHostileTexts(t *testing.T) {
	conf := read(t, "  - name: x\n    custom: {containers: [{name: x, image: x:1}]}\n")
	size := max(1, *hostileSize/1_000_000)
	for name, write := range hostile() {
		t.Run(name, func(t *testing.T) {
			var out Output
			text := write()
			runtime.GC() // what it took to write the text isn't counted
			start, used := time.Now(), cpu()
			memory := peak(func() { out = Run([]File{{Text: text}}, conf, Options{}) })
			took := time.Since(start)
			t.Logf("%d bytes: %v, %v of CPU, %d MB; %.150s", len(text), took.Round(time.Millisecond),
				(cpu() - used).Round(time.Millisecond), memory>>20, out.Findings.Error())
			require.Less(t, took, time.Duration(size)*20*time.Second, "tenfold of what is promised, for slow machines")
			require.Less(t, memory, max(250, uint64(size)*100)<<20)
			require.True(t, out.Findings.Failed() || len(out.Texts) == 1)
			if out.Findings.Failed() {
				require.Regexp(t, `line \d+: |Deployment web [a-z.]+: `, out.Findings.Error(), "where it is")
			}
		})
	}
}

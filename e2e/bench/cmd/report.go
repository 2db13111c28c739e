package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"
)

// printReport writes the tables. Figures are medians; ratios are medians of the
// rounds' ratios, in which both ran side by side.
func printReport(w io.Writer, rows []row, startup [3][]cost) {
	fmt.Fprintf(w, "%s %s/%s, %d processors. CPU is user + sys of the whole process, in ms; peaks are MiB.\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprintln(w, "minimal: the same injection by kyaml's framework, on one processor; "+
		"null: the same without injection. Both are measured once for a size and a form.")
	fmt.Fprintln(w)
	fmt.Fprintln(w, "| n | m % | form | selected by | MB | rounds | ours cpu | wall | peak | null cpu "+
		"| minimal cpu | wall | peak | cpu ratio | peak ratio |")
	fmt.Fprintln(w, "|"+strings.Repeat(" ---: |", 2)+strings.Repeat(" --- |", 2)+strings.Repeat(" ---: |", 11))
	for _, r := range rows {
		fmt.Fprintf(w, "| %d | %d | %s | %s | %.2f | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.N, r.Percent,
			r.Form, r.Selection(), float64(r.bytes)/1e6, len(r.ours), millis(r.ours, cpu), millis(r.ours, wall), peaks(r.ours),
			millis(r.null, cpu), millis(r.minimal, cpu), millis(r.minimal, wall), peaks(r.minimal),
			ratio(r.ours, r.minimal, cpu), ratio(r.ours, r.minimal, peak))
	}
	fmt.Fprintf(w,
		"\nStart-up, an empty list: %s ms of CPU, %s times null (%s ms), %s times a Go program that does nothing (%s ms); "+
			"%s, %s and %s MiB.\n",
		millis(startup[0], cpu), ratio(startup[0], startup[2], cpu), millis(startup[2], cpu),
		ratio(startup[0], startup[1], cpu), millis(startup[1], cpu), peaks(startup[0]), peaks(startup[2]), peaks(startup[1]))
	fitExponents(w, rows)
}

// fitExponents tell how CPU time grows with the input: 1 is as fast as it does.
func fitExponents(w io.Writer, rows []row) {
	head := "\n| exponent of CPU per input byte | ours | minimal |\n| --- | ---: | ---: |\n"
	for i, b := range rows {
		for _, a := range slices.Backward(rows[:i]) {
			if a.Form != b.Form || a.Select != b.Select || a.Percent != b.Percent || a.N >= b.N {
				continue
			}
			fmt.Fprintf(w, "%s| %s, m %d, n %d to %d | %s | %s |\n", head, b.Form, b.Percent, a.N, b.N,
				fitExponent(a, b, a.ours, b.ours), fitExponent(a, b, a.minimal, b.minimal))
			head = ""
			break
		}
	}
}

func fitExponent(a, b row, from, to []cost) string {
	x, y := median(from, cpu), median(to, cpu)
	if x == 0 || y == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", math.Log(y/x)/math.Log(float64(b.bytes)/float64(a.bytes)))
}

func cpu(c cost) float64  { return float64(c.cpu) }
func wall(c cost) float64 { return float64(c.wall) }
func peak(c cost) float64 { return float64(c.peak) }

func millis(costs []cost, of func(cost) float64) string {
	if len(costs) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", median(costs, of)/float64(time.Millisecond))
}

// peaks says so where the one who started the program was larger.
func peaks(costs []cost) string {
	if len(costs) == 0 {
		return "-"
	}
	sign := ""
	if p := median(costs, peak); p <= median(costs, func(c cost) float64 { return float64(c.floor) }) {
		sign = "< "
	}
	return fmt.Sprintf("%s%.1f", sign, median(costs, peak)/1024)
}

func ratio(a, b []cost, of func(cost) float64) string {
	var all []float64
	for i := range min(len(a), len(b)) {
		if d := of(b[i]); d > 0 {
			all = append(all, of(a[i])/d)
		}
	}
	if len(all) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", middle(all))
}

func median(costs []cost, of func(cost) float64) float64 {
	var all []float64
	for _, c := range costs {
		all = append(all, of(c))
	}
	return middle(all)
}

func middle(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.SortFunc(all, cmp.Compare[float64])
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

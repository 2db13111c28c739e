//go:build runners

package runners

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
)

// notRun is what a table says where nothing was checked: that is never shown as a success.
const notRun = "NOT RUN"

// A table shows what became of checks. A cell has one check, or one for each version of kustomize.
type table struct {
	title   string
	columns []string

	mutex sync.Mutex
	rows  []string
	cells map[[2]string]*cell
}

type cell struct {
	passed          int
	failed, skipped []string
	except          string // what it isn't true for
}

// addRow adds a row, which is shown even if nothing of it runs.
func (c *table) addRow(row string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !slices.Contains(c.rows, row) {
		c.rows = append(c.rows, row)
	}
}

// check runs a check as a test of its own, and notes in a cell what became of it. The version may be empty.
func (c *table) check(t *testing.T, row, column, version string, test func(t *testing.T)) {
	t.Helper()
	if !slices.Contains(c.columns, column) {
		t.Fatalf("the table has no column %q", column)
	}
	t.Run(strings.TrimSpace(column+" "+version), func(t *testing.T) {
		t.Cleanup(func() { c.note(row, column, version, t) })
		test(t)
	})
}

func (c *table) note(row, column, version string, t *testing.T) {
	c.addRow(row)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	one := c.put([2]string{row, column})
	switch {
	case t.Failed():
		one.failed = append(one.failed, version)
	case t.Skipped():
		one.skipped = append(one.skipped, version)
	default:
		one.passed++
	}
}

// skip fills a row, or some columns of it, with the reason why they weren't run.
func (c *table) skip(row, reason string, columns ...string) {
	c.addRow(row)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(columns) == 0 {
		columns = c.columns
	}
	for _, column := range columns {
		c.put([2]string{row, column}).skipped = []string{reason}
	}
}

// except says what a cell isn't true for.
func (c *table) except(row, column, what string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.put([2]string{row, column}).except = what
}

// put returns a cell, which is empty at first.
func (c *table) put(at [2]string) *cell {
	if c.cells == nil {
		c.cells = map[[2]string]*cell{}
	}
	if c.cells[at] == nil {
		c.cells[at] = &cell{}
	}
	return c.cells[at]
}

// String shows the number of checks that passed, or the versions with which one failed or wasn't run.
func (c *cell) String() string {
	switch {
	case c == nil:
		return notRun
	case len(c.failed) > 0:
		return strings.TrimSpace("FAILED " + strings.Join(c.failed, " "))
	case len(c.skipped) > 0:
		return strings.TrimSpace(notRun + " " + strings.Join(c.skipped, " "))
	case c.passed == 1:
		return strings.TrimSpace("ok " + c.except)
	}
	return strings.TrimSpace(fmt.Sprintf("%d ok %s", c.passed, c.except))
}

// print writes the table, and counts what was run and what wasn't.
func (c *table) print(w io.Writer) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	slices.Sort(c.rows)
	lines := [][]string{append([]string{c.title}, c.columns...)}
	var passed, failed, skipped int
	for _, row := range c.rows {
		line := []string{row}
		for _, column := range c.columns {
			found := c.cells[[2]string{row, column}]
			line = append(line, found.String())
			if found == nil {
				skipped++
				continue
			}
			passed, failed, skipped = passed+found.passed, failed+len(found.failed), skipped+len(found.skipped)
		}
		lines = append(lines, line)
	}
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, text := range line {
			widths[i] = max(widths[i], len(text))
		}
	}
	fmt.Fprintln(w)
	for _, line := range lines {
		for i, text := range line {
			line[i] = fmt.Sprintf("%-*s", widths[i], text)
		}
		fmt.Fprintln(w, "| "+strings.Join(line, " | ")+" |")
		if line[0] == lines[0][0] {
			for i := range line {
				line[i] = strings.Repeat("-", widths[i])
			}
			fmt.Fprintln(w, "| "+strings.Join(line, " | ")+" |")
		}
	}
	fmt.Fprintf(w, "%d ok, %d FAILED, %d %s\n", passed, failed, skipped, notRun)
}

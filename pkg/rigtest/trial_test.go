package rigtest

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
)

// A trial is a test that may fail without ending the one around it.
type trial struct{ said string }

func (t *trial) Errorf(format string, args ...any) { t.said += fmt.Sprintf(format, args...) }
func (t *trial) FailNow()                          { panic(t) }
func (t *trial) Helper()                           {}

// try returns what f finds wrong; a panic is wrong, too.
func try(f func(T)) (said string) {
	t := new(trial)
	defer func() {
		said = t.said
		if r := recover(); r != nil && r != any(t) {
			said = fmt.Sprintf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	f(t)
	return t.said
}

// lawIn finds what was broken in what was said.
var lawIn = regexp.MustCompile(`panic: .{0,40}|law \d+: [^:\n]{0,30}|unexpected error:\s*[^\n]*`)

// lawOf is the law that was broken, so that a reproduction shows the same fault.
func lawOf(said string) string {
	if law := lawIn.FindString(said); law != "" || said == "" {
		return strings.Join(strings.Fields(law), " ")
	}
	return "something"
}

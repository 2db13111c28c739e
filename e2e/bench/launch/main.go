// Command launch runs a program with a file as its standard input and prints what
// it cost, with all processes that it starts: nanoseconds of CPU, nanoseconds of time, KiB at the peak, and KiB below
// which a peak isn't seen. The kernel counts the memory of whoever starts a
// program as the program's own, so the one who does it must be small.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "launch:", err)
		os.Exit(1)
	}
}

func run(input string, argv []string) error {
	in, err := os.Open(input)
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	adoptOrphans()
	start := time.Now()
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Files: []*os.File{in, null, null}})
	if err != nil {
		return err
	}
	state, err := p.Wait()
	wall := time.Since(start)
	if err != nil {
		return err
	}
	if !state.Success() {
		return fmt.Errorf("%s: %v", argv[0], state)
	}
	peak := state.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" { // which counts bytes
		peak /= 1024
	}
	used, err := countChildren()
	if err != nil {
		return err
	}
	fmt.Println(int64(used), int64(wall), peak, own())
	return nil
}

// countChildren waits for all children, adopted ones too, and returns the CPU time that they have used.
func countChildren() (time.Duration, error) {
	for {
		if _, err := syscall.Wait4(-1, nil, 0, nil); err != nil && err != syscall.EINTR {
			break // there are none left
		}
	}
	var used syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), err
}

// own is the most memory that this process has had; 0 where that isn't known.
func own() (kib int64) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			_, _ = fmt.Sscan(v, &kib) // else 0
		}
	}
	return kib
}

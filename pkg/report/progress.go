package report

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// ShowProgress says on a terminal what the program does, once it takes longer than a second. finish erases that; it
// must be called before anything else is printed. In pipes and in CI, nothing is printed.
func ShowProgress(w io.Writer, what string) (finish func()) {
	if os.Getenv("CI") != "" || os.Getenv("TERM") == "dumb" || !IsTerminal(w) {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		showTime(w, what, stop)
	}()
	return sync.OnceFunc(func() {
		close(stop)
		<-stopped
	})
}

// eraseLine begins the line of a terminal anew.
const eraseLine = "\r\x1b[K"

// showTime prints each second how long something takes, until stop is closed.
func showTime(w io.Writer, what string, stop <-chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for seconds := 1; ; seconds++ {
		select {
		case <-stop:
			if seconds > 1 {
				_, _ = io.WriteString(w, eraseLine)
			}
			return
		case <-ticker.C:
			_, _ = fmt.Fprintf(w, "%s%s, %d s", eraseLine, what, seconds)
		}
	}
}

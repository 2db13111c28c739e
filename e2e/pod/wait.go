package pod

import (
	"bytes"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Patience is for everything that is waited for: on an idle machine it comes within seconds. Only what fails takes so
// long.
const Patience = 3 * time.Minute

// Poll asks until the answer is yes.
func Poll(t testing.TB, what string, yes func() bool) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	for tick := time.Millisecond; !yes(); tick = min(2*tick, 50*time.Millisecond) {
		if time.Now().After(deadline) {
			require.FailNow(t, "waited in vain for "+what)
		}
		<-time.After(tick)
	}
}

// Receive waits for what comes through a channel.
func Receive[T any](t testing.TB, what string, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(Patience):
		require.FailNow(t, "waited in vain for "+what)
	}
	return v
}

// Output is what a program writes.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// ReadFrom takes all that comes.
func (o *Output) ReadFrom(r *os.File) (total int64, err error) {
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		o.mu.Lock()
		o.b.Write(buf[:n])
		o.mu.Unlock()
		if total += int64(n); err != nil {
			return total, err
		}
	}
}

// String is what has come until now.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

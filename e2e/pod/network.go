package pod

import (
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// IP is the pod's address, where the kubelet and other pods look. A test that needs it adds it with AddAddress.
const IP = "10.1.2.3"

// AddAddress gives the network of the tests an address.
func AddAddress(t testing.TB, address string) {
	t.Helper()
	out, err := exec.Command("ip", "address", "replace", address+"/32", "dev", "lo").CombinedOutput()
	require.NoError(t, err, string(out))
}

// Connects reports whether something listens on an address with a port. On the network of the tests the kernel answers
// at once, whichever it is.
func Connects(address string) bool {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// WaitForPort waits until something listens on an address.
func WaitForPort(t testing.TB, address string) {
	t.Helper()
	Poll(t, address+" to be open", func() bool { return Connects(address) })
}

// ReleasePort waits at the end of the test until nothing listens on an address: the next test may need it.
func ReleasePort(t testing.TB, address string) {
	t.Cleanup(func() { Poll(t, address+" to be closed", func() bool { return !Connects(address) }) })
}

// Exchange sends a text over a connection of its own, and returns all that comes back until the other side hangs up.
func Exchange(t testing.TB, address, text string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, Patience)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(Patience)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	answer, _ := io.ReadAll(conn) // a reset is an end, too
	return string(answer)
}

// Command app is what pods of the cluster tests run: an HTTP server that closes its
// listener at SIGTERM and finishes what it has, as a well-behaved app does; or, with
// ABRUPT in its environment, ends at once.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "ok %s\n", r.Header.Get("X-Client-CN"))
	})
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * time.Second) // the work that a rolling update must not cut
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("/ping", ping)
	server := &http.Server{Addr: os.Getenv("ADDR")}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	done := make(chan struct{})
	go func() {
		<-stop.Done()
		if os.Getenv("ABRUPT") != "" {
			os.Exit(0)
		}
		_ = server.Shutdown(context.Background())
		close(done)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-done
}

// ping asks the Redis of the environment.
func ping(w http.ResponseWriter, _ *http.Request) {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(os.Getenv("REDIS_HOST"), os.Getenv("REDIS_PORT")), 3*time.Second)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(3 * time.Second))
	fmt.Fprint(conn, "PING\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprint(w, line)
}

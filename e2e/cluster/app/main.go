// Command app is what pods of the cluster tests run: an HTTP server that closes its
// listener at SIGTERM and finishes what it has, as a well-behaved app does; or, with
// ABRUPT in its environment, ends at once. With an argument it's what runs before
// one, or a job.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	run := serve
	if len(os.Args) > 1 {
		run = map[string]func() error{"migrate": migrate, "report": report}[os.Args[1]]
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "ok %s\n", r.Header.Get("X-Client-CN"))
	})
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * time.Second) // the work that a rolling update must not cut
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) {
		answer, err := ask("PING")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, answer)
	})
	receive()
	if os.Getenv("CONFIG") != "" {
		if err := new(loaded).follow(); err != nil {
			return err
		}
	}
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
		return err
	}
	<-done
	return nil
}

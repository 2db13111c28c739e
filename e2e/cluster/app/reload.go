package main

import (
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// A loaded is a file as it was when the app was told to read it.
type loaded struct {
	mu   sync.Mutex
	text []byte
}

func (l *loaded) load() error {
	text, err := os.ReadFile(os.Getenv("CONFIG"))
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.text = text
	}
	return err
}

// follow reads the file now, and again when it's told by a request or by SIGHUP.
func (l *loaded) follow() error {
	if err := l.load(); err != nil {
		return err
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP)
	go func() {
		for range told {
			_ = l.load()
		}
	}()
	http.HandleFunc("POST /-/reload", func(w http.ResponseWriter, _ *http.Request) {
		if err := l.load(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	http.HandleFunc("/config", func(w http.ResponseWriter, _ *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, _ = w.Write(l.text)
	})
	return nil
}

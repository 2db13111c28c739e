package sidecar_test

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// What a takeover means for whoever has the app's port.
func Example() {
	takeover := sidecar.Takeover{Port: 9200, AppPort: 9201, Scheme: "HTTPS"}
	fmt.Println(takeover.ClientPort(), takeover.MovesApp(), takeover.SpeaksTLS())
	// Output: 9200 true true
}

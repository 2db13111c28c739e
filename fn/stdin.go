package main

import (
	"io"
	"os"
	"strings"
)

// readAll reads everything that comes.
func readAll(r io.Reader) (string, error) {
	if f, ok := r.(*os.File); ok {
		if text, err, ok := readOutside(f); ok {
			return text, err
		}
	}
	var b strings.Builder
	_, err := io.Copy(&b, r)
	return b.String(), err
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/files"
)

// readAll reads everything that comes, up to as much as a file may have.
func readAll(r io.Reader) (string, error) { return readUpTo(r, files.MaxSize) }

func readUpTo(r io.Reader, most int) (string, error) {
	if f, ok := r.(*os.File); ok {
		if text, err, ok := readOutside(f, most); ok {
			return text, err
		}
	}
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(r, int64(most)+1))
	if err == nil && n > int64(most) {
		err = tooLong(most)
	}
	return b.String(), err
}

func tooLong(most int) error {
	return fmt.Errorf("there are more than %d bytes, and maybe no end", most)
}

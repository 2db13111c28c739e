package files

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ErrEmpty is the error for a stream with only blanks and line breaks.
var ErrEmpty = errors.New("standard input is empty")

// ReadStream reads a stream up to the largest size of a file. A blank one comes with ErrEmpty:
// usually, the program before it in a pipe has failed.
func ReadStream(r io.Reader) (string, error) {
	text, err := readUpTo(r, maxSize)
	switch {
	case err != nil:
		return "", fmt.Errorf("standard input can't be read: %w", err)
	case strings.Trim(text, " \n\r\t") == "":
		return text, ErrEmpty
	}
	return text, nil
}

// ReadPipe reads what a program prints, up to the largest size of a file.
func ReadPipe(r *os.File) (string, error) { return readUpTo(r, maxSize) }

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
	return fmt.Errorf("it has more than %d bytes, and maybe no end", most)
}

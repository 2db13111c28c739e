//go:build !linux

package files

import (
	"errors"
	"os"
)

// exchange is for Linux.
func exchange(*os.File, string, string) error { return errors.ErrUnsupported }

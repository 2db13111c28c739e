package files

import (
	"os"

	"golang.org/x/sys/unix"
)

// exchangeFiles swaps two files of a folder at once. It's an error where the file
// system can't, as NFS.
func exchangeFiles(dir *os.File, a, b string) error {
	fd := int(dir.Fd())
	return unix.Renameat2(fd, a, fd, b, unix.RENAME_EXCHANGE)
}

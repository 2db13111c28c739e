//go:build linux || darwin

package files

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	onlyFolder = unix.O_DIRECTORY | unix.O_NONBLOCK // fails for a FIFO, and doesn't wait for its writer
	neverWait  = unix.O_NONBLOCK
)

// identity identifies a file independently of its names.
type identity struct {
	dev, ino uint64
	name     string // where the system has no other
}

// identifyFile returns a file's identity and the number of its names.
func identifyFile(info fs.FileInfo) (id identity, links uint64) {
	st := info.Sys().(*syscall.Stat_t)
	return identity{dev: uint64(st.Dev), ino: uint64(st.Ino)}, uint64(st.Nlink)
}

// lockFolder locks a folder. The system releases the lock when the process ends, in whatever
// way. It returns false if another process has the lock.
func lockFolder(dir *os.File) (bool, error) {
	err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK || err == unix.EINTR {
		return false, nil
	}
	return err == nil, err
}

// syncFolder writes the names in a folder to the disk. Some file systems do that themselves,
// and don't support the call.
func syncFolder(dir *os.File) error {
	err := dir.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	return err
}

// checkWritable returns an error if this user may not write to a file. Root may write to every
// file, so for root the mode decides.
func checkWritable(dir *os.File, name string, info fs.FileInfo) error {
	if info.Mode()&0o200 == 0 && os.Geteuid() == 0 {
		return fmt.Errorf("mode %04o", info.Mode().Perm())
	}
	return unix.Faccessat(int(dir.Fd()), name, unix.W_OK, unix.AT_EACCESS)
}

// keepMetadata copies owner, group, mode, access list and extended attributes of an old file
// to a new one. It returns the names of those that the system refuses to this user.
func keepMetadata(f, old *os.File) (lost []string, err error) {
	to, from := int(f.Fd()), int(old.Fd())
	var was, is unix.Stat_t
	if err := errors.Join(unix.Fstat(from, &was), unix.Fstat(to, &is)); err != nil {
		return nil, err
	}
	mode := uint32(was.Mode) & 0o7777
	if was.Uid != is.Uid || was.Gid != is.Gid {
		if unix.Fchown(to, int(was.Uid), int(was.Gid)) != nil {
			lost = append(lost, fmt.Sprintf("owner %d:%d", was.Uid, was.Gid))
			mode &= 0o1777                        // only the owner may give those rights
			_ = unix.Fchown(to, -1, int(was.Gid)) // the group alone, if the user is in it
		}
	}
	more, err := copyAttributes(to, from)
	if err != nil {
		return nil, err
	}
	return append(lost, more...), unix.Fchmod(to, mode) // last: a new owner clears bits of it
}

// copyAttributes copies extended attributes, except a security module's attributes of the
// content, since the content differs.
func copyAttributes(to, from int) (lost []string, err error) {
	names, err := listAttributes(from)
	if err != nil {
		return nil, err
	}
	have, err := listAttributes(to)
	if err != nil {
		return nil, err
	}
	for _, name := range have {
		if strings.HasPrefix(name, "system.posix_acl_") && !slices.Contains(names, name) { // from the folder's default
			_ = unix.Fremovexattr(to, name)
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "security.") && name != "security.selinux" {
			continue
		}
		value, err := readAttribute(from, name)
		if err == nil {
			err = unix.Fsetxattr(to, name, value, 0)
		}
		if err != nil && !strings.HasPrefix(name, "security.") {
			lost = append(lost, "attribute "+showName(name))
		}
	}
	return lost, nil
}

func listAttributes(fd int) ([]string, error) {
	for {
		n, err := unix.Flistxattr(fd, nil)
		if errors.Is(err, unix.ENOTSUP) || n == 0 && err == nil {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		b := make([]byte, n)
		n, err = unix.Flistxattr(fd, b)
		if err == unix.ERANGE { // there are more now
			continue
		}
		if err != nil {
			return nil, err
		}
		var names []string
		for name := range bytes.SplitSeq(bytes.TrimSuffix(b[:n], []byte{0}), []byte{0}) {
			names = append(names, string(name))
		}
		return names, nil
	}
}

func readAttribute(fd int, name string) ([]byte, error) {
	n, err := unix.Fgetxattr(fd, name, nil)
	if err != nil {
		return nil, err
	}
	value := make([]byte, n)
	n, err = unix.Fgetxattr(fd, name, value)
	if err != nil {
		return nil, err
	}
	return value[:n], nil
}

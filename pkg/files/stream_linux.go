package files

import (
	"io"
	"os"
	"syscall"
	"unsafe"
)

// readOutside reads a file or pipe into memory outside of Go's heap: it isn't
// copied while it grows, and the collector doesn't wait for as much garbage again
// before it runs. It isn't given back before the program ends. It reports false,
// with nothing read, where the system doesn't allow it. The address space for the
// most that may come costs nothing until it's written to.
func readOutside(f *os.File, most int) (text string, err error, ok bool) {
	room, err := syscall.Mmap(-1, 0, most+1, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		return "", nil, false
	}
	n := 0
	for {
		if n > most {
			return "", tooLong(most), true
		}
		m, err := f.Read(room[n:min(n+1<<20, len(room))])
		if n += m; n-m < small && n >= small {
			_ = syscall.Madvise(room[small:], hugePages) // a wish: the system may have none
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err, true
		}
	}
	if from := min(roundUp(n, os.Getpagesize()), len(room)); n >= small {
		_ = syscall.Madvise(room[from:min(from+hugePage, len(room))], syscall.MADV_DONTNEED)
	}
	return unsafe.String(unsafe.SliceData(room), n), nil, true
}

// roundUp returns the next multiple of a number.
func roundUp(n, of int) int { return (n + of - 1) / of * of }

const (
	// small is the size up to which a text has pages as small as any. It's a multiple of their size.
	small = 1 << 20
	// hugePages is MADV_HUGEPAGE: a fault for each 2 MiB instead of each 4 KiB. Those take longer than to read the text.
	hugePages = 14
	// hugePage is the size of one. What a text leaves of its last one is given back.
	hugePage = 2 << 20
)

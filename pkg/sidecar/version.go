package sidecar

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
)

// A Version of Kubernetes: major and minor.
type Version struct{ Major, Minor int }

var versionForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^v?(\d{1,3})\.(\d{1,4})(\.\d+)?([-+].*)?$`)
})

// ParseVersion reads "1.33", "v1.33.2" and the like.
func ParseVersion(s string) (Version, error) {
	m := versionForm().FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("%q isn't a valid Kubernetes version; write it as \"1.33\"", s)
	}
	major, _ := strconv.Atoi(m[1]) // at most three digits
	minor, _ := strconv.Atoi(m[2])
	return Version{major, minor}, nil
}

// AtLeast reports whether v is major.minor or newer.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// HasNativeSidecars reports whether the cluster has them (KEP-753: on by default since 1.29).
func (v Version) HasNativeSidecars() bool { return v.AtLeast(1, 29) }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

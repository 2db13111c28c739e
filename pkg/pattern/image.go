package pattern

import (
	"slices"
	"strings"
)

// An Image is a program that patterns put into pods, and the numeric user it's built for.
// The number is needed because a kubelet refuses runAsNonRoot for an image that names its
// user by a word.
type Image struct {
	// Ref is the image with its registry and the tag of a version.
	Ref string `json:"ref"`
	// UID and GID are the numbers of its user.
	UID int64 `json:"uid"`
	GID int64 `json:"gid"`
	// About says what it is.
	About string `json:"about"`
	// Writes are folders that the program needs to write to. They get volumes, since the root
	// file system is read-only. What a document names, such as the folder of a download,
	// isn't among them.
	Writes []string `json:"writes,omitempty"`
	// Newest is the newest stable version that was found on the day Seen. If Ref has another
	// one, Source says why.
	Newest string `json:"newest"`
	Seen   string `json:"seen"`
	// Source is where that was found, and what stood there.
	Source string `json:"source"`
}

// Images returns all images of this package. Those of exporters are in their presets.
func Images() []Image {
	all := slices.Clone(images)
	slices.SortFunc(all, func(a, b Image) int { return strings.Compare(a.Ref, b.Ref) })
	return all
}

var images []Image

// listed adds an image to the list.
func listed(i Image) Image {
	images = append(images, i)
	return i
}

package manifest

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
)

// A container that runs the image of the app follows it: whoever sets a new image, with kpt,
// kustomize or a search and replace, sets it in both. So the record has a hash of such a
// container without its image, too.

// countImages counts the containers that run each image in a value and below.
func countImages(v any) map[string]int {
	images := map[string]int{}
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case values.Map:
			for _, e := range v {
				if list, ok := e.Value.([]any); ok && (e.Key == "containers" || e.Key == "initContainers") {
					for _, c := range list {
						images[imageOf(c)]++
					}
				}
				look(e.Value)
			}
		case []any:
			for _, o := range v {
				look(o)
			}
		}
	}
	look(v)
	delete(images, "")
	return images
}

// imageOf returns the image of a container; "" for anything else.
func imageOf(v any) string {
	m, _ := v.(values.Map)
	image, _ := m.Get("image").(string)
	return image
}

// hashLikeApp returns the hash of a container without its image, if the object has another
// container with this image; else "".
func (e *editor) hashLikeApp(v any) string {
	image := imageOf(v)
	if image == "" || !e.object.mayMention(image) { // nearly all
		return ""
	}
	whole, err := positioned.ValueOf(e.object.rootNode())
	if err != nil {
		return ""
	}
	return hashWithoutImage(v, countImages(whole))
}

// hashWithoutImage returns the hash of a container that runs one of some images, without the
// image; else "".
func hashWithoutImage(v any, images map[string]int) string {
	if images[imageOf(v)] == 0 {
		return ""
	}
	m := slices.DeleteFunc(slices.Clone(v.(values.Map)), func(e values.Entry) bool { return e.Key == "image" })
	return hashValue(m)
}

// holds reports whether a value is what was laid on, perhaps with another image, where that is
// now the image of another container, too.
func (s *stripper) holds(v *positioned.Node, m mark) bool {
	have, err := positioned.ValueOf(orNull(v))
	if v == nil || err != nil {
		return false
	}
	if hashValue(have) == m.Is {
		return true
	}
	if m.Like == "" || imageOf(have) == "" {
		return false
	}
	if s.images == nil {
		if root, err := positioned.ValueOf(s.root); err == nil {
			s.images = countImages(root)
		}
	}
	return s.images[imageOf(have)] > 1 && hashWithoutImage(have, s.images) == m.Like
}

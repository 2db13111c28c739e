// Package eject writes what a function does to the objects of a base as a plain kustomize Component: patches that need
// no function, and tests of all that the function's answer depends on. It finds out what that is by running the
// function over bases with one thing changed. It knows neither patterns nor documents.
package eject

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/hasher"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// A Function returns the objects of a build, with what it adds and changes.
type Function func([]Object) ([]Object, error)

// A Refused is an error of a function about some objects, by their names as [NameOf] makes them.
type Refused struct {
	Objects []string
	error
}

// Refuse returns an error of a function about some objects.
func Refuse(err error, objects ...string) *Refused { return &Refused{objects, err} }

// Unwrap returns the error of the function.
func (r *Refused) Unwrap() error { return r.error }

// NameOf names an object of a group, kind, namespace and name.
func NameOf(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "/")
}

// Options say what to write.
type Options struct {
	Header string // the comment at the beginning of each file in YAML
	// Notes are labels and annotations that the function may read, in sets that it reads together, with values that may
	// change its answer. See also [AnyPort].
	Notes []map[string]string
}

// An Unsayable is what a Component can't say.
type Unsayable struct{ Object, Why, Hint string }

func (e *Unsayable) Error() string { return e.Object + " " + e.Why }

// component is the Component while it's made.
type component struct {
	base    []Object
	patches []*patch // of each object of the base
	added   []Object
	owners  map[string]int // objects that came out different because of another one, by their names
}

// Eject returns the files of a Component that does to the base what the function does.
func Eject(base []Object, run Function, opt Options) (map[string]string, error) {
	c := &component{base: cloneObjects(base), owners: map[string]int{}}
	c.cutHashes()
	for _, o := range c.base {
		annotate(o, buildID, "1")
	}
	after, err := run(cloneObjects(c.base))
	if err != nil {
		return nil, err
	}
	if err := c.compare(after); err != nil {
		return nil, err
	}
	c.guard(run, opt.Notes)
	return c.formatFiles(opt.Header)
}

// compare makes the patches, and finds the objects that are added.
func (c *component) compare(after []Object) error {
	made := map[string]Object{}
	for _, o := range after {
		made[nameObject(o)] = o
	}
	var all []error
	for _, o := range c.base {
		name := nameObject(o)
		p := &patch{}
		if now := made[name]; now == nil {
			all = append(all, &Unsayable{name, "is removed, which a Component can't do safely", "take it out of the base"})
		} else {
			p = diffObjects(tidyObject(o), tidyObject(now))
		}
		if !p.isEmpty() && textAt(o, "metadata", "name") == "" {
			all = append(all, &Unsayable{name, "has no name, so no patch finds it", "write metadata.name into it"})
		}
		delete(made, name)
		c.patches = append(c.patches, p)
	}
	for _, o := range after {
		if made[nameObject(o)] != nil {
			c.added = append(c.added, o)
			all = append(all, checkAdded(o))
		}
	}
	return errors.Join(all...)
}

// checkAdded reports what a generator of ConfigMaps can't make, and what doesn't belong into files.
func checkAdded(o Object) error {
	if textAt(o, "kind") == "Secret" && textAt(o, "apiVersion") == "v1" {
		return &Unsayable{nameObject(o), "is added, and Secrets aren't written to files",
			"make it with a secretGenerator, and name it in the document"}
	}
	for key, v := range o {
		known := slices.Contains([]string{"apiVersion", "kind", "metadata", "data"}, key)
		if isHashed(o) && !known {
			return &Unsayable{nameObject(o), fmt.Sprintf("has %s: %v, which a configMapGenerator can't make", key, v),
				"write rollout: checksum into the document"}
		}
	}
	return nil
}

// needsHash makes kustomize add a hash of the content to a name (kustomize api/internal/utils).
const needsHash = "internal.config.kubernetes.io/needsHashSuffix"

func isHashed(o Object) bool { return textAt(o, "metadata", "annotations", needsHash) != "" }

// cutHashes gives objects that a generator has made the names that they have in a build, where hashes come last.
func (c *component) cutHashes() {
	plain := map[string]string{}
	for _, o := range c.base {
		name := textAt(o, "metadata", "name")
		at := strings.LastIndexByte(name, '-')
		if at < 1 || textAt(o, "apiVersion") != "v1" || !slices.Contains([]string{"ConfigMap", "Secret"}, textAt(o, "kind")) {
			continue
		}
		meta := o["metadata"].(map[string]any)
		meta["name"] = name[:at]
		if hash, err := hashObject(o); err != nil || hash != name[at+1:] {
			meta["name"] = name
			continue
		}
		plain[name] = name[:at]
		annotate(o, needsHash, "enabled")
	}
	for _, o := range c.base {
		mapStrings(o, func(s string) string {
			if to, ok := plain[s]; ok {
				return to
			}
			return s
		})
	}
}

// buildID is the annotation by which functions see that kustomize runs them.
const buildID = "kustomize.config.k8s.io/id"

func annotate(o Object, key, value string) {
	meta, ok := o["metadata"].(map[string]any)
	if !ok {
		return
	}
	notes, ok := meta["annotations"].(map[string]any)
	if !ok {
		notes = map[string]any{}
		meta["annotations"] = notes
	}
	notes[key] = value
}

func hashObject(o Object) (string, error) {
	n, err := yaml.FromMap(tidyObject(o))
	if err != nil {
		return "", err
	}
	return (&hasher.Hasher{}).Hash(n)
}

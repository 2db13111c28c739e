package sidecar

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Lengths of names, in bytes
// (https://kubernetes.io/docs/concepts/overview/working-with-objects/names).
const (
	LabelLength     = 63  // containers, volumes, Services, values of labels
	SubdomainLength = 253 // most objects
)

// kustomizeHash is the length of the suffix that kustomize appends to the name of a
// generated ConfigMap or Secret: a dash and ten letters.
const kustomizeHash = 11

// ObjectName returns the name of an object for this sidecar of this workload:
// "<workload>-<name>", shortened so that a hash of kustomize fits behind it.
// Use [Label] to make a label of it, or [ServiceName].
func (w *Workload) ObjectName() string {
	return Shorten(w.LongName(), SubdomainLength-kustomizeHash)
}

// LongName returns the same, however long it is. A workload whose name the API server makes,
// or with a namesake of another kind, has a Stem in the place of its name.
func (w *Workload) LongName() string { return cmp.Or(w.Stem, w.Ref.Name) + "-" + w.Name }

// GeneratedStem returns the stem of a workload whose name the API server makes: what the name
// begins with, and a hash of what tells it from others. Never change how: the names are in
// people's clusters.
func GeneratedStem(generateName, identity string) string {
	begin := strings.TrimRight(generateName, "-.")
	return addHash(begin, identity, min(len(begin)+9, SubdomainLength-kustomizeHash))
}

// ServiceName makes the name of a Service of a name. Before Kubernetes 1.36 it can't begin
// with a digit (the feature gate RelaxedServiceNameValidation).
func ServiceName(name string) string {
	if label := Label(name); label[0] > '9' {
		return label
	}
	return Label("s-" + name)
}

// Shorten fits a name into a number of bytes, at least 10. A longer name is cut and gets a
// hash of the whole name, so that two long names stay different. Never change how: the
// names are in people's clusters.
func Shorten(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	return addHash(name, name, limit)
}

// Label makes a DNS label of a name, as containers, volumes and Services have it. A name
// that changes in anything but its length gets a hash, too: a.b and a-b stay two. Never
// change how: the names are in people's clusters.
func Label(name string) string {
	label := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name), "-")
	if label == name && len(label) <= LabelLength && label != "" {
		return label
	}
	return addHash(label, name, LabelLength)
}

// NamesContainer reports whether a container is of a sidecar, as far as names tell: it has the
// sidecar's name, or that and a dash before its own, as log-tail-access of log-tail.
func NamesContainer(sidecar, container string) bool {
	rest, found := strings.CutPrefix(container, sidecar)
	return found && (rest == "" || rest[0] == '-')
}

// HasLetter reports whether a name has anything but digits and dashes.
func HasLetter(s string) bool { return strings.Trim(s, "0123456789-") != "" }

// addHash cuts a name between two letters and appends a hash of the whole name.
func addHash(name, whole string, limit int) string {
	const length = 8
	cut := min(len(name), limit-length-1)
	for cut > 0 && cut < len(name) && !utf8.RuneStart(name[cut]) {
		cut--
	}
	sum := sha256.Sum256([]byte(whole))
	hash := hex.EncodeToString(sum[:])[:length]
	if name = strings.TrimRight(name[:cut], "-."); name == "" {
		return hash
	}
	return name + "-" + hash
}

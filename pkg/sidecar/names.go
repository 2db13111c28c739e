package sidecar

import (
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
	PortNameLength  = 15  // ports of containers
)

// kustomizeHash is what kustomize appends to the name of a ConfigMap or Secret
// whose content rolls the pods: a dash and ten letters.
const kustomizeHash = 11

// ObjectName is the name of an object made for this sidecar of this workload:
// "<workload>-<name>", shortened so that a hash of kustomize's fits behind it.
// What must be a label, as the name of a Service, is made by [Label] from it.
func (w *Workload) ObjectName() string {
	return Shorten(w.Ref.Name+"-"+w.Name, SubdomainLength-kustomizeHash)
}

// Shorten fits a name into max bytes, at least 10: what is too long is cut and
// gets a hash of the whole name, so that two long names stay two. Never change
// how: names made by it are in people's clusters.
func Shorten(name string, max int) string {
	if len(name) <= max {
		return name
	}
	return hashed(name, name, max)
}

// Label makes a DNS label of a name, as containers, volumes and Services have it.
// Where it has to change anything but the length, the name gets a hash too: a.b
// and a-b stay two. Never change how.
func Label(name string) string { return label(name, LabelLength, false) }

// PortLabel makes the name of a container's port of a name (IANA_SVC_NAME: at
// most 15 lower case letters, digits and single dashes, one letter at least).
// Never change how.
func PortLabel(name string) string { return label(name, PortNameLength, true) }

func label(name string, max int, port bool) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r - 'A' + 'a')
		case port && strings.HasSuffix(b.String(), "-"):
		default:
			b.WriteByte('-')
		}
	}
	s := strings.Trim(b.String(), "-")
	if s == name && len(s) <= max && s != "" && (!port || HasLetter(s)) {
		return s
	}
	s = hashed(s, name, max)
	if port && !HasLetter(s) {
		s = "p" + s[1:]
	}
	return s
}

// HasLetter reports whether a name has more than digits and dashes.
func HasLetter(s string) bool { return strings.Trim(s, "0123456789-") != "" }

// hashed cuts a name, between letters, and puts a hash of the whole one behind it.
func hashed(name, whole string, max int) string {
	const length = 8
	cut := min(len(name), max-length-1)
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

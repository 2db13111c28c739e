package pattern

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// ValidatePort finds a port that is missing or out of range. The hint is for the missing
// one.
func ValidatePort(field string, port int32, hint string, fs *sidecar.Findings) {
	if port == 0 {
		fs.Add(sidecar.Error, "missing-field", field, "no port is given", hint)
	} else if port < 1 || port > 65535 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%d isn't a valid port", port), "write 1 to 65535")
	}
}

// ValidateUnprivilegedPort is ValidatePort for a port that a sidecar listens on: it isn't
// root.
func ValidateUnprivilegedPort(field string, port int32, fs *sidecar.Findings) {
	if ValidatePort(field, port, "", fs); port > 0 && port < 1024 {
		fs.Add(sidecar.Error, "bad-value", field,
			fmt.Sprintf("port %d needs root, and the sidecar doesn't run as root", port),
			"write 1024 or more")
	}
}

// ValidateObjectName finds an invalid name of an object, such as a Secret.
func ValidateObjectName(field, name string, fs *sidecar.Findings) {
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be the name of an object", name),
			"use lower case letters, digits, - and dots")
	}
}

// ValidateEnum finds a value that isn't one of the allowed ones. An empty value means the
// default.
func ValidateEnum[T ~string](field string, value T, fs *sidecar.Findings, allowed ...T) {
	if value == "" || slices.Contains(allowed, value) {
		return
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q is unknown", string(value)),
		"write "+strings.Join(words, " or "))
}

// RefuseField adds the finding that a field has no effect, and why.
func RefuseField(field, why string, fs *sidecar.Findings) {
	fs.Add(sidecar.Error, "bad-value", field, "has no effect: "+why, "remove it")
}

// ValidateKey finds an invalid key of a ConfigMap or Secret.
func ValidateKey(field, key string, fs *sidecar.Findings) {
	if key != "" && len(validation.IsConfigMapKey(key)) > 0 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be a key there", key),
			"use letters, digits, -, _ and dots")
	}
}

// ValidateEnvName finds an invalid name of a variable.
func ValidateEnvName(field, name string, fs *sidecar.Findings) {
	if len(validation.IsEnvVarName(name)) > 0 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be the name of a variable", name),
			"use letters, digits, _, - and dots, but no digit first")
	}
}

// ValidateMountPath finds a path at which no volume can be mounted.
func ValidateMountPath(field, dir string, fs *sidecar.Findings) {
	if dir != "" && !IsFolder(dir) {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q isn't a valid folder path", dir), "write one like /etc/app")
	}
}

// ValidateEnvVar finds a variable without a name or with an invalid one.
func ValidateEnvVar(at string, e corev1.EnvVar, fs *sidecar.Findings) {
	if e.Name == "" {
		fs.Add(sidecar.Error, "missing-field", at+".name", "no name is given", "")
	} else if len(validation.IsEnvVarName(e.Name)) > 0 {
		fs.Add(sidecar.Error, "bad-value", at+".name", fmt.Sprintf("%q can't be the name of a variable", e.Name),
			"use letters, digits, _, - and dots, but no digit first")
	}
}

// ValidateLabelName finds a name that isn't a valid DNS label, as containers, volumes and
// ports of Services need it. The hint is for a missing name.
func ValidateLabelName(field, name, hint string, fs *sidecar.Findings) {
	if name == "" {
		fs.Add(sidecar.Error, "missing-field", field, "no name is given", hint)
	} else if len(validation.IsDNS1123Label(name)) > 0 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be a name here", name),
			"use at most 63 lower case letters, digits and dashes")
	}
}

// RefuseDuplicate finds a name that was seen before, and marks it as seen.
func RefuseDuplicate(field, name string, seen map[string]bool, fs *sidecar.Findings) {
	if name != "" && seen[name] {
		fs.Add(sidecar.Error, "bad-value", field, name+" is listed twice", "rename one of them")
	}
	seen[name] = true
}

// ValidateImageName finds an invalid name of an image.
func ValidateImageName(field, ref string, fs *sidecar.Findings) {
	if ref != "" && strings.ContainsAny(ref, " \t\r\n\"'$") {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q isn't a valid image name", ref),
			"write one like registry.example/name:1.2")
	}
}

// ValidateFilePath finds an invalid path of a file or folder, and a path with a character
// that means something else in commands, lists, URLs or the options of a JVM.
func ValidateFilePath(field, p, example string, fs *sidecar.Findings) {
	if p != "" && (!path.IsAbs(p) || path.Clean(p) != p || p == "/" || strings.ContainsFunc(p, isSpecial)) {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q isn't a valid absolute path", p), "write one like "+example)
	}
}

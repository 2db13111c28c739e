package pattern

import (
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Files of another image come with an image volume, or they're copied.

// copySize: cp needs next to nothing, and what it writes counts as page cache.
var copySize = Size{CPU: "10m", Memory: "16Mi", MaxMemory: "64Mi", FixedCPU: "100m"}

// copiesSize limits what is copied.
const copiesSize = "512Mi"

// CopiesVolume returns an empty volume for the files that NewCopier copies, at most 512Mi.
func CopiesVolume(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse(copiesSize))}}}
}

// ImageVolume returns a volume with the files of an image (Kubernetes 1.36).
func ImageVolume(name, ref string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: ref}}}
}

// NewCopier returns a container that runs the cp of an image, and copies files into the
// named volume, which is mounted at their folder. It runs as nobody, so the files must be
// readable for everybody.
func NewCopier(w *sidecar.Workload, container, ref, option, from, to, volume string) corev1.Container {
	command := []string{"cp", option, from, to}
	if option == "" {
		command = []string{"cp", from, to}
	}
	dir := to
	if option == "" {
		dir = path.Dir(to)
	}
	return corev1.Container{
		Name:            sidecar.Shorten(container, 63),
		Image:           ref,
		Command:         command,
		Resources:       copySize.Resources(w),
		VolumeMounts:    []corev1.VolumeMount{{Name: volume, MountPath: dir}},
		SecurityContext: RestrictedSecurityContext(BusyboxImage),
	}
}

// CheckImageVolume finds clusters that are too old to mount an image as a volume.
func CheckImageVolume(field string, w *sidecar.Workload, fs *sidecar.Findings) {
	if !w.Kubernetes.AtLeast(1, 36) {
		fs.Add(sidecar.Error, "kubernetes-version", field,
			"Kubernetes "+w.Kubernetes.String()+" can't mount images as volumes, but 1.36 and newer can",
			`raise spec.kubernetesVersion to "1.36", or remove imageVolume to have the files copied`)
	}
}

// isSpecial reports whether a character may mean something else to a program that gets the
// path.
func isSpecial(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("\"#$%&='()*,:;<>?[\\]^`{|}", r)
}

// Package generate makes pairs of a config and manifests, the same ones for the
// same seed. They are valid YAML, written in all the ways in which people,
// kustomize and kpt write it, and mean about every kind of pod; some configs ask
// for what can't be. Laws are checked over them.
package generate

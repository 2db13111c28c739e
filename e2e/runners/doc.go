// Package runners renders every example with every runner that outrigger supports: four versions of kustomize
// with the function as a program, as a container and as a legacy plugin, kubectl, kpt, files in place, and pipes. All
// must give the same bytes. It prints what became of each as a table; `make e2e-runners` runs it, which nothing
// else builds (build tag runners).
package runners

// Package kpt runs outrigger under kpt, the pinned one and an installed one: every example is rendered,
// rendered again and taken off, and several entries of a Kptfile serve one workload.
package kpt

// Package kpt runs outrigger under kpt, where one is in PATH: every example is rendered, rendered
// again and taken off, and several entries of a Kptfile serve one workload.
package kpt

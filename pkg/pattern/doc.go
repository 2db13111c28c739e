// Package pattern holds the sidecar patterns: one type each, whose fields are
// what a user writes and whose Change method says what one workload needs for it.
// A pattern is a pure function of its fields and the view of the workload.
package pattern

// Package release tests what somebody gets who builds the program: from a clone, from an unpacked archive, from the
// module, and what "make release" makes.
package release

// Package admission gives the verdicts of ValidatingAdmissionPolicies, by the API server's own plugin and without a
// server: it is asked as a server asks it, for an object that is created or updated.
package admission

package sidecar

// An Edit sets Value at Path of Object, or deletes what the manifest has there. It's made
// without reading the manifest's text.
type Edit struct {
	Owner  string // the sidecar that it comes from; for messages
	Object Ref
	Path   Path
	Value  any    // anything that encoding/json writes; nil with Delete
	Was    any    // the value that stands there and is replaced; nil: none but an equal one
	Delete bool   // take away what is there; nothing there is fine
	Before string // of a list entry: the key of the entry that it stands before; "": at the end
	Hint   string // the way out where the manifest has another value
	By     Path   // with Delete: what takes the place of it
	For    []Ref  // workloads for which another object is edited

	View *Workload // shows the manifest's values for messages; may be nil
}

package sidecar

// An Edit sets Value at Path of Object, or deletes what the manifest has there. It's made
// without reading the manifest's text.
type Edit struct {
	Owner  string // the sidecar that it comes from; for messages
	Object Ref
	Path   Path
	Value  any    // anything that encoding/json writes; nil with Delete
	Was    any    // the existing value that is replaced; nil: only an equal one may exist
	Delete bool   // delete the existing value, if there is one
	Before string // of a new list entry: the key of the entry that follows; "": at the end
	Hint   string // what to do if the manifest has another value
	By     Path   // with Delete: what replaces the deleted value
	Part   string // if the largest number is used: the one of this owner

	View *Workload // shows the manifest's values for messages; may be nil
}

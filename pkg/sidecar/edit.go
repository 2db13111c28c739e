package sidecar

// An Edit puts Value at Path of Object, or takes away what is there. Only Merge
// and the engine below know what is there already.
type Edit struct {
	Owner  string // the sidecar that wants it; for messages
	Object Ref
	Path   Path
	Value  any    // anything that encoding/json writes; nil with Delete
	Was    any    // the value that stands there and is replaced; nil: none but an equal one
	Delete bool   // take away what is there; nothing there is fine
	Before string // of a list entry: the key of the entry that it stands before; "": at the end
	Hint   string // the way out where the manifest has another value
	By     Path   // with Delete: what takes the place of it
	Part   string // of a number of which the largest counts: what this owner wants

	View *Workload // where messages look up what the manifest has; may be nil
}

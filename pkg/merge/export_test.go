package merge

// What the tests of the package look at directly.
var (
	OrderInits = orderInits
	ApplyEdits = applyEdits
)

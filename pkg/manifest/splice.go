package manifest

// A splice replaces bytes of a text.
type splice struct {
	at, del int
	ins     string
}

// join makes a new text of one and splices.
func join(text string, splices []splice) string {
	return edited(&Text{lines: &lines{text: text}}, splices).String()
}

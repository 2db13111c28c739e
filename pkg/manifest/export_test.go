package manifest

// HashJSON is the hash by which a record names a value, for tests that forge some.
func HashJSON(raw []byte) string {
	v, err := decodeJSON(raw)
	if err != nil {
		return ""
	}
	return hash(v)
}

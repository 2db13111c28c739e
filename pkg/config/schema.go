package config

import _ "embed"

//go:embed schema.json
var schema string

// Schema returns the JSON Schema of Sidecars documents, which is generated from the types and their comments.
func Schema() []byte { return []byte(schema) }

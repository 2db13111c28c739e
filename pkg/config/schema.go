package config

import _ "embed"

//go:embed schema.json
var schema string

// Schema is the JSON Schema of the documents that this package reads, made from
// its types and their comments.
func Schema() []byte { return []byte(schema) }

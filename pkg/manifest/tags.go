package manifest

// Tags of the YAML core schema, as the reader gives them. The reader is the one
// that kyaml uses, go.yaml.in/yaml/v3; by way of kyaml/yaml it would come with
// packages for protobuf and OpenAPI that take longer to start than all of ours.
const (
	tagString = "!!str"
	tagNull   = "!!null"
	tagBool   = "!!bool"
	tagInt    = "!!int"
	tagFloat  = "!!float"
	tagMap    = "!!map"
	tagSeq    = "!!seq"
	tagMerge  = "!!merge"
	tagBinary = "!!binary"
)

package positioned

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Tags of the YAML core schema, as the reader gives them.
const (
	TagString = yaml.NodeTagString
	TagNull   = yaml.NodeTagNull
	TagBool   = yaml.NodeTagBool
	TagInt    = yaml.NodeTagInt
	TagFloat  = yaml.NodeTagFloat
	TagMap    = yaml.NodeTagMap
	TagSeq    = yaml.NodeTagSeq
	TagMerge  = yaml.MergeTag
	TagBinary = "!!binary"
)

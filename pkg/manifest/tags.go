package manifest

import "sigs.k8s.io/kustomize/kyaml/yaml"

// Tags of the YAML core schema, as the reader gives them.
const (
	tagString = yaml.NodeTagString
	tagNull   = yaml.NodeTagNull
	tagBool   = yaml.NodeTagBool
	tagInt    = yaml.NodeTagInt
	tagFloat  = yaml.NodeTagFloat
	tagMap    = yaml.NodeTagMap
	tagSeq    = yaml.NodeTagSeq
	tagMerge  = yaml.MergeTag
	tagBinary = "!!binary"
)

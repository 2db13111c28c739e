package generate

// Secret is a value that nothing but the manifests that hold it may show.
const Secret = "geheim-7f3a91"

var bodies = [][]string{
	{"#!/bin/sh", "echo hello"},
	{"apiVersion: v1", "kind: Pod", "metadata: {name: text}"},
	{"first", "", "---", "", "- apiVersion: v1", "  kind: Pod"},
	{"trailing blanks   ", "", "# no comment", "end"},
	{"a", "", ""},
	{"ünï 日本語 🚢", "  deeper", "\ttab", "back"},
	{"key: |", "  nested", "..."},
	{"spec:", "  containers:", "  - name: app"},
}

// drawBody is the text of a block scalar.
func (r random) drawBody() []string { return pick(r, bodies...) }

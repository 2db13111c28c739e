package oracle

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// A document is one object of a stream, as JSON.
type document struct {
	unstructured.Unstructured
	number int    // in the stream, for those that can't be named
	raw    []byte // JSON; the server reads YAML by way of it, too
	err    error
}

// readDocuments returns the objects of a stream. Those without content are none.
func readDocuments(manifests string) []document {
	var all []document
	r := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifests)))
	for n := 1; ; n++ {
		text, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			return append(all, document{number: n, err: err})
		}
		// YAML 1.1, as the API server has it: an unquoted y is a truth value.
		raw, err := yaml.YAMLToJSONStrict(text)
		if err != nil {
			all = append(all, document{number: n, err: err})
			continue
		}
		if string(raw) != "null" {
			all = append(all, newDocument(n, raw).members()...)
		}
	}
}

func newDocument(number int, raw []byte) document {
	d := document{number: number, raw: raw}
	// The API's own reader keeps integers integers.
	if d.err = utiljson.Unmarshal(raw, &d.Object); d.err == nil && (d.GetAPIVersion() == "" || d.GetKind() == "") {
		d.err = errors.New("apiVersion and kind: an object needs both")
	}
	return d
}

// members are the objects of a list, or of a ResourceList; any other object is
// its only member.
func (d document) members() []document {
	if d.err != nil || !strings.HasSuffix(d.GetKind(), "List") {
		return []document{d}
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(d.raw, &list); err != nil || list.Items == nil {
		return []document{d}
	}
	var all []document
	for _, raw := range list.Items {
		all = append(all, newDocument(d.number, raw).members()...)
	}
	return all
}

func (d document) kind() schema.GroupVersionKind { return d.GroupVersionKind() }

func (d document) String() string {
	name := d.GetName()
	if name == "" || d.GetKind() == "" {
		name = fmt.Sprintf("document %d", d.number)
	}
	if ns := d.GetNamespace(); ns != "" {
		name = ns + "/" + name
	}
	return strings.TrimSpace(d.GetKind() + " " + name)
}

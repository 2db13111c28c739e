package positioned

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// A quantity of very many digits is refused by its length, however it's written. The message doesn't repeat it.
func TestDecodeLongQuantities(t *testing.T) {
	digits, zeros := strings.Repeat("1", 200_000), strings.Repeat("0", 97)
	thirds := zeros[:33] + "." + zeros[:33] + "e" + zeros[:34] // the longest row of digits is short
	for text, refused := range map[string]bool{
		`spec: {overhead: {cpu: ` + digits + `}}`:                             true,
		`spec: {overhead: {cpu: "` + digits + `"}}`:                           true,
		`spec: {overhead: {cpu: "-0.` + digits + `Ki"}}`:                      true,
		`spec: {overhead: {cpu: "1e` + digits + `"}}`:                         true,
		`spec: {overhead: {cpu: "1e` + zeros + `01"}}`:                        true,
		`spec: {overhead: {cpu: "1e` + zeros + `1"}}`:                         false,
		`spec: {overhead: {cpu: " ` + zeros + `001 "}}`:                       false,
		`spec: {overhead: {cpu: "` + zeros + `0001"}}`:                        true,
		`spec: {overhead: {cpu: "` + thirds + `"}}`:                           true,
		`metadata: {annotations: {checksum: "` + digits + `"}}`:               false,
		`spec: {volumes: [{name: a, emptyDir: {sizeLimit: ` + digits + `}}]}`: true,
	} {
		docs, _, err := ReadDocuments(NewLines(text), 0, len(text))
		require.NoError(t, err)
		var pod corev1.PodTemplateSpec
		err = DecodeInto(docs[0], &pod)
		if !refused {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "has more than 100 characters")
		require.Less(t, len(err.Error()), 200)
	}
}

// A quantity that would take hours to read is refused at once; a hash that looks alike is a text.
func TestDecodeQuantities(t *testing.T) {
	for text, refused := range map[string]bool{
		`spec: {containers: [{resources: {requests: {cpu: 1e474031877}}}]}`:      true,
		`spec: {containers: [{resources: {limits: {memory: "1e-474031877"}}}]}`:  true,
		`spec: {resources: {limits: {memory: +1E1000}}}`:                         true,
		`spec: {volumes: [{name: a, emptyDir: {sizeLimit: "5e2147483"}}]}`:       true,
		`spec: {overhead: {cpu: "1e-2147483648"}}`:                               true, // in a list of another name
		`spec: {containers: [{resources: {Requests: {cpu: 1e474031877}}}]}`:      true, // encoding/json reads it
		`spec: {containers: [{resources: {limits: {cpu: " 1e474031877"}}}]}`:     true, // and blanks around it
		`spec: {containers: [{resources: {limits: {cpu: "1e474031877\_"}}}]}`:    true,
		`spec: {overhead: &big {cpu: 1e474031877}, nodeSelector: *big}`:          true,
		`spec: {nodeSelector: {limits: 1e474031877}}`:                            false,
		`spec: {containers: [{resources: {requests: {cpu: 1e3, memory: 12E}}}]}`: false,
		`metadata: {annotations: {checksum: 42e474032133}}`:                      false,
		`spec: {containers: [{env: [{name: A, value: "1e474031877"}]}]}`:         false,
	} {
		docs, _, err := ReadDocuments(NewLines(text), 0, len(text))
		require.NoError(t, err)
		var pod corev1.PodTemplateSpec
		err = DecodeInto(docs[0], &pod)
		if refused {
			require.ErrorContains(t, err, "exponent of three digits", text)
			continue
		}
		if err != nil {
			require.NotContains(t, err.Error(), "exponent", text)
		}
	}
}

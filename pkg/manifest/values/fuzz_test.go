package values

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// FuzzEncode writes any JSON value, or any string, in all forms, at any column and in any style,
// with text of others behind it, and reads it back.
func FuzzEncode(f *testing.F) {
	for i, seed := range []string{container, `"a\n\n"`, `["\n a\n\n", " \n", "\ta\n", "a\n \n", "\n\n"]`,
		`{"":"","~":null,"- a":"#","k: ":["? ", ": ", "-"]}`,
		`[1e3, 1E-7, -0, 18446744073709551616, 0.5]`, `["\u0085\u2028\ufeff\u0000\ud83d\ude00", "a\tb", "\r\n"]`} {
		f.Add(seed, i, 1+i%4, i%2 == 0, i%3 == 0)
	}
	f.Fuzz(readsBack)
}

// Readers look for the colon of a key within 1,024 characters. (Long texts are no
// seeds: the fuzzer spends its time on making them smaller.)
func TestEncodeLong(t *testing.T) {
	for i, raw := range []string{`"` + strings.Repeat("x ", 700) + `: "`,
		`{"` + strings.Repeat("k", 1100) + `":{"a":[{}]}}`, `{"a":{"` + strings.Repeat("\\u0001", 200) + `":["x"]}}`} {
		readsBack(t, raw, i, 2, i == 1, false)
	}
}

func readsBack(t *testing.T, raw string, col, indent int, compact, crlf bool) {
	v, err := DecodeJSON([]byte(raw))
	if err != nil { // then the text is the value, and a key
		s := strings.ToValidUTF8(raw, "\ufffd")
		v = []any{s, Map{{s, s}, {s + "'", s + "\n"}}}
	}
	col, indent = col&7, 1+indent&15%12
	st := Style{Indent: indent, Compact: compact, Newline: "\n"}
	if crlf {
		st.Newline = "\r\n"
	}
	forms := map[string]any{ // what the text is to say
		"k:" + st.Newline + pad(col+1) + st.FormatEntry("v", v, col+1): Map{{"k", Map{{"v", v}}}, {"z", true}},
		st.FormatEntry("v", v, 0):                                      Map{{"v", v}, {"z", true}},
		"v:" + st.Newline + pad(col) + st.FormatItem(v, col):           Map{{"v", []any{v}}, {"z", true}},
		"v: [" + FormatFlow(v, false) + ", {a: " + FormatFlow(v, false) + "}]": Map{{"v", []any{v, Map{{"a", v}}}},
			{"z", true}},
		"v: " + FormatFlow(v, false):                                      Map{{"v", v}, {"z", true}},
		"v:" + st.Newline + pad(col+1) + "- " + st.FormatItem(v, col+1+2): Map{{"v", []any{[]any{v}}}, {"z", true}},
	}
	if m, ok := v.(Map); ok && len(m) > 0 {
		forms["v:"+st.Newline+pad(col+1)+st.FormatMapping(m, col+1)] = Map{{"v", v}, {"z", true}}
	}
	for text, want := range forms {
		text += st.Newline + st.Newline + "z: true" + st.Newline
		var got any
		require.NoError(t, yaml.Unmarshal([]byte(text), &got), "%q", text)
		require.True(t, says(got, want), "%q\nsays %#v", text, got)
	}
	js := FormatFlow(v, true)
	again, err := DecodeJSON([]byte(js))
	require.NoError(t, err, "%q", js)
	require.Equal(t, v, again)
	strings11(t, v)
}

// strings11 checks strings with the reader of YAML 1.1 that kyaml carries.
func strings11(t *testing.T, v any) {
	switch v := v.(type) {
	case string:
		if FormatScalar(v) == v {
			require.False(t, yaml.IsValueNonString(v), "%q", v)
		}
	case []any:
		for _, v := range v {
			strings11(t, v)
		}
	case Map:
		for _, e := range v {
			strings11(t, e.Key)
			strings11(t, e.Value)
		}
	}
}

func pad(n int) string { return strings.Repeat(" ", n) }

// says compares what a YAML reader got with a value.
func says(got, want any) bool {
	switch want := want.(type) {
	case Map:
		m, ok := got.(map[string]any)
		if !ok || len(m) != len(want) {
			return false
		}
		for _, e := range want {
			if v, ok := m[e.Key]; !ok || !says(v, e.Value) {
				return false
			}
		}
		return true
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !says(list[i], want[i]) {
				return false
			}
		}
		return true
	case json.Number:
		return sameNumber(got, string(want))
	}
	return got == want
}

func sameNumber(got any, want string) bool {
	f, err := strconv.ParseFloat(want, 64)
	if err != nil {
		return true // no reader has a number so large
	}
	whole, _ := new(big.Float).SetPrec(2000).SetString(want)
	switch got := got.(type) {
	case int:
		return whole.Cmp(new(big.Float).SetInt64(int64(got))) == 0
	case uint64:
		return whole.Cmp(new(big.Float).SetUint64(got)) == 0
	case float64:
		return f == got
	}
	return false
}

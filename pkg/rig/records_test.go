package rig

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A record may name any number of documents and workloads: reading them takes no longer than
// the text is long.
func TestHostileRecords(t *testing.T) {
	conf := read(t, "  - name: x\n    custom: {containers: [{name: x, image: x:1}]}\n")
	noted := func(kind, name, record string) string {
		return "---\napiVersion: v1\nkind: " + kind + "\nmetadata:\n  name: " + name +
			"\n  annotations:\n    outrigger.dev/applied: '" + record + "'\nspec: {}\n"
	}
	var documents, chain strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&documents, `,"d%d":{"patterns":[]}`, i)
	}
	for i := range 5_000 {
		record := fmt.Sprintf(`{"v":3,"for":["/Service//s%d","/Service//s%d"],"marks":[]}`, i, i+1)
		chain.WriteString(noted("Service", fmt.Sprintf("s%d", i), record))
	}
	web := deployment("web", "")
	many := strings.Replace(web, "  name: web\n", "  name: web\n  annotations:\n    outrigger.dev/applied: '"+
		`{"v":3,"documents":{`+documents.String()[1:]+`},"marks":[]}`+"'\n", 1)
	for name, text := range map[string]string{
		"documents": many,
		"chain": web + chain.String() +
			noted("Service", "s5000", `{"v":3,"for":["apps/Deployment//web","/Service//s5000"],"marks":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			out := Run([]File{{Text: text}}, conf, Options{InPlace: true})
			t.Logf("%d bytes: %v; %.200s", len(text), time.Since(start).Round(time.Millisecond), out.Findings.Error())
			require.Less(t, time.Since(start), 20*time.Second, "tenfold of what it takes, for slow machines")
		})
	}
}

package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A text may have the line breaks that only YAML's readers know. The last of them stays the last.
func TestOtherLineBreaks(t *testing.T) {
	conf := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+
		"    - otelAgent: {endpoint: 'https://otel.example.com:4317'}\n")
	config := "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata:\n  a: b\n"
	for _, lineBreak := range []string{"\r", "\r\n", "\u0085", "\u2028", "\u2029"} {
		for _, text := range []string{deployment("web", ""), deployment("web", "") + config} {
			text = strings.ReplaceAll(text, "\n", lineBreak)
			laid := Run([]File{{Text: text}}, conf, Options{InPlace: true})
			require.NoError(t, laid.Findings.Err(), "%q", lineBreak)
			again := Run(laid.Files(), conf, Options{InPlace: true})
			require.NoError(t, again.Findings.Err(), "%q", lineBreak)
			require.Equal(t, laid.Files(), again.Files(), "%q", lineBreak)
			back, fs := Strip(laid.Files(), "")
			require.NoError(t, fs.Err(), "%q", lineBreak)
			require.Equal(t, text, back[0].Text, "%q", lineBreak)
		}
	}
}

// Git and editors change all line breaks of a file. What strip gives back has those that the file has then.
func TestChangedLineBreaks(t *testing.T) {
	conf := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+
		"    - tlsProxy: {port: 80, secretName: s, rebind: {port: 81, env: {LISTEN: '127.0.0.1:81'}}}\n")
	text := "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    metadata:\n" +
		"      annotations:\n        {}\n    spec:\n      containers:\n        - name: app\n          image: app:1\n" +
		"          ports:\n            - name: http\n              # why\n              containerPort: 80\n" +
		"          readinessProbe:\n            tcpSocket:\n              port: http\n"
	onWindows := func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
	elsewhere := func(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
	for given, change := range map[string]func(string) string{text: onWindows, onWindows(text): elsewhere} {
		laid := Run([]File{{"web.yaml", given}}, conf, Options{InPlace: true})
		require.NoError(t, laid.Findings.Err())
		back, fs := Strip([]File{{"web.yaml", change(laid.Files()[0].Text)}}, "")
		require.NoError(t, fs.Err())
		require.Equal(t, change(given), back[0].Text)
	}
}

// Other tools write documents behind their markers. What was emitted is then taken out with its own marker alone.
func TestDocumentsBehindMarkers(t *testing.T) {
	conf := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+
		"    - custom: {objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}]}\n")
	laid := Run([]File{{Text: deployment("web", "")}}, conf, Options{InPlace: true})
	require.NoError(t, laid.Findings.Err())
	workload, emitted, _ := strings.Cut(laid.Files()[0].Text, "---\napiVersion: v1\n")
	_, hash, _ := strings.Cut(emitted, "outrigger.dev/content: ")
	hash, _, _ = strings.Cut(hash, "\n")
	flow := "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: x, " +
		"labels: {app.kubernetes.io/managed-by: outrigger}, annotations: {" +
		"outrigger.dev/by: shop, outrigger.dev/content: " + hash + "}}, data: {a: b}}\n"
	other := "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n"
	for text, want := range map[string]string{
		workload + flow:               deployment("web", ""),
		workload + flow + other:       deployment("web", "") + other,
		flow + workload:               "\n" + deployment("web", ""),
		flow + other + workload:       "\n" + other + deployment("web", ""),
		flow[4:] + "...\n" + workload: deployment("web", ""),
		flow[4:] + other + workload:   other + deployment("web", ""),
	} {
		back, fs := Strip([]File{{Text: text}}, "")
		require.NoError(t, fs.Err(), text)
		require.Equal(t, want, back[0].Text, text)
	}
}

// Tools indent lists otherwise, and what comes back fits in.
func TestIndentedAnew(t *testing.T) {
	conf := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+
		"    - tlsProxy: {port: 80, secretName: s, rebind: {port: 81, env: {LISTEN: '127.0.0.1:81'}}}\n")
	text := "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n" +
		"      containers:\n        - name: app\n          image: app:1\n          ports:\n            - name: http\n" +
		"              containerPort: 80\n"
	compact := func(text string) string { // the list of the app's container
		head, rest, _ := strings.Cut(text, "        - name: app\n")
		app, rest, found := strings.Cut("        - name: app\n"+rest, "      volumes:\n")
		app = strings.TrimPrefix(strings.ReplaceAll("\n"+app, "\n  ", "\n"), "\n")
		if found {
			rest = "      volumes:\n" + rest
		}
		return head + app + rest
	}
	laid := Run([]File{{Text: text}}, conf, Options{InPlace: true})
	require.NoError(t, laid.Findings.Err())
	back, fs := Strip([]File{{Text: compact(laid.Files()[0].Text)}}, "")
	require.NoError(t, fs.Err())
	ports := "        ports:\n        - name: http\n          containerPort: 80\n"
	head, _, _ := strings.Cut(compact(text), "        ports:\n")
	require.Equal(t, head+ports, back[0].Text)
}

package corpus

import "fmt"

var (
	subjects = []string{
		"billing",
		"cart",
		"catalog",
		"checkout",
		"coupon",
		"currency",
		"email",
		"feature-flags",
		"fraud",
		"geo",
		"image",
		"inventory",
		"invoice",
		"ledger",
		"login",
		"mailer",
		"media",
		"orders",
		"payment",
		"pricing",
		"profile",
		"quota",
		"ranking",
		"recommendation",
		"returns",
		"reviews",
		"search",
		"session",
		"shipping",
		"tax",
		"tracking",
	}
	roles = []string{"api", "worker", "frontend", "gateway", "sync", "ingest", "admin"}
	words = []string{
		"the",
		"request",
		"is",
		"retried",
		"when",
		"upstream",
		"answers",
		"with",
		"an",
		"error",
		"that",
		"may",
		"pass",
		"timeout",
		"in",
		"seconds",
		"before",
		"a",
		"connection",
		"counts",
		"as",
		"idle",
		"and",
		"name",
		"of",
		"field",
		"must",
		"be",
		"unique",
		"within",
		"namespace",
		"default",
		"value",
		"used",
		"if",
		"none",
		"specified",
		"by",
		"user",
	}
)

// An app is what its workload, Service and other objects have in common.
type app struct{ name, namespace, team string }

// makeApp is the one that the j-th workload of a block belongs to.
func (g *maker) makeApp(j int) app {
	id := g.block*perBlock + j
	team := id / 12 % 60
	return app{
		name:      fmt.Sprintf("%s-%s-%d", subjects[id%len(subjects)], roles[id/3%len(roles)], id),
		namespace: fmt.Sprintf("team-%02d", team),
		team:      fmt.Sprintf("squad-%c", 'a'+team%26),
	}
}

// selector is the label selector of the app's pods.
func (a app) selector() mapping { return m("matchLabels", m("app.kubernetes.io/name", a.name)) }

func (a app) appLabels() mapping {
	return m(
		"app.kubernetes.io/name", a.name,
		"app.kubernetes.io/part-of", "shop",
		"app.kubernetes.io/managed-by", "kustomize",
		"team", a.team,
	)
}

// makeMetadata of an object, with a label more where it's selected, and what else it's selected by.
func (g *maker) makeMetadata(a app, annotations mapping) mapping {
	name := a.name
	switch {
	case g.selected && g.by == "name":
		name += nameEnd
	case g.selected && g.by == "annotationSelector":
		annotations = append(annotations, pair{LabelKey, LabelValue})
	}
	meta := m("name", name, "namespace", a.namespace, "labels", g.markObject(a.appLabels()))
	if len(annotations) > 0 {
		meta = append(meta, pair{"annotations", annotations})
	}
	return meta
}

func (g *maker) markObject(labels mapping) mapping {
	if g.selected {
		labels = append(labels, pair{LabelKey, LabelValue})
	}
	return labels
}

func (g *maker) drawChance(percent int) bool { return g.IntN(100) < percent }

func (g *maker) pickOne(from ...string) string { return from[g.IntN(len(from))] }

// drawSentence has n words, and so no line breaks.
func (g *maker) drawSentence(n int) string {
	b := []byte{}
	for i := range n {
		w := words[g.IntN(len(words))]
		if i == 0 {
			b = append(b, w[0]-'a'+'A')
			w = w[1:]
		} else {
			b = append(b, ' ')
		}
		b = append(b, w...)
	}
	return string(append(b, '.'))
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// drawBase64 looks like n characters of it.
func (g *maker) drawBase64(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[g.IntN(len(letters))]
	}
	b[0] = 'A' // no other type, whatever follows
	return string(b)
}

// Package generate makes pairs of a config and manifests, always the same ones for a seed. Tests check the laws over
// them. The manifests are valid YAML in all the styles of people, kustomize and kpt, with nearly every kind of pod.
// Some configs ask for something impossible.
package generate

import "strings"

// A Pair is a config and manifests.
type Pair struct {
	Seed    uint64
	objects []*Object
	config  *Node
	form    form
	layout  layout
	file    file
}

// An Object is one of the manifests.
type Object struct {
	*Node
	workload, concerned bool
	between             string // what stands in front of it in a stream
}

// New makes the pair of a seed.
func New(seed uint64) *Pair {
	r := newRandom(seed)
	p := &Pair{
		Seed: seed,
		form: pick(r, stream, stream, stream, stream, kustomize, kustomize, kpt, kpt, members, jsonText, jsonTexts, printed),
	}
	var ws []workload
	for i := range 1 + r.IntN(4)/2*r.IntN(3) {
		o, w := r.drawWorkload(i, p.form != kustomize && p.form != kpt) // those refuse objects without a name
		ws = append(ws, w)
		p.objects = append(p.objects, o)
		p.objects = append(p.objects, r.drawServices(w)...)
		p.objects = append(p.objects, r.drawNeighbours(w)...)
	}
	names := map[string]bool{}
	for i := range r.IntN(3) {
		o := r.drawBystander(i)
		if name := o.at("metadata", "name").value; !names[name] {
			names[name] = true
			p.objects = append(p.objects, o)
		}
	}
	r.Shuffle(len(p.objects), func(i, j int) { p.objects[i], p.objects[j] = p.objects[j], p.objects[i] })
	config, all := r.drawConfig(ws)
	p.config = config
	for _, o := range p.objects {
		o.workload = o.workload || all && o.at("spec", "template") != nil
	}
	p.writeAll(r)
	return p
}

// writeAll decides how everything is written.
func (p *Pair) writeAll(r random) {
	p.layout = layout{indent: pick(r, 2, 2, 2, 4, 3), compact: r.one(2), gap: pick(r, 1, 1, 1, 3)}
	h := hand{random: r, said: new(int), comments: pick(r, 0, 8, 20), brackets: pick(r, 0, 4, 8)}
	p.form.addMetadata(r, p, &h)
	for _, o := range p.objects {
		h.drawStyle(o.Node)
		o.between = r.between()
	}
	p.objects[0].between = pick(r, "", "", "---\n", "# first\n---\n", "# first\n\n", "--- # one\n", "---\n---\n",
		"%YAML 1.2\n---\n", "# first\n%YAML 1.2 # why\n--- # one\n")
	hand{random: r, brackets: pick(r, 0, 3)}.drawStyle(p.config)
	p.file = r.drawFile(p.form)
}

// Config is the text of the config.
func (p *Pair) Config() string { return layout{2, false, 1}.writeNode(p.config, 0) }

// Input is the text of the manifests.
func (p *Pair) Input() string { return p.file.addEnd(p.form.textIn(p)) }

// Untouched are the texts of the objects that no config is concerned with, as
// they stand in the input.
func (p *Pair) Untouched() []string {
	var texts []string
	for _, o := range p.objects {
		if !o.workload && !o.concerned {
			texts = append(texts, p.file.setBreaks(withoutLastComments(p.form.objectIn(p, o))))
		}
	}
	return texts
}

// withoutLastComments drops comments behind an object: they may be of the whole text.
func withoutLastComments(text string) string {
	for {
		text = strings.TrimRight(text, "\n")
		last := strings.LastIndexByte(text, '\n')
		if !strings.HasPrefix(strings.TrimSpace(text[last+1:]), "#") {
			return text
		}
		text = text[:last]
	}
}

func (r random) between() string {
	return pick(r, "---\n", "---\n", "---\n", "--- # next\n", "---\n# next\n", "\n---\n\n", "# end\n---\n",
		"---\n---\n", "...\n---\n", "---\n# only a comment\n---\n", "...\n%YAML 1.2\n---\n", "...\n%YAML 1.1\n# next\n---\n")
}

package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A spot is where an object is: in the text that the user has, and in the one without an earlier run's work.
type spot struct{ given, now *manifest.Object }

// placeFindings gives findings about objects their places in the files that the user has: the line of the field, or of
// what is there of it. A stream is nobody's file: what comes on standard input or from a runner has no lines.
//
// An object that is emitted comes into the file of its workload.
func placeFindings(fs sidecar.Findings, given, now []*manifest.Text, emits ...manifest.Emit) {
	if len(fs) == 0 {
		return
	}
	emitted := map[sidecar.Ref]sidecar.Ref{}
	for _, e := range emits {
		emitted[e.Ref] = e.For.Ref
	}
	wanted := map[sidecar.Ref]bool{}
	for i := range fs {
		wanted[fs[i].Object], wanted[emitted[fs[i].Object]] = true, true
	}
	spots := map[sidecar.Ref][]spot{}
	for i, t := range given {
		for j, o := range t.Objects {
			if !wanted[o.Ref] {
				continue
			}
			s := spot{o, o}
			if n := now[i].Objects; j < len(n) && n[j].Ref == o.Ref {
				s.now = n[j]
			}
			spots[o.Ref] = append(spots[o.Ref], s)
		}
	}
	for i := range fs {
		f := &fs[i]
		if there := spots[f.Object]; len(there) > 0 {
			chooseSpot(f, there).place(f, f.Field)
		} else if there := spots[emitted[f.Object]]; len(there) > 0 {
			there[0].place(f, "")
		}
	}
}

// chooseSpot returns the object that a finding is about, where several have its reference.
func chooseSpot(f *sidecar.Finding, there []spot) spot {
	best, most := there[0], 0
	for _, s := range there {
		same := 0
		if f.File == s.now.File() {
			same = 1
		}
		if len(there) > 1 && f.Line > 0 && f.Line == s.now.Line() {
			same += 2
		}
		if same > most {
			best, most = s, same
		}
	}
	return best
}

// place gives a finding about a field of an object its place.
func (s spot) place(f *sidecar.Finding, field string) {
	defer s.given.Release()
	if f.Code == "yaml-syntax" && s.given != s.now {
		if there, found := s.given.ParseFinding(); found { // with its lines in the message, too
			*f = there
			return
		}
	}
	line, message := manifest.CutLine(f.Message)
	if at, rest := manifest.CutLine(f.Field + ": "); at > 0 && rest == "" {
		f.Field, line = "", at
	}
	stated := line > 0 || f.Code == "yaml-syntax"
	if f.Message = message; line == 0 {
		line = f.Line
	}
	f.File, f.Line = s.given.File(), 0
	switch {
	case s.given.Text().IsResourceList():
	case f.File != "":
		f.Line = s.given.LineOf(sidecar.ParsePath(field))
		if s.given == s.now {
			f.Line = max(f.Line, line)
		}
	case f.File == "" && stated:
		f.Line = line // it's the only place that there is
	}
}

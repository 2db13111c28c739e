package generate

// makeFetch is an entry that gets a file, into a volume of its own or the pod's.
func (r random) makeFetch(w workload, c container, name string) *Node {
	f := dict("url", pick(r, "https://models.example/m.bin?a=$(TOKEN)", "s3://models/v1/m.bin", "gs://models/m.bin"),
		"mountPath", "/fetched-"+name)
	f.set("sha256", r.opt(2, str("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")))
	f.set("fileName", r.opt(3, str(pick(r, "n", "a b", "1e3", "it's"))))
	if w.conf && r.one(2) {
		f.set("volumeName", "data")
	} else {
		f.set("sizeLimit", pick(r, str("1Gi"), raw("1e9")))
	}
	e := dict("name", name)
	if r.one(3) {
		e.set("app", c.name)
	}
	return r.addPattern(e, w, 5, "fetch", f)
}

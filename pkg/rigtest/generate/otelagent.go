package generate

// makeOTelAgent is an entry that sends what the app says of itself elsewhere.
func (r random) makeOTelAgent(w workload, c container, name string) *Node {
	i := int(name[0])
	t := dict(
		"endpoint", pick(r, "https://otel.example.com:4317", "http://10.0.0.7:4317"),
		"grpcPort", num(4100+i),
		"httpPort", num(4300+i),
		"healthPort", num(13000+i),
	)
	put := func(odds int, key string, v any) { t.set(key, r.opt(odds, v)) }
	put(3, "protocol", pick(r, "grpc", "http"))
	if t.at("endpoint").value[4] == 's' {
		put(3, "ca", dict(pick(r, "secretName", "configMapName"), "otel-ca", "key", r.opt(3, str("root.pem"))))
	}
	put(3, "headers", dict(
		"authorization", dict("secretName", "otel", "key", "token"),
		"x-n", r.opt(2, dict("secretName", "n", "key", "n")),
	))
	e := r.nameForSome(name, w, 3, c)
	return r.addPattern(e, w, 4, "otelAgent", t)
}

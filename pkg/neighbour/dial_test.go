package neighbour

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDials(t *testing.T) {
	for text, want := range map[string]string{
		"http://search:9200":  "http://search:9200 > https://search:9200",
		"http://search":       "http://search > https://search:80",
		"http://search:443/a": "http://search:443 > https://search:443",
		"HTTP://Search:9200.": "http://search:9200 > https://search:9200",
		"ws://search.prod.svc/x?y=http://b:1": "ws://search.prod.svc > wss://search.prod.svc:80, http://b:1 " +
			"> https://b:1",
		"http://admin:pass:word@search:9200/":            "http://search:9200 > https://search:9200 (user)",
		"a=http://a:1,http://b:2;c":                      "http://a:1 > https://a:1, http://b:2 > https://b:2",
		`{"url":"http://a:1","other":"b:2"}`:             "http://a:1 > https://a:1, b:2",
		"--hosts=a:1 --more b.c:2/x (d:3)":               "a:1, b.c:2, d:3",
		"see a:1.":                                       "a:1",
		"127.0.0.1:9200":                                 "127.0.0.1:9200",
		"https://search:9200":                            "",
		"redis://search:6379":                            "redis://search:6379 > rediss://search:6379",
		"redis://:pass@search/0":                         "redis://search > rediss://search (user)",
		"rediss://search:6379 tls://a:1 kafka+ssl://b:1": "",
		"amqp://search":                                  "amqp://search > amqps://search:5672",
		"mongodb://user:pass@search:27017,other:27017":   "mongodb://search:27017 (user), other:27017",
		"jdbc:postgresql://db:5432/x?ssl=false":          "postgresql://db:5432",
		"dns:///search:9000 passthrough:///a.b:1":        "dns://search:9000, passthrough://a.b:1",
		"file:///search:9000 oci://search/a:1":           "",
		"udp://search:53 syslog+udp://a:514 dtls://a:1":  "",
		"http://$(HOST):9200":                            "",
		"http://search:$(PORT)":                          "",
		"http://$(POD_NAME).db:80 http://${A}.b/c": "http://$(POD_NAME).db:80 > https://$(POD_NAME).db:80, " +
			"http://${A}.b > https://${A}.b:80",
		"http://$.d:80 http://$é.f http://$(A):80": "",
		"http://$(POD).db.$(NS).svc:80 http://web.${N}:80/c": "http://$(POD).db.$(NS).svc:80 > " +
			"https://$(POD).db.$(NS).svc:80, http://web.${N}:80 > https://web.${N}:80",
		"http://db-{0...3}.db.prod.svc/data http://db-$(I).db:80": "http://db-{0...3}.db.prod.svc > " +
			"https://db-{0...3}.db.prod.svc:80, http://db-$(I).db:80 > https://db-$(I).db:80",
		"http://$(hostname -f).db:80 http://{a}.db:80":      "",
		"http://$(U):$(P)@db.a:80":                          "http://db.a:80 > https://db.a:80 (user)",
		"$(POD).db:80,${POD}.db.$NS.svc:81 a$(B).db:82/":    "$(POD).db:80, ${POD}.db.$NS.svc:81, a$(B).db:82",
		"$(A):80 $A:81 x=(b).c:80":                          "",
		"http://${HOST}:9200/":                              "",
		"http://":                                           "",
		"://search:1":                                       "",
		"10.0.0.1:80 [::1]:80 12:30 a:b x:99999 y:0 z_a:80": "",
		"image: registry:5000-alpha":                        "",
		"a:1-b":                                             "",
		"sha256:12345":                                      "sha256:12345",
	} {
		t.Run(text, func(t *testing.T) {
			var have []string
			for a := range findAddresses(text) {
				s := a.plain()
				if a.hasTLSForm() {
					s += " > " + a.tls()
				}
				if a.user {
					s += " (user)"
				}
				have = append(have, s)
			}
			require.Equal(t, want, strings.Join(have, ", "))
		})
	}
}

// FuzzDials: an address is in the text at its offsets, and is printed without the user.
func FuzzDials(f *testing.F) {
	f.Add("http://user:secret@a.b:80/x,c:1")
	f.Add("a://b:c:1@://")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for a := range findAddresses(text) {
			require.True(t, last <= a.from && a.from < a.to && a.to <= len(text))
			require.NotContains(t, a.plain()+a.tls(), "@")
			written := a.plain()[strings.LastIndex(a.plain(), "/")+1:]
			require.True(t, strings.HasSuffix(strings.ToLower(text[a.from:a.to]), strings.ToLower(written)))
			last = a.to
		}
	})
}

func TestReadLines(t *testing.T) {
	for text, want := range map[string][]string{
		"a.host=x\na.port = 1\n":                     {"a.host=x a.port=1"},
		"a:\n  host: x\n  b:\n    c: d\n  port: 1\n": {"a=", "b= host=x port=1", "c=d"},
		"a:\n  host: x\nb:\n  port: 1\n":             {"a= b=", "host=x", "port=1"},
		"- host: x\n  port: 1\n- host: y\n":          {"host=x port=1", "host=y"},
		"{\n \"host\": \"x\",\n \"port\": 1\n}":      {"host=x port=1"},
		"[a]\nhost=x\n[b]\nport=1":                   {"host=x", "port=1"},
		"host: x\n\nport: 1\nno setting\n":           {"host=x port=1"},
		"":                                           nil,
	} {
		var have []string
		for _, block := range readLines(text) {
			var words []string
			for _, s := range slices.SortedFunc(maps.Keys(block), compareSettings) {
				words = append(words, s.name+"="+block[s])
			}
			have = append(have, strings.Join(words, " "))
		}
		require.Equal(t, want, have, text)
	}
}

func TestAlike(t *testing.T) {
	for text, want := range map[string]bool{
		"http://search:9200":               true,
		"--url=http://search:9200/a_b":     true,
		"-u=http://a:1,http://b:2/":        true,
		"http://user:pass@search:9200":     false,
		"http://search:9200/?token=x":      false,
		"http://search:9200 --password=x":  false,
		"password=http://search:9200":      false,
		"http://search:9200\npassword: x":  false,
		"http://search:9200/#x":            false,
		"--url=http://search:9200,b=other": false,
	} {
		require.Equal(t, want, onlyAddresses().MatchString(text), text)
	}
}

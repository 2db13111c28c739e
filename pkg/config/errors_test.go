package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// seen returns the errors of a config as they're printed, without the warnings of patterns.
func seen(text string) []string {
	_, fs := Read([]byte(text), "")
	var out []string
	for _, f := range fs {
		if f.Severity != sidecar.Error {
			continue
		}
		out = append(out, fmt.Sprintf("%d %s %s: %s; %s", f.Line, f.Code, f.Field, f.Message, f.Hint))
	}
	return out
}

// Each config has one mistake. Its spec begins in line 4.
func TestReadSpecErrors(t *testing.T) {
	const selects = "\n  select: [{name: a}]\n"
	const proxy = selects + "  patterns:\n  - tlsProxy: {port: 1, secretName: a, rebind: {port: 2, args: [a]}}\n"
	custom := func(s string) string { return selects + "  patterns:\n  - custom: " + s }
	for name, c := range map[string]struct {
		spec string
		want string
	}{
		"unknown field, nearly right": {
			selects + "  patern: []",
			"5 unknown-field spec.patern: there is no such field; did you mean patterns",
		},
		"unknown field, letters swapped": {
			proxy + "    aftre: []",
			"7 unknown-field spec.patterns[0].aftre: there is no such field; did you mean after",
		},
		"unknown field, other case": {
			selects + "  podtemplatepaths: []",
			"5 unknown-field spec.podtemplatepaths: there is no such field; did you mean podTemplatePaths",
		},
		"unknown field, dashes": {
			selects + "  kubernetes-version: x",
			"5 unknown-field spec.kubernetes-version: there is no such field; did you mean kubernetesVersion",
		},
		"unknown field, nothing near": {
			selects + "  expect: {foo: 1}",
			"5 unknown-field spec.expect.foo: there is no such field; known here: min, max",
		},
		"unknown field, one level down": {
			proxy + "    image: x",
			"7 unknown-field spec.patterns[0].image: there is no such field; move it into override",
		},
		"unknown field, one level up": {
			selects + "  patterns:\n  - tlsProxy: {port: 1, secretName: a, rebind: {port: 2, drainSeconds: 3}}",
			"6 unknown-field spec.patterns[0].tlsProxy.rebind.drainSeconds: there is no such field; move it one level " +
				"up, beside rebind",
		},
		"unknown field, both": {
			selects + "  patterns:\n  - exporter: {preset: redis, name: a}",
			"6 unknown-field spec.patterns[0].exporter.name: there is no such field; move it one level up, beside exporter",
		},
		"unknown field in a container": {
			proxy + "    override: {imagePulPolicy: Always}",
			"7 unknown-field spec.patterns[0].override.imagePulPolicy: there is no such field; did you mean imagePullPolicy",
		},
		"one typo is one finding": {
			selects + "  patterns:\n  - tlsProxy: {port: 1, secretname: a, rebind: {prot: 2}}",
			"6 unknown-field spec.patterns[0].tlsProxy.rebind.prot: there is no such field; did you mean port\n" +
				"6 unknown-field spec.patterns[0].tlsProxy.secretname: there is no such field; did you mean secretName",
		},
		"unknown pattern": {
			selects + "  patterns: [{tlsproxy: {}}]",
			"5 unknown-field spec.patterns[0].tlsproxy: there is no such field; did you mean tlsProxy",
		},
		"duplicate field": {
			selects + "  record: auto\n  record: never",
			"6 duplicate-field spec.record: is in line 5 already; remove one of them",
		},
		"duplicate key of a mapping": {
			selects + "  patterns:\n  - tlsProxy: {port: 1, secretName: a, rebind: {port: 2, env: {a.b: x, a.b: y}}}",
			"6 duplicate-field spec.patterns[0].tlsProxy.rebind.env: has one name twice, first in line 6; remove one of them",
		},
		"duplicate field in an object": {
			custom("{objects: [{apiVersion: v1, kind: X, metadata: {name: a}, data: {a: 1, a: 2}}]}"),
			"6 duplicate-field spec.patterns[0].custom.objects[0].data: has one name twice, first in line 6; remove one of them",
		},
		"number for a string": {
			selects + "  kubernetesVersion: 1.30",
			"5 wrong-type spec.kubernetesVersion: wanted a string, got a number; quote it",
		},
		"number in env": {
			custom("{app: {env: [{name: A, value: 1.10}]}}"),
			"6 wrong-type spec.patterns[0].custom.app.env[0].value: wanted a string, got a number; quote it",
		},
		"boolean in env": {
			selects + "  patterns:\n  - tlsProxy: {port: 1, secretName: a, rebind: {port: 2, env: {A: true}}}",
			"6 wrong-type spec.patterns[0].tlsProxy.rebind.env.A: wanted a string, got a boolean; quote it",
		},
		"date for a string": {
			"\n  select: [{name: 2024-01-01}]",
			"4 wrong-type spec.select[0].name: wanted a string, got a date; quote it",
		},
		"nothing in env": {
			selects + "  patterns:\n  - tlsProxy: {port: 1, secretName: a, rebind: {port: 2, env: {A: }}}",
			`6 wrong-type spec.patterns[0].tlsProxy.rebind.env.A: wanted a string, got nothing; write "" for an empty one`,
		},
		"nothing in a list": {
			selects + "  podTemplatePaths: [~]",
			`5 wrong-type spec.podTemplatePaths[0]: wanted a string, got nothing; write "" for an empty one`,
		},
		"string for a number": {
			selects + "  expect: {min: \"1\"}",
			"5 wrong-type spec.expect.min: wanted an integer, got a string; remove the quotes",
		},
		"word for a number": {
			selects + "  expect: {min: one}",
			"5 wrong-type spec.expect.min: wanted an integer, got a string; ",
		},
		"fraction for an integer": {
			selects + "  expect: {min: 1.5}",
			"5 wrong-type spec.expect.min: wanted an integer, got a number; ",
		},
		"word for a boolean": {
			custom("{pod: {shareProcessNamespace: yes}}"),
			"6 wrong-type spec.patterns[0].custom.pod.shareProcessNamespace: wanted true or false, got a string; ",
		},
		"too large a number": {
			custom("{phase: 3000000000}"),
			"6 bad-value spec.patterns[0].custom.phase: the number doesn't fit into 32 bits; ",
		},
		"far too large a number": {
			custom("{phase: 18446744073709551615}"),
			"6 bad-value spec.patterns[0].custom.phase: the number doesn't fit into 32 bits; ",
		},
		"mapping for a list": {
			"\n  select:\n    kind: Deployment",
			"5 wrong-type spec.select: wanted a list, got a mapping; begin it with \"- \"",
		},
		"string for a mapping": {
			selects + "  expect: many",
			"5 wrong-type spec.expect: wanted a mapping, got a string; ",
		},
		"mapping for a selector": {
			"\n  select:\n  - podSelector: {app: web}",
			"5 wrong-type spec.select[0].podSelector: wanted a string, got a mapping; write a selector as text, as in " +
				"app=search,tier!=test",
		},
		"list for a string": {
			selects + "  record: [auto]",
			"5 wrong-type spec.record: wanted a string, got a list; ",
		},
		"string for a map": {
			selects + "  patterns: [{tlsProxy: {port: 1, secretName: a, rebind: {port: 2, env: a=b}}}]",
			"5 wrong-type spec.patterns[0].tlsProxy.rebind.env: wanted a mapping, got a string; ",
		},
		"no quantity": {
			proxy + "    override: {resources: {limits: {cpu: 1x}}}",
			"7 wrong-type spec.patterns[0].override.resources.limits.cpu: wanted a quantity such as 100m, 0.5 or 64Mi, got " +
				"a string; ",
		},
		"no port": {
			custom("{servicePorts: [{name: a, port: 1, targetPort: true}]}"),
			"6 wrong-type spec.patterns[0].custom.servicePorts[0].targetPort: wanted a number or a name, got a boolean; ",
		},
		"no mapping for an object": {
			custom("{objects: [a]}"),
			"6 wrong-type spec.patterns[0].custom.objects[0]: wanted a mapping, got a string; ",
		},
		"list for a boolean, by an alias": {
			custom("{app: {args: &a []}, pod: {shareProcessNamespace: *a}}"),
			"6 wrong-type spec.patterns[0].custom.pod.shareProcessNamespace: wanted true or false, got a list; ",
		},
		"no object": {
			custom("{objects: [{apiVersion: v1, kind: X, metadata: {name: a}, x: .nan, y: 2024-01-01}]}"),
			"6 wrong-type spec.patterns[0].custom.objects[0].x: JSON has no such number; quote it\n" +
				"6 wrong-type spec.patterns[0].custom.objects[0].y: JSON has no such value: a date; quote it",
		},
		"key that is no string": {
			selects + "  patterns:\n  - tlsProxy: {port: 1, secretName: a, rebind: {port: 2, env: {1: a}}}",
			"6 wrong-type spec.patterns[0].tlsProxy.rebind.env.1: a field's name must be a string, not a number; quote it",
		},
		"key that is a list": {
			selects + "  ? [a]\n  : b",
			"5 wrong-type spec: a field's name must be a string, not a list; ",
		},
		"tag": {
			selects + "  record: !vault x",
			"5 wrong-type spec.record: the tag \"!vault\" isn't known here; remove the tag",
		},
		"tag that lies": {
			selects + "  expect: {min: !!int x}",
			"5 wrong-type spec.expect.min: wanted an integer, got a number; ",
		},
		"nothing to merge": {
			selects + "  <<: 3",
			"5 wrong-type spec.<<: wanted a mapping to merge, got a number; ",
		},
		"unknown word": {
			selects + "  rollout: hsah",
			"5 bad-value spec.rollout: \"hsah\" isn't auto, hash, checksum or none; did you mean hash",
		},
		"word in other case": {
			proxy + "    override: {imagePullPolicy: always}",
			"7 bad-value spec.patterns[0].override.imagePullPolicy: \"always\" isn't Always, Never or IfNotPresent; did " +
				"you mean Always",
		},
		"no selection": {
			"\n  patterns: []",
			"3 missing-field spec.select: select at least one workload; as in select: [{kind: Deployment, name: search}]",
		},
		"empty selection": {
			"\n  select: []",
			"4 missing-field spec.select: select at least one workload; as in select: [{kind: Deployment, name: search}]",
		},
		"empty selector": {
			selects + "  exclude:\n  - {}",
			"6 bad-value spec.exclude[0]: is empty, which would select every workload; if that's intended, write name: \".*\"",
		},
		"no regular expression": {
			"\n  select:\n  - name: search(",
			"5 bad-value spec.select[0].name: \"search(\" isn't a valid regular expression: missing closing ); ",
		},
		"regular expression of two halves": {
			"\n  select:\n  - name: a)(b",
			"5 bad-value spec.select[0].name: \"a)(b\" isn't a valid regular expression: unexpected ); ",
		},
		"no label selector": {
			"\n  select:\n  - podSelector: a in b",
			"5 bad-value spec.select[0].podSelector: \"a in b\" isn't a valid label selector; write one such " +
				"as app=search,tier!=test",
		},
		"less than none": {
			selects + "  expect: {min: -1}",
			"5 bad-value spec.expect.min: must not be negative; ",
		},
		"max less than min": {
			selects + "  expect: {max: 0}",
			"5 bad-value spec.expect.max: max 0 is less than min 1; ",
		},
		"no version": {
			selects + "  kubernetesVersion: latest",
			"5 bad-value spec.kubernetesVersion: \"latest\" isn't a valid Kubernetes version; write one such as \"1.33\"",
		},
		"no path": {
			selects + "  podTemplatePaths: [spec..template]",
			"5 bad-value spec.podTemplatePaths[0]: \"spec..template\" isn't a valid path; write one such as " +
				"spec.workers.template, or spec.groups[*].template for the entries of a list",
		},
		"path to one entry": {
			selects + "  podTemplatePaths: ['spec.tasks[0].template', 'spec.tasks[*].template']",
			"5 bad-value spec.podTemplatePaths[0]: \"spec.tasks[0].template\" isn't a valid path; write one such as " +
				"spec.workers.template, or spec.groups[*].template for the entries of a list",
		},
		"no pattern": {
			selects + "  patterns:\n  - name: x",
			"6 missing-field spec.patterns[0]: no pattern is given; add one of " + strings.Join(PatternKeys(), ", "),
		},
		"two patterns": {
			proxy + "    custom: {}",
			"7 several-patterns spec.patterns[0].custom: is a second pattern, beside tlsProxy; an entry has one pattern, " +
				"so begin another entry for it",
		},
		"pattern without a value": {
			selects + "  patterns:\n  - custom:",
			"6 wrong-type spec.patterns[0].custom: wanted a mapping, got nothing; write {} for the defaults",
		},
		"field of a pattern is missing": {
			selects + "  patterns:\n  - tlsProxy:\n      secretName: a\n      rebind: {port: 1, args: [a]}",
			"6 missing-field spec.patterns[0].tlsProxy.port: no port is given; write the app's port, where clients come in",
		},
		"field of a container is missing": {
			custom("{initContainers: [{image: x}]}"),
			"6 missing-field spec.patterns[0].custom.initContainers[0].name: is missing; ",
		},
		"key of an override is missing": {
			proxy + "    override: {ports: [{name: a}]}",
			"7 missing-field spec.patterns[0].override.ports[0].containerPort: is missing; it identifies the entry of " +
				"ports to change",
		},
		"what the pattern itself refuses": {
			selects + "  patterns:\n  - tlsProxy:\n      port: 9200\n      secretName: a\n      rebind: {port: 9200, args: [a]}",
			"9 bad-value spec.patterns[0].tlsProxy.rebind.port: port 9200 is the one that the proxy takes over; " +
				"write another port for the app",
		},
		"name that is none": {
			selects + "  patterns: [{name: A_b, custom: {}}]",
			"5 bad-value spec.patterns[0].name: \"A_b\" isn't a valid container name; use at most 63 lower-case letters, " +
				"digits and dashes",
		},
		"name that is too long": {
			selects + "  patterns: [{name: " + strings.Repeat("a", 64) + ", custom: {}}]",
			"5 bad-value spec.patterns[0].name: \"" + strings.Repeat("a", 60) + "...\" isn't a valid container name; use at " +
				"most 63 lower-case letters, digits and dashes",
		},
		"one name twice": {
			proxy + "  - {name: tls-proxy, custom: {}}",
			"7 bad-value spec.patterns[1].name: \"tls-proxy\" is also the name of spec.patterns[0]; give one of them another " +
				"name",
		},
		"app that can't be": {
			proxy + "    app: a/b",
			"7 bad-value spec.patterns[0].app: \"a/b\" isn't a valid container name; use at most 63 lower-case letters, " +
				"digits and dashes",
		},
		"required and left out": {
			proxy + "    required: true\n    unfit: skip",
			"7 bad-value spec.patterns[0].required: contradicts unfit: skip; remove one of them",
		},
		"skips by another word": {
			selects + "  skips: never",
			"5 bad-value spec.skips: \"never\" isn't allowed or forbidden; ",
		},
		"after itself": {
			proxy + "    before: [a, tls-proxy]",
			"7 bad-value spec.patterns[0].before[1]: an entry can't start before or after itself; ",
		},
		"override of another container": {
			proxy + "    override: {name: app}",
			"7 bad-value spec.patterns[0].override.name: \"app\" isn't the entry's name, \"tls-proxy\"; remove it, or " +
				"change the entry's name",
		},
		"nothing where a spec should be":  {"", "3 missing-field spec: is missing; "},
		"a string where a spec should be": {" all", "3 wrong-type spec: wanted a mapping, got a string; "},
		"nesting without end": {
			custom("{objects: [{x: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}]}"),
			"6 too-deep spec.patterns[0].custom.objects[0].x[0]",
		},
		"an alias to what it stands in": {
			custom("{objects: [&a {apiVersion: v1, kind: X, metadata: {name: a}, x: *a}]}"),
			"6 too-deep spec.patterns[0].custom.objects[0].x.x",
		},
		"a merge of what it stands in": {
			selects + "  expect: &e {<<: *e}",
			"5 too-deep spec.expect: is nested more than 100 levels deep; ",
		},
		"aliases of aliases": {
			"\n  select: [{name: a}]\n  patterns: [{name: a, custom: {objects: [{x: " + bomb("[", "]") + "}]}}]",
			"5 alias-bomb",
		},
		"merges of merges": {
			"\n  select: [{name: a}]\n  patterns: [{name: a, custom: {objects: [{x: " + bomb("[{a: {<<: ", "}}]") + "}]}}]",
			"5 alias-bomb",
		},
		"as many errors as there can be": {
			selects + "  podTemplatePaths: [" + strings.Repeat("1,", 5000) + "]",
			"0 too-many-errors : there are more errors, which aren't printed; ",
		},
		"long words are not shown in whole": {
			selects + "  " + strings.Repeat("x", 500) + ": 1",
			"5 unknown-field spec[\"" + strings.Repeat("x", 60) + "...\"]: there is no such field; known here: select, " +
				"exclude, expect, skips, patterns, kubernetesVersion, platform, podTemplatePaths, rebindPresets, images, " +
				"imagePullSecrets, record, rollout",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(seen(head+c.spec), "\n")
			if strings.HasPrefix(got, c.want) && (strings.HasSuffix(c.want, "bomb") || !strings.Contains(c.want, "; ")) {
				return // what follows isn't ours, or is long
			}
			if strings.Contains(c.want, "too-many") {
				got, _, _ = strings.Cut(got, "\n")
			}
			require.Equal(t, c.want, got)
		})
	}
}

// bomb returns nested lists of aliases. Each list has ten of the one before.
func bomb(open, end string) string {
	s := "[&l0 " + open + `"x"` + end
	if strings.Contains(open, "<<") {
		s = "[&l0 " + `{x: "1"}`
	}
	for i := 1; i < 12; i++ {
		s += fmt.Sprintf(", &l%d ", i)
		if !strings.Contains(open, "<<") {
			s += "[" + strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 9) + fmt.Sprintf("*l%d]", i-1)
			continue
		}
		s += "{"
		for j := range 10 {
			s += fmt.Sprintf("k%d: {<<: *l%d},", j, i-1)
		}
		s += "}"
	}
	return s + "]"
}

func TestReadDocumentErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no YAML": {
			"a: 1\nb: c: d\n",
			"2 yaml-syntax : mapping values are not allowed in this context; ",
		},
		"no YAML, first line": {"a: b: c\n", "1 yaml-syntax : mapping values are not allowed in this context; "},
		"tab":                 {"a: 1\n\tb: 2", "2 yaml-syntax : found a tab character that violates indentation; "},
		"special character": {
			"a: 1\nb: @x",
			"2 yaml-syntax : found character that cannot start any token; indent with spaces, and quote what begins with a " +
				"special character",
		},
		"alias of nothing":  {"a: 1\nb:\n  - *x", "3 yaml-syntax : unknown anchor 'x' referenced; "},
		"control character": {"a: 1\nb: \x01", "2 yaml-syntax : control characters are not allowed; "},
		"no UTF-8":          {"a: 1\nb: \xff", "2 yaml-syntax : invalid leading UTF-8 octet; "},
		"two documents": {
			search + "---\n" + search,
			"20 several-documents : a second document begins here; put all patterns into the list of one document",
		},
		"a list": {"[]", "1 wrong-type : wanted a mapping, got a list; "},
		"a word": {"x", "1 wrong-type : wanted a mapping, got a string; "},
		"an empty mapping": {
			"{}",
			"1 missing-field apiVersion: is missing; write apiVersion: outrigger.dev/v1alpha1\n" +
				"1 missing-field kind: is missing; write kind: Sidecars\n1 missing-field spec: is missing; ",
		},
		"another kind": {
			"apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 1}",
			"1 bad-value apiVersion: \"apps/v1\" isn't outrigger.dev/v1alpha1; \n" +
				"2 bad-value kind: \"Deployment\" isn't Sidecars; ",
		},
		"another version": {
			"apiVersion: outrigger.dev/v1\nkind: Sidecar\nspec: {select: [{name: a}], x: 1}",
			"1 bad-value apiVersion: \"outrigger.dev/v1\" isn't outrigger.dev/v1alpha1; \n" +
				"2 bad-value kind: \"Sidecar\" isn't Sidecars; did you mean Sidecars\n" +
				"3 unknown-field spec.x: there is no such field; known here: select, exclude, expect, skips, patterns, " +
				"kubernetesVersion, platform, podTemplatePaths, rebindPresets, images, imagePullSecrets, record, rollout",
		},
		"unknown field of metadata": {
			strings.Replace(search, "  name: search", "  nmae: search", 1),
			"4 unknown-field metadata.nmae: there is no such field; did you mean name",
		},
		"no time": {
			strings.Replace(search, "  name: search", "  creationTimestamp: x", 1),
			"4 wrong-type metadata.creationTimestamp: wanted a time such as 2006-01-02T15:04:05Z in quotes, got a string; ",
		},
		"annotation that is no string": {
			strings.Replace(search, "  name: search", "  annotations: {a: 1}\n  labels: x", 1),
			"4 wrong-type metadata.annotations.a: wanted a string, got a number; quote it\n" +
				"5 wrong-type metadata.labels: wanted a mapping, got a string; \n" +
				"6 duplicate-field metadata.annotations: is in line 4 already; remove one of them",
		},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, strings.Join(seen(c.text), "\n")) })
	}
}

func TestReadShowsNoSecrets(t *testing.T) {
	_, fs := Read([]byte(head+`
  select: [{name: a}]
  patterns:
    - custom:
        containers:
          - name: x
            image: x
            env: [{name: A, value: 271828}, {name: B, value: {x: 271828}}, {name: C, value: [271828]}]
        app: {env: [{name: A, value: 27182.8}]}
        objects:
          - apiVersion: v1
            kind: Secret
            metadata: {name: a}
            data: {a: 2718-28-28, b: 2718-02-08, c: !x 271828}
            stringData: {b: 271828, b: 271828}
`), "")
	require.Len(t, fs, 7)
	require.NotContains(t, fs.Error(), "2718")
}

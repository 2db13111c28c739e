package fn

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// kptItem returns an item as kpt gives it to a function.
func kptItem(object, file, index, id string) string {
	return strings.Replace(object, "metadata:\n", `metadata:
  annotations:
    config.kubernetes.io/index: '`+index+`'
    config.kubernetes.io/path: '`+file+`'
    internal.config.kubernetes.io/index: '`+index+`'
    internal.config.kubernetes.io/package-path: '/pkg'
    internal.config.kubernetes.io/path: '`+file+`'
    internal.config.kubernetes.io/id: '`+id+`'
    config.k8s.io/id: '`+id+`'
`, 1)
}

// withCertificate asks for a proxy with two objects of one name.
var withCertificate = strings.Replace(sidecars, "        secretName: web-tls\n",
	"        secretName: web-tls-proxy\n        certificate: {issuerRef: {name: ca}, dnsNames: [web]}\n", 1)

var idLine = regexp.MustCompile(`(\n +|, )(internal\.config\.kubernetes\.io|config\.k8s\.io)/id: '\d+'`)

// resultsOf cuts a ResourceList into its items and config, and its results, which a runner takes out.
func resultsOf(list string) (rest, results string) {
	rest, results, _ = strings.Cut(list, "results:\n")
	return rest, results
}

// kpt refuses two objects at one place: those that come into one file have an index each, behind what is in it.
func TestKptPlaces(t *testing.T) {
	mine := kptItem("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mine\n", "apps/web-tls-proxy.yaml", "0", "2")
	for name, c := range map[string]struct {
		objects []string
		want    []string
	}{
		"a new file":          {nil, []string{"0", "1"}},
		"behind a person's":   {[]string{mine}, []string{"0", "1", "2"}},
		"of another package":  {[]string{strings.Replace(mine, "'/pkg'", "'/pkg/sub'", 1)}, []string{"0", "0", "1"}},
		"with a gap in front": {[]string{strings.ReplaceAll(mine, "index: '0'", "index: '4'")}, []string{"4", "5", "6"}},
	} {
		t.Run(name, func(t *testing.T) {
			objects := append([]string{kptItem(web, "apps/web.yaml", "0", "1")}, c.objects...)
			code, out, err := call(list(withCertificate, objects...))
			require.Zero(t, code, err)
			out, _ = resultsOf(out)
			require.Equal(t, c.want, indexesIn(t, out, "apps/web-tls-proxy.yaml"), out)
			_, again, _ := call(out)
			again, _ = resultsOf(again)
			require.Equal(t, out, again, "twice is once")
		})
	}
	_, out, _ := call(list(strings.Replace(sidecars, "web-tls", "web-tls-proxy", 1), kptItem(web, "web.yaml", "0", "1")))
	out, _ = resultsOf(out)
	items, _, _ := strings.Cut(out, "functionConfig:")
	_, more, err := call(items + strings.TrimPrefix(list(withCertificate), "apiVersion: config.kubernetes.io/v1\n"+
		"kind: ResourceList\nitems:\n"))
	require.Empty(t, err)
	require.Equal(t, []string{"0", "1"}, indexesIn(t, more, "web-tls-proxy.yaml"), "a later one comes behind")
}

// indexesIn returns the indexes of the items of a file.
func indexesIn(t *testing.T, list, file string) (all []string) {
	t.Helper()
	items, err := kio.FromBytes([]byte(list))
	require.NoError(t, err)
	for _, item := range items {
		if as := item.GetAnnotations(); as[kioutil.PathAnnotation] == file {
			//lint:ignore SA1019 kpt reads it
			require.Equal(t, as[kioutil.IndexAnnotation], as[kioutil.LegacyIndexAnnotation])
			//lint:ignore SA1019 kpt reads it
			require.Equal(t, as[kioutil.PathAnnotation], as[kioutil.LegacyPathAnnotation])
			all = append(all, as[kioutil.IndexAnnotation])
		}
	}
	return all
}

// Items that are edited go out without kpt's ids, by which it would copy comments to the wrong containers. All others
// keep them, and so do all items of kustomize and of others who don't write files back.
func TestKptIDs(t *testing.T) {
	other := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"
	in := list(sidecars, kptItem(web, "web.yaml", "0", "1"), kptItem(other, "web.yaml", "1", "2"))
	code, out, err := call(in)
	require.Zero(t, code, err)
	require.Equal(t, []string{"internal.config.kubernetes.io/id: '2'", "config.k8s.io/id: '2'"}, idsIn(out))
	for name, key := range map[string]string{
		"kustomize": "kustomize.config.k8s.io/id", "no files": "example.org/x",
	} {
		in := strings.ReplaceAll(in, "internal.config.kubernetes.io/package-path", key)
		if name == "no files" {
			in = strings.ReplaceAll(in, "config.kubernetes.io/path", "example.org/path")
		}
		_, out, err := call(in)
		require.Empty(t, err)
		require.Contains(t, out, "name: tls-proxy")
		require.Equal(t, idsIn(in), idsIn(out), name)
	}
	_, out, _ = call(strings.Replace(in, "secretName", "secretname", 1))
	require.Equal(t, idsIn(in), idsIn(out), "an error changes nothing")
}

func idsIn(list string) (all []string) {
	for _, found := range idLine.FindAllString(list, -1) {
		all = append(all, strings.Trim(found, ", \n"))
	}
	return all
}

// The laws under kpt, over all examples: nothing but edited items loses its ids, and nothing else.
func TestKptLaws(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*/sidecars*/sidecars.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, config := range dirs {
		example := filepath.Dir(filepath.Dir(config))
		t.Run(filepath.Base(example)+filepath.Base(filepath.Dir(config)), func(t *testing.T) {
			in := kptList(t, filepath.Join(example, "base"), config)
			_, laid, stderr := call(in)
			laid, _ = resultsOf(laid)
			require.NotContains(t, stderr, "error[")
			_, again, _ := call(laid)
			again, _ = resultsOf(again)
			require.Equal(t, laid, again, "law 1: twice is once")
			before, after := itemsOf(in), itemsOf(laid)
			require.NotEqual(t, before, after)
			for i, item := range before {
				if bare := idLine.ReplaceAllString(item, ""); bare == idLine.ReplaceAllString(after[i], "") {
					require.Equal(t, item, after[i], "law 4: nothing else moves")
				} else {
					require.Empty(t, idsIn(after[i]), "an edited item has no id")
				}
			}
			head, _, found := strings.Cut(laid, "\n  patterns:")
			if !found {
				head, _, found = strings.Cut(laid, "\n    patterns:")
			}
			require.True(t, found)
			_, back, stderr := call(head + "\n    patterns: []\n")
			require.NotContains(t, stderr, "error[")
			for i, item := range itemsOf(back) {
				require.Equal(t, idLine.ReplaceAllString(before[i], ""), idLine.ReplaceAllString(item, ""), "law 2")
			}
		})
	}
}

// kptList returns the list that kpt makes of a package.
func kptList(t *testing.T, dir, config string) string {
	t.Helper()
	items, err := kio.LocalPackageReader{PackagePath: dir, MatchFilesGlob: []string{"*.yaml"}}.Read()
	require.NoError(t, err)
	var kept []*yaml.RNode
	for i, item := range items {
		if item.GetKind() == "Kustomization" {
			continue
		}
		id := strconv.Itoa(i)
		//lint:ignore SA1019 kpt writes it
		for _, key := range []string{kioutil.IdAnnotation, kioutil.LegacyIdAnnotation} {
			require.NoError(t, item.PipeE(yaml.SetAnnotation(key, id)))
		}
		kept = append(kept, item)
	}
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	document, err := yaml.Parse(string(text))
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, kio.ByteWriter{Writer: &b, KeepReaderAnnotations: true, FunctionConfig: document,
		WrappingKind: kio.ResourceListKind, WrappingAPIVersion: kio.ResourceListAPIVersion}.Write(kept))
	return b.String()
}

// itemsOf returns the items of a list.
func itemsOf(list string) []string {
	list, _, _ = strings.Cut(list, "\nfunctionConfig:")
	return strings.Split(list, "\n- ")[1:]
}

// kpt gives a function with selectors or exclude only what they choose, so that what it has added is hidden from it.
func TestKptSelection(t *testing.T) {
	for _, key := range []string{"internal.config.k8s.io", "internal.config.kubernetes.io"} {
		chosen := strings.Replace(kptItem(web, "web.yaml", "0", "1"), "annotations:\n",
			"annotations:\n    "+key+"/kpt-resource-id: '1'\n", 1)
		in := list(sidecars, chosen)
		code, out, err := call(in)
		require.Equal(t, 1, code)
		require.Contains(t, err, "error[kpt-selection]: Sidecars search: the function has selectors or exclude")
		require.Contains(t, err, "spec.select and spec.exclude")
		require.True(t, strings.HasPrefix(out, in), "items come back as they were")
		code, _, err = call(strings.ReplaceAll(in, "config.kubernetes.io/path", "example.org/path"))
		require.Zero(t, code, "not kpt's: %s", err)
		nothing := strings.Replace(sidecars, "{name: search}",
			"{name: search, annotations: {"+key+"/kpt-resource-id: '3'}}", 1)
		_, _, err = call(strings.Replace(list(nothing), "items:\n", "items: []\n", 1))
		require.Contains(t, err, "error[kpt-selection]", "they choose nothing")
	}
}

// A validator's items are dropped: a config that is listed nowhere else would never be laid on.
func TestKptValidator(t *testing.T) {
	const document, flat = "{exec: outrigger, configPath: ./sidecars.yaml}",
		"{exec: outrigger, configMap: {pattern: waitFor, targets: 'db:5432', kind: Deployment, name: web}}"
	const flatConfig = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: function-input}\n" +
		"data: {pattern: waitFor, targets: 'db:5432', kind: Deployment, name: web}"
	for name, c := range map[string]struct {
		config, mutators, validators string
		fails                        bool
	}{
		"a mutator":                {sidecars, document, "", false},
		"a validator":              {sidecars, "", document, true},
		"a validator among others": {sidecars, flat + ", {exec: sed}", "{exec: sed}, " + document, true},
		"both":                     {sidecars, document, document, false},
		"flat, a mutator":          {flatConfig, flat, document, false},
		"flat, a validator":        {flatConfig, document, flat, true},
		"flat, a validator's file": {strings.Replace(flatConfig, "function-input", "search", 1), "",
			"{exec: outrigger, configPath: flat.yaml}", true},
		"listed nowhere": {sidecars, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			kptfile := kptItem("apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: web\npipeline:\n"+
				"  mutators: ["+c.mutators+"]\n  validators: ["+c.validators+"]\n", "Kptfile", "0", "1")
			mine := kptItem(strings.Replace(sidecars, "metadata: {name: search}", "metadata:\n  name: search", 1),
				"sidecars.yaml", "0", "2")
			file := kptItem("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: search\n", "flat.yaml", "0", "4")
			in := list(c.config, kptfile, mine, file, kptItem(web, "web.yaml", "0", "3"))
			code, out, err := call(in)
			if !c.fails {
				require.Zero(t, code, err)
				return
			}
			require.Equal(t, 1, code)
			require.Contains(t, err, "error[kpt-validator]: Kptfile: Kptfile web pipeline.validators: lists this config")
			require.Contains(t, err, "pipeline.mutators")
			require.True(t, strings.HasPrefix(out, in), "items come back as they were")
			code, _, err = call(strings.ReplaceAll(in, "package-path", "other"))
			require.Zero(t, code, "kpt fn eval runs no pipeline: %s", err)
		})
	}
}

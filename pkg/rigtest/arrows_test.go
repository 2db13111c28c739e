package rigtest

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/outrigger-dev/outrigger/"

// arrows are the imports that the house allows, each with its reason. What isn't
// here is an arrow in the wrong direction.
var arrows = map[string]map[string]string{
	"pkg/nearest":   {},
	"pkg/directive": {},
	"pkg/sidecar": {
		"k8s.io/api":          "the words are those of the Kubernetes API",
		"k8s.io/apimachinery": "ports are numbers or names",
	},
	"pkg/sidecar/sidecartest": {
		"pkg/sidecar": "it makes workloads and answers to test with",
		"k8s.io/api":  "whose pods are the API's",
	},
	"pkg/merge": {
		"pkg/nearest": "after and before may name a container in a slip of the pen",
		"pkg/sidecar": "answers become edits",
		"k8s.io/api":  "containers, volumes and ports are the API's",
	},
	"pkg/verify": {
		"pkg/merge":   "the order in which init containers start, and what leads them elsewhere, are known there",
		"pkg/sidecar": "it looks at answers and tells findings",
		"k8s.io/api":  "ports, mounts and hooks are the API's",
	},
	"pkg/cost": {
		"pkg/merge":           "the order in which init containers start is known there",
		"pkg/sidecar":         "it looks at workloads and answers",
		"k8s.io/api":          "pods are the API's",
		"k8s.io/apimachinery": "quantities are fields of those types",
	},
	"pkg/editable": {
		"pkg/sidecar": "edits and records address fields by its paths",
	},
	"pkg/netpol": {
		"k8s.io/api":          "it says what the API's NetworkPolicies mean",
		"k8s.io/apimachinery": "selectors and named ports are fields of those types",
	},
	"pkg/pattern": {
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
	},
	// The rooms of the patterns. None uses another: what two need is in pkg/pattern.
	"pkg/pattern/proxy": {
		"pkg/pattern":         "what patterns are made of",
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
		"pkg/nearest":         "presets may be written in a slip of the pen",
		"pkg/netpol":          "who is let in on a port already decides what a policy may open",
	},
	"pkg/pattern/tunnel": {
		"pkg/pattern":         "what patterns are made of",
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
	},
	"pkg/pattern/exporter": {
		"pkg/pattern":         "what patterns are made of",
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
		"pkg/nearest":         "presets and keys may be written in a slip of the pen",
	},
	"pkg/pattern/logtail": {
		"pkg/pattern":         "what patterns are made of",
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
	},
	"pkg/pattern/vault": {
		"pkg/pattern":         "what patterns are made of",
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
	},
	"pkg/pattern/migrate": {
		"pkg/pattern":         "what patterns are made of",
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
	},
	"pkg/pattern/step": {
		"pkg/pattern":         "what patterns are made of",
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
		"pkg/nearest":         "volumes and kernel settings may be written in a slip of the pen",
	},
	"pkg/pattern/agent": {
		"pkg/pattern":         "what patterns are made of",
		"pkg/sidecar":         "a pattern answers in its words",
		"k8s.io/api":          "containers and volumes are spelled in the API's types",
		"k8s.io/apimachinery": "quantities, names and intstr are fields of those types",
		"pkg/nearest":         "keys and volumes may be written in a slip of the pen",
	},
	"pkg/pattern/patterntest": {
		"pkg/sidecar":                 "workloads for tests, and what patterns answer",
		"github.com/stretchr/testify": "it is a test helper",
		"k8s.io/api":                  "workloads are spelled in the API's types",
		"k8s.io/apimachinery":         "with their labels",
	},
	"pkg/config": {
		"pkg/config/field":            "reader and schema agree on what fields a type has",
		"pkg/directive":               "a document may be of YAML 1.2",
		"pkg/nearest":                 "fields, values and names may be written in a slip of the pen",
		"pkg/pattern":                 "the union of patterns is the registry",
		"pkg/pattern/proxy":           "the union of patterns is the registry",
		"pkg/pattern/tunnel":          "the union of patterns is the registry",
		"pkg/pattern/exporter":        "the union of patterns is the registry",
		"pkg/pattern/logtail":         "the union of patterns is the registry",
		"pkg/pattern/vault":           "the union of patterns is the registry",
		"pkg/pattern/migrate":         "the union of patterns is the registry",
		"pkg/pattern/step":            "the union of patterns is the registry",
		"pkg/pattern/agent":           "the union of patterns is the registry",
		"pkg/sidecar":                 "findings, placements and the view that an entry fills",
		"k8s.io/api":                  "an override is a partial core/v1 Container",
		"k8s.io/apimachinery":         "metadata and label selectors",
		"sigs.k8s.io/kustomize/api":   "selectors are kustomize's",
		"sigs.k8s.io/kustomize/kyaml": "positions of what a user wrote, and kustomize's words for what a selector matches",
	},
	"pkg/config/field": {},
	"pkg/config/gen": {
		"pkg/config":           "the schema is made from its types",
		"pkg/config/field":     "and from the fields they have",
		"pkg/pattern/exporter": "descriptions name its presets",
		"pkg/pattern/logtail":  "settings of fluent-bit are a leaf of the schema",
		"pkg/sidecar":          "and of what they're made of",
		"k8s.io/apimachinery":  "quantities and times are leaves of the schema",
	},
	"pkg/neighbour": {
		"pkg/neighbour/routers": "controllers have kinds of their own",
		"pkg/netpol":            "policies around are told from their meaning",
		"pkg/sidecar":           "neighbours answer in edits",
		"k8s.io/api":            "probes and Services are the API's",
		"k8s.io/apimachinery":   "ports are numbers or names",
	},
	"pkg/neighbour/routers": {
		"k8s.io/api":          "routes lead to a Service's ports",
		"k8s.io/apimachinery": "ports are numbers or names",
	},
	"pkg/manifest": {
		"pkg/editable":                "a record is obeyed for what is edited, and for nothing else",
		"pkg/manifest/positioned":     "edits need to know where values stand",
		"pkg/manifest/split":          "most objects are only recognised",
		"pkg/manifest/values":         "new entries are written in the style of the text around them",
		"pkg/sidecar":                 "it lays edits on text",
		"sigs.k8s.io/kustomize/kyaml": "its reader gives the function's config, and it has the keys of runners' annotations",
	},
	"pkg/manifest/positioned": {
		"pkg/directive":               "a manifest may be of YAML 1.2",
		"pkg/manifest/values":         "a node has a value",
		"sigs.k8s.io/kustomize/kyaml": "the YAML reader",
	},
	"pkg/manifest/values":       {},
	"pkg/manifest/manifesttest": {},
	"pkg/manifest/split":        {},
	"pkg/rig": {
		"pkg/config":    "the flow begins with what is asked",
		"pkg/cost":      "the report says what sidecars request",
		"pkg/pattern":   "an expanded config is made of custom",
		"pkg/neighbour": "what follows",
		"pkg/netpol":    "a view has the policies that may be for its pods",
		"pkg/nearest":   "an entry may name its app in a slip of the pen",
		"pkg/merge":     "answers become edits",
		"pkg/verify":    "what can't work is said before anything is written",
		"pkg/manifest":  "the text",
		"pkg/sidecar":   "the words between them",
		"k8s.io/api":    "the view of a workload is decoded here",
	},
	"pkg/rigtest": {
		"pkg/config":                  "laws are checked over configs",
		"pkg/editable":                "which fields may change, and to what, is for law 4 to know",
		"pkg/pattern/proxy":           "which ports a config takes is for law 4 to know",
		"pkg/rig":                     "and over runs of the flow",
		"pkg/sidecar":                 "which answer with findings",
		"github.com/stretchr/testify": "it is a test helper",
		"sigs.k8s.io/kustomize/kyaml": "laws compare what texts mean",
	},
	"pkg/rigtest/netpoloracle": { // nothing of the house: what judges it mustn't share its faults
		"k8s.io/api":          "it reads policies, and nothing else says what they mean",
		"k8s.io/apimachinery": "label selectors, and ports that are numbers or names",
	},
	"pkg/rigtest/house":    {}, // reads the tree as text
	"pkg/rigtest/generate": {}, // knows YAML as text only: what checks the engine mustn't share its faults
	"pkg/files": {
		"golang.org/x/sys": "system calls that the standard library hasn't: swapping two files, their access and attributes",
	},
	"pkg/renderer": {
		"pkg/files": "reads what a program prints as far as it may go",
	},
	"pkg/eject": {
		"pkg/manifest/values":         "writes patches in the style of manifests",
		"k8s.io/api":                  "which fields a base may gain is in the API's types",
		"sigs.k8s.io/kustomize/api":   "a name with a hash is told by kustomize's own sum",
		"sigs.k8s.io/kustomize/kyaml": "which that sum is taken of",
	},
	"pkg/admission": {
		"pkg/manifest/values": "writes policies in the style of manifests",
		"pkg/sidecar":         "names workloads and tells findings",
		"k8s.io/apimachinery": "label selectors become expressions",
	},
	"pkg/report": {
		"pkg/sidecar":       "it prints findings",
		"golang.org/x/term": "color is for terminals",
	},
	"fn": {
		"pkg/config":   "the functionConfig is a config",
		"pkg/files":    "reads standard input as far as it may go",
		"pkg/manifest": "tells a ResourceList from a stream",
		"pkg/report":   "runners show standard error only",
		"pkg/rig":      "runs the flow",
		"pkg/sidecar":  "fails with findings",
	},
	"pkg/starter": {
		"pkg/config":                  "it checks what it has written",
		"pkg/manifest":                "it finds workloads among objects",
		"pkg/sidecar":                 "workloads have names",
		"k8s.io/api":                  "pods are the API's",
		"sigs.k8s.io/kustomize/kyaml": "it reads lists with their places",
	},
	"fn/cli": {
		"fn":                          "without arguments the program is the function",
		"pkg/config":                  "reads and explains the config file",
		"pkg/eject":                   "writes what the function does as a plain Component",
		"pkg/files":                   "reads the manifests that arguments name, and writes them back all or none",
		"pkg/manifest":                "init finds the workloads among manifests",
		"pkg/manifest/values":         "prints an expanded config",
		"pkg/pattern":                 "lists images as the table has them",
		"pkg/starter":                 "init writes the first document for a workload",
		"sigs.k8s.io/kustomize/kyaml": "init reads a kustomization",
		"pkg/renderer":                "runs the program whose manifests get sidecars",
		"pkg/report":                  "prints what commands return",
		"pkg/rig":                     "runs the flow",
		"pkg/nearest":                 "commands and flags may be written in a slip of the pen",
		"pkg/sidecar":                 "errors of the command line are findings",
		"github.com/spf13/cobra":      "commands, flags, help and completion as kubectl, kustomize and kpt have them",
		"github.com/spf13/pflag":      "the flags of cobra",
		"pkg/admission":               "writes policies for what the flow has added",
		"k8s.io/apimachinery":         "names on the command line, and label selectors of documents, are the API's",

		"github.com/pmezard/go-difflib": "finds the lines of a unified diff",
	},
	"fn/cli/gen": {
		"fn/cli":                 "the reference is what the help prints",
		"github.com/spf13/cobra": "it goes through the commands",
		"pkg/config":             "pages of patterns are what the schema says of their fields",
		"pkg/pattern":            "and what an entry adds, spelled out",
		"pkg/rig":                "in an example, which is run",
		"pkg/sidecar":            "with what tests have patterns report",
		"k8s.io/api":             "what an entry adds is in the API's types",

		"github.com/pmezard/go-difflib": "an example is shown before and after",
	},
	"fn/outrigger": {
		"fn/cli": "the program is its command line",
	},
}

func TestArrows(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		require.NoError(t, d.Decode(&p))
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, ok := arrows[name]
		require.True(t, ok, "package %s has no line in the table of arrows; add one with its reasons", name)
		used := map[string]bool{}
	imports:
		for _, i := range p.Imports {
			if !strings.Contains(strings.SplitN(i, "/", 2)[0], ".") {
				continue // the standard library
			}
			short := strings.TrimPrefix(i, module)
			for to := range allowed {
				if short == to || strings.HasPrefix(short, to+"/") && !strings.HasPrefix(to, "pkg/") {
					used[to] = true
					continue imports
				}
			}
			require.Fail(t, "arrow in the wrong direction",
				"%s imports %s; if that's right, say why in the table of arrows", name, short)
		}
		for to, why := range allowed {
			require.True(t, used[to], "%s doesn't import %s any more (%s); take the arrow out of the table", name, to, why)
			require.NotEmpty(t, why)
		}
	}
}

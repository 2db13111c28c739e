// Gen writes the reference of the command line, which is what its help prints, and a page for each pattern. Run it as
// "go generate ./fn/cli".
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/fn/cli"
)

func main() {
	err := os.WriteFile("../../docs/cli.md", writeReference(cli.Command()), 0o644)
	if err = errors.Join(err, savePages("../..")); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// writeReference has one section for each command.
func writeReference(root *cobra.Command) []byte {
	var b bytes.Buffer
	b.WriteString("# The command line\n\n<!-- Written by \"go generate ./fn/cli\"; don't edit. -->\n")
	root.InitDefaultHelpCmd()
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		c.InitDefaultHelpFlag()
		c.InitDefaultVersionFlag()
		fmt.Fprintf(&b, "\n## %s\n\n```\n", c.CommandPath())
		cli.WriteHelp(&b, c)
		b.WriteString("```\n")
	}
	b.WriteString(aboutFindings)
	return b.Bytes()
}

// aboutFindings describes what --findings writes.
var aboutFindings = strings.ReplaceAll(`
## Findings for programs

'--findings' writes all findings to standard error, or to the file of '--findings-file'. Codes are stable, and no
finding has the value of a secret.

'json' is a list of objects. All fields but the first three may be missing:

| field | what it is |
| --- | --- |
| 'severity' | error, warning or info |
| 'code' | what kind of finding it is, such as port-conflict |
| 'message' | what is wrong, on one line |
| 'hint' | what to do |
| 'object' | the Kubernetes object, with 'group', 'kind', 'namespace' and 'name' |
| 'sidecar' | the name of the sidecar |
| 'document' | the name of the Sidecars document, where there are several |
| 'field' | the path of the field, in the object or in the document |
| 'file' | the file, by the name on the command line |
| 'line' | the line in it, from 1; a stream has none |

'sarif' is SARIF 2.1.0, valid by its schema, which code scanning and editors read. 'github' are commands of GitHub
workflows, which annotate the files of a pull request.
`, "'", "`")

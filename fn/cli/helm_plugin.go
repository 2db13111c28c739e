package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/report"
)

// pluginFlag is the flag that plugin.yaml passes, and users don't.
const pluginFlag = "helm-plugin"

func addHelmPluginFlag(c *cobra.Command, s *streams) {
	c.Flags().BoolVar(&s.helmPlugin, pluginFlag, false,
		"for the plugin.yaml of Helm 4: print errors as a document that Helm refuses and shows")
}

// checkHelmPlugin refuses the flag where nobody would refuse what is printed in place of an error.
func checkHelmPlugin(c *cobra.Command, s *streams, paths []string, flags manifestFlags) error {
	switch {
	case !s.helmPlugin:
		return nil
	case !isHelmPlugin():
		return misuseOf(c, "--"+pluginFlag+" is for plugins of Helm 4", "only their plugin.yaml may have it")
	case len(paths) > 0 || flags.inPlace || flags.showsChanges():
		return misuseOf(c, "--"+pluginFlag+" reads what Helm sends", "remove the path, -w, --diff or --check")
	}
	return nil
}

// isHelmPlugin reports whether Helm 4 runs this process as a post-renderer. For its plugins, and so for all that they
// start, it sets HELM_PLUGIN_DIR to the folder of plugin.yaml (internal/plugin/runtime_subprocess.go in Helm 4.3.2).
// Helm 3 has no plugins of this type.
func isHelmPlugin() bool {
	dir := os.Getenv("HELM_PLUGIN_DIR")
	text, err := os.ReadFile(filepath.Join(dir, "plugin.yaml"))
	return dir != "" && err == nil && strings.Contains(string(text), "postrenderer/v1")
}

// tellHelm prints an error on standard output, and reports whether that went well. Helm 4 drops standard error of its
// plugins, but each of its commands refuses a document that isn't an object, and shows it (splitAndDeannotate in
// pkg/action/action.go). It's a YAML text of several lines, as people see it elsewhere.
func (s *streams) tellHelm(failure error) bool {
	if !s.helmPlugin || !isHelmPlugin() {
		return false
	}
	var text strings.Builder
	text.WriteString("outrigger has failed:\n")
	report.New(&text, report.Never).PrintError(failure)
	var out strings.Builder
	out.WriteString("|\n")
	for line := range strings.Lines(text.String()) {
		out.WriteString("  " + strings.TrimRight(line, " \n") + "\n") // with a space at the end, Helm would quote all
	}
	_, err := io.WriteString(s.out, out.String())
	return err == nil
}

// writeStream writes what became of a stream. An error from here on is an exit code, as a part of it may be out.
func (s *streams) writeStream(given string, text io.WriterTo) error {
	filled := s.helmPlugin && strings.TrimSpace(given) == ""
	s.helmPlugin = false
	_, err := text.WriteTo(s.out)
	if err == nil && filled { // to Helm 4, a plugin without any output has failed
		_, err = io.WriteString(s.out, "# there are no objects\n")
	}
	return err
}

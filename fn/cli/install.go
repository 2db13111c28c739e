package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// pluginName is the name under which kustomize calls a legacy plugin: that of its kind.
const pluginName = config.Kind

// pluginPath is where kustomize looks for it, below the folder of all plugins.
var pluginPath = filepath.Join(config.Group, "v1alpha1", "sidecars", pluginName)

func newInstall(s *streams) *cobra.Command {
	var plugin bool
	c := &cobra.Command{
		Use:                   "install --kustomize-plugin [DIR]",
		DisableFlagsInUseLine: true,
		Short:                 "install outrigger as a plugin of kustomize",
		Long: `Install outrigger as a legacy plugin of kustomize: a link to this program, below the
folder of plugins. DIR is that folder. The default is the first of these that exists,
which is where kustomize looks: $KUSTOMIZE_PLUGIN_HOME, $XDG_CONFIG_HOME/kustomize/plugin,
~/.config/kustomize/plugin, ~/kustomize/plugin. If none does, the first that is set is made.

kustomize runs the plugin for documents in transformers: that don't have the annotation
config.kubernetes.io/function. A missing flag or program is an error there, while
functions are skipped silently. kustomize calls this form deprecated.`,
		Example: `  # for one's own builds
  outrigger install --kustomize-plugin
  kustomize build --enable-alpha-plugins overlay

  # in a folder of its own
  outrigger install --kustomize-plugin /opt/kustomize
  KUSTOMIZE_PLUGIN_HOME=/opt/kustomize kustomize build --enable-alpha-plugins overlay

  # for kubectl, which has kustomize inside
  outrigger install --kustomize-plugin "$HOME/.config/kustomize/plugin"
  kubectl kustomize --enable-alpha-plugins overlay`,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case !plugin:
				return misuseOf(c, "nothing to install is named", "write outrigger install --kustomize-plugin")
			case len(args) > 1:
				return misuseOf(c, "one folder at a time", "")
			case len(args) == 1:
				return installPlugin(s, args[0])
			}
			return installPlugin(s, findPluginHome())
		},
	}
	c.Flags().BoolVar(&plugin, "kustomize-plugin", false, "install the legacy plugin of kustomize")
	return c
}

// findPluginHome returns the folder in which kustomize looks for plugins (kustomize
// api/konfig, DefaultAbsPluginHome): the first that exists, or else the first that is set.
func findPluginHome() string {
	var homes []string
	if dir := os.Getenv("KUSTOMIZE_PLUGIN_HOME"); dir != "" {
		homes = append(homes, dir)
	}
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		homes = append(homes, filepath.Join(dir, "kustomize", "plugin"))
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "~" // as kustomize has it
	}
	homes = append(homes, filepath.Join(home, ".config", "kustomize", "plugin"))
	homes = append(homes, filepath.Join(home, "kustomize", "plugin"))
	for _, dir := range homes {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	return homes[0]
}

// installPlugin links this program below a folder of plugins. It replaces an older link only.
func installPlugin(s *streams, home string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	path := filepath.Join(home, pluginPath)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	switch info, err := os.Lstat(path); {
	case err == nil && info.Mode().Type() != fs.ModeSymlink:
		return fmt.Errorf("%s is there already, and it isn't a link; remove it first", path)
	case err == nil:
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	if err := os.Symlink(program, path); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s links to %s\n", path, program)
	return err
}

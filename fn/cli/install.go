package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/files"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// pluginName is the name under which kustomize calls a legacy plugin: that of its kind.
const pluginName = config.Kind

// pluginPath is where kustomize looks for it, below the folder of all plugins.
var pluginPath = filepath.Join(config.Group, "v1alpha1", "sidecars", pluginName)

// guardFiles are the guard of a kustomization and its check, the same for every document.
//
//go:embed guard/*.yaml
var guardFiles embed.FS

func newInstall(s *streams) *cobra.Command {
	var plugin, guard bool
	c := &cobra.Command{
		Use: "install DIR\n  outrigger install --kustomize-plugin [DIR]\n" +
			"  outrigger install --kustomize-guard DIR",
		DisableFlagsInUseLine: true,
		Short:                 "install this program, a plugin of kustomize, or the guard of a kustomization",
		Long: `Copy this program into a folder that exists, under the name outrigger. Whoever starts it
finds the old one or the new one, and never a part. The image has no shell and no cp: in an
init container, this puts the program into a volume, for a container that has a renderer.

With --kustomize-plugin, install a legacy plugin of kustomize: a link to this program, below
the folder of plugins. DIR is that folder. The default is the first of these that exists,
which is where kustomize looks: $KUSTOMIZE_PLUGIN_HOME, $XDG_CONFIG_HOME/kustomize/plugin,
~/.config/kustomize/plugin, ~/kustomize/plugin. If none does, the first that is set is made.

kustomize runs the plugin for documents in transformers: that don't have the annotation
config.kubernetes.io/function. A missing flag or program is an error there, while
functions are skipped silently. kustomize calls this form deprecated.

With --kustomize-guard, write guard.yaml and guard-check.yaml into a folder. A kustomization
that lists them fails where kustomize has skipped the function: guard.yaml in resources:, and
guard-check.yaml in transformers:, behind the documents.`,
		Example: `  # in an init container, into a volume
  outrigger install /programs

  # for one's own builds
  outrigger install --kustomize-plugin
  kustomize build --enable-alpha-plugins overlay

  # in a folder of its own
  outrigger install --kustomize-plugin /opt/kustomize
  KUSTOMIZE_PLUGIN_HOME=/opt/kustomize kustomize build --enable-alpha-plugins overlay

  # for kubectl, which has kustomize inside
  outrigger install --kustomize-plugin "$HOME/.config/kustomize/plugin"
  kubectl kustomize --enable-alpha-plugins overlay

  # the guard of a Component
  outrigger install --kustomize-guard sidecars`,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case plugin && guard:
				return misuseOf(c, "the plugin needs no guard", "use one of the two flags")
			case len(args) > 1:
				return misuseOf(c, "one folder at a time", "")
			case len(args) == 1 && args[0] == "":
				return misuseOf(c, "the folder has no name", "a variable may be empty; the folder itself is .")
			case !plugin && !guard && len(args) == 0:
				return misuseOf(c, "no folder is given", "write outrigger install DIR, or see outrigger install --help")
			case guard && len(args) == 0:
				return misuseOf(c, "no folder is given", "write outrigger install --kustomize-guard DIR")
			case !plugin && !guard:
				return installProgram(s, args[0])
			case guard:
				return installGuard(s, args[0])
			case len(args) == 1:
				return installPlugin(s, args[0])
			}
			return installPlugin(s, findPluginHome())
		},
	}
	c.Flags().BoolVar(&plugin, "kustomize-plugin", false, "install the legacy plugin of kustomize")
	c.Flags().BoolVar(&guard, "kustomize-guard", false, "write the guard of a kustomization and its check into DIR")
	return c
}

// installGuard writes the guard and its check into a folder. A file that is there already stays.
func installGuard(s *streams, dir string) error {
	all, err := fs.Glob(guardFiles, "guard/*")
	if err != nil {
		return err
	}
	for _, name := range all {
		path := filepath.Join(dir, filepath.Base(name))
		switch have, err := os.ReadFile(path); {
		case err == nil && string(have) != readGuard(name):
			return fmt.Errorf("%s is there already, and it isn't this guard; remove it first", path)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range all {
		path := filepath.Join(dir, filepath.Base(name))
		if err := files.Replace(path, 0o644, strings.NewReader(readGuard(name))); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(s.out, path); err != nil {
			return err
		}
	}
	return nil
}

func readGuard(name string) string {
	text, err := guardFiles.ReadFile(name)
	if err != nil {
		panic(err) // it's part of the program
	}
	return string(text)
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

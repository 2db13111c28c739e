package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/spf13/cobra"
)

// A Build says of what source the program was built. The build sets its fields. What it doesn't set is read from Go's
// own record: the version of the module, where "go install" has fetched it, or the commit, where "go build" finds one.
type Build struct {
	Version string // such as v0.1.0
	Commit  string // the hash of the commit; with the suffix -dirty, if files that are compiled aren't those of the commit
}

// buildInfo is what version prints. The names are those of kubectl (apimachinery, pkg/version, Info).
type buildInfo struct {
	Version      string `json:"version"`
	GitCommit    string `json:"gitCommit,omitempty"`    // empty where nothing recorded it
	GitTreeState string `json:"gitTreeState,omitempty"` // clean or dirty; empty where nothing recorded it
	GoVersion    string `json:"goVersion"`
	Platform     string `json:"platform"` // OS/ARCH, as GOOS and GOARCH have them
}

// dirtySuffix marks a commit that isn't all of the source.
const dirtySuffix = "-dirty"

// pseudoVersion matches the end of a version that Go makes of a commit without a tag: its time, and 12 digits of its
// hash (go.dev/ref/mod#pseudo-versions).
var pseudoVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[-.][0-9]{14}-([0-9a-f]{12})$`) })

// describeBuild returns what is known of the build. Recorded may be nil.
func describeBuild(b Build, recorded *debug.BuildInfo) buildInfo {
	info := buildInfo{Version: b.Version, GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if b.Commit != "" {
		info.setCommit(strings.TrimSuffix(b.Commit, dirtySuffix), strings.HasSuffix(b.Commit, dirtySuffix))
	}
	if recorded != nil {
		info.fill(recorded)
	}
	if info.Version == "" {
		info.Version = "dev"
	}
	return info
}

// fill sets from Go's own record what the build hasn't set.
func (i *buildInfo) fill(recorded *debug.BuildInfo) {
	module := recorded.Main.Version
	if module == "(devel)" { // Go's word for a module that it knows no version of
		module = ""
	}
	settings := map[string]string{}
	for _, s := range recorded.Settings {
		settings[s.Key] = s.Value
	}
	pseudo := pseudoVersion().FindStringSubmatch(module)
	switch revision := settings["vcs.revision"]; {
	case i.GitCommit != "" || i.Version != "": // one source for both, so that they belong together
	case revision != "":
		i.setCommit(revision, settings["vcs.modified"] == "true")
	case pseudo != nil:
		i.setCommit(pseudo[1], false)
	}
	if i.Version == "" {
		i.Version = module
	}
}

func (i *buildInfo) setCommit(commit string, dirty bool) {
	i.GitCommit, i.GitTreeState = commit, "clean"
	if dirty {
		i.GitTreeState = "dirty"
	}
}

// ofProgram is the build of this program.
func (b Build) ofProgram() buildInfo {
	recorded, _ := debug.ReadBuildInfo()
	return describeBuild(b, recorded)
}

// A versionFormat is how version prints.
type versionFormat string

const (
	versionText versionFormat = "text"
	versionJSON versionFormat = "json"
)

func newVersion(s *streams, info buildInfo) *cobra.Command {
	formats := []string{string(versionText), string(versionJSON)}
	format := versionText
	c := &cobra.Command{
		Use:   "version",
		Short: "print the version, the commit, Go's version and the platform",
		Long: `Print the version of the program, the commit that it was built of, the version of Go that
built it, and the platform that it's for. A commit is dirty if the compiled files weren't those
of the commit. The module proxy passes on no commit of a tagged version: there, it's unknown.

The flag outrigger --version prints the first line alone.`,
		Example: `  outrigger version
  outrigger version --output json

  # in a script
  test "$(outrigger --version)" = "outrigger version v0.1.0"`,
		Args:              refuseArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(*cobra.Command, []string) error { return info.print(s.out, format) },
	}
	c.Flags().VarP(&choiceFlag[versionFormat]{&format, "format", formats}, "output", "o",
		"print it as `FORMAT`: text or json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (i buildInfo) print(w io.Writer, format versionFormat) error {
	if format == versionJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(i)
	}
	commit := "unknown"
	if i.GitCommit != "" {
		commit = i.GitCommit
	}
	if i.GitTreeState == "dirty" {
		commit += " (dirty)"
	}
	_, err := fmt.Fprintf(w, "outrigger version %s\ncommit:   %s\ngo:       %s\nplatform: %s\n",
		i.Version, commit, i.GoVersion, i.Platform)
	return err
}

package made

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// CloneVersion is the tag of the only commit in what [Clone] makes.
const CloneVersion = "v1.2.3"

// Clone returns a folder of the test's own with the source as it stands, committed and tagged as [CloneVersion]: what
// somebody has after "git clone". Nothing that was built is in it.
func Clone(t *testing.T) string {
	t.Helper()
	root, err := FindRoot()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "outrigger")
	for name := range strings.SplitSeq(Git(t, root, "ls-files", "-z", "-co", "--exclude-standard"), "\x00") {
		info, err := os.Stat(filepath.Join(root, name))
		if name == "" || os.IsNotExist(err) { // deleted, and not yet committed
			continue
		}
		require.NoError(t, err)
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, info.Mode().Perm()))
	}
	Git(t, dir, "init", "-q")
	Git(t, dir, "add", "-A")
	Git(t, dir, "commit", "-q", "-m", "all: begin")
	Git(t, dir, "tag", CloneVersion)
	return dir
}

// Git runs git in a folder, with no settings but its own and a fixed time, and returns its output.
func Git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	const time = "2001-02-03T04:05:06Z"
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE="+time,
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE="+time)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "git %s: %s", args, &stderr)
	return string(out)
}

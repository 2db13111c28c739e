package cli

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersion(t *testing.T) {
	code, out, err := call("", "--version")
	require.Equal(t, exitDone, code, err)
	require.Equal(t, "outrigger version test\n", out)
	code, out, err = call("", "version")
	require.Equal(t, exitDone, code, err)
	platform := runtime.GOOS + "/" + runtime.GOARCH
	require.Equal(t, "outrigger version test\ncommit:   c0ffee (dirty)\ngo:       "+runtime.Version()+
		"\nplatform: "+platform+"\n", out)
	for _, flag := range []string{"-o=json", "--output=json"} {
		code, out, err = call("", "version", flag)
		require.Equal(t, exitDone, code, err)
		var got map[string]string
		require.NoError(t, json.Unmarshal([]byte(out), &got))
		require.Equal(t, map[string]string{"version": "test", "gitCommit": "c0ffee", "gitTreeState": "dirty",
			"goVersion": runtime.Version(), "platform": platform}, got)
	}
	code, out, err = call("", "version", "-o", "yaml")
	require.Equal(t, exitMisuse, code)
	require.Empty(t, out)
	require.Contains(t, err, "it's one of text, json")
}

// Whatever built the program, it says what is known, and nothing that isn't. e2e/release builds it in these ways.
func TestDescribeBuild(t *testing.T) {
	const hash = "10d42661f49567367c6cb8bb389f844372c797a1"
	recorded := func(module string, settings ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{Main: debug.Module{Version: module}}
		for i := 0; i < len(settings); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
		}
		return info
	}
	clone := recorded("v0.0.0-20261129131111-10d42661f495+dirty", "vcs.revision", hash, "vcs.modified", "true")
	for name, c := range map[string]struct {
		build                  Build
		recorded               *debug.BuildInfo
		version, commit, state string
	}{
		"nothing recorded":             {Build{}, nil, "dev", "", ""},
		"no version control":           {Build{}, recorded("(devel)"), "dev", "", ""},
		"set by the build":             {Build{"v1.2.3", hash}, recorded("(devel)"), "v1.2.3", hash, "clean"},
		"set by the build, dirty":      {Build{"v1.2.3-dirty", hash + "-dirty"}, nil, "v1.2.3-dirty", hash, "dirty"},
		"a version without its commit": {Build{Version: "v1.2.3"}, clone, "v1.2.3", "", ""},
		"a tag, from the proxy":        {Build{}, recorded("v1.2.3"), "v1.2.3", "", ""},
		"a commit, from the proxy": {Build{}, recorded("v0.0.0-20261129131111-10d42661f495"),
			"v0.0.0-20261129131111-10d42661f495", "10d42661f495", "clean"},
		"a commit after a tag, from the proxy": {Build{}, recorded("v0.1.1-0.20261129131111-10d42661f495"),
			"v0.1.1-0.20261129131111-10d42661f495", "10d42661f495", "clean"},
		"a clone that was edited": {Build{}, clone, "v0.0.0-20261129131111-10d42661f495+dirty", hash, "dirty"},
		"a clone": {Build{}, recorded("v1.2.3", "vcs.revision", hash, "vcs.modified", "false"),
			"v1.2.3", hash, "clean"},
	} {
		got := describeBuild(c.build, c.recorded)
		require.Equal(t, buildInfo{c.version, c.commit, c.state, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH},
			got, name)
	}
}

package argocd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
)

// grace is how long the server waits between the two signals that end a command.
const grace = 5 * time.Second

type command struct{ Command, Args []string }

// A plugin is a ConfigManagementPlugin. Fields that the stand-in doesn't know are errors.
type plugin struct {
	APIVersion, Kind string
	Metadata         struct{ Name string }
	Spec             struct {
		Discover struct{ FileName string }
		Generate command
	}
}

// realServer names a variable with the path of the real server (.ci/tools/argocd), with which e2e/runners runs these
// tests in place of the stand-in.
const realServer = "OUTRIGGER_ARGOCD"

// A server is the stand-in for argocd-cmp-server, in an image; or the real one.
type server struct {
	*image
	plugin
	user syscall.Credential
	real string // its path
}

// startServer starts the server of a stage of the Dockerfile, with the user of the patch of the repo-server.
func startServer(t *testing.T, stage, kustomize string) *server {
	t.Helper()
	s := &server{image: buildImage(t, stage, kustomize), real: os.Getenv(realServer)}
	s.env = append(s.env, "ARGOCD_LOG_FORMAT=json", "ARGOCD_LOG_LEVEL=info") // as the server sets them
	config := readFile(t, filepath.Join(s.root, "home/argocd/cmp-server/config/plugin.yaml"))
	require.NoError(t, yaml.UnmarshalStrict([]byte(config), &s.plugin))
	require.Equal(t, "argoproj.io/v1alpha1 ConfigManagementPlugin", s.APIVersion+" "+s.Kind)
	var patch appsv1.Deployment
	require.NoError(t, yaml.UnmarshalStrict([]byte(readFile(t, findFile(t, example+"/repo-server/sidecar.yaml"))), &patch))
	c := patch.Spec.Template.Spec.Containers[0]
	s.user = syscall.Credential{Uid: uint32(*c.SecurityContext.RunAsUser), Gid: uint32(*c.SecurityContext.RunAsGroup)}
	require.EqualValues(t, 999, s.user.Uid, "Argo CD wants this number")
	if s.real != "" {
		s.startReal(t, c.Command)
	}
	return s
}

// receive writes the files of a repository into a new folder of the server, whose path it returns.
func (s *server) receive(t *testing.T, repository string) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(s.root, "tmp"), "cmp")
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		relative, err := filepath.Rel(repository, path)
		require.NoError(t, err)
		if to := filepath.Join(dir, relative); d.IsDir() {
			require.NoError(t, os.MkdirAll(to, 0o755))
		} else {
			copyFile(t, path, to, 0o644)
		}
		return os.Chown(filepath.Join(dir, relative), int(s.user.Uid), int(s.user.Gid))
	}))
	return dir
}

// matchRepository says whether the plugin is for an app, the path of a folder in a repository.
func (s *server) matchRepository(t *testing.T, repository, app string) bool {
	t.Helper()
	if s.real != "" {
		answer, _, _ := strings.Cut(s.askReal(t, repository, app, nil).Stdout, "\n")
		require.Contains(t, []string{"yes", "no"}, answer)
		return answer == "yes"
	}
	matches, err := filepath.Glob(filepath.Join(s.receive(t, repository), app, s.Spec.Discover.FileName))
	require.NoError(t, err)
	return len(matches) > 0
}

// generateManifest returns the objects of an app.
func (s *server) generateManifest(t *testing.T, repository, app string, env ...string) (objects []string, err error) {
	t.Helper()
	if s.real != "" {
		got := s.askReal(t, repository, app, env)
		answer, rest, _ := strings.Cut(got.Stdout, "\n")
		require.Equal(t, "yes", answer, got.Stderr)
		if got.Code != 0 {
			return nil, errors.New(got.Stderr)
		}
		return strings.Split(strings.TrimSpace(rest), "\n"), nil
	}
	return s.generateIn(t.Context(), t, filepath.Join(s.receive(t, repository), app), env)
}

// generateIn runs the plugin's command in a folder of the server, until ctx ends.
func (s *server) generateIn(ctx context.Context, t *testing.T, dir string, env []string) (objects []string, err error) {
	t.Helper()
	words := slices.Concat(s.Spec.Generate.Command, s.Spec.Generate.Args)
	inside, err := filepath.Rel(s.root, dir)
	require.NoError(t, err)
	c := exec.Command(s.lookPath(t, words[0]), words[1:]...)
	c.Args[0], c.Dir, c.Env = words[0], "/"+inside, slices.Concat(s.env, env)
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: s.root, Credential: &s.user, Setpgid: true}
	var stdout, stderr strings.Builder
	c.Stdout, c.Stderr = &stdout, &stderr
	require.NoError(t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		require.NoError(t, syscall.Kill(-c.Process.Pid, syscall.SIGTERM))
		select {
		case err = <-ended:
		case <-time.After(grace):
			require.NoError(t, syscall.Kill(-c.Process.Pid, syscall.SIGKILL))
			err = <-ended
		}
	}
	if err != nil {
		return nil, fmt.Errorf("error generating manifests: `%s` failed %w: %s",
			strings.Join(words, " "), err, strings.TrimSpace(stderr.String()))
	}
	return splitObjects(stdout.String())
}

// trimTexts removes the line break at the end of each text. The real server loses that of the last one.
func trimTexts(objects []string) (trimmed []string) {
	for _, object := range objects {
		trimmed = append(trimmed, strings.ReplaceAll(object, `\n"`, `"`))
	}
	return trimmed
}

// splitObjects returns the objects of a stream, as JSON.
func splitObjects(stream string) (objects []string, err error) {
	for text := range strings.SplitSeq(strings.TrimSuffix(stream, "\n"), "\n---\n") {
		object, err := yaml.YAMLToJSONStrict([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("error generating manifests: %w", err)
		}
		objects = append(objects, string(object))
	}
	return objects, nil
}

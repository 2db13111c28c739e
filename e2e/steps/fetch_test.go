package steps

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/step"
)

// model is a file of some size, always the same.
var model = func() []byte {
	b := make([]byte, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}()

func sum(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// A store serves the model, and remembers who asked how.
type store struct {
	*httptest.Server
	mu     sync.Mutex
	ranges []string // of all requests
	answer func(n int, w http.ResponseWriter, r *http.Request) bool
}

// newStore serves through TLS, unless it's plain. answer has the first say about each
// request.
func newStore(t *testing.T, plain bool, answer func(n int, w http.ResponseWriter, r *http.Request) bool) *store {
	t.Helper()
	s := &store{answer: answer}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		n := len(s.ranges)
		s.mu.Unlock()
		if s.answer == nil || !s.answer(n, w, r) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(model))
		}
	})
	s.Server = httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that don't trust it are meant to be there
	if plain {
		s.Start()
	} else {
		s.StartTLS()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *store) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ranges
}

// cut sends a part of what is asked for, and hangs up.
func cut(w http.ResponseWriter, from, to int) {
	w.Header().Set("Content-Length", strconv.Itoa(len(model)-from))
	if from > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(model)-1, len(model)))
		w.WriteHeader(http.StatusPartialContent)
	}
	_, _ = w.Write(model[from:to])
	panic(http.ErrAbortHandler)
}

// fetching is a container that fetches the model from a store into files.
func fetching(t *testing.T, s *store, files *pod.Volume, edits ...func(*step.Fetch)) (
	corev1.Container, map[string]*pod.Volume,
) {
	t.Helper()
	p := &step.Fetch{
		URL:       s.URL + "/v2/m.bin",
		SHA256:    sum(model),
		MountPath: "/models",
		SizeLimit: new(resource.MustParse("1Gi")),
	}
	mounts := map[string]*pod.Volume{"/models": files}
	if strings.HasPrefix(p.URL, "https:") {
		p.CA = &pattern.CABundle{ConfigMapName: "ca"}
		mounts["/etc/outrigger/ca"] = bundle(t, s.Server)
	}
	for _, edit := range edits {
		edit(p)
	}
	return renderStep(t, config.Entry{Fetch: p}, ""), mounts
}

// whole wants the model, and nothing else, to be there.
func whole(t *testing.T, files *pod.Volume) {
	t.Helper()
	text, there := content(t, files, "m.bin")
	require.True(t, there)
	require.True(t, text == string(model), "another file")
	only(t, files, "m.bin")
}

// only wants files of these names to be there.
func only(t *testing.T, files *pod.Volume, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(files.Dir)
	require.NoError(t, err)
	require.Len(t, entries, len(names))
	for i, e := range entries {
		require.Equal(t, names[i], e.Name())
	}
}

// What is cut is resumed, through a server that can't just now; what is right is
// never fetched again, whoever asks.
func TestFetchResumes(t *testing.T) {
	s := newStore(t, false, func(n int, w http.ResponseWriter, r *http.Request) bool {
		switch n {
		case 1:
			cut(w, 0, 400_000)
		case 2:
			http.Error(w, "not now", http.StatusServiceUnavailable)
		case 3:
			cut(w, 400_000, 700_000)
		default:
			return false
		}
		return true
	})
	files := pod.EmptyVolume(t)
	c, mounts := fetching(t, s, files)
	launch(t, c, mounts).RequireSuccess()
	whole(t, files)
	require.Equal(t, []string{"", "bytes=400000-", "bytes=400000-", "bytes=700000-"}, s.asked())
	info, err := os.Stat(filepath.Join(files.Dir, "m.bin"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm(), "the app is another user")
	require.EqualValues(t, 100, info.Sys().(*syscall.Stat_t).Uid)

	again := launch(t, c, mounts)
	again.RequireSuccess()
	says(t, again, "m.bin is there")
	require.Len(t, s.asked(), 4, "nobody was asked again")
}

// What isn't what was wanted never appears, and the reason does.
func TestFetchWrongChecksum(t *testing.T) {
	s := newStore(t, false, nil)
	files := pod.EmptyVolume(t)
	c, mounts := fetching(t, s, files, func(p *step.Fetch) { p.SHA256 = sum([]byte("another")) })
	run := launch(t, c, mounts)
	run.RequireFailure()
	only(t, files)
	says(t, run, "sha256 is "+sum(model)+", not "+sum([]byte("another")))
	require.Len(t, s.asked(), 1)
}

// A new checksum means a new file, in the old one's place at once.
func TestFetchNewVersion(t *testing.T) {
	s := newStore(t, false, nil)
	files := pod.EmptyVolume(t)
	require.NoError(t, os.WriteFile(filepath.Join(files.Dir, "m.bin"), []byte("version 1"), 0o644))
	c, mounts := fetching(t, s, files)
	launch(t, c, mounts).RequireSuccess()
	whole(t, files)
}

// A container that is killed leaves what it has; the next one goes on from there.
func TestFetchKilled(t *testing.T) {
	hold, held := make(chan struct{}), make(chan struct{})
	s := newStore(t, false, func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n > 1 {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(model)))
		_, _ = w.Write(model[:500_000])
		_ = http.NewResponseController(w).Flush()
		close(held)
		select {
		case <-hold:
		case <-r.Context().Done():
		}
		return true
	})
	defer close(hold)
	files := pod.EmptyVolume(t)
	c, mounts := fetching(t, s, files)
	first := launch(t, c, mounts)
	pod.Receive(t, "the first half", held)
	var size int64
	pod.Poll(t, "some of it on the disk", func() bool {
		info, err := os.Stat(filepath.Join(files.Dir, "m.bin.part"))
		if err == nil {
			size = info.Size()
		}
		return size >= 400_000
	})
	require.NoError(t, syscall.Kill(-first.Cmd.Process.Pid, syscall.SIGKILL))
	pod.Receive(t, "its end", first.Done)
	only(t, files, "m.bin.part")
	launch(t, c, mounts).RequireSuccess()
	whole(t, files)
	asked := s.asked()
	require.Len(t, asked, 2)
	from, err := strconv.Atoi(strings.Trim(asked[1], "bytes=-"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, from, 400_000)
}

// Of pods that share a volume, one fetches; the others find what it has fetched.
func TestFetchShared(t *testing.T) {
	hold, held := make(chan struct{}), make(chan struct{})
	s := newStore(t, false, func(n int, w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", strconv.Itoa(len(model)))
		_, _ = w.Write(model[:500_000])
		close(held) // panics where there is a second request
		<-hold
		_, _ = w.Write(model[500_000:])
		return true
	})
	files := pod.EmptyVolume(t)
	c, mounts := fetching(t, s, files)
	first := launch(t, c, mounts)
	pod.Receive(t, "the first half", held)
	second := launch(t, c, mounts)
	says(t, second, "somebody else may be at it")
	close(hold)
	first.RequireSuccess()
	second.RequireSuccess()
	says(t, second, "m.bin is there")
	whole(t, files)
	require.Len(t, s.asked(), 1)
}

// A part may be all of the file already, or not a part of it at all; servers say 416
// to both.
func TestFetchWholePart(t *testing.T) {
	for name, c := range map[string]struct {
		part  []byte
		asked []string
	}{
		"right":    {model, []string{fmt.Sprintf("bytes=%d-", len(model))}},
		"wrong":    {bytes.Repeat([]byte{'x'}, len(model)), []string{fmt.Sprintf("bytes=%d-", len(model)), ""}},
		"too long": {append(bytes.Clone(model), 'x'), []string{fmt.Sprintf("bytes=%d-", len(model)+1), ""}},
		"other":    {[]byte("the beginning of another version"), []string{"bytes=32-", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, false, nil)
			files := pod.EmptyVolume(t)
			part := filepath.Join(files.Dir, "m.bin.part")
			require.NoError(t, os.WriteFile(part, c.part, 0o644))
			require.NoError(t, os.Chown(part, 100, 101))
			ctr, mounts := fetching(t, s, files)
			launch(t, ctr, mounts).RequireSuccess()
			whole(t, files)
			require.Equal(t, c.asked, s.asked())
		})
	}
}

// A server without ranges sends all of it, again.
func TestFetchWithoutRanges(t *testing.T) {
	s := newStore(t, false, func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n == 1 {
			cut(w, 0, 400_000)
		}
		_, _ = w.Write(model)
		return true
	})
	files := pod.EmptyVolume(t)
	c, mounts := fetching(t, s, files)
	launch(t, c, mounts).RequireSuccess()
	whole(t, files)
	require.Equal(t, []string{"", "bytes=400000-", ""}, s.asked())
}

// Without a checksum, nothing is put together of two halves that may differ.
func TestFetchWithoutChecksum(t *testing.T) {
	s := newStore(t, false, func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n == 1 {
			cut(w, 0, 400_000)
		}
		return false
	})
	files := pod.EmptyVolume(t)
	part := filepath.Join(files.Dir, "m.bin.part")
	require.NoError(t, os.WriteFile(part, []byte("the beginning of another version"), 0o644))
	c, mounts := fetching(t, s, files, func(p *step.Fetch) { p.SHA256 = "" })
	launch(t, c, mounts).RequireSuccess()
	whole(t, files)
	require.Equal(t, []string{"", ""}, s.asked())
}

// What can't be mended by trying again fails at once: no such file, no right to it,
// another authority, a way out of TLS.
func TestFetchRefused(t *testing.T) {
	plain := newStore(t, true, nil)
	for name, c := range map[string]struct {
		answer func(n int, w http.ResponseWriter, r *http.Request) bool
		edit   func(*step.Fetch)
		says   string
		asked  int
	}{
		"no such file": {func(_ int, w http.ResponseWriter, r *http.Request) bool {
			http.NotFound(w, r)
			return true
		}, nil, "404", 1},
		"forbidden": {func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusForbidden)
			return true
		}, nil, "403", 1},
		"not trusted": {nil, func(p *step.Fetch) { p.CA = nil }, "certificate", 0},
		"led to plain HTTP": {func(_ int, w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, plain.URL+"/m.bin", http.StatusFound)
			return true
		}, nil, "not supported or disabled", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, false, c.answer)
			files := pod.EmptyVolume(t)
			edit := c.edit
			if edit == nil {
				edit = func(*step.Fetch) {}
			}
			ctr, mounts := fetching(t, s, files, edit)
			began := time.Now()
			run := launch(t, ctr, mounts)
			run.RequireFailure()
			require.Less(t, time.Since(began), time.Minute)
			says(t, run, c.says)
			only(t, files)
			require.Len(t, s.asked(), c.asked)
			require.Empty(t, plain.asked())
		})
	}
}

// In plain it may come, where the checksum says what it is.
func TestFetchPlain(t *testing.T) {
	s := newStore(t, true, nil)
	files := pod.EmptyVolume(t)
	c, mounts := fetching(t, s, files)
	launch(t, c, mounts).RequireSuccess()
	whole(t, files)
}

// Credentials are read from files, and never stand among the arguments, where all of
// the node's programs see them. Names are names, whatever they look like.
func TestFetchCredentials(t *testing.T) {
	const name = `it's "$(touch x)" $HOME *.bin`
	s := newStore(t, false, func(_ int, w http.ResponseWriter, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		if r.Header.Get("X-Token") != "t0ken" && (user != "me" || password != "s3cret") {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	})
	for credential, edit := range map[string]func(*step.Fetch){
		"headers": func(p *step.Fetch) {
			p.Headers = &step.SecretFile{SecretName: "token", Key: "authorization"}
		},
		"netrc": func(p *step.Fetch) { p.Netrc = &step.SecretFile{SecretName: "token"} },
	} {
		t.Run(credential, func(t *testing.T) {
			files := pod.EmptyVolume(t)
			c, mounts := fetching(t, s, files, edit, func(p *step.Fetch) { p.FileName = name })
			c = expanded(c)
			mounts["/etc/outrigger/"+credential] = pod.NewVolume(t, map[string]string{
				"headers": "X-Token: t0ken\n", "netrc": "machine 127.0.0.1 login me password s3cret\n"})
			launch(t, c, mounts).RequireSuccess()
			only(t, files, name)
			require.NotContains(t, strings.Join(c.Args, " "), "t0ken")
		})
	}
}

// expanded is a container as the kubelet starts it, without variables: $$ is $.
func expanded(c corev1.Container) corev1.Container {
	for i := range c.Args {
		c.Args[i] = strings.ReplaceAll(c.Args[i], "$$", "$")
	}
	return c
}

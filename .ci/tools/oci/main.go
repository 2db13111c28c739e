// Oci writes the images of a release as an OCI image layout, a folder that every registry client can push: one image
// for each architecture, and an index of them. They're those of the Dockerfile, and the same source gives the same
// bytes, as nothing in them has a time.
//
//	oci -version VERSION -commit COMMIT DIR linux/amd64=PROGRAM linux/arm64=PROGRAM
package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func main() {
	version := flag.String("version", "", "the version")
	commit := flag.String("commit", "", "the commit; empty where it isn't known")
	dockerfile := flag.String("dockerfile", "Dockerfile", "where the labels and the user of the image stand")
	names := flag.String("names", ".ci/image", "the folder with passwd and group")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: oci [FLAGS] DIR PLATFORM=PROGRAM...")
		os.Exit(2)
	}
	config, err := readConfig(*dockerfile, *version, *commit)
	if err == nil {
		err = writeLayout(flag.Arg(0), *names, config, flag.Args()[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oci:", err)
		os.Exit(1)
	}
}

// readConfig reads from the Dockerfile what an image says of itself, so that both are the same.
func readConfig(file, version, commit string) (c v1.Config, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return c, err
	}
	c.Labels = map[string]string{"org.opencontainers.image.version": version}
	if commit != "" {
		c.Labels["org.opencontainers.image.revision"] = commit
	}
	for _, m := range regexp.MustCompile(`(org\.opencontainers\.image\.\w+)="([^"$]*)"`).FindAllSubmatch(text, -1) {
		c.Labels[string(m[1])] = string(m[2])
	}
	user := regexp.MustCompile(`(?m)^USER (\S+)$`).FindSubmatch(text)
	entry := regexp.MustCompile(`(?m)^ENTRYPOINT \["([^"]+)"\]$`).FindSubmatch(text)
	if user == nil || entry == nil || len(c.Labels) < 4 {
		return c, errors.New(file + " has no USER, ENTRYPOINT or LABEL in the form that this knows")
	}
	c.User, c.Entrypoint = string(user[1]), []string{string(entry[1])}
	c.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"} // as podman and docker set it
	return c, nil
}

func writeLayout(dir, names string, config v1.Config, programs []string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arg := range programs {
		platform, program, _ := strings.Cut(arg, "=")
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			return err
		}
		image, err := makeImage(*p, config, []file{
			{names + "/passwd", "etc/passwd", 0o644}, {names + "/group", "etc/group", 0o644},
			{program, strings.TrimPrefix(config.Entrypoint[0], "/"), 0o755},
		})
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: p}})
	}
	_, err := layout.Write(dir, index)
	return err
}

// A file goes into the image under a name, with its permissions, and is root's.
type file struct {
	from, to string
	mode     int64
}

func makeImage(p v1.Platform, config v1.Config, files []file) (v1.Image, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		text, err := os.ReadFile(f.from)
		if err != nil {
			return nil, err
		}
		head := tar.Header{Typeflag: tar.TypeReg, Name: f.to, Mode: f.mode, Size: int64(len(text)), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(&head); err != nil {
			return nil, err
		}
		if _, err := w.Write(text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.AppendLayers(image, layer)
	if err != nil {
		return nil, err
	}
	whole, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	whole = whole.DeepCopy()
	whole.OS, whole.Architecture, whole.Config, whole.History = p.OS, p.Architecture, config, nil
	return mutate.ConfigFile(image, whole)
}

package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

func newImages(s *streams) *cobra.Command {
	var documents []string
	var format imagesFormat
	c := &cobra.Command{
		Use:                   "images [-c FILE...]",
		DisableFlagsInUseLine: true,
		Short:                 "list the images that patterns pull",
		Long: `List the images that patterns pull, each with its user, the day on which its newest stable
version was looked up, and what it is. As JSON, each also has the folders that it writes to,
that version, and where it was found.

With -c, list what the patterns of these documents may pull, after spec.images has replaced
it, and the images that the documents name themselves. Which of a pattern's images a workload
gets may depend on the workload.`,
		Example: `  # for people
  outrigger images

  # what a mirror needs
  outrigger images -o json | jq -r '.[].image'

  # what two documents pull
  outrigger images -c sidecars/search.yaml -c sidecars/shop.yaml`,
		Args:              refuseArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, _ []string) error { return listImages(c, s, documents, format) },
	}
	addDocumentsFlag(c, &documents, "a Sidecars document: `FILE`, folder or -; may be repeated")
	c.Flags().VarP(&choiceFlag[imagesFormat]{&format, "format", imagesFormats}, "output", "o",
		"print `FORMAT`: text, the default, or json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(imagesFormats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// An imagesFormat is a form of the list; "" is text.
type imagesFormat string

var imagesFormats = []string{"text", "json"}

// A pulledImage is a row of the list. Of one that a document names, only the reference is known.
type pulledImage struct {
	Image    string   `json:"image"`
	Replaces string   `json:"replaces,omitempty"` // the image in whose place it is pulled
	UID      *int64   `json:"uid,omitempty"`
	GID      *int64   `json:"gid,omitempty"`
	About    string   `json:"about"`
	Writes   []string `json:"writes,omitempty"`
	Newest   string   `json:"newest,omitempty"`
	Seen     string   `json:"seen,omitempty"`
	Source   string   `json:"source,omitempty"`
}

func listImages(c *cobra.Command, s *streams, documents []string, format imagesFormat) error {
	rows := []pulledImage{}
	if len(documents) == 0 {
		for _, i := range config.Images() {
			rows = addImage(rows, i, i.Ref)
		}
	} else {
		docs, err := readDocuments(c, s, documents, []string{""})
		if err != nil {
			return err
		}
		for _, d := range docs {
			for _, i := range d.Spec.Pulls() {
				rows = addImage(rows, i, d.Spec.Pulled(i.Ref))
			}
			for _, ref := range d.Spec.NamedImages() {
				rows = addImage(rows, pattern.Image{About: "named in the document"}, ref)
			}
		}
	}
	if format == "json" {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		return e.Encode(rows)
	}
	return writeImages(s, rows)
}

// addImage adds what is pulled for an image, unless it's there.
func addImage(rows []pulledImage, i pattern.Image, pulled string) []pulledImage {
	row := pulledImage{Image: pulled, About: i.About, Writes: i.Writes, Newest: i.Newest, Seen: i.Seen, Source: i.Source}
	if i.Ref != "" {
		row.UID, row.GID = &i.UID, &i.GID
	}
	if i.Ref != pulled {
		row.Replaces = i.Ref
	}
	for _, have := range rows {
		if have.Image == row.Image && (have.Replaces == row.Replaces || row.Replaces == "") {
			return rows
		}
	}
	return append(rows, row)
}

// writeImages writes the list in columns.
func writeImages(s *streams, rows []pulledImage) error {
	width := 0
	for _, row := range rows {
		width = max(width, len(row.Image))
	}
	var b strings.Builder
	for _, row := range rows {
		user, about := "-", row.About
		if row.UID != nil {
			user = fmt.Sprintf("%d:%d", *row.UID, *row.GID)
		}
		if row.Replaces != "" {
			about += ", in place of " + row.Replaces
		}
		seen := row.Seen
		if seen == "" {
			seen = "-"
		}
		fmt.Fprintf(&b, "%-*s  %-11s  %-10s  %s\n", width, row.Image, user, seen, about)
	}
	_, err := s.out.Write([]byte(b.String()))
	return err
}

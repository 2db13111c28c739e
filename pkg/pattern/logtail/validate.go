package logtail

import (
	"fmt"
	iofs "io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *LogTail) Validate() sidecar.Findings {
	var fs sidecar.Findings
	if p.Directory == "" {
		fs.Add(sidecar.Error, "missing-field", "directory", "no folder is named",
			"write the one in which the app writes its logs, as in /var/log/app")
	} else if !path.IsAbs(p.Directory) || path.Clean(p.Directory) != p.Directory || p.Directory == "/" ||
		!plainFile(p.Directory) || strings.ContainsAny(p.Directory, ":*?[") {
		fs.Add(sidecar.Error, "bad-value", "directory", fmt.Sprintf("%q isn't a valid folder path", p.Directory),
			"write one like /var/log/app")
	}
	if len(p.Files) == 0 {
		fs.Add(sidecar.Error, "missing-field", "files", "no file is named",
			`write names or patterns, as in [app.log, "*.json"]`)
	}
	for i, f := range p.Files {
		at := fmt.Sprintf("files[%d]", i)
		switch {
		case f == "." || !iofs.ValidPath(f):
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q isn't a file in the directory", f),
				"write a name like app.log or gc/gc.log")
		case !plainFile(f):
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q has a character that a name can't have here", f),
				`write a pattern with ? instead of \, $ and invisible characters`)
		case slices.Contains(p.Files[:i], f):
			fs.Add(sidecar.Error, "bad-value", at, f+" is listed twice", "remove one of them")
		case p.FluentBit != nil && strings.Contains(f, ","):
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q has a comma, which separates files for fluent-bit", f),
				"write a pattern with ? instead")
		}
	}
	pattern.ValidateEnum("from", p.From, &fs, FromStart, FromEnd)
	if p.Volume != "" {
		pattern.ValidateLabelName("volume", p.Volume, "", &fs)
	}
	switch {
	case p.SizeLimit == nil:
	case p.Volume != "":
		pattern.RefuseField("sizeLimit", "volume names an existing one", &fs)
	case p.SizeLimit.Sign() <= 0:
		fs.Add(sidecar.Error, "bad-value", "sizeLimit", p.SizeLimit.String()+" isn't a valid size", "write one like 1Gi")
	}
	if p.Merge && p.FluentBit != nil {
		pattern.RefuseField("merge", "one fluent-bit reads all files anyway", &fs)
	}
	p.AppConfig.validateConfig(&fs)
	p.FluentBit.validateFluentBit(&fs)
	if c := p.AppConfig; c != nil && p.FluentBit != nil && c.ConfigMapName == "" && c.fileKey() == fluentKey {
		fs.Add(sidecar.Error, "bad-value", "appConfig.key", fluentKey+" is the key of fluent-bit's own configuration",
			"write another one")
	}
	return fs
}

// plainFile reports whether the kubelet, a shell and fluent-bit all read a name as it's
// written, apart from patterns.
func plainFile(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return strings.ContainsRune(`\$`, r) || !unicode.IsGraphic(r) || r == unicode.ReplacementChar
	})
}

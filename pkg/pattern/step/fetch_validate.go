package step

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var (
	sha256Form = pattern.LazyRegexp(`^[0-9a-f]{64}$`)
	regionForm = pattern.LazyRegexp(`^[a-z0-9-]{1,63}$`)
	azureForm  = pattern.LazyRegexp(`^[a-z0-9]{3,24}$`)
)

func isPlain(u string) bool { return strings.HasPrefix(u, "http:") }

// Validate finds errors in the entry alone.
func (p *Fetch) Validate() sidecar.Findings {
	var fs sidecar.Findings
	p.validateURL(&fs)
	p.validateFolder(&fs)
	if p.SHA256 != "" && !sha256Form().MatchString(p.SHA256) {
		fs.Add(sidecar.Error, "bad-value", "sha256", "it isn't a valid SHA-256",
			"write 64 hexadecimal digits in lower case, as sha256sum prints them")
	}
	for _, s := range []struct {
		field string
		file  *SecretFile
	}{{headersKey, p.Headers}, {netrcKey, p.Netrc}} {
		if s.file != nil {
			pattern.ValidateObjectName(s.field+".secretName", s.file.SecretName, &fs)
			pattern.ValidateKey(s.field+".key", s.file.Key, &fs)
		}
	}
	p.CA.ValidateAt("ca", &fs)
	if p.S3 != nil {
		if p.S3.Region != "" && !regionForm().MatchString(p.S3.Region) {
			fs.Add(sidecar.Error, "bad-value", "s3.region", fmt.Sprintf("%q isn't a valid region", p.S3.Region),
				"write one like eu-central-1")
		}
		if p.S3.Endpoint != "" {
			if u := validateURL("s3.endpoint", p.S3.Endpoint, &fs); u != nil && u.Scheme != "https" &&
				(u.Scheme != "http" || p.SHA256 == "") {
				fs.Add(sidecar.Error, "plain-http", "s3.endpoint",
					"anybody on the network path could change a file that is sent over plain HTTP",
					"write https, or the sha256 of the file")
			}
		}
	}
	if p.Azure != nil && !azureForm().MatchString(p.Azure.Account) {
		fs.Add(sidecar.Error, "bad-value", "azure.account", fmt.Sprintf("%q isn't a valid storage account", p.Azure.Account),
			"write its name, 3 to 24 lower case letters and digits")
	}
	if p.CredentialsSecretName != "" {
		pattern.ValidateObjectName("credentialsSecretName", p.CredentialsSecretName, &fs)
	}
	return fs
}

func (p *Fetch) validateURL(fs *sidecar.Findings) {
	if p.URL == "" {
		fs.Add(sidecar.Error, "missing-field", "url", "the url is missing",
			"write a URL like https://models.example/model.bin")
		return
	}
	u := validateURL("url", p.URL, fs)
	if u == nil {
		return
	}
	stored := backends[u.Scheme] != ""
	switch {
	case !stored && u.Scheme != "https" && u.Scheme != "http":
		fs.Add(sidecar.Error, "bad-value", "url", u.Scheme+" isn't supported", "write https, http, s3, gs or azblob")
		return
	case isPlain(p.URL) && p.SHA256 == "":
		fs.Add(sidecar.Error, "plain-http", "url",
			"anybody on the network path could change a file that is sent over plain HTTP",
			"write https, or the sha256 of the file")
	case p.SHA256 == "":
		fs.Add(sidecar.Warning, "checksum-missing", "sha256",
			"without a checksum, each pod uses whatever is at the url when it starts",
			"write the sha256 of the file, as sha256sum prints it")
	}
	if query := strings.ToLower(u.RawQuery); strings.Contains(query, "signature=") || strings.Contains(query, "sig=") ||
		strings.Contains(query, "token=") {
		fs.Add(sidecar.Warning, "secret-in-config", "url",
			"its query looks like a credential, which everybody can read, and which may expire",
			"use headers, or the storage's own URL")
	}
	if stored {
		why := "object storage is accessed with its own credentials"
		for _, f := range []struct {
			field string
			set   bool
		}{{headersKey, p.Headers != nil}, {netrcKey, p.Netrc != nil}, {"ca", p.CA != nil}} {
			if f.set {
				pattern.RefuseField(f.field, why, fs)
			}
		}
		if clean := path.Clean("/" + strings.TrimPrefix(u.Path, "/")); u.RawQuery != "" || u.Port() != "" ||
			u.Path != clean || clean == "/" {
			fs.Add(sidecar.Error, "bad-value", "url", "it isn't the URL of an object in a bucket",
				"write "+u.Scheme+"://BUCKET/KEY, without a query")
		}
	}
	for _, f := range []struct {
		field, scheme string
		set           bool
	}{{"s3", "s3", p.S3 != nil}, {"azure", "azblob", p.Azure != nil}} {
		if f.set && u.Scheme != f.scheme {
			pattern.RefuseField(f.field, "the url doesn't start with "+f.scheme+"://", fs)
		}
	}
	if u.Scheme == "azblob" && p.Azure == nil {
		fs.Add(sidecar.Error, "missing-field", "azure", "the storage account is missing", "write azure: {account: NAME}")
	}
	if p.CredentialsSecretName != "" && !stored {
		pattern.RefuseField("credentialsSecretName", "it's for object storage", fs)
	}
}

// validateFolder finds errors in the file's name, folder and size.
func (p *Fetch) validateFolder(fs *sidecar.Findings) {
	name := p.fileName()
	if slices.Contains([]string{"", ".", ".."}, name) ||
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' }) || len(name) > 200 {
		fs.Add(sidecar.Error, "bad-value", "fileName", "the file has no name", "write one, without folders")
	}
	if m := p.MountPath; m != "" && !isFolder(m) {
		fs.Add(sidecar.Error, "bad-value", "mountPath", fmt.Sprintf("%q isn't a valid folder path", m),
			"write one like /models")
	}
	if p.VolumeName != "" {
		if p.SizeLimit != nil {
			pattern.RefuseField("sizeLimit", "it's for a volume of its own, and volumeName is set", fs)
		}
		return
	}
	if p.MountPath == "" {
		fs.Add(sidecar.Error, "missing-field", "mountPath", "the folder of the file in the app is missing",
			"write the path of a folder, as in /models")
	}
	if p.SizeLimit == nil {
		fs.Add(sidecar.Error, "missing-field", "sizeLimit",
			"the limit of the space on the node's disk is missing",
			"write a little more than the file's size, such as 10Gi")
	} else if p.SizeLimit.Sign() <= 0 {
		fs.Add(sidecar.Error, "bad-value", "sizeLimit", "no file is that small",
			"write a little more than the file's size, such as 10Gi")
	}
}

// isFolder is pattern.IsFolder, but refuses the character DEL.
func isFolder(m string) bool {
	return pattern.IsFolder(m) && !strings.Contains(m, "\x7f")
}

package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
	"github.com/outrigger-dev/outrigger/pkg/pattern/exporter"
	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
	"github.com/outrigger-dev/outrigger/pkg/pattern/migrate"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/pattern/step"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
	"github.com/outrigger-dev/outrigger/pkg/pattern/vault"
)

// Pulls returns the table's images that patterns of the spec may pull, before spec.images
// replaces them. Which of a pattern's images it takes may depend on the workload. Images
// that the document names itself, as in override.image, aren't among them.
func (s *Spec) Pulls() []pattern.Image {
	wanted := map[string]bool{}
	for i := range s.Patterns {
		for _, p := range s.Patterns[i].listPatterns() {
			for _, image := range listImages(p.pattern) {
				wanted[image.Ref] = true
			}
		}
	}
	return slices.DeleteFunc(Images(), func(i pattern.Image) bool { return !wanted[i.Ref] })
}

// listImages returns the table's images that a pattern may pull.
func listImages(p any) []pattern.Image {
	switch p := p.(type) {
	case *proxy.TLSProxy:
		all := []pattern.Image{pattern.NginxImage}
		if p.Clients != nil {
			all = append(all, pattern.GhostunnelImage)
		}
		return withRedirection(&p.Base, all)
	case *proxy.AuthProxy:
		return withRedirection(&p.Base, listLoginImages(p))
	case *tunnel.Tunnel:
		return listTunnelImages(p)
	case *step.Sysctl, *step.Permissions:
		return []pattern.Image{pattern.BusyboxImage}
	case *step.Fetch:
		if strings.HasPrefix(p.URL, "http") {
			return []pattern.Image{pattern.CurlImage}
		}
		return []pattern.Image{pattern.RcloneImage}
	case *step.WaitFor:
		if slices.ContainsFunc(p.Targets, func(t string) bool { return strings.Contains(t, "://") }) {
			return []pattern.Image{pattern.CurlImage}
		}
		return []pattern.Image{pattern.BusyboxImage}
	case *agent.ConfigReload:
		if p.Webhook != nil {
			return []pattern.Image{pattern.CurlImage}
		}
		return []pattern.Image{pattern.BusyboxImage}
	case *exporter.Exporter:
		return exporter.ImagesOf(p)
	case *migrate.Migrate:
		return listMigrationImages(p)
	}
	return listAgentImages(p)
}

func listAgentImages(p any) []pattern.Image {
	switch p := p.(type) {
	case *agent.RedisCache:
		switch p.Engine {
		case agent.Memcached:
			return []pattern.Image{pattern.MemcachedImage}
		case agent.Redis:
			return []pattern.Image{pattern.RedisImage}
		}
		return []pattern.Image{pattern.ValkeyImage}
	case *vault.Vault:
		if p.Program == vault.OpenBao {
			return []pattern.Image{pattern.OpenBaoImage}
		}
		return []pattern.Image{pattern.VaultImage}
	case *agent.GitSync:
		return []pattern.Image{pattern.GitSyncImage}
	case *agent.OTelAgent:
		return []pattern.Image{pattern.OtelCollectorImage}
	case *agent.JavaAgent:
		if p.Image == "" {
			return []pattern.Image{pattern.JavaAgentImage}
		}
	case *logtail.LogTail:
		if p.FluentBit != nil {
			return []pattern.Image{pattern.FluentBitImage}
		}
		return []pattern.Image{pattern.BusyboxImage}
	}
	return nil // custom has none
}

// withRedirection adds the image of the step that sends the app's port to a proxy.
func withRedirection(p *proxy.Base, all []pattern.Image) []pattern.Image {
	if p.Mode == proxy.ModeRedirect {
		all = append(all, pattern.IptablesImage)
	}
	return all
}

func listLoginImages(p *proxy.AuthProxy) []pattern.Image {
	switch {
	case p.JWT != nil, p.GoogleIAP != nil:
		return []pattern.Image{pattern.NginxJSImage}
	case p.OIDC != nil && p.OIDC.Image == "":
		return []pattern.Image{pattern.NginxImage, pattern.Oauth2Image}
	}
	return []pattern.Image{pattern.NginxImage}
}

func listTunnelImages(p *tunnel.Tunnel) []pattern.Image {
	switch {
	case p.ClientTLS != nil:
		return nil
	case p.PgBouncer != nil:
		return []pattern.Image{pattern.PgbouncerImage}
	case p.CloudSQL != nil:
		return []pattern.Image{pattern.CloudSQLImage}
	case p.AlloyDB != nil:
		return []pattern.Image{pattern.AlloyDBImage}
	}
	return []pattern.Image{pattern.GhostunnelImage}
}

func listMigrationImages(p *migrate.Migrate) []pattern.Image {
	switch {
	case p.Image != "" || p.Engine == "":
		return nil
	case p.Engine == migrate.Flyway:
		return []pattern.Image{pattern.FlywayImage}
	case p.Engine == migrate.Liquibase:
		return []pattern.Image{pattern.LiquibaseImage}
	}
	return []pattern.Image{pattern.MigrateImage}
}

// NamedImages returns the images that entries of the spec name themselves, sorted.
func (s *Spec) NamedImages() []string {
	named := map[string]bool{}
	for i := range s.Patterns {
		raw, err := json.Marshal(s.Patterns[i])
		var v any
		if err != nil || json.Unmarshal(raw, &v) != nil {
			continue // it wasn't read from a document
		}
		findImages(v, named)
	}
	return slices.Sorted(maps.Keys(named))
}

// findImages finds the images of containers, and of volumes with the files of one.
func findImages(v any, found map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			findImages(item, found)
		}
	case map[string]any:
		for key, value := range v {
			if ref, ok := value.(string); ok && (key == "image" || key == "reference") {
				found[ref] = true
			}
			findImages(value, found)
		}
	}
}

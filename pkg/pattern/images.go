package pattern

// The images of all patterns but exporter. Each stands here and nowhere else, so a newer tag
// is written in one place. Tags are those of stable branches. Users write a digest or a
// mirror into override.image or spec.images.
//
// Where a source says "public manifests", these are files of public repositories, searched for
// the image with this tag and with the next ones.
var (
	// github.com/nginx/docker-nginx-unprivileged, stable/alpine-slim/Dockerfile:
	// ARG UID=101, ARG GID=101, STOPSIGNAL SIGQUIT; busybox has sh and sleep.
	NginxImage = listed(Image{
		Ref: "docker.io/nginxinc/nginx-unprivileged:1.30.6-alpine-slim", UID: 101, GID: 101,
		About:  "nginx of the stable branch, run without root: the proxy in front of apps",
		Writes: []string{"/tmp"},
		Newest: "1.30.6", Seen: "2026-11-29",
		Source: "Docker Hub's list of tags, as of 2026-10-12: stable-alpine and 1.30.6-alpine were pushed together",
	})
	// The same, stable/alpine/Dockerfile: with nginx-module-njs, curl and ca-certificates.
	NginxJSImage = listed(Image{
		Ref: "docker.io/nginxinc/nginx-unprivileged:1.30.6-alpine", UID: 101, GID: 101,
		About:  "the same nginx with njs, which verifies tokens",
		Writes: []string{"/tmp"},
		Newest: "1.30.6", Seen: "2026-11-29",
		Source: "Docker Hub's list of tags, as of 2026-10-12: stable-alpine and 1.30.6-alpine were pushed together",
	})
	// github.com/oauth2-proxy/oauth2-proxy Dockerfile: distroless/static:nonroot.
	Oauth2Image = listed(Image{
		Ref: "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6", UID: 65532, GID: 65532,
		About:  "oauth2-proxy: OIDC logins for nginx",
		Newest: "7.15.6", Seen: "2026-11-29",
		Source: "versions of its Go module: v7.15.6 of 2026-11-05 is the last; e2e runs it",
	})
	// github.com/ghostunnel/ghostunnel Dockerfile-distroless: distroless/base-nossl:nonroot.
	GhostunnelImage = listed(Image{
		Ref: "docker.io/ghostunnel/ghostunnel:v1.11.3-distroless", UID: 65532, GID: 65532,
		About:  "ghostunnel: TLS for other protocols than HTTP, both ways",
		Newest: "1.11.3", Seen: "2026-11-29",
		Source: "public manifests: v1.11.3-distroless is pinned with a digest; neither v1.11.4 nor v1.12 is anywhere",
	})
	// github.com/edoburu/docker-pgbouncer Dockerfile: adduser -u 70 postgres, USER postgres; alpine has nc.
	PgbouncerImage = listed(Image{
		Ref: "docker.io/edoburu/pgbouncer:v1.26.0-p0", UID: 70, GID: 70,
		About:  "pgbouncer: the tunnel to PostgreSQL",
		Newest: "1.26.0", Seen: "2026-11-29",
		Source: "public manifests: v1.26.0-p0 is in use, v1.26.1 is nowhere; 1.26.0 of 2026-09-23 fixes three CVEs",
	})
	// Both: distroless/static:nonroot.
	CloudSQLImage = listed(Image{
		Ref: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.28.0", UID: 65532, GID: 65532,
		About:  "Google's proxy to Cloud SQL",
		Newest: "2.28.0", Seen: "2026-11-29",
		Source: "versions of its Go module, and CHANGELOG.md: v2.28.0 of 2026-11-11 is the last",
	})
	AlloyDBImage = listed(Image{
		Ref: "gcr.io/alloydb-connectors/alloydb-auth-proxy:1.17.2", UID: 65532, GID: 65532,
		About:  "Google's proxy to AlloyDB",
		Newest: "1.17.2", Seen: "2026-11-29",
		Source: "versions of its Go module, and CHANGELOG.md: v1.17.2 of 2026-10-22 is the last",
	})

	// github.com/kubernetes/release images/build/distroless-iptables/distroless-bookworm/Dockerfile, from which
	// kube-proxy is built: Debian's iptables, for nftables and legacy, and dash as sh; no USER.
	IptablesImage = listed(Image{
		Ref: "registry.k8s.io/build-image/distroless-iptables:v0.9.6", UID: 65534, GID: 65534,
		About:  "iptables, which sends a port of the app to the proxy",
		Newest: "0.9.6", Seen: "2026-11-29",
		Source: "github.com/kubernetes/release, images/build/distroless-iptables: v0.9.6",
	})

	// Shells for small scripts. github.com/docker-library/busybox: no USER, so root
	// unless another one is written; 65534 is its nobody.
	BusyboxImage = listed(Image{
		Ref: "docker.io/library/busybox:1.38.0-musl", UID: 65534, GID: 65534,
		About:  "a shell: waits, permissions, sysctls, log tails",
		Newest: "1.38.0", Seen: "2026-11-29",
		Source: "public manifests: 1.38.0-musl is pinned with a digest, 1.39 is nowhere",
	})
	// github.com/curl/curl-container: USER curl_user, a name, 100:101; alpine has sh.
	CurlImage = listed(Image{
		Ref: "docker.io/curlimages/curl:8.22.0", UID: 100, GID: 101,
		About:  "a shell with curl: waits for URLs, downloads, reloads",
		Newest: "8.22.0", Seen: "2026-11-29",
		Source: "public manifests: 8.22.0 is pinned with a digest; 8.23.0 stands in an example of a command alone",
	})
	// github.com/rclone/rclone Dockerfile: a user rclone of 1009:1009, but no USER.
	RcloneImage = listed(Image{
		Ref: "docker.io/rclone/rclone:1.76.0", UID: 1009, GID: 1009,
		About:  "rclone: downloads from S3, Google and Azure",
		Newest: "1.76.0", Seen: "2026-11-29",
		Source: "versions of its Go module: v1.76.0 of 2026-11-06 is the last; the image is built with each release",
	})
	// github.com/fluent/fluent-bit dockerfiles/Dockerfile: no USER; distroless has 65532.
	FluentBitImage = listed(Image{
		Ref: "docker.io/fluent/fluent-bit:5.1.3", UID: 65532, GID: 65532,
		About:  "fluent-bit: ships log files",
		Writes: []string{"/state"},
		Newest: "5.1.3", Seen: "2026-11-29",
		Source: "public manifests: 5.1.3 is in use, neither 5.1.4 nor 5.2 is anywhere",
	})
	// github.com/hashicorp/vault Dockerfile: adduser -S vault, 100:1000 (vault-k8s runs its agent so).
	VaultImage = listed(Image{
		Ref: "docker.io/hashicorp/vault:2.1.2", UID: 100, GID: 1000,
		About:  "HashiCorp Vault, as an agent or a command",
		Writes: []string{"/vault/secrets"},
		Newest: "2.1.2", Seen: "2026-11-29",
		Source: "public manifests: 2.1.2 is pinned with a digest, 2.1.3 is nowhere",
	})
	// github.com/openbao/openbao Dockerfile: adduser -S openbao, 100:1000.
	OpenBaoImage = listed(Image{
		Ref: "docker.io/openbao/openbao:2.7.1", UID: 100, GID: 1000,
		About:  "OpenBao, as an agent or a command",
		Writes: []string{"/vault/secrets"},
		Newest: "2.7.1", Seen: "2026-11-29",
		Source: "public manifests: 2.7.1 is pinned with a digest, 2.7.2 is nowhere",
	})
	// github.com/valkey-io/valkey-container and docker-library/redis, alpine: 999:1000.
	ValkeyImage = listed(Image{
		Ref: "docker.io/valkey/valkey:9.1.2-alpine", UID: 999, GID: 1000,
		About:  "Valkey: the cache",
		Newest: "9.1.2", Seen: "2026-11-29",
		Source: "public manifests: 9.1.2-alpine is pinned with a digest, 9.1.3 is nowhere; 9.2 has no release yet",
	})
	RedisImage = listed(Image{
		Ref: "docker.io/library/redis:8.10.2-alpine", UID: 999, GID: 1000,
		About:  "Redis: the cache",
		Newest: "8.10.2", Seen: "2026-11-29",
		Source: "public manifests: 8.10.2-alpine of 2026-09-24 is pinned with a digest, 8.10.3 is nowhere",
	})
	// github.com/docker-library/memcached: groupadd, useradd memcache 11211.
	MemcachedImage = listed(Image{
		Ref: "docker.io/library/memcached:1.6.45-alpine", UID: 11211, GID: 11211,
		About:  "memcached: the cache",
		Newest: "1.6.45", Seen: "2026-11-29",
		Source: "the list of tags in docker-library/repo-info: 1.6.45-alpine; 1.6.46 is nowhere",
	})
	// Migrations. github.com/golang-migrate/migrate Dockerfile and flyway/flyway-docker
	// dockerfiles/alpine/Dockerfile: no USER, so root unless another one is written; 65534 is alpine's nobody.
	MigrateImage = listed(Image{
		Ref: "docker.io/migrate/migrate:v4.20.1", UID: 65534, GID: 65534,
		About:  "golang-migrate: migrations",
		Newest: "4.20.1", Seen: "2026-11-29",
		Source: "versions of its Go module: v4.20.1 of 2026-09-09 is the last; e2e runs it",
	})
	FlywayImage = listed(Image{
		Ref: "docker.io/flyway/flyway:13.10.0-alpine", UID: 65534, GID: 65534,
		About:  "Flyway: migrations",
		Writes: []string{"/tmp"},
		Newest: "13.10.0", Seen: "2026-11-29",
		Source: "public manifests: 13.10.0-alpine is in use with the same variables; 13.11 is nowhere",
	})
	// github.com/liquibase/docker Dockerfile: adduser --uid 1001 liquibase. The last of 4: images of 5 have
	// no drivers of databases any more.
	LiquibaseImage = listed(Image{
		Ref: "docker.io/liquibase/liquibase:4.33.0", UID: 1001, GID: 1001,
		About:  "Liquibase: migrations",
		Writes: []string{"/tmp"},
		Newest: "4.33.0", Seen: "2026-11-29",
		Source: "public manifests: 4.33.0 is the last of 4, and 4.33.1 is nowhere; images of 5 have no drivers",
	})
	// github.com/open-telemetry/opentelemetry-operator autoinstrumentation/java/Dockerfile: FROM busybox, the
	// agent at /javaagent.jar, readable by all; no USER.
	JavaAgentImage = listed(Image{
		Ref: "ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-java:2.31.1", UID: 65534, GID: 65534,
		About:  "the Java agent of OpenTelemetry",
		Newest: "2.32.0", Seen: "2026-11-29",
		Source: "public manifests: 2.31.1 is pinned with a digest; 2.32.0 is named without this registry",
	})
	// registry.k8s.io/git-sync: USER 65533:65533.
	GitSyncImage = listed(Image{
		Ref: "registry.k8s.io/git-sync/git-sync:v4.7.1", UID: 65533, GID: 65533,
		About:  "git-sync: Git repositories in volumes",
		Writes: []string{"/git", "/tmp"},
		Newest: "4.7.1", Seen: "2026-11-29",
		Source: "public manifests: v4.7.1 is in use, v4.8 is nowhere",
	})
	// github.com/open-telemetry/opentelemetry-collector-releases Dockerfile: USER 10001.
	OtelCollectorImage = listed(Image{
		Ref: "docker.io/otel/opentelemetry-collector:0.165.0", UID: 10001, GID: 10001,
		About:  "the OpenTelemetry collector",
		Newest: "0.165.0", Seen: "2026-11-29",
		Source: "versions of its Go modules: v0.165.0 of 2026-11-06 is the last; e2e runs it",
	})
)

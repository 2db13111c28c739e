package pattern

import "slices"

// An Image is a program that patterns put into pods, and the numeric user it's built for.
// The number is needed because a kubelet refuses runAsNonRoot for an image that names its
// user by a word.
type Image struct {
	Ref string `json:"ref"`
	UID int64  `json:"uid"`
	GID int64  `json:"gid"`
}

// Images returns all images of this file. Those of exporters are in their presets.
func Images() []Image { return slices.Clone(images) }

var images []Image

// newImage makes an image and adds it to the list.
func newImage(ref string, uid, gid int64) Image {
	i := Image{Ref: ref, UID: uid, GID: gid}
	images = append(images, i)
	return i
}

// The images of all patterns but exporter. Each stands here and nowhere else, so a newer tag
// is written in one place. Tags are those of stable branches. Users write a digest or a
// mirror into override.image or spec.images.
var (
	// github.com/nginx/docker-nginx-unprivileged, stable/alpine-slim/Dockerfile:
	// ARG UID=101, ARG GID=101, STOPSIGNAL SIGQUIT; busybox has sh and sleep.
	NginxImage = newImage("docker.io/nginxinc/nginx-unprivileged:1.30.6-alpine-slim", 101, 101)
	// The same, stable/alpine/Dockerfile: with nginx-module-njs, curl and ca-certificates.
	NginxJSImage = newImage("docker.io/nginxinc/nginx-unprivileged:1.30.6-alpine", 101, 101)
	// github.com/oauth2-proxy/oauth2-proxy Dockerfile: distroless/static:nonroot.
	Oauth2Image = newImage("quay.io/oauth2-proxy/oauth2-proxy:v7.15.6", 65532, 65532)
	// github.com/ghostunnel/ghostunnel Dockerfile-distroless: distroless/base-nossl:nonroot.
	GhostunnelImage = newImage("docker.io/ghostunnel/ghostunnel:v1.11.1-distroless", 65532, 65532)
	// github.com/edoburu/docker-pgbouncer Dockerfile: adduser -u 70 postgres, USER postgres; alpine has nc.
	PgbouncerImage = newImage("docker.io/edoburu/pgbouncer:v1.25.2-p0", 70, 70)
	// Both: distroless/static:nonroot.
	CloudSQLImage = newImage("gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.25.3", 65532, 65532)
	AlloyDBImage  = newImage("gcr.io/alloydb-connectors/alloydb-auth-proxy:1.15.2", 65532, 65532)

	// Shells for small scripts. github.com/docker-library/busybox: no USER, so root
	// unless another one is written; 65534 is its nobody.
	BusyboxImage = newImage("docker.io/library/busybox:1.38.0-musl", 65534, 65534)
	// github.com/curl/curl-container: USER curl_user, a name, 100:101; alpine has sh.
	CurlImage = newImage("docker.io/curlimages/curl:8.21.0", 100, 101)
	// github.com/rclone/rclone Dockerfile: a user rclone of 1009:1009, but no USER.
	RcloneImage = newImage("docker.io/rclone/rclone:1.75.0", 1009, 1009)
	// github.com/fluent/fluent-bit dockerfiles/Dockerfile: no USER; distroless has 65532.
	FluentBitImage = newImage("docker.io/fluent/fluent-bit:5.1.1", 65532, 65532)
	// github.com/hashicorp/vault Dockerfile: adduser -S vault, 100:1000 (vault-k8s runs its agent so).
	VaultImage = newImage("docker.io/hashicorp/vault:2.0.4", 100, 1000)
	// github.com/openbao/openbao Dockerfile: adduser -S openbao, 100:1000.
	OpenBaoImage = newImage("docker.io/openbao/openbao:2.6.2", 100, 1000)
	// github.com/valkey-io/valkey-container and docker-library/redis, alpine: 999:1000.
	ValkeyImage = newImage("docker.io/valkey/valkey:9.0.8-alpine", 999, 1000)
	RedisImage  = newImage("docker.io/library/redis:8.8.2-alpine", 999, 1000)
	// github.com/docker-library/memcached: groupadd, useradd memcache 11211.
	MemcachedImage = newImage("docker.io/library/memcached:1.6.45-alpine", 11211, 11211)
	// Migrations. github.com/golang-migrate/migrate Dockerfile and flyway/flyway-docker
	// dockerfiles/alpine/Dockerfile: no USER, so root unless another one is written; 65534 is alpine's nobody.
	MigrateImage = newImage("docker.io/migrate/migrate:v4.19.1", 65534, 65534)
	FlywayImage  = newImage("docker.io/flyway/flyway:11.20.3-alpine", 65534, 65534)
	// github.com/liquibase/docker Dockerfile: adduser --uid 1001 liquibase. The last of 4: images of 5 have
	// no drivers of databases any more.
	LiquibaseImage = newImage("docker.io/liquibase/liquibase:4.33.0", 1001, 1001)
	// github.com/open-telemetry/opentelemetry-operator autoinstrumentation/java/Dockerfile: FROM busybox, the
	// agent at /javaagent.jar, readable by all; no USER.
	JavaAgentImage = newImage(
		"ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-java:2.29.0", 65534, 65534)
	// registry.k8s.io/git-sync: USER 65533:65533.
	GitSyncImage = newImage("registry.k8s.io/git-sync/git-sync:v4.7.1", 65533, 65533)
	// github.com/open-telemetry/opentelemetry-collector-releases Dockerfile: USER 10001.
	OtelCollectorImage = newImage("docker.io/otel/opentelemetry-collector:0.159.0", 10001, 10001)
)

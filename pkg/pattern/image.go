package pattern

// An image is a program that we put into pods, with the numeric user that it's
// made for: kubelets refuse runAsNonRoot where an image names its user by a word.
type image struct {
	ref      string
	uid, gid int64
}

// The images, all in one place. Tags are those of the stable branches; whoever
// wants a digest or a mirror says so by override.image or spec.images.
var (
	// github.com/nginx/docker-nginx-unprivileged, stable/alpine-slim/Dockerfile:
	// ARG UID=101, ARG GID=101, STOPSIGNAL SIGQUIT; busybox has sh and sleep.
	nginxImage = image{ref: "docker.io/nginxinc/nginx-unprivileged:1.30.6-alpine-slim", uid: 101, gid: 101}
	// The same, stable/alpine/Dockerfile: with nginx-module-njs, curl and ca-certificates.
	nginxJSImage = image{ref: "docker.io/nginxinc/nginx-unprivileged:1.30.6-alpine", uid: 101, gid: 101}
	// github.com/oauth2-proxy/oauth2-proxy Dockerfile: distroless/static:nonroot.
	oauth2Image = image{ref: "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6", uid: 65532, gid: 65532}
	// github.com/ghostunnel/ghostunnel Dockerfile-distroless: distroless/base-nossl:nonroot.
	ghostunnelImage = image{ref: "docker.io/ghostunnel/ghostunnel:v1.11.1-distroless", uid: 65532, gid: 65532}
	// github.com/edoburu/docker-pgbouncer Dockerfile: adduser -u 70 postgres, USER postgres; alpine has nc.
	pgbouncerImage = image{ref: "docker.io/edoburu/pgbouncer:v1.25.2-p0", uid: 70, gid: 70}
	// Both: distroless/static:nonroot.
	cloudSQLImage = image{ref: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.25.3", uid: 65532, gid: 65532}
	alloyDBImage  = image{ref: "gcr.io/alloydb-connectors/alloydb-auth-proxy:1.15.2", uid: 65532, gid: 65532}

	// Shells for small scripts. github.com/docker-library/busybox: no USER, so root
	// unless another one is written; 65534 is its nobody.
	busyboxImage = image{ref: "docker.io/library/busybox:1.38.0-musl", uid: 65534, gid: 65534}
	// github.com/curl/curl-container: USER curl_user, a name, 100:101; alpine has sh.
	curlImage = image{ref: "docker.io/curlimages/curl:8.21.0", uid: 100, gid: 101}
	// github.com/rclone/rclone Dockerfile: a user rclone of 1009:1009, but no USER.
	rcloneImage = image{ref: "docker.io/rclone/rclone:1.75.0", uid: 1009, gid: 1009}
	// github.com/fluent/fluent-bit dockerfiles/Dockerfile: no USER; distroless has 65532.
	fluentBitImage = image{ref: "docker.io/fluent/fluent-bit:5.1.1", uid: 65532, gid: 65532}
	// github.com/hashicorp/vault Dockerfile: adduser -S vault, 100:1000 (vault-k8s runs its agent so).
	vaultImage = image{ref: "docker.io/hashicorp/vault:2.0.4", uid: 100, gid: 1000}
	// github.com/openbao/openbao Dockerfile: adduser -S openbao, 100:1000.
	openBaoImage = image{ref: "docker.io/openbao/openbao:2.6.2", uid: 100, gid: 1000}
	// github.com/valkey-io/valkey-container and docker-library/redis, alpine: 999:1000.
	valkeyImage = image{ref: "docker.io/valkey/valkey:9.0.8-alpine", uid: 999, gid: 1000}
	redisImage  = image{ref: "docker.io/library/redis:8.8.2-alpine", uid: 999, gid: 1000}
	// github.com/docker-library/memcached: groupadd, useradd memcache 11211.
	memcachedImage = image{ref: "docker.io/library/memcached:1.6.45-alpine", uid: 11211, gid: 11211}
	// Migrations. github.com/golang-migrate/migrate Dockerfile and flyway/flyway-docker
	// dockerfiles/alpine/Dockerfile: no USER, so root unless another one is written; 65534 is alpine's nobody.
	migrateImage = image{ref: "docker.io/migrate/migrate:v4.19.1", uid: 65534, gid: 65534}
	flywayImage  = image{ref: "docker.io/flyway/flyway:11.20.3-alpine", uid: 65534, gid: 65534}
	// github.com/liquibase/docker Dockerfile: adduser --uid 1001 liquibase. The last of 4: images of 5 have
	// no drivers of databases any more.
	liquibaseImage = image{ref: "docker.io/liquibase/liquibase:4.33.0", uid: 1001, gid: 1001}
	// github.com/open-telemetry/opentelemetry-operator autoinstrumentation/java/Dockerfile: FROM busybox, the
	// agent at /javaagent.jar, readable by all; no USER.
	javaAgentImage = image{ref: "ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-java:2.29.0", uid: 65534, gid: 65534}
	// registry.k8s.io/git-sync: USER 65533:65533.
	gitSyncImage = image{ref: "registry.k8s.io/git-sync/git-sync:v4.7.1", uid: 65533, gid: 65533}
	// github.com/open-telemetry/opentelemetry-collector-releases Dockerfile: USER 10001.
	otelCollectorImage = image{ref: "docker.io/otel/opentelemetry-collector:0.159.0", uid: 10001, gid: 10001}
)

package pattern

// An Image is a program that we put into pods, with the numeric user that it's
// made for: kubelets refuse runAsNonRoot where an image names its user by a word.
type Image struct {
	Ref      string
	UID, GID int64
}

// The images of all patterns but the exporters, whose are below. No other place of pkg
// names one, so this file is where to write another tag. Tags are those of the stable
// branches; users write a digest or a mirror into override.image or spec.images.
var (
	// github.com/nginx/docker-nginx-unprivileged, stable/alpine-slim/Dockerfile:
	// ARG UID=101, ARG GID=101, STOPSIGNAL SIGQUIT; busybox has sh and sleep.
	NginxImage = Image{Ref: "docker.io/nginxinc/nginx-unprivileged:1.30.6-alpine-slim", UID: 101, GID: 101}
	// The same, stable/alpine/Dockerfile: with nginx-module-njs, curl and ca-certificates.
	NginxJSImage = Image{Ref: "docker.io/nginxinc/nginx-unprivileged:1.30.6-alpine", UID: 101, GID: 101}
	// github.com/oauth2-proxy/oauth2-proxy Dockerfile: distroless/static:nonroot.
	Oauth2Image = Image{Ref: "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6", UID: 65532, GID: 65532}
	// github.com/ghostunnel/ghostunnel Dockerfile-distroless: distroless/base-nossl:nonroot.
	GhostunnelImage = Image{Ref: "docker.io/ghostunnel/ghostunnel:v1.11.1-distroless", UID: 65532, GID: 65532}
	// github.com/edoburu/docker-pgbouncer Dockerfile: adduser -u 70 postgres, USER postgres; alpine has nc.
	PgbouncerImage = Image{Ref: "docker.io/edoburu/pgbouncer:v1.25.2-p0", UID: 70, GID: 70}
	// Both: distroless/static:nonroot.
	CloudSQLImage = Image{Ref: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.25.3", UID: 65532, GID: 65532}
	AlloyDBImage  = Image{Ref: "gcr.io/alloydb-connectors/alloydb-auth-proxy:1.15.2", UID: 65532, GID: 65532}

	// Shells for small scripts. github.com/docker-library/busybox: no USER, so root
	// unless another one is written; 65534 is its nobody.
	BusyboxImage = Image{Ref: "docker.io/library/busybox:1.38.0-musl", UID: 65534, GID: 65534}
	// github.com/curl/curl-container: USER curl_user, a name, 100:101; alpine has sh.
	CurlImage = Image{Ref: "docker.io/curlimages/curl:8.21.0", UID: 100, GID: 101}
	// github.com/rclone/rclone Dockerfile: a user rclone of 1009:1009, but no USER.
	RcloneImage = Image{Ref: "docker.io/rclone/rclone:1.75.0", UID: 1009, GID: 1009}
	// github.com/fluent/fluent-bit dockerfiles/Dockerfile: no USER; distroless has 65532.
	FluentBitImage = Image{Ref: "docker.io/fluent/fluent-bit:5.1.1", UID: 65532, GID: 65532}
	// github.com/hashicorp/vault Dockerfile: adduser -S vault, 100:1000 (vault-k8s runs its agent so).
	VaultImage = Image{Ref: "docker.io/hashicorp/vault:2.0.4", UID: 100, GID: 1000}
	// github.com/openbao/openbao Dockerfile: adduser -S openbao, 100:1000.
	OpenBaoImage = Image{Ref: "docker.io/openbao/openbao:2.6.2", UID: 100, GID: 1000}
	// github.com/valkey-io/valkey-container and docker-library/redis, alpine: 999:1000.
	ValkeyImage = Image{Ref: "docker.io/valkey/valkey:9.0.8-alpine", UID: 999, GID: 1000}
	RedisImage  = Image{Ref: "docker.io/library/redis:8.8.2-alpine", UID: 999, GID: 1000}
	// github.com/docker-library/memcached: groupadd, useradd memcache 11211.
	MemcachedImage = Image{Ref: "docker.io/library/memcached:1.6.45-alpine", UID: 11211, GID: 11211}
	// Migrations. github.com/golang-migrate/migrate Dockerfile and flyway/flyway-docker
	// dockerfiles/alpine/Dockerfile: no USER, so root unless another one is written; 65534 is alpine's nobody.
	MigrateImage = Image{Ref: "docker.io/migrate/migrate:v4.19.1", UID: 65534, GID: 65534}
	FlywayImage  = Image{Ref: "docker.io/flyway/flyway:11.20.3-alpine", UID: 65534, GID: 65534}
	// github.com/liquibase/docker Dockerfile: adduser --uid 1001 liquibase. The last of 4: images of 5 have
	// no drivers of databases any more.
	LiquibaseImage = Image{Ref: "docker.io/liquibase/liquibase:4.33.0", UID: 1001, GID: 1001}
	// github.com/open-telemetry/opentelemetry-operator autoinstrumentation/java/Dockerfile: FROM busybox, the
	// agent at /javaagent.jar, readable by all; no USER.
	JavaAgentImage = Image{Ref: "ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-java:2.29.0",
		UID: 65534, GID: 65534}
	// registry.k8s.io/git-sync: USER 65533:65533.
	GitSyncImage = Image{Ref: "registry.k8s.io/git-sync/git-sync:v4.7.1", UID: 65533, GID: 65533}
	// github.com/open-telemetry/opentelemetry-collector-releases Dockerfile: USER 10001.
	OtelCollectorImage = Image{Ref: "docker.io/otel/opentelemetry-collector:0.159.0", UID: 10001, GID: 10001}
)

// ExporterImages are those of the exporters, by the names of their presets. The numbers
// of users are from the Dockerfiles beside the sources that presets.json names: most
// images name their user by a word, or not at all.
var ExporterImages = map[string]Image{
	"elasticsearch": {Ref: "quay.io/prometheuscommunity/elasticsearch-exporter:v1.11.0", UID: 65534, GID: 65534},
	"redis":         {Ref: "docker.io/oliver006/redis_exporter:v1.89.0", UID: 59000, GID: 59000},
	"postgres":      {Ref: "quay.io/prometheuscommunity/postgres-exporter:v0.20.1", UID: 65534, GID: 65534},
	"mysqld":        {Ref: "quay.io/prometheus/mysqld-exporter:v0.20.0", UID: 65534, GID: 65534},
	"mongodb":       {Ref: "docker.io/percona/mongodb_exporter:0.53.0", UID: 65535, GID: 65535},
	"memcached":     {Ref: "quay.io/prometheus/memcached-exporter:v0.17.0", UID: 65534, GID: 65534},
	"nginx":         {Ref: "docker.io/nginx/nginx-prometheus-exporter:1.5.3", UID: 1001, GID: 1001},
	"apache":        {Ref: "docker.io/lusotycoon/apache-exporter:v1.1.1", UID: 65534, GID: 65534},
	"php-fpm":       {Ref: "docker.io/hipages/php-fpm_exporter:2.2.0", UID: 65534, GID: 65534},
	"pgbouncer":     {Ref: "quay.io/prometheuscommunity/pgbouncer-exporter:v0.12.1", UID: 65534, GID: 65534},
	"kafka":         {Ref: "docker.io/danielqsj/kafka-exporter:v1.9.0", UID: 65534, GID: 65534},
	"statsd":        {Ref: "quay.io/prometheus/statsd-exporter:v0.30.0", UID: 65534, GID: 65534},
	"nats":          {Ref: "docker.io/natsio/prometheus-nats-exporter:0.20.2", UID: 65534, GID: 65534},
	"blackbox":      {Ref: "quay.io/prometheus/blackbox-exporter:v0.28.0", UID: 65534, GID: 65534},
	"json":          {Ref: "quay.io/prometheuscommunity/json-exporter:v0.7.0", UID: 65534, GID: 65534},
	"sql":           {Ref: "ghcr.io/justwatchcom/sql_exporter:v0.8", UID: 65534, GID: 65534},
}

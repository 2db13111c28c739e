# `make` lists the targets. What takes more than a line or two is a script in .ci/.

VERSION  ?= $(shell .ci/version)
COMMIT   ?= $(shell .ci/version commit)
IMAGE    ?= ghcr.io/outrigger-dev/outrigger:dev
FUZZTIME ?= 30s
PLUGIN   ?= app

ARGOCD_IMAGE ?= ghcr.io/outrigger-dev/outrigger-argocd:dev

# Static and without traces of the machine: the same source gives the same binary everywhere. Everything that make
# compiles has these flags, so that the standard library and what is shared are compiled once.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath
DOCKER := $(shell command -v podman || echo docker)

# Go's own stamp is off: it fails where git distrusts the folder, and in worktrees it isn't there.
LDFLAGS = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## bin/outrigger
	@go build -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/outrigger ./fn/outrigger

demo: build bin/kustomize ## an Elasticsearch before and after its sidecars, as a diff
	@.ci/demo

test: install lint build bin/kustomize bin/kpt ## everything: lint, unit tests, examples, end-to-end tests
	@.ci/test

laws: install bin/kustomize ## the laws over 10,000 generated pairs, and every change of every example's base, ejected
	@.ci/laws

lint: install bin/staticcheck ## what is checked without running: format, vet, staticcheck, shellcheck, stale files
	@.ci/lint

golden: bin/kustomize bin/kpt ## rewrite the expected files of the tests, and show what changed
	@.ci/golden

# In this order: the pages are made from the schema.
generate: ## rewrite the generated files: schema, tables, pages of patterns
	go generate ./pkg/... && go generate ./fn/...

fuzz: ## every fuzz target for FUZZTIME (30s)
	@FUZZTIME=$(FUZZTIME) .ci/fuzz

bench: build ## whole processes against a minimal kyaml function; BENCH='-n 50000 -m 1' for others (go -C e2e run ./bench/cmd -h)
	go -C e2e run ./bench/cmd -outrigger $(CURDIR)/bin/outrigger $(BENCH)

bench-runners: build ## CPU of builds by kustomize with outrigger as a pipe, plugin, function and container; BENCH='-n 10' for others
	go -C e2e run ./bench/cmd -outrigger $(CURDIR)/bin/outrigger -runners -n 100,1000 $(BENCH)

e2e-runners: install build ## images of a clone, a release, and every example with every runner: kustomize in four versions, kubectl, kpt, files, pipes; prints a table
	@go -C e2e/runners test -tags runners -count=1 -parallel 4 -timeout 60m
	@go -C e2e test -tags runners -count=1 -timeout 60m -run '^Test(Clone|Release)' ./image ./release

CLUSTER ?= ../shared/cluster
e2e-cluster: install build ## in a real cluster, if one lies in CLUSTER: the patterns with their real programs, requests while pods go
	@test -x $(CLUSTER)/up.sh || { echo "e2e-cluster: NOT RUN: no cluster in CLUSTER=$(CLUSTER)" >&2; exit 1; }
	$(CLUSTER)/prepare.sh && $(CLUSTER)/up.sh
	CLUSTER=$(abspath $(CLUSTER)) go -C e2e test -tags cluster -count=1 -timeout 120m -v ./cluster

image: build ## the container image, with what is built here: podman or docker (docker build . builds all of it)
	$(DOCKER) build -q --target local --label org.opencontainers.image.version=$(VERSION) -t $(IMAGE) .

image-argocd: build bin/kustomize ## the image of Argo CD's plugin; PLUGIN=platform or both for others (examples/argocd)
	$(DOCKER) build -q -f examples/argocd/Dockerfile --target local-$(PLUGIN) -t $(ARGOCD_IMAGE) .

PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
release: bin/cyclonedx-gomod bin/oci ## dist/: programs for all PLATFORMS, checksums, SBOMs, an image layout; publishes nothing
	@VERSION='$(VERSION)' COMMIT='$(COMMIT)' LDFLAGS='$(LDFLAGS)' PLATFORMS='$(PLATFORMS)' .ci/release

install: ## the Debian packages that the tests need (as root)
	@.ci/install

clean: ## remove bin/ and dist/
	rm -rf bin dist

# The programs that tests use, built from pinned source; the Go build cache makes this a matter of a second.
bin/kustomize: PACKAGE := sigs.k8s.io/kustomize/kustomize/v5
bin/staticcheck: PACKAGE := honnef.co/go/tools/cmd/staticcheck
bin/ghostunnel: PACKAGE := github.com/ghostunnel/ghostunnel
bin/oauth2-proxy: PACKAGE := github.com/oauth2-proxy/oauth2-proxy/v7
bin/pgbouncer_exporter: PACKAGE := github.com/prometheus-community/pgbouncer_exporter
bin/migrate: PACKAGE := github.com/golang-migrate/migrate/v4/cmd/migrate
bin/migrate: TAGS := postgres
bin/otelcol bin/kpt bin/argocd bin/oci: PACKAGE := .
bin/cyclonedx-gomod: PACKAGE := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
bin/argocd: TAGS := argocd
bin/helm3: PACKAGE := helm.sh/helm/v3/cmd/helm
bin/helm4: PACKAGE := helm.sh/helm/v4/cmd/helm
bin/kustomize-4.5.7: PACKAGE := sigs.k8s.io/kustomize/kustomize/v4
bin/kustomize-5.0.3 bin/kustomize-5.4.3: PACKAGE := sigs.k8s.io/kustomize/kustomize/v5
bin/kustomize bin/staticcheck: .ci/tools/go.sum
bin/kustomize-4.5.7: .ci/tools/kustomize-4.5.7/go.sum
bin/kustomize-5.0.3: .ci/tools/kustomize-5.0.3/go.sum
bin/kustomize-5.4.3: .ci/tools/kustomize-5.4.3/go.sum
bin/ghostunnel: .ci/tools/ghostunnel/go.sum
bin/oauth2-proxy: .ci/tools/oauth2-proxy/go.sum
bin/migrate: .ci/tools/migrate/go.sum
bin/pgbouncer_exporter: .ci/tools/pgbouncer_exporter/go.sum
bin/otelcol: .ci/tools/otelcol/go.sum .ci/tools/otelcol/main.go
bin/argocd: .ci/tools/argocd/go.sum .ci/tools/argocd/main.go
bin/kpt: .ci/tools/kpt/go.sum .ci/tools/kpt/main.go
bin/oci: .ci/tools/oci/go.sum .ci/tools/oci/main.go
bin/cyclonedx-gomod: .ci/tools/cyclonedx-gomod/go.sum
bin/helm3 bin/helm4: .ci/tools/helm/go.sum
bin/kustomize-4.5.7 bin/kustomize-5.0.3 bin/kustomize-5.4.3 \
bin/kustomize bin/staticcheck bin/ghostunnel bin/oauth2-proxy bin/migrate bin/pgbouncer_exporter bin/otelcol bin/kpt \
bin/argocd bin/helm3 bin/helm4 bin/oci bin/cyclonedx-gomod:
	@mkdir -p bin
	@echo "build $@"
	@go -C $(<D) build -tags '$(TAGS)' -buildvcs=false -ldflags '-s -w' -o $(CURDIR)/$@ $(PACKAGE) && touch $@

bin/vault: .ci/vault .ci/tools/vault/go.sum
	@echo "build $@"
	@.ci/vault

.PHONY: help bench-runners e2e-runners e2e-cluster build demo test laws lint golden generate fuzz bench image image-argocd \
	release install clean

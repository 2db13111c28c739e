# `make` lists the targets. What takes more than a line or two is a script in .ci/.

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE    ?= ghcr.io/outrigger-dev/outrigger:dev
FUZZTIME ?= 30s

# Static and without traces of the machine: the same source gives the same binary everywhere. Everything that make
# compiles has these flags, so that the standard library and what is shared are compiled once.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath
DOCKER := $(shell command -v podman || echo docker)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## bin/outrigger
	@go build -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/outrigger ./fn/outrigger

demo: build bin/kustomize ## an Elasticsearch before and after its sidecars, as a diff
	@.ci/demo

test: install lint build bin/kustomize ## everything: lint, unit tests, examples, end-to-end tests
	@command -v kpt >/dev/null || echo "test: kpt isn't in PATH: NOT TESTED with it" >&2
	@.ci/test

lint: install bin/staticcheck ## what is checked without running: format, vet, staticcheck, shellcheck, stale files
	@.ci/lint

golden: bin/kustomize ## rewrite the expected files of the tests, and show what changed
	@.ci/golden

generate: ## rewrite the generated files: schema, tables
	go generate ./...

fuzz: ## every fuzz target for FUZZTIME (30s)
	@FUZZTIME=$(FUZZTIME) .ci/fuzz

bench: build ## whole processes against a minimal kyaml function; BENCH='-n 50000 -m 1' for others (go -C e2e run ./bench/cmd -h)
	go -C e2e run ./bench/cmd -outrigger $(CURDIR)/bin/outrigger $(BENCH)

CLUSTER ?= ../shared/cluster
e2e-cluster: install build ## in a real cluster, if one lies in CLUSTER: the patterns with their real programs, requests while pods go
	@test -x $(CLUSTER)/up.sh || { echo "e2e-cluster: NOT RUN: no cluster in CLUSTER=$(CLUSTER)" >&2; exit 1; }
	$(CLUSTER)/prepare.sh && $(CLUSTER)/up.sh
	CLUSTER=$(abspath $(CLUSTER)) go -C e2e test -tags cluster -count=1 -timeout 120m -v ./cluster

image: build ## the container image, for local use: podman or docker
	$(DOCKER) build -q --build-arg VERSION=$(VERSION) -t $(IMAGE) .

install: ## the Debian packages that the tests need (as root)
	@.ci/install

clean: ## remove bin/
	rm -rf bin

# The programs that tests use, built from pinned source; the Go build cache makes this a matter of a second.
bin/kustomize: PACKAGE := sigs.k8s.io/kustomize/kustomize/v5
bin/staticcheck: PACKAGE := honnef.co/go/tools/cmd/staticcheck
bin/ghostunnel: PACKAGE := github.com/ghostunnel/ghostunnel
bin/oauth2-proxy: PACKAGE := github.com/oauth2-proxy/oauth2-proxy/v7
bin/migrate: PACKAGE := github.com/golang-migrate/migrate/v4/cmd/migrate
bin/migrate: TAGS := postgres
bin/otelcol: PACKAGE := .
bin/kustomize bin/staticcheck: .ci/tools/go.sum
bin/ghostunnel: .ci/tools/ghostunnel/go.sum
bin/oauth2-proxy: .ci/tools/oauth2-proxy/go.sum
bin/migrate: .ci/tools/migrate/go.sum
bin/otelcol: .ci/tools/otelcol/go.sum .ci/tools/otelcol/main.go
bin/kustomize bin/staticcheck bin/ghostunnel bin/oauth2-proxy bin/migrate bin/otelcol:
	@mkdir -p bin
	@echo "build $@"
	@go -C $(<D) build -tags '$(TAGS)' -buildvcs=false -ldflags '-s -w' -o $(CURDIR)/$@ $(PACKAGE) && touch $@

bin/vault: .ci/vault .ci/tools/vault/go.sum
	@echo "build $@"
	@.ci/vault

.PHONY: help e2e-cluster build demo test lint golden generate fuzz bench image install clean

# The container image: one static binary and the names of its users; no shell, no libc.
#
# `docker build .` in a clean clone needs nothing else, and compiles the program in Go's own image, also for another
# --platform, without emulation. `make image` needs no registry: --target local takes bin/outrigger, and BuildKit and podman
# don't touch the stage "built" then. Both give the same image.

# The tag, and the digest of the index of all its platforms. Change both with the toolchain in go.mod and CI.
ARG GO_IMAGE=docker.io/library/golang:1.26.8-bookworm@sha256:dc9ad6c05acc7a88e5b71bde60a5fe3bd4b9f0db209011711b464107438a8107

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS built
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
# Without them, the clone says what it is.
ARG VERSION
ARG COMMIT
ARG TARGETOS
ARG TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build .ci/image/build outrigger

FROM scratch AS image
LABEL org.opencontainers.image.title="outrigger" \
      org.opencontainers.image.description="KRM function that adds sidecars and init containers to workloads while manifests are rendered" \
      org.opencontainers.image.source="https://github.com/outrigger-dev/outrigger" \
      org.opencontainers.image.licenses="Apache-2.0"
# kustomize and kpt run functions as "nobody", by name: without these files the container doesn't start.
COPY --chmod=0644 .ci/image/passwd .ci/image/group /etc/
USER 65532:65532
ENTRYPOINT ["/outrigger"]

FROM image AS local
COPY --chmod=0755 bin/outrigger /outrigger

FROM image
COPY --from=built --chmod=0755 /out/bin/outrigger /outrigger

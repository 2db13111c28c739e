# One static binary and the names of its users; no shell, no libc. The binary comes from `make build` rather than from a
# golang stage, so that nothing is fetched while the image is built. `make image` does both steps.
FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="outrigger" \
      org.opencontainers.image.description="KRM function that adds sidecars and init containers to workloads while manifests are rendered" \
      org.opencontainers.image.source="https://github.com/outrigger-dev/outrigger" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
# kustomize and kpt run functions as "nobody", by name: without these files the container doesn't start.
COPY --chmod=0644 .ci/image/passwd .ci/image/group /etc/
COPY --chmod=0755 bin/outrigger /outrigger
USER 65532:65532
ENTRYPOINT ["/outrigger"]

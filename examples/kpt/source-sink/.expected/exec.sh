#!/usr/bin/env bash
# Source reads the package, and sink writes a folder that may not be there yet.
set -euo pipefail
sunk=$(mktemp -d)
trap 'rm -rf "$sunk"' EXIT
kpt fn source . --fn-config sidecars.yaml | outrigger | kpt fn sink "$sunk/package"
cp -R "$sunk/package/." .

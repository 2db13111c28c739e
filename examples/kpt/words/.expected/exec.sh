#!/usr/bin/env bash
set -euo pipefail
kpt fn eval --exec outrigger -- pattern=waitFor targets=db:5432,queue:5672 kind=Deployment name=shop

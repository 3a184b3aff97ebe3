#!/usr/bin/env bash
# lint.sh runs golangci-lint over the whole module.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(scripts/tools.sh)
exec "$tools/golangci-lint" run --allow-parallel-runners "$@"

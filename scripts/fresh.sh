#!/usr/bin/env bash
# fresh.sh runs the generators and fails when that changes a file: what is generated must match the code.
set -euo pipefail
cd "$(dirname "$0")/.."

sums() { git ls-files -co --exclude-standard -z | xargs -0 cksum 2>/dev/null | sort -k3 || true; }

before=$(sums)
go generate ./...
after=$(sums)
[ "$before" = "$after" ] && exit 0
echo 'make generate changed these files; commit them:'
diff <(echo "$before") <(echo "$after") | awk '/^[<>]/ { print $4 }' | sort -u
exit 1

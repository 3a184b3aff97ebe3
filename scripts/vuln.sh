#!/usr/bin/env bash
# vuln.sh runs govulncheck. Where its database cannot be reached it says so and does not fail.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(scripts/tools.sh)
out=$("$tools/govulncheck" ./... 2>&1) && exit 0
if grep -q 'fetching vulnerabilities' <<<"$out"; then
  echo 'not checked: the vulnerability database cannot be reached from here'
  exit 0
fi
echo "$out"
exit 1

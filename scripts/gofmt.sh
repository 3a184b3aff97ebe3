#!/usr/bin/env bash
# gofmt.sh fails and names the files that gofmt would change.
set -euo pipefail
cd "$(dirname "$0")/.."
unformatted=$(find . -name '*.go' -not -path '*/testdata/*' -print0 | xargs -0 gofmt -l)
[ -z "$unformatted" ] && exit 0
echo 'gofmt would change:'
echo "$unformatted"
exit 1

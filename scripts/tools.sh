#!/usr/bin/env bash
# tools.sh builds the linters of tools/go.mod once per set of versions and prints the folder they are in.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
versions=$(cat "$root/tools/go.mod" "$root/tools/go.sum" | cksum | cut -d' ' -f1)
dir=$("$root/scripts/cache.sh")/tools/$versions-$(go env GOVERSION)
if [ ! -x "$dir/golangci-lint" ] || [ ! -x "$dir/govulncheck" ]; then
  echo 'building golangci-lint and govulncheck (some minutes, once)' >&2
  part=$dir.part.$$
  trap 'rm -rf "$part"' EXIT
  CGO_ENABLED=0 go -C "$root/tools" build -trimpath -ldflags='-s -w' -o "$part/" tool >&2
  mkdir -p "$dir"
  mv "$part"/* "$dir/"
fi
echo "$dir"

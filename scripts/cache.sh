#!/usr/bin/env bash
# cache.sh prints the folder that keeps what is fetched or built once: linters and test servers.
# Servers started by root run as "nobody", who cannot look into root's home: root's cache is the system's.
set -euo pipefail
if [ "$(id -u)" -eq 0 ]; then
  echo /var/cache/tocsin
else
  echo "${XDG_CACHE_HOME:-$HOME/.cache}/tocsin"
fi

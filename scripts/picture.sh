#!/usr/bin/env bash
# picture.sh FILE [COLUMNS ROWS] runs the demo in a terminal, lets a lock pile-up come after a calm minute, and
# draws the screen that names it as SVG into FILE.
set -euo pipefail

file=$(realpath "${1:?usage: picture.sh FILE [COLUMNS ROWS]}")
columns=${2:-160}
rows=${3:-48}
cd "$(dirname "$0")/.."

work=$(mktemp -d)
terminal() { tmux -L "tocsin-picture-$$" -f /dev/null "$@"; }
finish() {
  terminal kill-server 2>/dev/null || true # the hang-up ends dashboard and demo
  rm -rf "$work"
}
trap finish EXIT

CGO_ENABLED=0 go build -trimpath -o "$work/tocsin" .
go build -o "$work/picture" ./internal/docgen/picture
LC_ALL=C.UTF-8 terminal new-session -d -x "$columns" -y "$rows" "'$work/tocsin' demo --scenario lock-pileup --after 60s"

# Firing since a quarter of a minute: every panel has read it then.
shows() { terminal capture-pane -p | grep -q "$1"; }
deadline=$((SECONDS + 150))
until shows 'behind pid' && shows '1 critical'; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo 'picture: the pile-up has not shown; the screen is' >&2
    terminal capture-pane -p >&2
    exit 1
  fi
  sleep 1
done
sleep 15
terminal capture-pane -e -p >"$work/screen"
terminal send-keys q
"$work/picture" <"$work/screen" >"$work/picture.svg"
mv "$work/picture.svg" "$file"

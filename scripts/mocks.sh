#!/usr/bin/env bash
# mocks.sh DIR puts the third-party servers that judge what tocsin sends to providers into DIR, and does nothing
# for those already there: Prism, which answers from an OpenAPI document and refuses what that forbids, and Stripe's own.
set -euo pipefail

prism=5.16.0
stripe=v0.203.0

mkdir -p "$1"
dir=$(cd "$1" && pwd)
if [ ! -e "$dir/prism-$prism/node_modules/@stoplight/prism-cli/dist/index.js" ]; then
  part=$(mktemp -d "$dir/.fetch.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$part" "@stoplight/prism-cli@$prism"
  rm -rf "$dir/prism-$prism"
  mv "$part" "$dir/prism-$prism"
  echo "installed Prism $prism for tests ($dir/prism-$prism)"
fi
ln -sfn "prism-$prism" "$dir/prism"
if [ ! -x "$dir/stripe-mock-$stripe/stripe-mock" ]; then
  GOFLAGS='' GOBIN="$dir/stripe-mock-$stripe" go install "github.com/stripe/stripe-mock@$stripe"
  echo "installed stripe-mock $stripe for tests ($dir/stripe-mock-$stripe)"
fi
ln -sfn "stripe-mock-$stripe/stripe-mock" "$dir/stripe-mock"

# Every target sets up what it needs by itself. The two that matter: make demo, make test.
SHELL := /bin/bash
GO ?= go
# Servers and race-detecting tests are heavy: two packages at a time suit a machine of two cores.
PARALLEL ?= 2
export TOCSIN_PG_MATRIX ?= $(shell scripts/cache.sh)/pg
export TOCSIN_MOCKS ?= $(shell scripts/cache.sh)/mocks
BEGAN := $(shell date +%s)
# step prints what begins, and how many seconds the run has taken up to here.
step = @printf '== %4d s  %s\n' $$(( $$(date +%s) - $(BEGAN) )) '$(1)'

.PHONY: help demo test lint build generate picture bench setup

help:
	@sed -n 's/^## //p' Makefile

## make demo      start the demo company and the dashboard over it (SCENARIO=NAME breaks it)
demo:
	@scripts/setup.sh demo
	@$(GO) run . demo $(if $(SCENARIO),--scenario $(SCENARIO))

## make test      everything that must hold before a commit
test:
	$(call step,set up)
	@scripts/setup.sh test
	@scripts/pgmatrix.sh "$(TOCSIN_PG_MATRIX)"
	@scripts/mocks.sh "$(TOCSIN_MOCKS)"
	$(call step,generated files and go.mod)
	@scripts/fresh.sh
	@$(GO) mod tidy -diff
	$(call step,gofmt and go vet)
	@scripts/gofmt.sh
	@$(GO) vet ./...
	$(call step,linters)
	@scripts/lint.sh
	$(call step,known vulnerabilities)
	@scripts/vuln.sh
	$(call step,build for Linux and macOS)
	@CGO_ENABLED=0 $(GO) build -trimpath -o bin/tocsin .
	@CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) build -o /dev/null .
	$(call step,runbooks and rules)
	@TOCSIN_CONFIG= XDG_CONFIG_HOME=/nonexistent XDG_CONFIG_DIRS=/nonexistent bin/tocsin runbook lint
	@TOCSIN_CONFIG= XDG_CONFIG_HOME=/nonexistent XDG_CONFIG_DIRS=/nonexistent bin/tocsin rules lint
	$(call step,tests with the race detector)
	@CGO_ENABLED=1 $(GO) test -race -p $(PARALLEL) -timeout 15m ./...

## make lint      golangci-lint with the rules of .golangci.yml
lint:
	@scripts/lint.sh

## make build     bin/tocsin, one static binary
build:
	@CGO_ENABLED=0 $(GO) build -trimpath -o bin/tocsin .

## make generate  write the files that are made from the code
generate:
	@$(GO) generate ./...

## make picture   draw docs/screen.svg anew from a run of the demo (two minutes)
picture: setup
	@scripts/picture.sh docs/screen.svg

## make bench     benchmarks; they report and never fail on noise
bench: setup
	@$(GO) test -run '^$$' -bench . -benchmem -p 1 -timeout 1h ./...

## make setup     install what this machine lacks for the tests
setup:
	@scripts/setup.sh test
	@scripts/pgmatrix.sh "$(TOCSIN_PG_MATRIX)"
	@scripts/mocks.sh "$(TOCSIN_MOCKS)"

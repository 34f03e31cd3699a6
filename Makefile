# Gates and daily commands. GNU make, bash and Go are all they need.
# To try a part of the tree: make PKGS=./crypto/...

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c

GO ?= go
# Folder patterns, separated by spaces.
PKGS ?= ./...
# For each fuzz target.
FUZZTIME ?= 3s
# Where govulncheck finds its database, such as file:///srv/vulndb.
GOVULNDB ?=
# Where goroutines share something; all of PKGS when that has been narrowed.
RACE_PKGS ?= $(if $(filter ./...,$(PKGS)),./crypto/... ./bidder ./auction/... ./transport/...,$(PKGS))

# Cheap gates first, also under make -j.
.NOTPARALLEL:
.DEFAULT_GOAL := all

.PHONY: all
all: lint test race fuzz ## every gate below up to fuzz (the default)

.PHONY: lint
lint: fmt vet staticcheck ## fmt, vet and staticcheck

.PHONY: fmt
fmt: ## fail if gofmt would change a file
	@echo gofmt -l $(PKGS:/...=)
	@unformatted=$$(gofmt -l $(PKGS:/...=)); \
	if [[ -n $$unformatted ]]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet $(PKGS)

.PHONY: staticcheck
staticcheck: ## staticcheck, at the version in go.tool.mod
	$(GO) tool -modfile=go.tool.mod staticcheck $(PKGS)

.PHONY: test
test: ## all tests
	$(GO) test $(PKGS)

.PHONY: race
race: ## short tests under the race detector, where concurrency matters
	$(GO) test -race -short $(RACE_PKGS)

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each; fails if there is none
	@found=0; packages=$$($(GO) list $(PKGS)); \
	for package in $$packages; do \
		listing=$$($(GO) test -list '^Fuzz' $$package) || { echo "$$listing"; exit 1; }; \
		for target in $$(grep '^Fuzz' <<<"$$listing" || true); do \
			found=$$((found + 1)); \
			echo "fuzz $$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package; \
		done; \
	done; \
	if ((found == 0)); then echo "no fuzz target in $(PKGS)"; exit 1; fi; \
	echo "$$found fuzz targets passed"

.PHONY: vuln
vuln: ## govulncheck, if GOVULNDB names a database
ifeq ($(strip $(GOVULNDB)),)
	@echo "govulncheck skipped: no database given (GOVULNDB is empty)"
else
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest -db $(GOVULNDB) $(PKGS)
endif

.PHONY: build
build: ## the program, as ./cipherbid
	$(GO) build -o cipherbid .

.PHONY: demo
demo: ## an encrypted auction from end to end
	$(GO) run . demo

.PHONY: bench
bench: ## all benchmarks, with allocations
	$(GO) test -run '^$$' -bench . -benchmem $(PKGS)

# A log in iPinYou format for the suites; without it they use the built-in market.
DATA ?= $(wildcard ../shared/data/ipinyou/impressions.csv.gz)
RESULTS ?= results
SUITES := latency sealed scaling utility remedies precision

.PHONY: bench-smoke
bench-smoke: build ## every suite in its quick form, recorded nowhere: a smoke test, not evidence
	@for suite in $(SUITES); do echo "== $$suite"; ./cipherbid bench $$suite -quick -results ''; done

.PHONY: reproduce
reproduce: build ## every suite in full, recorded in RESULTS, then the report
	@echo "This takes about 80 minutes on two cores and 3 GB of memory. Leave the machine alone meanwhile."
	@echo "Data: $(if $(DATA),$(DATA),the built-in market)"
	@for suite in $(SUITES); do echo "== $$suite"; ./cipherbid bench $$suite $(if $(DATA),-data $(DATA)) -results $(RESULTS); done
	./cipherbid report -results $(RESULTS)
	./cipherbid verify -results $(RESULTS)

.PHONY: report
report: build ## regenerate the results' README, plots and page
	./cipherbid report -results $(RESULTS)

.PHONY: verify
verify: build ## check recorded runs, and the numbers quoted from them
	./cipherbid verify -results $(RESULTS)

.PHONY: compare
compare: build ## compare two runs: make compare A=results/latency/... B=results/latency/...
	./cipherbid compare -a $(A) -b $(B)

.PHONY: clean
clean: ## remove the program, test binaries and profiles
	rm -f cipherbid *.test *.prof

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

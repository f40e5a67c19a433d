# Everything a person or a machine does with this repository. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Cargo is there already, or rustup has put it here.
export PATH := $(HOME)/.cargo/bin:$(PATH)

EVCHARGING := target/release/evcharging
ARGS ?=

.PHONY: help up build build-dependencies pages test lint fmt bench chaos cluster-test clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

up: build ## Build and run a whole network on this machine; BACKEND=postgres, mysql or mariadb brings that server and Kafka; FRAMED=1 runs half of the charge points by the framed protocol; flags go in ARGS="--charge-points 100"
ifdef BACKEND
	tools/with-backends --only kafka,$(BACKEND) tools/up-on-server $(BACKEND) $(if $(FRAMED),--framed) $(ARGS)
else
	$(EVCHARGING) up $(if $(FRAMED),--framed) $(ARGS)
endif

build: build-dependencies pages ## Build target/release/evcharging
	cargo build --release --locked --package evcharging

build-dependencies: ## Install the compilers that the build needs, when they are missing
	@tools/install-build-dependencies

pages: ## Build the pages for drivers and operators, when Node is there and they changed
	@tools/build-pages

# The tests of the whole network start the real binary. They run on SQLite with all the others, then on PostgreSQL; the whole charge also
# on MySQL and MariaDB.
test: build-dependencies ## Run every test, on servers that it installs, starts and stops
	tools/build-pages --required
	cargo build --locked --package evcharging --package evcharging-chaos --package evcharging-load
	tools/with-backends tools/run-tests

lint: build-dependencies ## Check formatting, Rust (clippy), the pages (TypeScript), shell scripts (shellcheck), the image's recipe (hadolint) and the chart
	cargo fmt --all --check
	tools/build-pages --required
	PATH="$$(tools/install-node):$$PATH"; cd services/portal/web && npm run --silent check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	PATH="$$(tools/install-chart-tools):$$PATH"; \
	shellcheck .ci/run $(filter-out %.xml tools/chart-values-table,$(wildcard tools/*)); \
	hadolint --ignore DL3008 Dockerfile
	tools/check-chart

cluster-test: build ## Try the chart on the cluster of KUBECONFIG: both profiles, upgrade, rollback, pods that go; tools/cluster-test says what it needs
	tools/cluster-test

chaos: build-dependencies ## Break a whole network for MINUTES=30 on a real Kafka and PostgreSQL, and check that nothing is lost; SEED=7 repeats
	tools/install-test-backends
	cargo build --locked --package evcharging --package evcharging-chaos
	target/debug/evcharging-chaos --minutes $(or $(MINUTES),2) $(if $(SEED),--seed $(SEED))

bench: build ## Measure speed and size on Kafka, PostgreSQL and MariaDB, beside plain clients, and print a table; 10 minutes, or ARGS="store" for a part
	cargo build --release --locked --quiet --package evcharging-bench --package evcharging-load
	tools/with-backends --only kafka,postgres,mariadb target/release/evcharging-bench $(ARGS)

fmt: ## Format the code
	cargo fmt --all

clean: ## Remove what was built; data folders stay
	cargo clean

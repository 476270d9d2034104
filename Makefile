# Every target says in one line what it does; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Where rustup puts cargo, for shells that have not heard of it yet.
export PATH := $(HOME)/.cargo/bin:$(PATH)

TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help setup build demo up test lint fmt audit bench check-deploy check-images docs-api docs-config docs-metrics proto-baseline clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## Install what is missing: Redis, Postgres, a C compiler
	@deploy/dev/install.sh

build: setup ## Build all programs for release
	cargo build --release --workspace --bins

demo: setup ## Build, then show a few thousand webhooks going in and what became of them
	@echo "Building waypost in release mode: several minutes the first time, seconds later."
	@cargo build --release --bin waypost
	@$(TARGET)/release/waypost demo

up: setup ## Run everything with its own Redis and Postgres, data in .waypost/
	@cargo build --release --bin waypost
	@$(TARGET)/release/waypost up

test: setup ## Run every test; Redis and Postgres are started once for all of them
	@deploy/dev/install.sh browser
	cargo build --workspace --all-targets
	WAYPOST_TEST_BINARIES_BUILT=1 $(TARGET)/debug/waypost-harness cargo test --workspace

lint: setup ## Check format, lints, docs and protos, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package waypost --no-default-features --bins -- -D warnings
	cargo check --workspace --bins  # as shipped: without the features that only tests ask for
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	deploy/dev/buf.sh check

fmt: ## Format the sources
	cargo fmt --all

audit: ## Check dependencies: bans, licences, sources, advisories
	@deploy/dev/audit.sh

bench: setup ## Measure, print ratios, write target/bench.json
	cargo run --release -p waypost-load --bin bench

check-deploy: ## Check manifests, compose file, rules with their alerts, and dashboards, also against a real Prometheus
	@deploy/check/deploy.sh
	@deploy/check/panels.sh

check-images: ## Build all images and run the whole system of docker-compose.yml, where Docker can run
	@deploy/check/images.sh

docs-api: ## Write docs/openapi.json from the protos
	@cargo run --quiet --bin waypost -- config --openapi > $(TARGET)/openapi.json
	@mv $(TARGET)/openapi.json docs/openapi.json

docs-config: ## Write docs/CONFIG.md from the keys in the sources
	@cargo run --quiet --bin waypost -- config --markdown > $(TARGET)/CONFIG.md
	@mv $(TARGET)/CONFIG.md docs/CONFIG.md

docs-metrics: ## Write docs/METRICS.md from the metrics in the sources
	@cargo run --quiet --bin waypost -- config --metrics > $(TARGET)/METRICS.md
	@mv $(TARGET)/METRICS.md docs/METRICS.md

proto-baseline: ## Take the protos as released: what later ones must not break
	@deploy/dev/buf.sh baseline

clean: ## Remove what was built and the data of `make up`
	rm -rf target .waypost

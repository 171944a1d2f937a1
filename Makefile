# What people and CI call; each target is one line that can be typed as well. `make` alone lists them.
PYTHON ?= python3
IN_ENVIRONMENT := .venv/bin
# The end-to-end tests wait for the provider more than they compute; so there are more workers than cores.
PYTEST_WORKERS ?= 6

# The tests that take their number of cases from the profile (tests/support/cases.py), and those that are marked `nightly`.
NIGHTLY := tests/unit tests/provider tests/engine $(addprefix tests/desired_state/test_,apply_properties.py plan_properties.py plan_rbac.py) \
	$(addprefix tests/end_to_end/test_,cancelled.py closed_by_default.py clock_and_tokens.py concurrency.py incident.py interruptions.py) \
	$(addprefix tests/end_to_end/test_,rbac.py rehearsal.py rooms_and_drift.py secrets_over_years.py state_backend.py)

# One lock for every platform and every Python from 3.11 on; the address of no index is written into it.
LOCK = $(IN_ENVIRONMENT)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" --quiet $(OPTIONS)

.DEFAULT_GOAL := help
.PHONY: help setup browser actionlint demo demo-destroy test unit nightly faults bench lint format documentation screenshot campaign provider-campaign lock audit clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## Virtual environment, requirements and engine (the others do it for you)
	@$(PYTHON) tools/set_up.py

browser: setup ## A browser for the tests of the local tenant's page, where one can be installed
	@$(IN_ENVIRONMENT)/python -m tools.set_up_browser

actionlint: setup ## The checker of GitHub's workflow files, for the test of docs/pipelines
	@$(IN_ENVIRONMENT)/python -m tools.set_up_actionlint

demo: setup ## Connect the local tenant with one `pulumi up`
	@scripts/run demo up

demo-destroy: setup ## Take everything away again and stop the local tenant
	@scripts/run demo destroy

test: setup browser actionlint lint ## All tests, end-to-end with the real engine among them
	$(IN_ENVIRONMENT)/pytest -n $(PYTEST_WORKERS) --maxschedchunk=2

unit: setup ## The tests that need no engine, in seconds
	$(IN_ENVIRONMENT)/pytest tests/unit tests/component

nightly: setup ## What takes longer than `make test` has: 5,000 cases for each property, six years of secrets, the provider's faults (hours)
	HYPOTHESIS_PROFILE=nightly $(IN_ENVIRONMENT)/pytest -n 2 -m "nightly or not nightly" $(NIGHTLY)

bench: setup ## Measure; prints a table and writes build/bench.json
	$(IN_ENVIRONMENT)/python -m tests.bench

lint: setup ## Format, rules, types and generated documentation
	$(IN_ENVIRONMENT)/ruff format --check .
	$(IN_ENVIRONMENT)/ruff check .
	$(IN_ENVIRONMENT)/mypy
	$(IN_ENVIRONMENT)/python tools/generate_documentation.py --check

format: setup ## Format the code
	$(IN_ENVIRONMENT)/ruff format .
	$(IN_ENVIRONMENT)/ruff check --fix .

documentation: setup ## Write the generated tables of README.md and the keys of Pulumi.yaml
	$(IN_ENVIRONMENT)/python tools/generate_documentation.py

lock: setup ## Write the pins with hashes (requirements*.txt); to raise what they need in turn: make lock OPTIONS=--upgrade
	$(LOCK) --output-file requirements.txt requirements.in
	$(LOCK) --output-file requirements-dev.txt --constraint requirements.txt requirements.in --group dev
	$(LOCK) --output-file examples/key_vault/requirements.txt examples/key_vault/requirements.in

audit: setup ## Look for known weaknesses of everything that is pinned (0 none, 7 some, 4 a list could not be asked)
	@$(IN_ENVIRONMENT)/python -m tools.audit

screenshot: setup browser ## Take the pictures of the local tenant's page anew (docs/images)
	$(IN_ENVIRONMENT)/python -m tests.support.screenshot

faults: setup ## Let every request of apply and remove fail in every way, wait for another run, and find its token ended (minutes)
	ROOMZ_EVERY_FAULT=1 $(IN_ENVIRONMENT)/pytest -n $(PYTEST_WORKERS) $(addprefix tests/desired_state/test_,fault_sweep.py removal_sweep.py tokens_that_end.py two_runs.py)

campaign: setup ## Disturb the whole program at every request, and see it end well (up to three hours, resumable)
	nice -n 10 $(IN_ENVIRONMENT)/python -m tests.campaign

provider-campaign: setup ## Find what the provider leaves behind in 200 runs of faults (half an hour, resumable)
	nice -n 10 $(IN_ENVIRONMENT)/python -m tests.provider.campaign

clean: ## Remove the virtual environment and everything local (a running local tenant is stopped first)
	@test ! -x $(IN_ENVIRONMENT)/python || scripts/run local_tenant stop
	rm -rf .venv .local build

.DEFAULT:
	@echo "make: there is no target '$@'. These are there:" >&2
	@$(MAKE) --no-print-directory help >&2
	@exit 2

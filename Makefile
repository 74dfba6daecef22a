# The only commands CI knows. Paths are relative, so that a folder with a blank in its name works.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo ingest provision database staging-rehearsal test test-all lint types imports workflows docs diagrams tests format reference requirements benchmark clean

help: ## show what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## run the main job on the bundled sample: no key, no server, no account
	@$(PYTHON) scripts/bootstrap.py runtime
	@$(BIN)/statpipe run bea_pce_state --wait 600
	@cat scripts/after_demo.txt

ingest: ## run bea_pce_state in ENV=staging|prod, FULL=1 for every figure; evidence in out/
	@$(PYTHON) scripts/bootstrap.py runtime
	@$(BIN)/python scripts/ingest.py

provision: ## make what ENV=staging|prod needs in AWS; PLAN=1 only says it, DESTROY_PLAN=1 how to undo it
	@$(PYTHON) scripts/bootstrap.py runtime
	@$(BIN)/python provisioning/provision_aws.py --env "$(ENV)" $(if $(PLAN),--plan,$(if $(DESTROY_PLAN),--destroy-plan,--outputs "$(ENV).values"))

database: ## make schemas, roles and grants in the database of ENV=staging|prod
	@$(PYTHON) scripts/bootstrap.py runtime
	@$(BIN)/python provisioning/init_database.py --env "$(ENV)"

staging-rehearsal: ## do on emulators what docs/setup.md does in an account, and show it
	@$(PYTHON) scripts/bootstrap.py dev
	@$(BIN)/python -m pytest -q -s --no-header tests/end_to_end/test_staging_rehearsal.py

test: ## lint, types, import contracts, workflows, tests
	@$(PYTHON) scripts/bootstrap.py dev
	@$(MAKE) --no-print-directory lint types imports workflows docs tests

test-all: ## the same, with the slow extras, and new examples each time
	@$(PYTHON) scripts/bootstrap.py dev
	@$(MAKE) --no-print-directory lint types imports workflows docs diagrams
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lint:
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types:
	@$(BIN)/mypy

imports:
	@$(BIN)/lint-imports --no-cache

workflows: ## check the workflows of GitHub Actions
	@$(BIN)/zizmor --quiet --offline --no-progress --strict-collection --persona=pedantic .github
	@$(BIN)/python scripts/actionlint.py
	@$(BIN)/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema -q --builtin-schema custom.github-workflows-require-timeout .github/workflows/*.yml
	@$(BIN)/check-jsonschema -q --builtin-schema vendor.dependabot .github/dependabot.yml

diagrams: ## render the Mermaid diagrams of the pages; one that does not is an error
	@$(PYTHON) scripts/bootstrap.py dev
	@$(BIN)/python scripts/diagrams.py

docs: ## build the documentation into build/site; a broken link is an error
	@$(BIN)/python scripts/make_reference.py --check
	@$(BIN)/zensical build --strict --clean

tests:
	@# Hypothesis draws the same examples each time (its profile `ci`): a verdict belongs to the commit.
	@$(BIN)/python -m pytest -n 3 --dist loadfile -m "not slow" --hypothesis-profile=ci

format: ## let ruff write the code as it wants it
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

reference: ## write the reference pages anew, out of the code
	@$(PYTHON) scripts/bootstrap.py dev
	@$(BIN)/python scripts/make_model_reference.py
	@$(BIN)/python scripts/make_reference.py

benchmark: ## measure speed and memory; prints ratios
	@$(PYTHON) scripts/bootstrap.py dev
	@$(BIN)/python benchmarks/run.py

requirements: ## compile requirements/*.txt anew (needs uv)
	@for name in runtime dev; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url --no-emit-find-links \
	    requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

clean: ## remove what the commands above made, the local data included
	@rm -rf .venv .statpipe out .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

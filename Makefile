# The only commands CI knows. Paths are relative, so that a folder with a blank in its name works.
PYTHON ?= python3
BIN := .venv/bin

# Whose shell it is called from must not matter.
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP PYTHONOPTIMIZE PYTHONWARNINGS PYTHONPLATLIBDIR PYTHONINSPECT PYTHONCASEOK PYTHONDONTWRITEBYTECODE VIRTUAL_ENV __PYVENV_LAUNCHER__

.DEFAULT_GOAL := help
.PHONY: help runtime dev demo ingest evidence evidence-link provision database staging-rehearsal test test-all quick lint types imports workflows docs diagrams unit tests format reference requirements wheels sizes sbom release release-notes github-release benchmark benchmark-short benchmark-weekly tidy clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' Makefile

# Each target brings what it needs; where that is there already, it takes no time.
runtime: ## make .venv with what statpipe needs to run, and its test kit
	@$(PYTHON) -I scripts/bootstrap.py runtime

dev: ## make .venv with what tests, documentation and benchmarks need, too
	@$(PYTHON) -I scripts/bootstrap.py dev

demo: runtime ## run the main job on the bundled sample: no key, no server, no account
	@$(BIN)/statpipe run bea_pce_state --wait 600
	@echo && $(BIN)/statpipe show pce_state --area CA --category SAPCE1:1 --period 2018
	@echo && $(BIN)/statpipe report pce_state --area CA --category SAPCE1:1 --out .statpipe/california.html
	@cat scripts/after_demo.txt

ingest: runtime ## run all sources in ENV=staging|prod, or SOURCE=...; FULL=1 for every figure; evidence in out/
	@$(BIN)/python scripts/ingest.py

evidence: ## mask account numbers of AWS in out/, before others see it
	@$(PYTHON) -I scripts/mask_evidence.py

evidence-link: ## name EVIDENCE, the address of the kept evidence, in the job summary of GitHub
	@echo "[Evidence of this run]($$EVIDENCE): report.html, manifests, log" >> "$$GITHUB_STEP_SUMMARY"

provision: runtime ## make what ENV=staging|prod needs in AWS; PLAN=1 only says it, REPAIR=1 removes what is not ours, DESTROY_PLAN=1 says how to undo it
	@$(BIN)/python provisioning/provision_aws.py --env "$(ENV)" $(if $(PLAN),--plan,$(if $(DESTROY_PLAN),--destroy-plan,--outputs "$(ENV).values"))$(if $(REPAIR), --repair)

database: runtime ## make schemas, roles and grants in the database of ENV=staging|prod
	@$(BIN)/python provisioning/init_database.py --env "$(ENV)"

staging-rehearsal: dev ## do on emulators what docs/setup.md does in an account, and show it
	@$(BIN)/python -m pytest -q -s --no-header tests/end_to_end/test_staging_rehearsal.py

test: dev ## lint, types, import contracts, workflows, documentation, tests
	@$(BIN)/python scripts/left_behind.py $(MAKE) --no-print-directory lint types imports workflows docs tests

test-all: dev ## the same, with the slow extras, and new examples each time
	@$(BIN)/python scripts/left_behind.py $(MAKE) --no-print-directory lint types imports workflows docs diagrams
	@$(BIN)/python scripts/left_behind.py $(BIN)/python -m pytest -n 2 --dist loadfile

quick: dev ## lint, types, and quick unit tests: about 20 seconds
	@$(BIN)/python scripts/left_behind.py $(MAKE) --no-print-directory lint types
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile -m "not slow" --hypothesis-profile=ci tests/unit/cli tests/unit/domain tests/unit/reading tests/unit/testing

lint: dev ## check style and format of the code, and the wording of what people read
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/python scripts/plain_english.py

types: dev ## check the types
	@$(BIN)/mypy

imports: dev ## check which package imports which
	@$(BIN)/lint-imports --no-cache

# What `statpipe init` writes.
PROJECT := src/statpipe/cli/project

workflows: dev ## check the workflows of GitHub Actions, and the container file
	@$(BIN)/hadolint Containerfile
	@$(BIN)/zizmor --quiet --offline --no-progress --strict-collection --persona=pedantic .github $(PROJECT)/ingest.yml
	@$(BIN)/python scripts/actionlint.py
	@$(BIN)/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/*.yml $(PROJECT)/ingest.yml
	@$(BIN)/check-jsonschema -q --builtin-schema custom.github-workflows-require-timeout .github/workflows/*.yml $(PROJECT)/ingest.yml
	@$(BIN)/check-jsonschema -q --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(BIN)/check-jsonschema -q --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/source.yml
	@$(BIN)/check-jsonschema -q --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml

diagrams: dev ## render the Mermaid diagrams of the pages; one that does not is an error
	@$(BIN)/python scripts/diagrams.py

docs: dev ## build the documentation into build/site; a broken link, or a file of another server, is an error
	@$(BIN)/python scripts/make_reference.py --check
	@$(BIN)/zensical build --strict --clean
	@$(BIN)/python scripts/diagrams.py --into build/site
	@$(BIN)/python scripts/check_site.py

unit: dev ## run the unit tests alone
	@$(BIN)/python -m pytest -n 3 --dist loadfile -m "not slow" --hypothesis-profile=ci tests/unit

tests: dev ## run the tests, without the slow extras
	@# Hypothesis draws the same examples each time (its profile `ci`): a verdict belongs to the commit.
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow" --hypothesis-profile=ci

format: dev ## let ruff write the code as it wants it
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

reference: dev ## write the reference pages anew, out of the code
	@$(BIN)/python scripts/make_model_reference.py
	@$(BIN)/python scripts/make_plugin_pages.py
	@$(BIN)/python scripts/make_reference.py

benchmark: dev ## measure the whole job beside scripts that do it by hand; exit 1 on a missed goal (PEERS=python with polars)
	@$(BIN)/python -m benchmarks $(if $(PEERS),--peers "$(PEERS)")

benchmark-short: dev ## the same on small tables; AGAINST=commit runs that one beside
	@$(BIN)/python -m benchmarks --short $(if $(AGAINST),--against "$(AGAINST)")

benchmark-weekly: dev ## the same, with the code of a week ago beside it
	@before="$$(git rev-list -1 --before='7 days ago' HEAD)"; \
	  $(BIN)/python -m benchmarks --short $${before:+--against "$$before"}

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links

requirements: dev ## compile requirements/*.txt anew
	@$(COMPILE) requirements/dev.in -o requirements/dev.txt
	@# The same pins: an environment for the tests serves the demo as well.
	@$(COMPILE) -c requirements/dev.txt requirements/runtime.in -o requirements/runtime.txt

wheels: runtime ## build the wheel and the sdist of every distribution into dist/, without a network
	@$(BIN)/python scripts/build_wheels.py

sizes: dev ## print how much of a disk the base and each extra take
	@cd tests && ../$(BIN)/python -m support.sizes

sbom: dev ## list in build/sbom.cdx.json what is installed with requirements/runtime.txt and the wheels (CycloneDX)
	@$(MAKE) --no-print-directory wheels
	@$(BIN)/uv venv --quiet --clear build/sbom
	@$(BIN)/uv pip install --quiet --python build/sbom --require-hashes -r requirements/runtime.txt
	@$(BIN)/uv pip install --quiet --python build/sbom --no-deps dist/*.whl
	@# Where the files lay on this machine is nobody's concern.
	@rm build/sbom/lib/python*/site-packages/statpipe_*.dist-info/direct_url.json
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o build/sbom.cdx.json build/sbom

release: ## cut a release: section of CHANGELOG.md, version and bounds for VERSION=1.2.3
	@$(PYTHON) -I scripts/release.py cut "$(VERSION)"

release-notes: ## refuse a tag TAG=v1.2.3 that is not this version; write its section to build/notes.md
	@$(PYTHON) -I scripts/release.py notes "$$TAG"

github-release: ## make the release of TAG=v1.2.3 on GitHub, with the built files
	@gh release create "$$TAG" dist/* build/sbom.cdx.json --verify-tag --title "statpipe $$TAG" --notes-file build/notes.md

tidy: ## in a fresh clone: refuse what a target left behind, that git neither tracks nor ignores
	@$(PYTHON) -I scripts/left_behind.py

clean: ## remove what the commands above made, the local data included
	@[ ! -d .statpipe/postgres ] || [ ! -x $(BIN)/statpipe ] || $(BIN)/statpipe db stop >/dev/null 2>&1 || true
	@rm -rf .venv .statpipe out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* .bootstrap.lock
	@find . \( -name __pycache__ -o -name '*.egg-info' \) -type d -prune -exec rm -rf {} +

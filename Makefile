# Every target works alone on a fresh machine that has Python 3.11 or later.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run worker deploy destroy test suite check fix bench

run: $(VENV)/runtime  ## start the dashboard
	$(BIN)/streamlit run dashboard.py

worker: $(VENV)/runtime  ## publish due posts without a dashboard
	$(BIN)/python -m core engine

# The shell expands the variables, so that a URL with & arrives as it was written.
deploy: $(VENV)/runtime  ## deploy the stack on AWS: PROFILE=name REGION=name ARGS="posting_url=https://... alarm_email=..."
	@$(PYTHON) cdk_min/deploy.py deploy --profile "$$PROFILE" --region "$$REGION" "$$ARGS"

destroy: $(VENV)/runtime  ## delete the stack with all scheduled posts; asks first, unless YES=1
	@$(PYTHON) cdk_min/deploy.py destroy --profile "$$PROFILE" --region "$$REGION" $(if $(YES),--yes) "$$ARGS"

test: check suite  ## every check and every test, on all processors; side by side with --jobs 2

suite: $(VENV)/development
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/development  ## lint, format and types; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(VENV)/development  ## apply what the linter and the formatter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/development  ## create, listing, firing and start; about five minutes
	for name in create listing firing start; do $(BIN)/python -m benchmarks.$$name || exit 1; done

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Punctual needs Python 3.11 or later; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV) || \
		{ echo "This Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/runtime: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/development: requirements.txt requirements-dev.txt requirements-video.txt cdk_min/requirements.txt | $(BIN)/python $(VENV)/ministack
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/runtime

# The AWS emulator of tests/ministack. It pins another botocore than the dashboard's, so it has a folder of its own.
$(VENV)/ministack: tests/ministack/requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --upgrade --target $@ -r $<
	@touch $@

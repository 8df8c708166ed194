# `make demo` and `make test` do all the set-up that a fresh machine needs.
# Another interpreter: make demo PYTHON=/opt/python3.12/bin/python3

VENV ?= .venv
# Without TensorFlow, for the tests on JAX.
JAX_VENV ?= .venv-jax
# Two test files at a time: two cores, and no more memory than a laptop has.
PYTEST_FLAGS ?= -n 2 --dist loadfile --no-loadscope-reorder
PYTHON ?=
PYTHONS = python3.12 python3.13 python3.11 python3 python
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
JAX_STAMP = $(JAX_VENV)/.installed

export PYTHONUTF8 = 1
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: demo test test-jax lint bench clean help

help:
	@echo "make demo      pretrain and train on the embedded corpus, print a table"
	@echo "make test      check the style and run the tests"
	@echo "make test-jax  run the tests on JAX, without TensorFlow (JAX_IGNORE=: all)"
	@echo "make lint      check the style only"
	@echo "make bench     run the benchmarks, write benchmarks/RESULTS.md"
	@echo "make clean     remove the environment, the caches and runs/demo"

demo: $(STAMP)
	$(BIN)/advtext table configs/demo.toml --run_dir=runs/demo --overwrite

test: lint
	$(BIN)/python -m pytest -q $(PYTEST_FLAGS)

# The tests compile much and compute little: XLA need not optimize. Left out
# where XLA does not know a flag, which would end the program.
JAX_FLAGS ?= --xla_backend_optimization_level=0 \
    --xla_llvm_disable_expensive_passes=true \
    --xla_cpu_use_fusion_emitters=false

# `make test` runs these files, and `make test-jax JAX_IGNORE=` does: they go
# through whole experiments or through what no backend touches, or what they
# compile again and again is tested file by file (each attack, LSTM, pooling,
# both backends side by side).
JAX_IGNORE ?= any_model_guide attack_walk attacks classification_rbm cli \
    ensemble epsilon_trace evaluate folders fool_imagenet fooling generate \
    image_classifiers image_experiments imagenet images imdb_data \
    keras_callbacks keras_citizens labels numbered_texts perturbed_at predict \
    predictions robustness sentencepiece_tokenizer side_by_side sources table \
    text_classifier text_files token_cache train_classifier transfer \
    word_numbers word_process word_tokenizer

# Compilations are kept: tests repeat them, and so does the next run.
test-jax: export JAX_COMPILATION_CACHE_DIR ?= $(abspath $(JAX_VENV))/compiled
test-jax: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0
test-jax: export KERAS_BACKEND = jax
test-jax: $(JAX_STAMP)
	@if XLA_FLAGS="$(JAX_FLAGS)" $(JAX_VENV)/bin/python \
	    -c 'import jax; jax.devices()' 2>/dev/null; \
	then export XLA_FLAGS="$(JAX_FLAGS)"; fi; \
	$(JAX_VENV)/bin/python -m pytest -q $(PYTEST_FLAGS) \
	    $(JAX_IGNORE:%=--ignore=tests/test_%.py)

lint: $(STAMP)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

# Some 20 minutes on two cores; a try: make bench BENCH_FLAGS=--quick
bench: $(STAMP)
	$(BIN)/python benchmarks/run_all.py $(BENCH_FLAGS)

clean:
	rm -rf $(VENV) $(JAX_VENV) runs/demo .pytest_cache .ruff_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# All that the package and its tests require, but for TensorFlow (and
# KerasHub, which would install it).
$(JAX_STAMP): $(STAMP)
	$(BIN)/python -m venv $(JAX_VENV)
	$(BIN)/python -c 'import re; \
	    from importlib.metadata import requires; \
	    names = [r.partition(";")[0] for r in requires("advtext")]; \
	    bound = "tensorflow[ <=>]|keras-hub"; \
	    print(*[n for n in names if not re.match(bound, n)], \
	        sep="\n")' > $(JAX_VENV)/requirements.txt
	$(JAX_VENV)/bin/python -m pip install --quiet \
	    -r $(JAX_VENV)/requirements.txt
	$(JAX_VENV)/bin/python -m pip install --quiet --no-deps -e .
	touch $@

$(STAMP): setup.cfg pyproject.toml
	@set -e; \
	for python in $(or $(PYTHON),$(PYTHONS)); do \
	    if $$python -c 'import ensurepip, sys, venv; \
	        sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "Setting up $(VENV) with $$python (a few minutes, once)"; \
	        $$python -m venv $(VENV); \
	        $(BIN)/python -m pip install --quiet -e '.[dev,hub,plots]'; \
	        touch $@; \
	        exit 0; \
	    fi; \
	done; \
	echo "No Python 3.11+ with venv and pip found. Install one (Debian," \
	     "Ubuntu: apt install python3-venv) or name it:" \
	     "make PYTHON=/path/to/python3" >&2; \
	exit 1

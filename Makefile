# What a clone can do, from nothing: each target makes the environment that it needs.
#
#   make demo          install, check a leaking service, see the verdict
#   make test          install, run every Python test          (PYTHON=python3.12 for another interpreter)
#   make native-test   the native core's own tests under ASan and UBSan, then under TSan
#   make lint          ruff, mypy --strict, the import directions, clang-format     (-k shows all that is wrong)
#   make bench         the figures of benches/README.md
#   make docs          write the pages that are made from the code

PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
DEMO := .venv-demo
TEST := .venv-test-$(VERSION)
LINT := .venv-lint
PIP := -m pip --disable-pip-version-check --quiet
NATIVE := $(shell find native specimens/swarm/c -name "*.c" -o -name "*.h" -o -name "*.cpp" -o -name "*.hpp" 2>/dev/null)
# xdist halves the wall time on two cores; the slow tests stand together, so a worker that is done takes from the other.
PYTEST_ARGS ?= -n 2 --dist worksteal

# pytest rewrites the asserts in its plugins' packages, hypothesis and Outlive among them, and keeps what it made as
# bytecode. Where that may not be written, each pytest that the tests start does it again, for two seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test native-test bench docs clean
.PHONY: lint lint-environment lint-python lint-types lint-imports lint-docs lint-native

demo:
	$(PYTHON) tools/make_venv.py $(DEMO)
	$(DEMO)/bin/python $(PIP) install .
	$(DEMO)/bin/python examples/demo.py

test:
	$(PYTHON) tools/make_venv.py $(TEST)
	$(TEST)/bin/python $(PIP) install '.[test]'
	$(TEST)/bin/python -m pytest $(PYTEST_ARGS)

lint: lint-python lint-types lint-imports lint-docs lint-native

lint-environment:
	$(PYTHON) tools/make_venv.py $(LINT)
	$(LINT)/bin/python $(PIP) install '.[lint,test]'

lint-python: lint-environment
	$(LINT)/bin/ruff check .
	$(LINT)/bin/ruff format --check .

lint-types: lint-environment
	$(LINT)/bin/mypy

lint-imports: lint-environment
	PYTHONPATH=src $(LINT)/bin/lint-imports --no-logo

lint-docs: lint-environment
	$(LINT)/bin/python tools/cli_reference.py --check
	$(LINT)/bin/python tools/leak_pages.py --check

lint-native: lint-environment
	$(LINT)/bin/clang-format --dry-run -Werror $(NATIVE)

native-test:
	$(PYTHON) tools/make_venv.py $(LINT)
	$(LINT)/bin/python $(PIP) install cmake ninja
	for sanitizer in address thread; do \
	    PATH="$(CURDIR)/$(LINT)/bin:$$PATH" cmake -S . -B build/native-test-$$sanitizer -G Ninja \
	        -DCMAKE_BUILD_TYPE=Debug -DOUTLIVE_NATIVE_TESTS=ON -DOUTLIVE_SANITIZE=$$sanitizer -DOUTLIVE_WERROR=ON \
	        -DPython_EXECUTABLE="$$($(PYTHON) -c 'import sys; print(sys.executable)')" && \
	    PATH="$(CURDIR)/$(LINT)/bin:$$PATH" cmake --build build/native-test-$$sanitizer && \
	    PATH="$(CURDIR)/$(LINT)/bin:$$PATH" ctest --test-dir build/native-test-$$sanitizer \
	        --output-on-failure --no-tests=error || exit 1; \
	done

bench:
	$(PYTHON) tools/make_venv.py $(TEST)
	$(TEST)/bin/python $(PIP) install '.[test]'
	$(TEST)/bin/python -m benches.snapshot
	$(TEST)/bin/python -m benches.heap
	$(TEST)/bin/python -m benches.heap.opening
	$(TEST)/bin/python -m benches.verdict
	$(TEST)/bin/python benches/probes/cost.py
	$(TEST)/bin/python benches/leakbench/run.py

docs:
	$(PYTHON) tools/make_venv.py $(LINT)
	$(LINT)/bin/python $(PIP) install '.[lint,test]'
	$(LINT)/bin/python tools/cli_reference.py
	$(LINT)/bin/python tools/leak_pages.py

clean:
	rm -rf build dist .outlive .venv-demo .venv-lint .venv-test-*

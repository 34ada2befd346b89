#!/bin/sh
# Sets up what is missing, then runs the tests.
#
#   sh test.sh              lint, types, import contract, then every test, those on real Asterisk included
#   sh test.sh check        only lint, types and import contract
#   sh test.sh bench        every script of benchmarks/
#   sh test.sh soak         the suites that run for minutes
#   sh test.sh tests/acd -k place        pytest with these arguments
set -eu
cd "$(dirname "$0")"
sh setup.sh test
bin=.venv/bin

step() {
    echo "== $*"
}

check() {
    step "ruff" && $bin/ruff check . && $bin/ruff format --check .
    step "mypy" && $bin/mypy
    step "import contract" && $bin/lint-imports --no-logo
}

case ${1:-} in
'')
    check
    step "pytest"
    exec $bin/python -m pytest
    ;;
check) check ;;
bench)
    for script in benchmarks/*.py; do
        case ${script##*/} in _*) continue ;; esac
        step "$script"
        $bin/python "$script"
    done
    ;;
soak) exec $bin/python -m pytest -m soak --timeout 3600 -o session_timeout=0 ;;
--setup-only) ;;
*) exec $bin/python -m pytest "$@" ;;
esac

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

# Tells all that is wrong, not just the first thing.
check() {
    wrong=
    step "ruff"
    $bin/ruff check . || wrong="$wrong lint"
    $bin/ruff format --check . || wrong="$wrong format"
    step "mypy"
    $bin/mypy || wrong="$wrong types"
    step "import contract"
    $bin/lint-imports --no-logo || wrong="$wrong contract"
    [ -z "$wrong" ] || {
        echo "test.sh: not in order:$wrong" >&2
        exit 1
    }
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
soak) exec $bin/python -m pytest -m soak --timeout 3600 -o session_timeout=14400 ;;
--setup-only) ;;
*) exec $bin/python -m pytest "$@" ;;
esac

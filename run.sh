#!/bin/sh
# Starts Rexian from a bare clone: sets up what is missing, then real Asterisk, the engine, the demo city
# and a small crowd of simulated citizens. Ctrl-C ends all of it.
#
#   sh run.sh [options of `rexian up`]        sh run.sh --setup-only
set -eu
cd "$(dirname "$0")"
sh setup.sh run
[ "${1:-}" != --setup-only ] || exit 0
exec .venv/bin/rexian up "$@"

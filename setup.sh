#!/bin/sh
# The set-up of run.sh and test.sh: everything Rexian needs, made in this clone, system left alone.
#
#   sh setup.sh run     what `rexian up` needs        sh setup.sh test    that, and the test tools
#   sh setup.sh lock    writes requirements*.lock anew from pyproject.toml (`make lock`)
#
# Makes, all git-ignored: .venv (from the hashed locks), .cache/asterisk (Asterisk, SIPp and mosquitto
# as unpacked Debian packages, unless the system has them), .cache/bin (a wrapper per program) and
# .cache/programs.json (where they are, for the engine). Logs are in .cache/log.
# Safe to repeat, to interrupt, and to start twice at once; says nothing when nothing is to do.
set -eu
cd "$(dirname "$0")"
root=$PWD

started=$(date +%s)
seconds() { echo $(($(date +%s) - started)); }
say() { echo "rexian: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

# What log $1 says went wrong: the first line that names a cause that people know, else the last error.
cause() {
    {
        grep -iE 'certificate|resolv|refused|timed out|unreachable|no space|permission denied|hash' "$1" |
            head -n 1 | sed 's/.*broken by //'
        grep -iE '^ *(E:|error)' "$1" | tail -n 1
        tail -n 1 "$1"
    } 2>/dev/null | head -n 1 | cut -c 1-200
}

# --- is there anything to do? -------------------------------------------------------------------------

# Changes with whatever the set-up depends on, the folder included: a venv cannot be moved.
key() {
    echo "$(cat pyproject.toml requirements*.lock setup.sh | cksum) $(sh asterisk-config/fetch-tree.sh --format) $root"
}

python_works() { # the packages of mode $1 were installed for a Python that is still there
    .venv/bin/python -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("typer"))' 2>/dev/null
}

programs_work() {
    .cache/bin/asterisk -V >/dev/null 2>&1 && [ -x .cache/bin/sipp ] && [ -x .cache/bin/mosquitto ]
}

is_ready() {
    [ -r ".cache/ready-$1" ] && [ "$(cat ".cache/ready-$1")" = "$(key)" ] &&
        [ -x .venv/bin/rexian ] && python_works && programs_work
}

# --- what only root can bring ---------------------------------------------------------------------------

# Installs Debian packages $2.. if we may, else says what $1 is missing and which line mends it.
need_packages() {
    what=$1
    shift
    command -v apt-get >/dev/null ||
        fail "$what is missing. Install it with your system's package manager and start again."
    [ "$(id -u)" = 0 ] ||
        fail "$what is missing. Type this as root, then start again:  apt-get update && apt-get install -y $*"
    say "$what is missing: installing $* with apt-get"
    {
        DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Update::Error-Mode=any update &&
            DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
                install --no-install-recommends "$@"
    } >.cache/log/apt.log 2>&1 </dev/null &
    # In the background and unharmed by Ctrl-C, as half an apt-get would need root to mend it.
    apt_pid=$!
    ticks=0
    while kill -0 "$apt_pid" 2>/dev/null; do
        sleep 0.1
        ticks=$((ticks + 1))
        [ $((ticks % 30)) = 0 ] || continue
        say "$(seconds) s · apt-get: $(tail -n 1 .cache/log/apt.log | cut -c 1-60)"
    done
    wait "$apt_pid" ||
        fail "apt-get could not install $* ($(cause .cache/log/apt.log)). Check the network and the proxy and start again; the whole log: .cache/log/apt.log"
}

python=
find_python() {
    for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    python=
    return 1
}

has_venv() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }

need_python() {
    if ! find_python && command -v python3 >/dev/null; then
        fail "Python 3.11 or newer is needed, this is $(python3 -V 2>&1). Install a newer one (Debian 12 has 3.11) and start again, or name it:  PYTHON=/path/to/python3.11 sh run.sh"
    fi
    if [ -z "$python" ] || ! has_venv; then
        need_packages "Python 3.11 with its venv module" python3-venv
        find_python && has_venv ||
            fail "Python 3.11 with its venv module is still missing: the system's own is $(python3 -V 2>&1). Name a newer one:  PYTHON=/path/to/python3.11 sh run.sh"
    fi
}

need_room() { # mega-bytes
    free=$(df -Pk . | awk 'NR == 2 {print int($4 / 1024)}')
    [ "$free" -ge "$1" ] ||
        fail "the disk of $root has $free MB free, the set-up needs $1 MB. Make room and start again."
}

# --- job 1: the Python environment -----------------------------------------------------------------------

# uv does not read pip's configuration; a machine that reaches its packages through a mirror has it there.
# What pip was told is told to uv, unless uv was told itself.
uv_settings_of_pip() {
    .cache/boot/bin/python -m pip --disable-pip-version-check config list 2>/dev/null |
        "$python" -c '
import ast, os, shlex, sys
said = {}
for line in sys.stdin:
    name, eq, value = line.strip().partition("=")
    section, dot, option = name.rpartition(".")
    rank = ["global", "install", ":env:"].index(section) if section in ("global", "install", ":env:") else -1
    if eq and rank >= said.get(option, (0, ""))[0]:
        said[option] = (rank, str(ast.literal_eval(value)))
def tell(variable, option, change=lambda value: " ".join(value.split())):
    if option in said and variable not in os.environ:
        print("export " + variable + "=" + shlex.quote(change(said[option][1])))
tell("UV_DEFAULT_INDEX", "index-url")
tell("UV_INDEX", "extra-index-url")
tell("UV_FIND_LINKS", "find-links", lambda value: ",".join(value.split()))
tell("UV_INSECURE_HOST", "trusted-host")
tell("UV_HTTP_TIMEOUT", "default-timeout")
tell("UV_HTTP_TIMEOUT", "timeout")
tell("SSL_CERT_FILE", "cert")
tell("HTTPS_PROXY", "proxy")
tell("HTTP_PROXY", "proxy")
tell("UV_NO_INDEX", "no-index")
# pip takes a package from any index; hashes make that as safe as the lock is.
tell("UV_INDEX_STRATEGY", "extra-index-url", lambda value: "unsafe-best-match")
'
}

uv=.cache/boot/bin/uv
get_uv() {
    find_python || fail "Python 3.11 vanished during the set-up. Start again."
    if ! [ -e .cache/boot/complete ] || ! cmp -s .cache/boot/complete requirements-boot.lock || ! $uv -V >/dev/null; then
        echo "-- getting uv, the installer"
        rm -rf .cache/boot
        "$python" -m venv .cache/boot
        .cache/boot/bin/python -m pip install --disable-pip-version-check --no-input -q \
            --require-hashes -r requirements-boot.lock
        cp requirements-boot.lock .cache/boot/complete
    fi
    eval "$(uv_settings_of_pip)"
    export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
    # Authorities that this machine trusts on top of the public ones (a company's proxy).
    [ ! -s /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
    [ -w "${HOME:-/nowhere}" ] || [ -n "${UV_CACHE_DIR:-}" ] || export UV_CACHE_DIR="$root/.cache/uv"
}

install_python_packages() { # lock file
    get_uv
    # An install that was cut off may have left half a package; a Python that was replaced takes its venv along.
    if [ -e .cache/venv.unfinished ] || ! python_works; then
        $uv venv -q --clear --python "$(command -v "$python")" .venv
    fi
    : >.cache/venv.unfinished
    echo "-- getting $(grep -c == "$1") packages"
    $uv pip install --python .venv/bin/python --require-hashes -r "$1"
    # hatchling comes from the lock: nothing is asked of an index here
    $uv pip install -q --python .venv/bin/python --offline --no-deps --no-build-isolation -e .
    rm -f .cache/venv.unfinished
}

# --- job 2: Asterisk, SIPp, mosquitto ----------------------------------------------------------------------

find_program() { PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin command -v "$1"; }

# The system's Asterisk if it is 20 or newer; sets asterisk, version, moddir and datadir.
system_asterisk() {
    asterisk=$(find_program asterisk) || return 1
    version=$("$asterisk" -V 2>/dev/null | sed -n 's/^Asterisk \([0-9][0-9.]*\).*/\1/p')
    [ "${version%%.*}" -ge 20 ] 2>/dev/null || return 1
    prefix=${asterisk%/*/*}
    for datadir in "$prefix/share/asterisk" /var/lib/asterisk; do
        [ ! -e "$datadir/documentation" ] || break
    done
    for moddir in "$prefix"/lib/*/asterisk/modules "$prefix/lib64/asterisk/modules" "$prefix/lib/asterisk/modules"; do
        [ ! -e "$moddir/chan_pjsip.so" ] || return 0
    done
    return 1
}

wrap() { # name, then the lines of the wrapper
    name=$1
    shift
    { echo '#!/bin/sh' && printf '%s\n' "$@"; } >".cache/bin/$name.new"
    chmod +x ".cache/bin/$name.new"
    mv ".cache/bin/$name.new" ".cache/bin/$name"
}

wrap_tree_program() { # name, path inside the tree
    wrap "$1" "tree=\"\${0%/*}/../asterisk\"" \
        "exec \"\$tree/$loader\" --library-path \"\$tree/$libs\" \"\$tree/$2\" \"\$@\""
}

provide_programs() {
    mkdir -p .cache/bin
    wanted="asterisk sip-tester mosquitto mosquitto-clients"
    source=tree
    if system_asterisk; then
        source=system
        wanted="sip-tester mosquitto mosquitto-clients"
        ! find_program sipp || ! find_program mosquitto || ! find_program mosquitto_sub || wanted=
    fi
    format=$(sh asterisk-config/fetch-tree.sh --format)
    if [ -n "$wanted" ]; then
        # A tree with Asterisk serves as well where only the others are wanted.
        grep -qx "format $format" .cache/asterisk/rexian-tree 2>/dev/null &&
            { [ $source = system ] || [ -e .cache/asterisk/usr/sbin/asterisk ]; } ||
            sh asterisk-config/fetch-tree.sh "$root/.cache/asterisk" $wanted
        for loader in usr/lib64/ld-linux-x86-64.so.2 usr/lib/ld-linux-aarch64.so.1; do
            [ ! -e ".cache/asterisk/$loader" ] || break
        done
        libs=$(cd .cache/asterisk && echo usr/lib/*-linux-gnu)
    fi
    for program in usr/sbin/asterisk usr/bin/sipp usr/sbin/mosquitto usr/bin/mosquitto_pub \
        usr/bin/mosquitto_sub usr/bin/mosquitto_passwd; do
        name=${program##*/}
        if [ $name = asterisk ] && [ $source = system ]; then
            wrap asterisk "exec '$asterisk' \"\$@\""
        elif [ -n "$wanted" ]; then
            wrap_tree_program "$name" "$program"
        else
            wrap "$name" "exec '$(find_program "$name")' \"\$@\""
        fi
    done
    if [ $source = tree ]; then
        version=$(.cache/bin/asterisk -V | sed -n 's/^Asterisk \([0-9][0-9.]*\).*/\1/p')
        moddir=$root/.cache/asterisk/$libs/asterisk/modules
        datadir=$root/.cache/asterisk/usr/share/asterisk
    fi
    [ "${version%%.*}" -ge 20 ] || fail "Asterisk 20 or newer is needed, this is '$version'. Remove .cache/asterisk and start again."
    echo "-- Asterisk $version of the $source"
    json() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
    bin=$(json "$root/.cache/bin")
    cat >.cache/programs.json.new <<EOF
{
  "source": "$source",
  "asterisk_version": "$version",
  "astmoddir": "$(json "$moddir")",
  "astdatadir": "$(json "$datadir")",
  "asterisk": "$bin/asterisk",
  "sipp": "$bin/sipp",
  "mosquitto": "$bin/mosquitto",
  "mosquitto_pub": "$bin/mosquitto_pub",
  "mosquitto_sub": "$bin/mosquitto_sub"
}
EOF
    mv .cache/programs.json.new .cache/programs.json
}

# --- both at once, watched -------------------------------------------------------------------------------------

python_pid= programs_pid=
end_jobs() {
    # Each job leads a session of its own, so that all it started ends with it, before the lock is free.
    for pid in $python_pid $programs_pid; do
        kill -s TERM -- "-$pid" 2>/dev/null || continue
        wait "$pid" 2>/dev/null || true
        tries=0
        while kill -s 0 -- "-$pid" 2>/dev/null && [ $((tries += 1)) -le 30 ]; do sleep 0.1; done
        kill -s KILL -- "-$pid" 2>/dev/null || true
    done
}

progress_of() { # job
    phase=$(sed -n 's/^-- //p' ".cache/log/$1.log" 2>/dev/null | tail -n 1)
    case $phase in
    downloading*)
        set -- .cache/asterisk.new/debs/*.deb
        [ ! -e "$1" ] || phase="$phase, $# are here"
        ;;
    esac
    echo "$phase"
}

ended= # the job that failed
watch() {
    ticks=0
    while [ -n "$python_pid$programs_pid" ]; do
        if [ -n "$python_pid" ] && ! kill -0 "$python_pid" 2>/dev/null; then
            wait "$python_pid" || { ended=python && return 1; }
            python_pid=
        fi
        if [ -n "$programs_pid" ] && ! kill -0 "$programs_pid" 2>/dev/null; then
            wait "$programs_pid" || { ended=programs && return 1; }
            programs_pid=
        fi
        sleep 0.1
        ticks=$((ticks + 1))
        [ $((ticks % 30)) = 0 ] && [ -n "$python_pid$programs_pid" ] || continue
        line="$(seconds) s"
        [ -z "$python_pid" ] || line="$line · Python packages: $(progress_of python)"
        [ -z "$programs_pid" ] || line="$line · Asterisk: $(progress_of programs)"
        say "$line"
    done
}

set_up() { # run|test
    mkdir -p .cache/log 2>/dev/null && [ -w .cache ] ||
        fail "$(id -un 2>/dev/null || id -u) may not write to $root. Clone Rexian into a folder of your own and start again."
    ! is_ready "$1" || return 0
    exec 9>.cache/setup.lock
    if command -v flock >/dev/null && ! flock -n 9; then
        say "another set-up of this clone is going on; waiting for it"
        flock 9
        ! is_ready "$1" || return 0
    fi
    rm -f .cache/ready-*
    if [ -e .cache/boot/complete ] && programs_work; then
        say "setting up what has changed"
    else
        need_room 1500
        say "setting up (half a minute and about 110 MB of downloads, once)"
    fi
    trap end_jobs EXIT
    trap 'say "set-up interrupted; start again to go on"; exit 130' INT TERM HUP
    # The jobs inherit the lock: if this script is killed, the next waits until they are through.
    setsid sh setup.sh --programs >.cache/log/programs.log 2>&1 </dev/null &
    programs_pid=$!
    need_python
    lock=requirements.lock
    if [ "$1" = test ] || [ -e .cache/with-tests ]; then
        lock=requirements-test.lock
        : >.cache/with-tests
    fi
    setsid sh setup.sh --python "$lock" >.cache/log/python.log 2>&1 </dev/null &
    python_pid=$!
    if ! watch; then
        told=$(sed -n 's/^rexian: //p' ".cache/log/$ended.log" | tail -n 1)
        case $ended in
        python) fail "${told:-the Python packages could not be installed ($(cause .cache/log/python.log)). Check the network, the proxy and the configuration of pip and start again; the whole log: .cache/log/python.log}" ;;
        *) fail "${told:-Asterisk could not be set up ($(cause .cache/log/programs.log)); the whole log: .cache/log/programs.log}" ;;
        esac
    fi
    trap - EXIT INT TERM HUP
    key >.cache/ready-run
    [ $lock = requirements.lock ] || cp .cache/ready-run .cache/ready-test
    say "set-up done in $(seconds) s: $(progress_of programs), Python $(.venv/bin/python -V | cut -d' ' -f2)"
}

write_locks() {
    mkdir -p .cache/log
    need_python
    get_uv
    # --no-header and --no-annotate: the files name no machine, no registry and no command line
    compile="$uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header $*"
    $compile --group boot -o requirements-boot.lock
    $compile pyproject.toml --group build -o requirements.lock
    $compile pyproject.toml --group build --group test -c requirements.lock -o requirements-test.lock
}

case ${1:-} in
run | test) set_up "$1" ;;
lock) shift && write_locks "$@" ;;
--python) install_python_packages "$2" ;;
--programs) provide_programs ;;
--uv-settings) find_python && uv_settings_of_pip ;;
*) fail "usage: sh setup.sh run|test|lock" ;;
esac

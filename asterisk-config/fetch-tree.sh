#!/bin/sh
# Unpacks Debian packages with all they need into a folder of their own; no root, nothing installed.
#
#   sh fetch-tree.sh FOLDER PACKAGE...        e.g. fetch-tree.sh .cache/asterisk asterisk sip-tester
#
# Debian 12 and 13 have no Asterisk, Debian testing has 22. Its programs run on an older Debian when
# they are started with the C library they were built for, which is why the tree holds that too:
#   TREE/usr/lib64/ld-linux-x86-64.so.2 --library-path TREE/usr/lib/x86_64-linux-gnu TREE/usr/sbin/asterisk
# apt resolves, downloads and verifies, with lists and a (void) package status of its own in FOLDER.new,
# so the host's packages play no part. FOLDER appears in one piece, or not at all.
# What goes on is told on stdout; a failure is one sentence on stderr and exit 1.
set -eu
export LC_ALL=C

# Raise it when a tree made by an older script must be fetched again.
FORMAT=1
# Stable once it is released, testing until then; sid is what remains if a mirror has dropped it.
SUITES="forky sid"
# Wanted by the packages' scripts and services, loaded by none of our programs: a third of the download.
UNUSED='adduser|base-passwd|debconf|dirmngr|gnupg.*|gpg.*|login\.defs|passwd|pci\.ids|perl.*|libperl.*|pinentry.*|python3.*|libpython3.*|systemd.*'

fail() {
    echo "rexian: $*" >&2
    exit 1
}

if [ "${1:-}" = --format ]; then
    echo "$FORMAT"
    exit
fi
[ $# -ge 2 ] || fail "usage: fetch-tree.sh FOLDER PACKAGE..."
tree=$1
shift
by_hand="Install Asterisk (20 or newer), SIPp and mosquitto with the system's package manager, then start again."

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    fail "this system has no apt to fetch Asterisk with. $by_hand"
arch=$(dpkg --print-architecture)
case $arch in
amd64) libs=usr/lib/x86_64-linux-gnu loader=usr/lib64/ld-linux-x86-64.so.2 ;;
arm64) libs=usr/lib/aarch64-linux-gnu loader=usr/lib/ld-linux-aarch64.so.1 ;;
*) fail "the private Asterisk is made for amd64 and arm64, not for $arch. $by_hand" ;;
esac

mkdir -p "$(dirname "$tree")"
tree=$(cd "$(dirname "$tree")" && pwd)/$(basename "$tree")
work=$tree.new
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/debs/partial" "$work/tree"
: >"$work/status"
# Check-Valid-Until: many mirrors lag or stand still on purpose; the signature is checked all the same.
cat >"$work/apt.conf" <<EOF
Dir::State::Lists "$work/lists";
Dir::State::status "$work/status";
Dir::State::extended_states "$work/extended_states";
Dir::Cache "$work";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Cache::Archives "$work/debs";
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "2";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
EOF

# Where this machine gets its Debian from. The label is only known once apt has lists; a machine that
# has none yet offers all its sources, and the first that carries the suite is taken.
mirrors() {
    {
        apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null
        apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
            grep -v security
    } | awk '!seen[$0]++'
}

# Writes sources.list for mirror $1, suite $2, and loads its lists.
lists_of() {
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$keyring" ] && signed="[signed-by=$keyring]" || signed=
    echo "deb $signed $1 $2 main" >"$work/sources.list"
    rm -rf "$work/lists"
    mkdir -p "$work/lists/partial"
    apt-get -c "$work/apt.conf" -q update >"$work/update.log" 2>&1
}

fetch() { # suite and packages are found in $work afterwards
    for mirror in $(mirrors); do
        for suite in $SUITES; do
            echo "-- reading the package lists of $suite"
            lists_of "$mirror" "$suite" || continue
            # systemd-standalone-sysusers: else mosquitto's dependencies bring systemd with them
            apt-get -c "$work/apt.conf" -y --print-uris install "$@" systemd-standalone-sysusers \
                >"$work/plan" 2>"$work/update.log" || continue
            # 'URI' NAME_VERSION_ARCH.deb SIZE HASH
            sed -n "s/^'[^']*' \([^_ ]*\)_.*/\1/p" "$work/plan" | grep -vxE "$UNUSED" >"$work/wanted"
            echo "-- downloading $(wc -l <"$work/wanted") packages"
            # A package that testing replaced since its list was read is gone: read again, once.
            for try in 1 2; do
                if (cd "$work/debs" && xargs apt-get -c "$work/apt.conf" -qq download) \
                    <"$work/wanted" >"$work/update.log" 2>&1; then
                    return 0
                fi
                [ "$try" = 2 ] || lists_of "$mirror" "$suite" || break
            done
        done
    done
    return 1
}

: >"$work/update.log"
fetch "$@" || {
    why=$(sed -n 's/^[EW]: *//p' "$work/update.log" | head -n 1 | cut -c 1-300)
    fail "Asterisk could not be fetched from Debian's mirror (${why:-apt names no source of Debian packages}). Check the network and the proxy and start again. Or: $by_hand"
}

echo "-- unpacking"
(cd "$work/debs" && printf '%s\0' ./*.deb | xargs -0 -n 8 -P "$(nproc 2>/dev/null || echo 1)" \
    sh -c 'for deb; do dpkg-deb -x "$deb" ../tree || exit 255; done' sh) 2>"$work/unpack.log" || {
    why=$(grep . "$work/unpack.log" | head -n 1 | cut -c 1-200)
    fail "Asterisk could not be unpacked into ${tree%/*}: ${why:-the disk is full}. Make room and start again."
}

cd "$work/tree"
# What maintainer scripts would have done, as far as our programs need it.
ldconfig=$(PATH=$PATH:/sbin:/usr/sbin command -v ldconfig) || fail "ldconfig is missing: install libc-bin and start again."
"$ldconfig" -n "$libs"
[ ! -d usr/share/asterisk/sounds/en_US_f_Allison ] || ln -s en_US_f_Allison usr/share/asterisk/sounds/en
# Nothing in here may lend anybody rights, now or when it has grown old.
find . -type f -perm /6000 -exec chmod ug-s {} +
rm -rf usr/share/man usr/share/locale usr/share/info usr/share/lintian
find usr/share/doc -type f ! -name copyright -delete

for program in usr/sbin/asterisk usr/bin/sipp usr/sbin/mosquitto; do
    [ ! -e "$program" ] || ! "$loader" --library-path "$libs" --list "$program" 2>&1 | grep "not found" ||
        fail "$program from Debian's $suite misses the library named above; that suite is being rebuilt: try again in some hours."
done
{
    echo "format $FORMAT"
    sed -n "s/^'[^']*' \([^_ ]*\)_\([^_]*\)_.*/\1 \2/p" "$work/plan" | sed 's/%3a/:/' |
        grep -E '^(asterisk|sip-tester|mosquitto|libc6) '
} >rexian-tree
cd / # not inside the folder that is renamed
[ ! -e "$tree" ] || mv "$tree" "$work/old"
mv "$work/tree" "$tree"
rm -rf "$work"

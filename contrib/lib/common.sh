# Sourced by the programs in contrib/: where the tree is, missing packages, and one way to configure and compile.
# shellcheck shell=bash

hf_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
hf_jobs=${JOBS:-$(nproc)}

# A tree that belongs to another user than the one who builds is fine: git is asked only to list its files.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$hf_top"
# meson pages long output when it finds a terminal and a pager.
export PAGER=cat LC_ALL=C.UTF-8

say() {
    printf '%s\n' "$*"
}

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# hf_missing GROUP...: the packages of these groups that are not installed, one a line.
hf_missing() {
    local wanted
    wanted=$(awk -v groups=" $* " '!/^#/ && NF == 2 && index(groups, " " $1 " ") { print $2 }' \
        "$hf_top/contrib/packages" | sort -u)
    # dpkg-query exits 1 when it has never heard of one of them; what it prints is right all the same.
    # shellcheck disable=SC2086
    comm -23 <(printf '%s\n' $wanted) \
        <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
            awk '$2 == "installed" { print $1 }' | sort -u)
}

# hf_packages GROUP...: installs what is missing of these groups, and touches nothing when all is there.
hf_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "This is not Debian: what contrib/packages lists has to be here already."
        return
    fi
    local missing
    missing=$(hf_missing "$@" | tr '\n' ' ')
    missing=${missing% }
    [ -n "$missing" ] || return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            say "Packages are missing, and installing them needs root. Run this, then start again:"
            say
            say "  sudo apt-get install --no-install-recommends $missing"
            say
            exit 1
        fi
        as_root=(sudo -n)
    fi
    say "Installing: $missing"
    # The lists of a fresh machine are empty, and old ones name files that are gone: then, and only then, update.
    # shellcheck disable=SC2086
    if ! hf_apt_get install $missing >/dev/null 2>&1; then
        hf_apt_get update || die "apt-get update failed"
        hf_apt_get install $missing || die "apt-get install failed"
    fi
    missing=$(hf_missing "$@" | tr '\n' ' ')
    [ -z "$missing" ] || die "still missing after installing: $missing"
}

# Uses as_root of its caller.
hf_apt_get() {
    local verb=$1
    shift
    [ "$verb" != install ] || set -- --no-install-recommends "$@"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$verb" "$@" </dev/null
}

# hf_configure FOLDER OPTION...: sets the build folder up, or changes it when the options differ from last time.
hf_configure() {
    local dir=$1
    shift
    local options="$*" stamp="$dir/.contrib-options"
    if [ -f "$dir/build.ninja" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$options" ]; then
        return
    fi
    mkdir -p "$dir"
    if [ -f "$dir/build.ninja" ]; then
        hf_quietly "$dir/contrib.log" meson configure "$dir" "$@"
    else
        hf_quietly "$dir/contrib.log" meson setup "$dir" "$hf_top" "$@"
    fi
    printf '%s\n' "$options" >"$stamp"
}

# hf_quietly LOG COMMAND...: shows what the command printed only when it fails.
hf_quietly() {
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 60 "$log" >&2
        die "failed: $* (all of its output: $log)"
    fi
}

hf_compile() {
    hf_quietly "$1/contrib.log" ninja --quiet -C "$1" -j "$hf_jobs"
}

# The release: optimised, with assertions on, for a daemon that holds keys must stop rather than guess.
hf_release_options=(--buildtype=release -Db_ndebug=false)
# What tests, demonstration and simulator need: meson makes a build for production when it is told nothing.
hf_development=-Dproduction=false

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the archives of both releases in two versions and prints their paths; does nothing where they are newer than
# their sources. The second kv can be reached from the first by a relup, the second web cannot. _build/bare has the first
# kv without a runtime system.
# Needs Debian's packages rebar3 and erlang-inets (apt-get install --no-install-recommends rebar3 erlang-inets).
set -eu
cd "$(dirname "$0")"
mkdir -p _build
# Tests that run at the same time share the archives.
exec 9>_build/lock
flock 9

rebar() { # rebar VERSION COMMAND [PROFILES]: each version has a folder of its own
    SAMPLE_VERSION=$1 REBAR_BASE_DIR=$PWD/_build/$1 QUIET=1 rebar3 as "${3:-prod}" "$2" -n "$name" >_build/log 2>&1 || { cat _build/log >&2; exit 1; }
}

relup() { # how a running node gets from one version to the other and back
    new=_build/0.2.0/prod/rel/kv old=_build/0.1.0/prod/rel/kv
    cp apps/kv/src/kv.appup $new/lib/kv-0.2.0/ebin/
    erl -noinput -eval "
        {ok, _, systools_relup, []} = systools:make_relup(
            \"$new/releases/0.2.0/kv\", [\"$old/releases/0.1.0/kv\"], [\"$old/releases/0.1.0/kv\"],
            [{path, [\"$new/lib/*/ebin\", \"$old/lib/*/ebin\"]}, {outdir, \"$new/releases/0.2.0\"}, silent]),
        halt()." >_build/log 2>&1 || { cat _build/log >&2; exit 1; }
}

stale() { # stale ARCHIVE: it is missing or older than its sources
    [ ! -f "$1" ] || [ -n "$(find apps/*/src config rebar.config* build.sh -newer "$1" -type f | head -n 1)" ]
}

for version in 0.1.0 0.2.0; do
    for name in kv web; do
        archive=_build/$name-$version.tar.gz
        if stale $archive; then
            rebar $version release
            [ $name-$version != kv-0.2.0 ] || relup
            rebar $version tar
            mv "_build/$version/prod/rel/$name/$name-$version.tar.gz" "$archive"
        fi
        echo "$PWD/$archive"
    done
done

name=kv archive=_build/bare/kv-0.1.0.tar.gz
if stale $archive; then
    rebar 0.1.0 tar prod,bare
    mkdir -p _build/bare
    mv _build/0.1.0/prod+bare/rel/kv/kv-0.1.0.tar.gz $archive
fi
echo "$PWD/$archive"

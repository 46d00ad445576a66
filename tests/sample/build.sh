#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the archives of both releases and prints their paths; does nothing where they are newer than their sources.
# Needs Debian's packages rebar3 and erlang-inets (apt-get install --no-install-recommends rebar3 erlang-inets).
set -eu
cd "$(dirname "$0")"
mkdir -p _build
# Tests that run at the same time share the archives.
exec 9>_build/lock
flock 9
for name in kv web; do
    archive=_build/$name-0.1.0.tar.gz
    if [ ! -f "$archive" ] || [ -n "$(find apps/*/src config rebar.config build.sh -newer "$archive" -type f | head -n 1)" ]; then
        QUIET=1 rebar3 as prod tar -n "$name" >_build/log 2>&1 || { cat _build/log >&2; exit 1; }
        mv "_build/prod/rel/$name/$name-0.1.0.tar.gz" "$archive"
    fi
    echo "$PWD/$archive"
done

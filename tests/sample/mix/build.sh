#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the archives of both releases and prints their paths; does nothing where they are newer than their sources.
# Needs Debian's package elixir (apt-get install --no-install-recommends elixir).
set -eu
cd "$(dirname "$0")"
export MIX_ENV=prod MIX_BUILD_PATH="$PWD/../_build/mix" LC_ALL=C.UTF-8
mkdir -p ../_build
# Tests that run at the same time share the archives.
exec 9>../_build/mix.lock
flock 9
for name in tick tock; do
    archive=$MIX_BUILD_PATH/$name-0.1.0.tar.gz
    if [ ! -f "$archive" ] || [ -n "$(find mix.exs build.sh lib config -newer "$archive" -type f | head -n 1)" ]; then
        mix release --quiet --overwrite "$name" >../_build/mix.log 2>&1 || { cat ../_build/mix.log >&2; exit 1; }
    fi
    echo "$archive"
done

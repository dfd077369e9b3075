#!/bin/sh
# Installs, builds and runs Tessera once: from a bare Debian to a diffraction pattern. Safe to repeat.
set -eu
cd "$(dirname "$0")/.."
project=$(pwd)
output=quickstart-output

step() { printf '== %s\n' "$*"; }

step "packages"
jobs/packages.sh run

# A clone that belongs to somebody else still tells its revision, for the record in the output.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$project"

step "build (build/release)"
mkdir -p "$output"
if ! { cmake --preset release -DBUILD_TESTING=OFF && cmake --build build/release --parallel "$(nproc)"; } \
    >"$output/build.log" 2>&1; then
    tail -n 20 "$output/build.log" >&2
    echo "quickstart: the build failed; all of it is in $output/build.log" >&2
    exit 1
fi
tessera=build/release/tessera

step "simulation: 8 snapshots of 1024 x 1024 pixels on 2 ranks"
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
OMP_NUM_THREADS=1 mpirun -n 2 --oversubscribe --bind-to none \
    "$tessera" simulate jobs/quickstart.yaml --output "$output/2erl.nxs" --overwrite

step "picture"
/usr/bin/python3 analysis/show_frame.py "$output/2erl.nxs" --frame 0 --resolution-rings --output "$output/2erl.png" \
    >/dev/null

cat <<END

The images:  $output/2erl.nxs  (NeXus NXmx, HDF5)
A picture:   $output/2erl.png

Next:
  another frame, around its strongest spot:
      analysis/show_frame.py $output/2erl.nxs --frame 3 --zoom
  what a run of 10000 frames on 64 cores would take:
      $tessera plan jobs/quickstart.yaml --sweep.count=10000 --output big.nxs --ranks 64
  all that can be set: docs/parameters.md; what is in the file: docs/file-format.md
END

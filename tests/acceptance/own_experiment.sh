#!/bin/bash
# The user's own experiment: dxtbx opens the geometries that tessera exports and finds each pixel where numpy does, to
# 1e-9 mm; a still and a scan that dxtbx wrote, on four tilted panels, are imported and rendered, and agree with images that
# numpy makes from dxtbx's numbers alone, to 1e-7 of the maximum.
# Environment: SOURCE (the project), TESSERA (the program). Needs DIALS (jobs/packages.sh full).
set -u -o pipefail
: "${SOURCE:?}" "${TESSERA:?}"
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

fail() {
    echo "own_experiment: $*"
    exit 1
}
$python "$SOURCE/tests/support/make_geometries.py" . || fail "the geometries"
$python "$SOURCE/tests/support/check_geometries.py" "$TESSERA" . dxtbx || fail "positions by dxtbx"
$python "$SOURCE/tests/acceptance/own_experiment.py" || fail "images"
echo "all passed"

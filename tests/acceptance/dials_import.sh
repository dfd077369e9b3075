#!/bin/bash
# DIALS reads our files and finds the geometry that we wrote: rotation series and stills, counts and expected photons,
# four conventions and a tilted detector.
# Environment: SOURCE (the project), TESSERA (the program). Needs DIALS (jobs/packages.sh full).
set -u -o pipefail
: "${SOURCE:?}" "${TESSERA:?}"
python=${PYTHON:-/usr/bin/python3}
here=$SOURCE/tests/acceptance
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

cat >2erl.yaml <<END
beam:
  wavelength: 1.2
  fluence: 1e27
  polarization: 0.98
crystal:
  cell: 53.91,23.10,23.10,90,110.4,90
  misset: 10,20,30
  structure_factors: $SOURCE/golden/inputs/2erl_P1.hkl
  cells: 12,24,24
  mosaic_spread: 0.2
  mosaic_domains: 8
detector:
  distance: 60
  pixel_size: 0.3
  fast_pixels: 240
  slow_pixels: 200
sampling:
  oversample: 1
END
rotation='--sweep.kind=rotation --sweep.count=6 --sweep.start=20 --sweep.width=0.5 --sampling.phi_steps=5'
stills='--sweep.kind=random --sweep.count=4 --sweep.seed=7'

failures=0
cases=0
checked() { # checked NAME COMMAND...: a step of the current case; its output is shown when it fails
    local name=$1
    shift
    "$@" >"$name.log" 2>&1 && return 0
    echo "FAIL  $case_name: $name"
    tail -n 12 "$name.log"
    failed=yes
    return 1
}
slices= # frames of the parts from which a case is merged; none: one file
render() { # render OPTION...: case.nxs
    local slice
    [ -n "$slices" ] || { mpirun -n 2 --oversubscribe --bind-to none "$TESSERA" simulate "$@" --output case.nxs; return; }
    for slice in $slices; do
        "$TESSERA" simulate "$@" --frames "$slice" --output "part_${slice%%:*}.nxs" || return
    done
    "$TESSERA" merge case.nxs part_*.nxs
}
dials_case() { # dials_case NAME IMAGES OPTION...
    local case_name=$1 images=$2 failed=no
    shift 2
    cases=$((cases + 1))
    mkdir "$case_name" && cd "$case_name" || exit 2
    if checked simulate render ../2erl.yaml "$@" --output.images="$images" &&
        checked structure $python "$here/nxmx_truth_compare.py" structure case.nxs &&
        checked import dials.import case.nxs output.experiments=imported.expt \
            geometry.beam.polarization_fraction=0.99 geometry.beam.polarization_normal=0,1,0; then
        checked geometry $python "$here/nxmx_truth_compare.py" geom case.nxs imported.expt
        checked indices $python "$here/indices_of_spots.py" case.nxs imported.expt &&
            echo "PASS  $case_name: $(grep median indices.log | tr -s ' ')"
    fi
    cd ..
    [ $failed = no ] || failures=$((failures + 1))
}

# shellcheck disable=SC2086 # the options are words
{
    tilted='--detector.rotation=3,-4,5 --detector.twotheta=12'
    dials_case mosflm-rotation-counts counts $rotation
    dials_case mosflm-rotation-expected expected $rotation
    dials_case mosflm-stills-counts counts $stills
    dials_case mosflm-stills-both both $stills
    dials_case tilted-rotation-counts counts $rotation $tilted
    dials_case tilted-stills-expected expected $stills $tilted
    dials_case files-rotation-both both $rotation --output.frames_per_file=4 --output.compression=bitshuffle
    dials_case files-stills-counts counts $stills --output.frames_per_file=3 --output.compression=deflate
    slices='0:1 1:4 4:6'
    dials_case merged-rotation-both both $rotation
    slices='0:3 3:4'
    dials_case merged-stills-counts counts $stills
    slices=
    for convention in xds adxv dials; do
        dials_case $convention-rotation-counts counts $rotation --detector.convention=$convention
        dials_case $convention-stills-expected expected $stills --detector.convention=$convention
    done
}
echo "$((cases - failures)) of $cases cases passed"
[ "$failures" = 0 ]

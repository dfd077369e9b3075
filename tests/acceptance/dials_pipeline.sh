#!/bin/bash
# DIALS processes our images from import to scaling and finds the crystals that made them: 60 degrees of rotation from an
# MTZ file, 16 random stills, a tilted detector, the xds convention, counts and expected photons.
# Environment: SOURCE (the project), TESSERA (the program). Needs DIALS (jobs/packages.sh full).
set -u -o pipefail
: "${SOURCE:?}" "${TESSERA:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NPROC=1

# A Gaussian crystal: the fringes of a square one of so few cells would be found as spots of their own.
cat >2erl.yaml <<END
beam:
  wavelength: 1.0
  fluence: 1e27
  polarization: 0.98
crystal:
  misset: 10,20,30
  structure_factors: $SOURCE/golden/inputs/2erl_1p8A_C2.mtz
  shape: gauss
  cells: 12,28,28
  mosaic_spread: 0.1
  mosaic_domains: 20
background:
  size: 0.12
detector:
  distance: 80
  pixel_size: 0.15
  fast_pixels: 720
  slow_pixels: 720
sampling:
  oversample: 2
END

# dials_case NAME THRESHOLDS OPTION...: THRESHOLDS are words VARIABLE=VALUE for check_nxmx_dials.sh
dials_case() {
    local name=$1 thresholds=$2
    shift 2
    mkdir "$name"
    cp "$SOURCE/golden/inputs/2erl_1p8A_C2.mtz" "$name/model.mtz" # where the check looks for the truth
    if ! mpirun -n 4 --oversubscribe --bind-to none "$TESSERA" simulate 2erl.yaml "$@" --output "$name/case.nxs" \
        >"$name/log" 2>&1; then
        echo "RESULT: FAIL (simulate)" >>"$name/log"
        return
    fi
    # shellcheck disable=SC2086 # the thresholds are words
    env $thresholds bash "$SOURCE/tests/acceptance/check_nxmx_dials.sh" "$work/$name/case.nxs" "$work/$name/case.nxs" "$work/$name/dials" \
        >"$name/log" 2>&1
}

rotation='--sweep.kind=rotation --sweep.width=0.5 --sampling.phi_steps=10'
# shellcheck disable=SC2086 # the options are words
rotations() {
    dials_case rotation 'MIN_INDEXED=99 MAX_ANGLE=0.005 MAX_OFFSET=0.02 MIN_CC=0.995' $rotation --sweep.count=120 \
        --output.images=counts
    dials_case tilted-expected '' $rotation --sweep.count=60 --output.images=expected \
        --detector.rotation=3,-4,5 --detector.twotheta=12
    dials_case xds-counts '' $rotation --sweep.count=60 --output.images=counts --detector.convention=xds
}
stills() {
    dials_case stills MIN_RATE=1 --sweep.kind=random --sweep.count=16 --sweep.seed=7 --output.images=counts \
        --crystal.mosaic_spread=0.3 --crystal.mosaic_domains=100 --beam.fluence=4e27 --background.size=0.08
}
stills &
rotations
wait

failures=0
for name in rotation tilted-expected xds-counts stills; do
    echo "== $name"
    if grep -q '^RESULT: PASS' "$name/log"; then
        grep '^PASS' "$name/log"
    else
        failures=$((failures + 1))
        tail -n 60 "$name/log"
    fi
done
echo "$((4 - failures)) of 4 cases passed"
[ $failures = 0 ]

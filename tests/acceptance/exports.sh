#!/bin/bash
# Exported images in dxtbx and fabio: the same geometry, scan and pixels as the NXmx file; and DIALS reads compressed files.
# Environment: SOURCE (the project), TESSERA (the program). Needs DIALS and fabio (jobs/packages.sh full).
set -u -o pipefail
: "${SOURCE:?}" "${TESSERA:?}"
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# shellcheck disable=SC2054 # words with commas
crystal=(--crystal.cell=53.91,23.10,23.10,90,110.4,90 --crystal.misset=10,20,30 --crystal.cells=12,24,24
    --crystal.structure_factors="$SOURCE/golden/inputs/2erl_P1.hkl" --crystal.mosaic_spread=0.2 --crystal.mosaic_domains=4
    --beam.wavelength=1.2345 --beam.fluence=3e25 --beam.exposure=0.5 --detector.distance=61.7 --detector.pixel_size=0.271
    --detector.fast_pixels=240 --detector.slow_pixels=200 --sampling.oversample=1 --quiet)
rotation=(--sweep.kind=rotation --sweep.count=4 --sweep.start=20 --sweep.width=0.5 --sampling.phi_steps=2)
failures=0
export_case() { # export_case NAME MODE ARGUMENT...: MODE is what compare_exports.py takes; flip for mirrored images
    local name=$1 mode=$2 flip=()
    shift 2
    [ "$mode" != flip ] || flip=(--flip)
    if "$TESSERA" simulate "${crystal[@]}" "$@" --output "$name.nxs" &&
        "$TESSERA" export "$name.nxs" --frames all --output "${name}_####.img" --quiet "${flip[@]}" &&
        "$TESSERA" export "$name.nxs" --frames all --output "${name}_%05d.cbf" --quiet "${flip[@]}" &&
        $python "$SOURCE/tests/acceptance/compare_exports.py" "$name" "$mode"; then
        echo "PASS  $name"
    else
        echo "FAIL  $name"
        failures=$((failures + 1))
    fi
}
# shellcheck disable=SC2054 # words with commas
centre=(--detector.beam_centre=25.13,33.37)
export_case mosflm same "${rotation[@]}" "${centre[@]}" --output.images=counts
export_case xds same "${rotation[@]}" "${centre[@]}" --output.images=counts --detector.convention=xds
export_case adxv flip "${rotation[@]}" "${centre[@]}" --output.images=counts --detector.convention=adxv
export_case still same "${centre[@]}" --sweep.kind=random --sweep.count=2 --output.images=counts
export_case thick same "${rotation[@]}" --output.images=counts --detector.sensor_material=Si --detector.sensor_thickness=450

compressed_case() { # compressed_case METHOD: dxtbx reads the same pixels and geometry
    cp mosflm.nxs "$1.nxs"
    if "$TESSERA" compress "$1.nxs" --with "$1" --quiet && $python "$SOURCE/tests/acceptance/compare_exports.py" "$1" compressed; then
        echo "PASS  compressed with $1"
    else
        echo "FAIL  compressed with $1"
        failures=$((failures + 1))
    fi
}
compressed_case deflate
compressed_case bitshuffle
[ "$failures" = 0 ] || { echo "$failures cases failed"; exit 1; }
echo "all cases passed"

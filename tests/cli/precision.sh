#!/usr/bin/env bash
# The precision that is chosen automatically keeps the bound that docs/physics.md states: random experiments against float64
# (tests/search/precision.py), Miller indices of 300, crystals of 1000 cells, and what went wrong once.
# SEED (new: another one each time) and COUNT of the experiments.
set -u
. "$SOURCE/tests/support/case.sh"
seed=${SEED-13}
[ "$seed" != new ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
export PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1
/usr/bin/python3 "$SOURCE/tests/search/precision.py" "$TESSERA" "$inputs" "${COUNT:-40}" "$seed" || fail "random experiments"
! FORCE=float32 /usr/bin/python3 "$SOURCE/tests/search/precision.py" "$TESSERA" "$inputs" 12 5 25 > forced ||
    fail "the search sees nothing where float32 is not good enough"
scene=(--crystal.cell="300,310,320" --crystal.default_f=10 --crystal.mosaic_spread=0.3 --crystal.mosaic_domains=20
    --beam.wavelength=0.45 --detector.distance=100 --detector.twotheta=28 --detector.pivot=sample --detector.fast_pixels=256 --detector.slow_pixels=256
    --sampling.oversample=1 --quiet)
render() { # render CELLS PRECISION
    "$TESSERA" simulate "${scene[@]}" --crystal.cells="$1" --run.precision="$2" --output "$1$2.nxs" --trace-pixel 128,128 \
        --trace-file "$1$2.json" 2> err || fail "$1 cells in $2: $(cat err)"
}
agrees() { # agrees CELLS PRECISION: with float64
    "$TESSERA" compare "$1float64.nxs" "$1$2.nxs" --max-one-minus-correlation 1e-9 --max-sum-error 1e-5 \
        --max-relative-error 2e-3 > "$1$2.compared" 2>&1
}
for cells in 8 60 1000; do
    for precision in auto float64; do render $cells $precision; done
    agrees $cells auto || fail "auto with $cells cells: $(cat ${cells}auto.compared)"
    wanted=float64
    [ $cells -gt 8 ] || wanted=float32
    h5dump -d /entry/simulation/notes/data ${cells}auto.nxs | grep -q "kernel: $wanted, selected automatically" ||
        fail "$cells cells: auto is not $wanted"
done
greatest=$(grep -o '"hkl":\[[^]]*' 8auto.json | tr '[,' '\n' | awk '{ h = $1 < 0 ? -$1 : $1; if (h > most) most = h } END { print most + 0 }')
awk -v h="$greatest" 'BEGIN { exit !(h >= 300) }' || fail "the greatest Miller index is $greatest"
render 1000 float32
! agrees 1000 float32 || fail "1000 cells are no trial for float32"
# the fudge makes a round crystal's transform as fine as that of a larger one
round() { # round PRECISION
    "$TESSERA" simulate --crystal.cell="60,70,80" --crystal.default_f=10 --crystal.cells=5 --crystal.shape=round --crystal.spot_sharpness=100000 \
        --crystal.mosaic_spread=0.3 --crystal.mosaic_domains=10 --detector.fast_pixels=320 --detector.slow_pixels=300 --sampling.oversample=1 \
        --run.precision="$1" --output "round$1.nxs" --quiet 2> err || fail "round in $1: $(cat err)"
}
for precision in auto float32 float64; do round $precision; done
agrees round auto || fail "auto with a large spot_sharpness: $(cat roundauto.compared)"
! agrees round float32 || fail "a large fudge is no trial for float32"
# Factors whose squares no float holds, and a detector between spots.
chosen() { # chosen WANTED TEXT ARGUMENT...
    local wanted=$1 text=$2
    shift 2
    "$TESSERA" simulate --crystal.cells=10 "$@" --output chosen.nxs --overwrite > out 2>&1 || fail "$*: $(tail -n 1 out)"
    grep -q "kernel: $wanted, selected automatically.*$text" out || fail "$*: $(cat out)"
}
image=(--crystal.cell="60,70,80" --detector.fast_pixels=320 --detector.slow_pixels=300 --sampling.oversample=1)
chosen float32 '' "${image[@]}" --crystal.default_f=10
chosen float64 'underflow' "${image[@]}" --crystal.structure_factors="$inputs/2erl_1p8A_C2.mtz" --crystal.structure_factor_scale=1e-24 \
    --crystal.ignore_file_cell=true --beam.fluence=1e60
chosen float64 'between spots' "${image[@]}" --crystal.default_f=10 --detector.pixel_size=0.001
finish

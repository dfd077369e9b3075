#!/usr/bin/env bash
# What is chosen automatically for sub-pixels and spindle angles keeps the sum of a series within 1e-3 and its brightest pixel
# within 1 %: random experiments against a choice four times finer (tests/search/sampling.py), and what went wrong once.
# SEED (new: another one each time), COUNT and STEPS of the experiments.
set -u
. "$SOURCE/tests/support/case.sh"
seed=${SEED-13}
[ "$seed" != new ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
export PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1 STEPS=${STEPS-4e6}
/usr/bin/python3 "$SOURCE/tests/search/sampling.py" "$TESSERA" "$inputs" "${COUNT:-25}" "$seed" || fail "random experiments"
# What once exceeded it: stills and a series that show but the flank of a gauss, round and square spot, the end of a top hat's.
for number in 129 342 454 486; do
    STEPS=1e9 /usr/bin/python3 "$SOURCE/tests/search/sampling.py" "$TESSERA" "$inputs" 1 20261 $number || fail "experiment $number"
done

chosen() { # chosen ARGUMENT...: sub-pixels along an edge and spindle angles
    "$TESSERA" plan "$@" --verbose --output chosen.nxs |
        sed -nE 's/.*, ([0-9]+) x [0-9]+ sub-pixels.*/\1/p; s/.* x ([0-9]+) phi steps.*/\1/p' | tr '\n' ' '
}
same_choice() { # same_choice ONE... -- OTHER...
    local one=()
    while [ "$1" != -- ]; do one+=("$1"); shift; done
    shift
    local left right
    left=$(chosen "${usual[@]}" "${one[@]}")
    right=$(chosen "${usual[@]}" "$@")
    [ -n "$left" ] && [ "$left" = "$right" ] || fail "${one[*]}: $left, $*: $right"
}
usual=("--crystal.cell=54,23,24" --crystal.default_f=10 --crystal.cells=15 --crystal.shape=gauss --detector.distance=80
    --detector.pixel_size=0.2 --detector.fast_pixels=200 --detector.slow_pixels=200 --sweep.kind=rotation --sweep.width=0.5)

# Each mosaic domain is a spot of its own: a spread, whatever it is, asks for no fewer angles.
single=$(chosen "${usual[@]}" --crystal.mosaic_spread=0.0001)
for spread in 0.5 1 1,0.1,0; do
    many=$(chosen "${usual[@]}" --crystal.mosaic_spread=$spread)
    awk -v a="$single" -v b="$many" 'BEGIN { split(a, x, " "); split(b, y, " "); exit !(2 * y[1] >= x[1] && 2 * y[2] >= x[2] && y[2] > 8) }' ||
        fail "spread $spread: $many, without: $single"
done
# The distance that counts is that of the pixels, however the detector is swung.
awk -v a="$(chosen "${usual[@]}" --detector.pivot=sample)" -v b="$(chosen "${usual[@]}" --detector.pivot=sample --detector.twotheta=85)" \
    'BEGIN { split(a, x, " "); split(b, y, " "); exit !(y[1] >= x[1] && y[1] < 1.3 * x[1]) }' || fail "a swing changes the sub-pixels"
# The wavelengths in use count, not beam.wavelength beside a spectrum or sources.
echo '30000 1' > spectrum.txt
echo '-1 0 0 1 4.132806614e-11' > sources.txt
same_choice --beam.energy=30000 -- --beam.spectrum=spectrum.txt
same_choice --beam.energy=30000 -- --beam.sources=sources.txt
# At a cap there is a note with the error.
for swept in --detector.pixel_size=20mm --crystal.cells=20000; do
    "$TESSERA" plan "${usual[@]}" --detector.fast_pixels=4 --detector.slow_pixels=4 $swept --output chosen.nxs > out
    grep -q 'the most that is selected automatically; .* within 1 % and a sum within 0.1 %, expect .* %' out || fail "no note at a cap: $(cat out)"
done
# The trial of the kernel is short, however slow a step (5 s of processor time; it took 40).
(
    ulimit -t 5
    "$TESSERA" plan --crystal.cell=72.5,23.45,50.88 --crystal.default_f=100 --crystal.cells=6,17,6 --crystal.shape=tophat \
        --crystal.spot_law=per_axis --crystal.fudge=0.7561 --crystal.mosaic_spread=0.528 --crystal.mosaic_domains=5 --beam.wavelength=2.223 \
        --beam.dispersion=0.1319 --beam.dispersion_steps=3 --detector.distance=17.34 --detector.pixel_size=0.5136 --detector.twotheta=75 \
        --crystal.misset=178.976,123.01,113.392 --detector.fast_pixels=35 --detector.slow_pixels=35 --sweep.kind=rotation --sweep.width=1 \
        --sampling.phi_steps=5000 --output chosen.nxs > out 2>&1
) || fail "plan: $(tail -n 1 out)"
# nanoBragg keeps its own: three samples across the longest edge, two angles.
"$TESSERA" nanobragg -cell 54 23 24 90 90 90 -default_F 10 -N 15 -distance 80 -pixel 0.2 -detpixels 20 -osc 1 -nxs old.nxs --run.verbosity=verbose > out 2>&1 ||
    fail "nanobragg: $(tail -n 1 out)"
grep -q '7-fold' out && grep -q ' 2 phi steps' out || fail "nanobragg takes other numbers: $(cat out)"
finish

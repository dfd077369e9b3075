#!/usr/bin/env bash
# A run whose frames are empty says so and why: an error where all must be exactly 0, notes before the run where the list of structure
# factors ends or only 000 is seen, a warning after it with the photons that were expected; values that no experiment has get a note.
set -u
. "$SOURCE/tests/support/case.sh"
factors=(--crystal.structure_factors="$inputs/2erl_1p8A_C2.mtz")
detector=(--detector.convention=xds --detector.distance=60 --detector.fast_pixels=40 --detector.slow_pixels=33
    --detector.pixel_size=2 --sampling.oversample=1 --crystal.cells=6)
run() { # run ARGUMENT...: what it prints is in out, its exit code in code
    code=0
    "$TESSERA" simulate "${detector[@]}" "$@" --output x.nxs --overwrite > out 2>&1 || code=$?
}
says() { grep -q -- "$1" out || fail "no \"$1\" in: $(cat out)"; }
silent() { ! grep -q -- "$1" out || fail "\"$1\" in: $(cat out)"; }

# every frame must be 0: C2 has no reflection below 1/25.3 A, and its lattice none below 1/50.5 A
for dark in --beam.energy=95 --beam.energy=9.5 --detector.distance=100000 --beam.wavelength=130; do
    run "${factors[@]}" "$dark"
    [ $code = 2 ] || fail "$dark: exit code $code: $(cat out)"
    says 'none of its 2563 reflections reaches the detector: they span d = 1.8 to 25.26 A'
    run "${factors[@]}" "$dark" --run.empty=accept
    [ $code = 0 ] || fail "$dark, accepted: exit code $code"
    says 'warning: the frame is 0, no photon is expected'
    run "${factors[@]}" "$dark" --background.size=1
    [ $code = 0 ] || fail "$dark with a background: exit code $code: $(cat out)"
    silent warning
    run "${factors[@]}" "$dark" --crystal.default_f=10
    [ $code = 0 ] || fail "$dark with default_f: exit code $code"
    says 'no reflection but 000 can be excited'
done
# a sweep of which one frame is empty runs
run "${factors[@]}" --sweep.kind=matrix --sweep.matrix=beam.energy=95,12000
[ $code = 0 ] || fail "a sweep with an empty frame: exit code $code: $(cat out)"
says 'frame 0 is empty'
silent warning
# so does nanoBragg's program, with a note
small='-cell 30 30 30 90 90 90 -N 3 -distance 100000 -detpixels 8 -pixel 0.1 -oversample 1'
# shellcheck disable=SC2086 # words
"$TESSERA" nanobragg $small -hkl "$inputs/small3.hkl" -lambda 500 > out 2>&1 || fail "nanobragg: $(cat out)"

# the list ends before the detector does: d = lambda / (2 sin(theta)) at the corner, 40 and 33 mm from the beam
corner=$(awk 'BEGIN { t = atan2(sqrt(40^2 + 33^2), 60) / 2; printf "%.4g", 1 / (2 * sin(t)) }')
run "${factors[@]}"
says "ends at d = 1.8 A, and the detector sees to $corner A"
run "${factors[@]}" --sampling.dmin=1.8
silent 'ends at d'
run "${factors[@]}" --detector.distance=100
silent 'ends at d'

# photons that are too few to be counted, on one rank and on several; the expected ones are those of a run of expected photons
bright=("${factors[@]}" --beam.fluence=1e12 --sweep.kind=random --sweep.count=3)
run "${bright[@]}" --output.images=expected
expected=$(values_of x.nxs /entry/simulation/frames/sum_photons | awk '{ s += $1 } END { print s }')
for ranks in 0 3; do
    on_ranks $ranks "$TESSERA" simulate "${detector[@]}" "${bright[@]}" --output.images=counts --output x.nxs --overwrite > out 2>&1 ||
        fail "counts on $ranks ranks: $(cat out)"
    says 'warning: every one of 3 frames has 0 counts'
    told=$(sed -n 's/.*counts: \(.*\) photons are expected.*/\1/p' out)
    awk -v a="$told" -v b="$expected" 'BEGIN { exit !(a > 0 && (a / b - 1) ^ 2 < 1e-4) }' || fail "$told photons, $expected in the images"
done
run "${factors[@]}" --beam.fluence=1
says 'not more than .* photons can fall on a frame: all counts will be 0'
says 'so that all counts would be 0'
run "${factors[@]}" --beam.fluence=0
says 'beam.fluence is 0'
# spots that end beside every pixel
run --crystal.cell=50 --crystal.default_f=100 --crystal.shape=tophat --crystal.cells=1000 --crystal.misset=10,20,30
says 'warning: the frame is 0, no photon is expected: no spot reaches a pixel'
# background alone, for which there is no crystal
run --crystal.default_f=0 --background.size=5
[ $code = 0 ] || fail "background alone: exit code $code: $(cat out)"
says 'frames of background alone; the cell in the file stands for none'
silent warning
run --crystal.default_f=0
[ $code = 2 ] || fail "nothing at all: exit code $code"
# and an image that is there says nothing
run "${factors[@]}" --detector.distance=100
silent 'warning\|excited\|ends at\|is the unit'

# a wrong unit
for wrong in detector.distance=200m beam.energy=12.4 detector.pixel_size=172 detector.sensor_thickness=0.32 crystal.cell=0.5,0.6,0.7 \
    crystal.cell=50,60,70,1.57,1.57,1.57 sampling.dmin=0.01 crystal.size=100 beam.exposure=1e-18; do
    given=("${detector[@]}")
    [ "$wrong" != crystal.size=100 ] || unset 'given[-1]' # crystal.cells say the same thing
    "$TESSERA" plan "${given[@]}" --crystal.cell=50 --crystal.default_f=1 --"$wrong" > out 2>&1 || fail "$wrong: $(cat out)"
    says "${wrong%%=*} is .* experiments have .* is the unit right"
done
"$TESSERA" plan "${detector[@]}" --crystal.cell=50 --crystal.default_f=1 --sweep.kind=matrix --sweep.matrix=beam.energy=12000,12.4 > out 2>&1
says 'beam.energy is 12.4 eV in frame 1'
finish

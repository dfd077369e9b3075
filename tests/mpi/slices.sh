#!/usr/bin/env bash
# A sweep of 512 x 512 frames with mosaic domains and a band of wavelengths: slices on different numbers of ranks hold the bytes
# and labels of the whole. Environment: FRAMES (14), PIXELS (64) for CI; tests/run.sh long renders 1,000 frames of 512 x 512.
set -u
. "$SOURCE/tests/support/case.sh"
frames=${FRAMES:-14} pixels=${PIXELS:-64}
sweep=(--crystal.matrix="$inputs/2erl_lam1.2.mat" --crystal.structure_factors="$inputs/2erl_P1.hkl" --crystal.cells=8
    --beam.wavelength=1.2 --beam.dispersion=0.5 --beam.dispersion_steps=3 --beam.fluence=1e32 --crystal.mosaic_spread=0.4
    --crystal.mosaic_domains=20 --detector.distance=80 --detector.pixel_size="$(awk -v p="$pixels" 'BEGIN { print 80 / p }')"
    --detector.fast_pixels="$pixels" --detector.slow_pixels="$pixels" --sampling.oversample=1
    --sweep.kind=random --sweep.seed=3 --sweep.count="$frames" --output.images=both --quiet)
labels_of() { # the labels of a file, a line each
    local label
    for label in number crc32 sum_photons max_photons fluence phi0 ub_matrix; do
        values_of "$1" /entry/simulation/frames/$label | sha256sum
    done
}
on_ranks 4 "$TESSERA" simulate "${sweep[@]}" --output whole.nxs || fail "4 ranks"
reference=$(images_of whole.nxs; labels_of whole.nxs)
for ranks in 1 2 3; do
    on_ranks $ranks "$TESSERA" simulate "${sweep[@]}" --output part.nxs --overwrite || fail "$ranks ranks"
    [ "$(images_of part.nxs; labels_of part.nxs)" = "$reference" ] || fail "$ranks ranks: other bytes or labels"
done
for piece in 0 1 2 3 4 5 6; do
    begin=$((frames * piece / 7)) end=$((frames * (piece + 1) / 7))
    on_ranks $((piece % 4)) "$TESSERA" simulate "${sweep[@]}" --frames $begin:$end --output part.nxs --overwrite || fail "piece $piece"
    ${PYTHON:-/usr/bin/python3} - whole.nxs part.nxs $begin $end << 'P' || fail "piece $piece: other bytes or labels"
import sys, h5py, numpy
begin, end = map(int, sys.argv[3:])
with h5py.File(sys.argv[1]) as whole, h5py.File(sys.argv[2]) as part:
    for path in ("entry/data/data", "entry/simulation/images/expected_photons"):
        for slot in range(end - begin):
            assert whole[path][begin + slot].tobytes() == part[path][slot].tobytes(), (path, slot)
    left, right = whole["entry/simulation/frames"], part["entry/simulation/frames"]
    for label in left:
        if label not in ("start_time", "wall_seconds", "rank"):
            assert numpy.array_equal(left[label][begin:end], right[label][()]), label
P
done
finish

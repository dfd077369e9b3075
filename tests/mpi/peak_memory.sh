#!/usr/bin/env bash
# No rank needs more memory than an empty process with MPI and HDF5, its share of the images in flight, the structure
# factors (once per node) and 64 MiB.
set -euo pipefail
# shellcheck source=tests/support/case.sh
source "$SOURCE/tests/support/case.sh"
if ldd "$TESSERA" | grep -q libasan; then # which has a memory of its own
    echo "not with sanitizers"
    exit 0
fi

mebibyte=1048576
edge=1024 wave=4
in_flight=$((2 * wave * edge * edge * (4 + 4))) # two waves of photons and counts
# shellcheck disable=SC2086
empty=$($MPIEXEC -n 2 "$TOOLS/empty_process" | sort -g | tail -n 1)
on_ranks 2 "$TESSERA" simulate "${small_case[@]}" --crystal.mosaic_domains=1 --sampling.phi_steps=1 --beam.dispersion_steps=1 \
    --detector.fast_pixels=$edge --detector.slow_pixels=$edge --detector.pixel_size=0.05 --sweep.kind=random --sweep.count=24 \
    --run.wave=$wave --run.verbosity=quiet --output=run.nxs
peaks=$(values_of run.nxs /entry/simulation/environment/rank_peak_memory)
[ "$(wc -l <<< "$peaks")" = 2 ] || fail "there are no peaks of two ranks: $peaks"
for peak in $peaks; do
    echo "peak $((peak / mebibyte)) MiB: empty process $((empty / mebibyte)), images $((in_flight / mebibyte))"
    [ "$peak" -le $((empty + in_flight + 64 * mebibyte)) ] || fail "a rank needed too much memory"
    [ "$peak" -ge "$in_flight" ] || fail "a rank's peak is less than its images, so it was not measured"
done
finish

#!/usr/bin/env bash
# The images are the same bytes for every number of ranks and threads, every tile and every number of shards.
set -u
. "$SOURCE/tests/support/case.sh"
runs=0
compare() { # compare PRECISION RANKS THREADS TILES SHARDS: lists of each
    local precision=$1 ranks threads tile shards reference
    "$TESSERA" simulate "${small_case[@]}" --run.precision="$precision" --output reference.nxs --overwrite --quiet ||
        fail "reference"
    reference=$(images_of reference.nxs)
    [ "$(echo "$reference" | sort -u | wc -l)" = 2 ] || fail "photons and counts have one checksum: $reference"
    for ranks in $2; do for threads in $3; do for tile in $4; do for shards in $5; do
        OMP_NUM_THREADS=$threads on_ranks "$ranks" "$TESSERA" simulate "${small_case[@]}" --run.precision="$precision" \
            --run.tile="$tile" --run.shards="$shards" --output test.nxs --overwrite --quiet || fail "exit code $?"
        [ "$(images_of test.nxs)" = "$reference" ] ||
            fail "$precision, $ranks ranks, $threads threads, tile $tile, $shards shards: other bytes"
        runs=$((runs + 1))
    done; done; done; done
}
compare float64 "1 2 3 4 7" "1 2" "16 33 96" "1 2 5"
compare float32 "1 3 7" "1 2" "16 33" "1 5"
echo "$runs runs compared"
finish

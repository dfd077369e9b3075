#!/usr/bin/env bash
# The images are the same bytes for every number of ranks and threads, every tile and every number of shards.
set -u
. "$SOURCE/tests/support/case.sh"
runs=0
check() { # check RUN PRECISION RANKS THREADS TILE SHARDS
    OMP_NUM_THREADS=$4 on_ranks "$3" "$TESSERA" simulate "${small_case[@]}" --run.precision="$2" --run.tile="$5" \
        --run.shards="$6" --output "test_$1.nxs" --quiet || fail "exit code $?"
    [ "$(images_of "test_$1.nxs")" = "$reference" ] || fail "$2, $3 ranks, $4 threads, tile $5, $6 shards: other bytes"
    rm -f "test_$1.nxs"
}
compare() { # compare PRECISION RANKS THREADS TILES SHARDS: lists of each
    local ranks threads tile shards
    "$TESSERA" simulate "${small_case[@]}" --run.precision="$1" --output reference.nxs --overwrite --quiet ||
        fail "reference"
    reference=$(images_of reference.nxs)
    [ "$(echo "$reference" | sort -u | wc -l)" = 2 ] || fail "photons and counts have one checksum: $reference"
    for ranks in $2; do for threads in $3; do for tile in $4; do for shards in $5; do
        runs=$((runs + 1))
        later check $runs "$1" "$ranks" "$threads" "$tile" "$shards"
    done; done; done; done
}
compare float64 "1 2 3 4 7" "1 2" "16 33 96" "1 2 5"
compare float32 "1 3 7" "1 2" "16 33" "1 5"
echo "$runs runs compared"
finish

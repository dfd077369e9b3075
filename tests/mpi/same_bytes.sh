#!/usr/bin/env bash
# The images are the same bytes for every number of ranks and threads, every tile and every number of shards.
set -u
. "$SOURCE/tests/support/case.sh"
"$TESSERA" simulate "${small_case[@]}" --output reference.nxs --quiet || fail "reference"
reference=$(images_of reference.nxs)
[ "$(echo "$reference" | sort -u | wc -l)" = 2 ] || fail "photons and counts have one checksum: $reference"
runs=0
for ranks in 1 2 3 4 7; do
    for threads in 1 2; do
        for tile in 16 33 96; do
            for shards in 1 2 5; do
                OMP_NUM_THREADS=$threads on_ranks $ranks "$TESSERA" simulate "${small_case[@]}" --run.tile=$tile \
                    --run.shards=$shards --output test.nxs --overwrite --quiet || fail "exit code $?"
                [ "$(images_of test.nxs)" = "$reference" ] ||
                    fail "$ranks ranks, $threads threads, tile $tile, $shards shards: other bytes"
                runs=$((runs + 1))
            done
        done
    done
done
echo "$runs runs compared"
finish

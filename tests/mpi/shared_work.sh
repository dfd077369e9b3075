#!/usr/bin/env bash
# One frame is really shared: the steps of four ranks differ by at most 1.3, every rank writes, and nothing is lost.
set -u
. "$SOURCE/tests/support/case.sh"
check() { # check NAME ARGUMENT...
    local name=$1
    shift
    on_ranks 4 "$TESSERA" simulate "${small_case[@]}" "$@" --output shared.nxs --overwrite --quiet || fail "$name: exit code $?"
    values_of shared.nxs /entry/simulation/environment/rank_steps > steps
    values_of shared.nxs /entry/simulation/environment/rank_bytes_written > bytes
    [ "$(wc -l < steps)" = 4 ] || fail "$name: $(wc -l < steps) ranks in the file"
    awk 'NR == 1 { least = most = $1 } { if ($1 < least) least = $1; if ($1 > most) most = $1 }
         END { exit !(least > 0 && most / least <= 1.3) }' steps || fail "$name: steps $(tr '\n' ' ' < steps)"
    awk '$1 <= 0 { bad = 1 } END { exit bad }' bytes || fail "$name: bytes $(tr '\n' ' ' < bytes)"
    awk -v want="$want_steps" '{ sum += $1 } END { exit sum != want }' steps || fail "$name: the steps are not $want_steps together"
    awk -v want="$want_bytes" '{ sum += $1 } END { exit sum != want }' bytes || fail "$name: the bytes are not $want_bytes together"
}
want_steps=$((96 * 80 * 3 * 4 * 12)) want_bytes=$((96 * 80 * 8))
check "tiles"
check "shards" --run.shards=4
check "odd tiles" --run.tile=13
# the pixels that are computed lie in the tiles of one rank
want_steps=$((96 * 10 * 3 * 4 * 64)) want_bytes=$((96 * 80 * 8))
check "region of interest" --detector.roi=0,95,8,17 --crystal.mosaic_domains=64
want_steps=$((96 * 80)) want_bytes=$((96 * 80 * 8))
check "one term" --beam.dispersion=0 --crystal.mosaic_domains=1 --crystal.mosaic_spread=0 --sampling.phi_steps=1
finish

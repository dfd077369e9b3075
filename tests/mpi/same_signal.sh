#!/usr/bin/env bash
# With the whole signal of the detector on, the counts are the same bytes for every number of ranks and threads and every
# tile, and in every slice; the expected photons are those without it; and the file says what was done.
set -u
. "$SOURCE/tests/support/case.sh"
run=("${small_case[@]}" --beam.fluence=1e31 --sweep.kind=random --sweep.count=3)
chain=(--noise.flicker=0.1 --noise.calibration=0.03 --noise.calibration_seed=5 --noise.gain=7.5 --noise.pedestal=40
    --noise.read_noise=3 --noise.dead_fraction=0.01 --noise.hot_fraction=0.02 --noise.hot_value=50000
    --detector.saturation=60000 --detector.psf_fwhm=0.5)
frames=/entry/simulation/frames
detector=/entry/instrument/detector
"$TESSERA" simulate "${run[@]}" --output plain.nxs --quiet || fail "plain"
runs=0
render() { # render RUN PSF RANKS OPTION...: to test_RUN.nxs
    local number=$1 psf=$2 ranks=$3
    shift 3
    on_ranks "$ranks" "$TESSERA" simulate "${run[@]}" "${chain[@]}" --detector.psf="$psf" "$@" \
        --output "test_$number.nxs" --quiet || fail "exit code $?"
}
check_sweep() { # check_sweep RUN PSF RANKS THREADS TILE
    OMP_NUM_THREADS=$4 render "$1" "$2" "$3" --run.tile="$5"
    [ "$(images_of "test_$1.nxs")" = "$reference" ] || fail "$2, $3 ranks, $4 threads, tile $5: other bytes"
    [ "$(values_of "test_$1.nxs" $frames/crc32)" = "$(values_of "$2.nxs" $frames/crc32)" ] || fail "other crc32"
    rm -f "test_$1.nxs"
}
check_frame() { # check_frame RUN PSF RANKS TILE: one frame shared by all ranks, so that each needs its neighbours' photons
    render "$1" "$2" "$3" --frames 1:2 --run.tile="$4"
    [ "$(values_of "test_$1.nxs" $frames/crc32)" = "$(values_of "$2.nxs" $frames/crc32 | sed -n 2p)" ] ||
        fail "$2, one frame on $3 ranks, tile $4: other bytes"
    rm -f "test_$1.nxs"
}
for psf in gauss fiber; do
    "$TESSERA" simulate "${run[@]}" "${chain[@]}" --detector.psf=$psf --output $psf.nxs --quiet || fail "reference of $psf"
    reference=$(images_of $psf.nxs)
    [ "$(echo "$reference" | tail -n 1)" = "$(images_of plain.nxs | tail -n 1)" ] || fail "$psf: other expected photons"
    [ "$(echo "$reference" | head -n 1)" != "$(images_of plain.nxs | head -n 1)" ] || fail "$psf: the same counts"
    for ranks in 1 2 3 4; do for threads in 1 2; do for tile in 13 96; do
        runs=$((runs + 1))
        later check_sweep $runs $psf $ranks $threads $tile
    done; done; done
    for ranks in 2 3 4; do for tile in 9 40; do
        runs=$((runs + 1))
        later check_frame $runs $psf $ranks $tile
    done; done
done
wait
[ "$(images_of gauss.nxs | head -n 1)" != "$(images_of fiber.nxs | head -n 1)" ] || fail "gauss and fiber are the same"

[ "$(values_of gauss.nxs $detector/saturation_value)" = 59999 ] || fail "saturation_value"
[ "$(values_of gauss.nxs $detector/underload_value)" = 0 ] || fail "underload_value"
[ "$(values_of gauss.nxs "/entry/simulation/parameters/noise.gain" | head -n 1)" = 7.5 ] || fail "the gain in the record"
[ "$(values_of gauss.nxs "/entry/simulation/parameters/noise.pedestal" | head -n 1)" = 40 ] || fail "the pedestal in the record"
[ "$(values_of plain.nxs $frames/fluence | sort -u)" = 1e+31 ] || fail "fluence without flicker"
[ "$(values_of gauss.nxs $frames/fluence | sort -u | wc -l)" = 3 ] || fail "the fluence does not flicker"
[ "$(values_of gauss.nxs /entry/instrument/beam/flux_integrated)" = 1e+31 ] || fail "the nominal fluence"

# every dead pixel is 0, every hot one 50000, and the mask names them
values_of gauss.nxs $detector/pixel_mask > mask
values_of gauss.nxs /entry/data/data > counts
cat mask mask mask | paste -d ' ' - counts > both
awk '$1 != 0 && $1 != 2 && $1 != 16 { exit 1 }' mask || fail "other bits in the mask"
awk '$1 == 2 && $2 != 0 || $1 == 16 && $2 != 50000 || $2 < 0 || $2 > 60000 { exit 1 }' both || fail "counts against the mask"
[ "$(sort -u mask | wc -l)" = 3 ] || fail "the mask lacks dead or hot pixels"
[ "$(values_of plain.nxs $detector/pixel_mask | sort -u)" = 0 ] || fail "a mask without dead pixels"

# a started file is not continued with another signal
"$TESSERA" simulate "${run[@]}" "${chain[@]}" --detector.psf=gauss --noise.gain=8 --output gauss.nxs --resume --quiet 2> message &&
    fail "resumed with another gain"
grep -q noise.gain message || fail "the message does not name noise.gain: $(cat message)"
echo "$runs runs compared"
finish

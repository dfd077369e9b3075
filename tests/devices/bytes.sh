#!/usr/bin/env bash
# A device gives the CPU's bytes: random experiments, golden cases, ranks, tiles, shards, masks, several crystals, resumes by the other,
# and the code itself. The driver is that of mock_driver.c, on which the device's source runs. COUNT, SEED of the experiments;
# PARTS of the golden cases, of which one is tried.
set -u
. "$SOURCE/tests/support/case.sh"
mock=$BUILD/tests/mock_driver
if ! "$TESSERA" --version | grep -q 'devices by clang'; then
    "$TESSERA" simulate "${small_case[@]}" --run.device=required --output none.nxs > out 2>&1
    [ $? = 2 ] && grep -q 'run.device is required, and this program was built without code for devices' out || fail "no code: $(cat out)"
    finish
    exit
fi

# A barrier that a compiler has put into both branches of a thread's own is never passed.
for code in "$BUILD"/device_code/float??_*.ptx; do
    [ "$(grep -c bar.sync "$code")" = 4 ] || fail "$code has $(grep -c bar.sync "$code") barriers"
    ! grep -q '\.extern\|fma\.rn\.ftz' "$code" || fail "$code calls or approximates what it must not"
done

with_device=(env "LD_LIBRARY_PATH=$mock${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
for precision in float32 float64; do
    MOCK=$mock /usr/bin/python3 "$SOURCE/tests/devices/random_bytes.py" "$TESSERA" "${COUNT:-40}" "${SEED:-1}" $precision \
        > log || fail "$(cat log)"
    tail -n 8 log
done

# Golden and divergent cases: each fourth here.
MOCK=$mock /usr/bin/python3 "$SOURCE/tests/devices/golden_bytes.py" "$TESSERA" "$SOURCE/golden" 0 "${PARTS:-4}" > log || fail "$(cat log)"
cat log

image() { # image FILE: hash of its images
    "$TOOLS/dataset_sha256" "$1" /entry/data/data
}
try() { # try NAME RANKS OPTION...: the device's image is the CPU's
    local name=$1 ranks=$2
    shift 2
    on_ranks "$ranks" "${with_device[@]}" "$TESSERA" simulate "${small_case[@]}" --run.precision=float32 "$@" --run.device=required \
        --output "$name.nxs" > "$name.log" 2>&1 || fail "$name: $(cat "$name.log")"
    grep -q '^note: computed by Mock 0' "$name.log" || fail "$name: $(cat "$name.log")"
    ! grep -q warning "$name.log" || fail "$name: $(cat "$name.log")"
    "$TESSERA" simulate "${small_case[@]}" --run.precision=float32 "$@" --run.device=none --output "$name.cpu.nxs" \
        > "$name.log" 2>&1 || fail "$name, CPU: $(cat "$name.log")"
    [ "$(image "$name.nxs")" = "$(image "$name.cpu.nxs")" ] || fail "$name: other bytes"
}
sweep=(--sweep.kind=random --sweep.count=5)
try alone 0 "${sweep[@]}"
try slow 0 "${sweep[@]}" --run.tile=17
for ranks in 1 2 4; do
    try "ranks$ranks" "$ranks" "${sweep[@]}"
    try "shards$ranks" "$ranks" "${sweep[@]}" --run.shards="$ranks"
    try "tiles$ranks" "$ranks" "${sweep[@]}" --run.tile=24 --run.wave=2
done
/usr/bin/python3 -c 'import numpy; m = numpy.ones((80, 96), bool); m[10:50, 20:70] = 0; m[::7] = 0; numpy.save("mask.npy", m)'
try masked 0 "${sweep[@]}" --detector.mask=mask.npy
try masked2 2 "${sweep[@]}" --detector.mask=mask.npy --run.shards=2
try region 0 "${sweep[@]}" --detector.roi=11,67,5,43
try scaled 0 --sweep.kind=matrix --sweep.matrix='crystal.b_factor=0,20,40'
try moved 0 --sweep.kind=matrix --sweep.matrix='detector.distance=60,61,70;beam.wavelength=1.1,1.3'
MOCK_SLOW=1 try asked 0 "${sweep[@]}"
MOCK_DEVICES=3 try devices 4 "${sweep[@]}" --run.devices=1
grep -q 'device32 on Mock 0, CUDA 13.1' <("$TESSERA" describe alone.nxs) || fail "provenance: $("$TESSERA" describe alone.nxs)"

# What the CPU began a device goes on with, and the other way round: stopped after some frames by a signal, then resumed.
for first in none required; do
    second=$([ $first = none ] && echo required || echo none)
    long=("$TESSERA" simulate "${small_case[@]}" --run.precision=float32 --sweep.kind=random --sweep.count=3000 --overwrite)
    rm -f begun.nxs*
    "${with_device[@]}" "${long[@]}" --run.device=$first --output begun.nxs > log 2>&1 &
    for _ in $(seq 200); do [ ! -s begun.nxs.partial ] || break; sleep 0.05; done
    sleep 0.5
    kill -TERM $!
    wait $! && fail "run.device=$first was not stopped: $(cat log)"
    long=("${long[@]/--overwrite/--resume}")
    "${with_device[@]}" "${long[@]}" --run.device=$second --output begun.nxs > log 2>&1 || fail "resume: $(cat log)"
    "$TESSERA" describe begun.nxs > log
    [ "$(grep -c 'device32 on Mock 0' log)" -ge 1 ] || fail "begun by run.device=$first: $(cat log)"
    image begun.nxs >> hashes
done
[ "$(sort -u hashes | wc -l)" = 1 ] || fail "runs that went on elsewhere have other bytes: $(cat hashes)"
finish

#!/usr/bin/env bash
# A run never ends because a device did: every call of its driver fails once, and all after it; a device that computes other
# values is found out; memory of the device is given back. Without a driver the CPU computes, or run.device=required says why not.
set -u
. "$SOURCE/tests/support/case.sh"
"$TESSERA" --version | grep -q 'devices by clang' || { finish; exit; }
export mock=$BUILD/tests/mock_driver
run=("$TESSERA" simulate "${small_case[@]}" --run.precision=float32 --sweep.kind=random --sweep.count=4 --detector.fast_pixels=40
    --detector.slow_pixels=24)
image() {
    "$TOOLS/dataset_sha256" "$1" /entry/data/data
}
"${run[@]}" --run.device=none --output cpu.nxs > log 2>&1 || fail "CPU: $(cat log)"
right=$(image cpu.nxs)
export LD_LIBRARY_PATH=$mock${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
MOCK_CALLS=$PWD/calls "${run[@]}" --output all.nxs > log 2>&1 || fail "device: $(cat log)"
read -r calls left < calls
[ "$left" = 0 ] || fail "$left pieces of memory, streams and modules are not given back"
[ "$calls" -gt 40 ] || fail "only $calls calls"
at() { # at N: call N fails
    local name=fail$1
    MOCK_FAIL_AT=$1 "${run[@]}" --output "$name.nxs" > "$name.log" 2>&1 || fail "call $1: $(cat "$name.log")"
    [ "$(image "$name.nxs")" = "$right" ] || fail "call $1: other bytes"
    # before a device is chosen there is nothing to warn of, and after the last frame neither
    grep -q 'warning: rank 0: the device.s driver could not .*MOCK_LOST.*; the CPU goes on' "$name.log" ||
        ! grep -q 'computed by' "$name.log" || [ "$1" -gt $((calls - 20)) ] || fail "call $1 is not told: $(cat "$name.log")"
    rm "$name.nxs" "$name.log"
}
for number in $(seq 1 "$calls"); do later at "$number"; done
wait
MOCK_WRONG=1 "${run[@]}" --output wrong.nxs > log 2>&1 || fail "wrong: $(cat log)"
grep -q 'warning: rank 0: the device computes other bytes than the CPU; the CPU goes on' log || fail "wrong: $(cat log)"
[ "$(image wrong.nxs)" = "$right" ] || fail "wrong: other bytes"
MOCK_WRONG=2 "${run[@]}" --output later.nxs --run.check_device=1 > log 2>&1 || fail "wrong later: $(cat log)"
grep -q 'warning: rank 0: the device computes other bytes than the CPU in frame 0; the CPU goes on' log || fail "later: $(cat log)"
[ "$(image later.nxs)" = "$right" ] || fail "wrong later: other bytes"
MOCK_FAIL_AT=1 "${run[@]}" --run.device=required --output none.nxs > log 2>&1
[ $? = 2 ] && grep -q 'run.device is required, and the device.s driver could not start' log || fail "required: $(cat log)"
MOCK_DEVICES=0 "${run[@]}" --run.device=required --output none.nxs > log 2>&1
[ $? = 2 ] && grep -q 'run.device is required, and this machine has no device' log || fail "no device: $(cat log)"
MOCK_FAIL_AT=60 on_ranks 3 "${run[@]}" --run.shards=3 --output ranks.nxs > log 2>&1 || fail "3 ranks: $(cat log)"
[ "$(image ranks.nxs)" = "$right" ] || fail "3 ranks: other bytes"
unset LD_LIBRARY_PATH
if ! "$TESSERA" --devices > log 2>&1; then
    grep -q 'no driver of NVIDIA' log || fail "--devices: $(cat log)"
    "${run[@]}" --run.device=required --output none.nxs > log 2>&1
    [ $? = 2 ] && grep -q 'required, and this machine has no driver of NVIDIA.s devices (libcuda.so.1)' log || fail "$(cat log)"
    "${run[@]}" --output auto.nxs > log 2>&1 && ! grep -q 'device' log || fail "auto: $(cat log)"
fi
[ ! -e none.nxs ] || fail "a refused run has written"
finish

#!/usr/bin/env bash
# Stacks that are too small are refused before anything is computed, larger ones do; a control group's quota of cores is heeded.
set -u
. "$SOURCE/tests/support/case.sh"
ldd "$TESSERA" | grep -q libasan && { echo "not with sanitizers, which need more"; exit 0; }
run=("$TESSERA" simulate "${small_case[@]}" --crystal.shape=gauss --sampling.phi_steps=1 --output out.nxs --overwrite --quiet)
expect() { # expect CODE TEXT COMMAND...
    local wanted=$1 text=$2 code=0
    shift 2
    "$@" > out 2> err || code=$?
    [ $code = "$wanted" ] || fail "$*: exit code $code: $(cat err)"
    [ -z "$text" ] || grep '^tessera: error: ' err | grep -q -- "$text" || fail "$*: \"$text\" is not in: $(cat err)"
}
stack() { (ulimit -s "$1"; shift; exec "$@"); }
for kib in 64 100 256; do
    expect 2 "the stack may have $kib KiB (ulimit -s)" stack $kib "${run[@]}"
    [ ! -e out.nxs ] || fail "ulimit -s $kib: there is an output"
done
expect 2 'ulimit -s' stack 64 "$TESSERA" describe out.nxs
for precision in float32 float64; do
    for tolerance in 0 1e-5; do
        for size in 512 8192 unlimited; do
            OMP_NUM_THREADS=3 expect 0 '' stack $size "${run[@]}" --run.precision=$precision --sampling.tolerance=$tolerance
        done
        for size in 256k 262144B 1m 64M; do
            OMP_NUM_THREADS=3 OMP_STACKSIZE=$size expect 0 '' "${run[@]}" --run.precision=$precision --sampling.tolerance=$tolerance
        done
    done
done
OMP_NUM_THREADS=3 OMP_STACKSIZE=256k expect 0 '' "${run[@]}" --output.compression=deflate
for name in OMP_STACKSIZE GOMP_STACKSIZE KMP_STACKSIZE; do
    for size in 64k 64 16K 65536B "100 k" 255; do
        expect 2 "$name is \"$size\"" env OMP_NUM_THREADS=3 $name="$size" "${run[@]}"
    done
done
# shellcheck disable=SC2086
expect 2 '' env OMP_STACKSIZE=64k $MPIEXEC -n 3 "${run[@]}"
[ "$(grep -c '^tessera: error: ' err)" = 1 ] || fail "three ranks: not one message: $(cat err)"

# A real control group of version 1, where we may make one.
group=/sys/fs/cgroup/cpu/quota_of_a_test_$$
if [ "$(nproc)" -gt 1 ] && mkdir "$group" 2> /dev/null; then
    echo 100000 > "$group/cpu.cfs_period_us" && echo 100000 > "$group/cpu.cfs_quota_us" && {
        (echo $BASHPID > "$group/tasks" && unset OMP_NUM_THREADS && exec "$TESSERA" plan "${small_case[@]}") > plan || fail "plan"
        grep -q '^ranks  *1 x 1 threads' plan && grep -q '^note: .*quota of cores' plan || fail "quota: $(cat plan)"
        (echo $BASHPID > "$group/tasks" && OMP_NUM_THREADS=2 exec "$TESSERA" plan "${small_case[@]}") > plan || fail "plan"
        grep -q '^ranks  *1 x 2 threads' plan && ! grep -q 'quota' plan || fail "quota and OMP_NUM_THREADS: $(cat plan)"
    }
    rmdir "$group"
fi
finish

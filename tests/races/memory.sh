#!/usr/bin/env bash
# valgrind finds no memory that is read before it is set, none that is not ours, and none lost, in runs on 2 ranks. What Open MPI
# and PMIx do is suppressed by Open MPI's own list and tests/support/valgrind.supp. The same set-up must first find planted errors.
set -u
. "$SOURCE/tests/support/case.sh"
export OMP_NUM_THREADS=2
export OMPI_MCA_btl_vader_single_copy_mechanism=none # valgrind does not see what the kernel copies between processes
suppressions=/usr/share/openmpi/openmpi-valgrind.supp
watched() { # watched NAME CODE COMMAND...: on 2 ranks, with a report of each in NAME.PROCESS.valgrind
    local name=$1 expected=$2 code=0
    shift 2
    # Debug information of plug-ins is kept, so that suppressions know them when they are unloaded.
    # shellcheck disable=SC2086 # a list of words
    timeout -k 5 240 $MPIEXEC -n 2 valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite --num-callers=30 --keep-debuginfo=yes --suppressions="$suppressions" \
        --suppressions="$SOURCE/tests/support/valgrind.supp" --log-file="$name.%p.valgrind" "$@" > "$name.log" 2>&1 || code=$?
    [ "$code" = "$expected" ] || fail "$name: exit code $code, not $expected: $(cat "$name.log" "$name".*.valgrind)"
}
run() { # run NAME OPTION...
    local name=$1
    shift
    watched "$name" 0 "$TESSERA" simulate "${small_case[@]}" --detector.fast_pixels=16 --detector.slow_pixels=12 \
        --sweep.kind=random --sweep.count=3 --run.wave=1 --output "$name.nxs" "$@"
    [ -z "$(cat "$name".*.valgrind)" ] || fail "$name: $(cat "$name".*.valgrind)"
    [ -e "$name.nxs" ] || fail "$name: no images"
}
if [ ! -r "$suppressions" ]; then fail "no $suppressions, which comes with Open MPI"; fi

watched planted 99 "$TOOLS/planted_error"
for words in 'Conditional jump or move depends on uninitialised value' 'Invalid write of size 4' '80 bytes in 2 blocks are definitely lost'; do
    [ "$(cat planted.*.valgrind | grep -c "$words")" = 1 ] || fail "not found once: $words: $(cat planted.*.valgrind)"
done

run float32 --run.precision=float32 --run.shards=2 --output.compression=deflate --run.stall_timeout=100 --run.trace=trace.json
run counts --run.precision=float64 --run.instructions=portable --crystal.shape=gauss --sampling.tolerance=1e-6 \
    --detector.psf=gauss --detector.psf_fwhm=0.3 --noise.read_noise=2 --noise.flicker=0.1 --background.size=20
finish

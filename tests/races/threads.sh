#!/usr/bin/env bash
# ThreadSanitizer sees no race in our runs: kernels, counting, compression, the background writer, the watchdog, signals.
# TESSERA is a program that clang built with -fsanitize=thread, as tests/run.sh does; Archer, which comes with clang's OpenMP,
# makes its synchronisation known. The same set-up must first find planted races, and only those.
set -u
. "$SOURCE/tests/support/case.sh"
export OMP_NUM_THREADS=4 ARCHER_OPTIONS=verbose=1
# Libraries are not instrumented: what they do in their own threads would be taken for races.
export TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=0:exitcode=66
knows_openmp() { # knows_openmp FILE
    grep -q 'Archer detected OpenMP application with TSan' "$1"
}

# clang 14's ThreadSanitizer cannot place its memory where the kernel spreads addresses more widely than it knows of.
fixed_addresses=()
if setarch -R true 2> /dev/null; then fixed_addresses=(setarch -R); fi

clang -g -O2 -fsanitize=thread -fopenmp "$SOURCE/tests/support/planted_race.c" -o planted_race || fail "no planted_race"
for library in openmp pthread; do
    for kind in racy quiet; do
        code=0
        "${fixed_addresses[@]}" ./planted_race $library $kind > out 2>&1 || code=$?
        case $kind in
        racy) [ "$code $(grep -c '^WARNING: ThreadSanitizer: data race' out)" = '66 1' ] ||
            fail "the planted race of $library is not found once: $(cat out)" ;;
        quiet) [ $code = 0 ] || fail "a race of $library where there is none: $(cat out)" ;;
        esac
    done
done
if OMP_TOOL=disabled "${fixed_addresses[@]}" ./planted_race openmp quiet > out 2>&1; then
    fail "OpenMP's barriers are known without Archer: then the runs below do not show that it watches"
fi

on_two_ranks=()
run() { # run CODE NAME OPTION...: into NAME.nxs, without a report
    local expected=$1 name=$2 code=0
    shift 2
    timeout -k 5 100 "${on_two_ranks[@]}" "${fixed_addresses[@]}" "$TESSERA" simulate "${sweep[@]}" --output "$name.nxs" "$@" \
        > "$name.log" 2>&1 || code=$?
    judge "$expected" "$name" $code
}
judge() { # judge CODE NAME GOT
    if grep -q 'WARNING: ThreadSanitizer' "$2.log"; then fail "$2: $(head -n 60 "$2.log")"; fi
    [ "$3" = "$1" ] || fail "$2: exit code $3: $(cat "$2.log")"
    knows_openmp "$2.log" || fail "$2: Archer does not watch"
}
sweep=("${small_case[@]}" --detector.fast_pixels=48 --detector.slow_pixels=40 --sweep.kind=random --sweep.count=6 --run.wave=1
    --run.tile=8)
run 0 float32 --run.precision=float32 --run.trace=trace.json --run.profile=true
run 0 float64 --run.precision=float64 --run.shards=3 --output.compression=deflate
run 0 reflections --crystal.shape=gauss --sampling.tolerance=1e-6
run 0 counts --output.images=counts --noise.read_noise=2 --noise.gain=1.5 --noise.flicker=0.1 --noise.calibration=0.05 \
    --noise.dead_fraction=0.01 --background.size=20 --detector.psf=gauss --detector.psf_fwhm=0.3 --output.compression=deflate
# shellcheck disable=SC2206 # a list of words
on_two_ranks=($MPIEXEC -n 2)
run 0 ranks --run.shards=2 --output.compression=deflate
run 0 files_of_ranks --run.shards=2 --output.frames_per_file=2 --output.compression=bitshuffle
on_two_ranks=()
run 0 files --run.wave=4 --output.frames_per_file=4 --output.compression=deflate
run 0 nanobragg --output.float_file=out.bin --output.int_file=out.img --output.noise_file=noise.img --output.pgm_file=out.pgm
threads=$(grep -o '"tid": *[0-9]*' trace.json | sort -u | wc -l)
[ "$threads" -ge 4 ] || fail "the run in float32 had $threads threads, not 4"

# Stopped by a signal while watchdog and writer are at work, and again after going on with the checked images.
sweep+=(--run.precision=float64 --sampling.oversample=2 --sweep.count=4000 --run.stall_timeout=4)
stop() { # stop OPTION...
    local launcher code=0
    "${fixed_addresses[@]}" timeout -k 5 100 "$TESSERA" simulate "${sweep[@]}" --output stopped.nxs --run.progress=lines \
        --run.report_every=0.01 "$@" > stopped.log 2>&1 &
    launcher=$!
    until grep -q '^[1-9][0-9]*/[0-9]* frames' stopped.log || ! kill -0 $launcher 2> /dev/null; do sleep 0.05; done
    sleep 1.5 # the watchdog looks every half second
    kill -TERM $launcher
    wait $launcher || code=$?
    judge 75 "stopped" $code
}
stop
stop --resume --run.verify=true
finish

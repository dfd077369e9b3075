#!/usr/bin/env bash
# Whole processes, start and output included: CPU time of `tessera simulate` against the plain libm loop over the same
# steps (src/program/benchmark/yardstick.c), which is given its start and output for free, and against a whole process of nanoBragg where
# NB_C_BIN names its binary. Then where the time of a run of 50 frames goes, what a trace costs, and two threads and two ranks over
# one. Prints tables, never fails; docs/performance.md explains them.
# Environment: TESSERA (the program), NB_C_BIN, ITERATIONS (5), FRAMES (80), MPIEXEC (mpirun --bind-to core), FOLDER for the
# images of the last pairs (in memory, /dev/shm, as they are to compare the computing).
set -u
TESSERA=${TESSERA:-tessera}
MPIEXEC=${MPIEXEC:-mpirun --bind-to core}
iterations=${ITERATIONS:-5}
reference=${NB_C_BIN:-}
unset NB_C_BIN
work=$(mktemp -d)
images=$(mktemp -d "${FOLDER:-/dev/shm}/tessera-benchmark.XXXXXX") || exit 1
trap 'rm -rf "$work" "$images"' EXIT
export OMP_NUM_THREADS=1
TIMEFORMAT='%R %U %S'

cell=("--crystal.cell=100,100,100,90,90,90" --crystal.default_f=100 --run.precision=float32)
one_step=("${cell[@]}" --beam.wavelength=0.5 --crystal.cells=5 --detector.distance=500 --detector.pixel_size=0.05 --sampling.oversample=1)
case_m=("${cell[@]}" --beam.wavelength=1 --crystal.cells=20 --crystal.mosaic_spread=0.5 --crystal.mosaic_domains=50
    --beam.dispersion=1 --beam.dispersion_steps=5 --detector.distance=100 --detector.pixel_size=0.1 --sampling.oversample=1)
pixels() { echo "--detector.fast_pixels=$1 --detector.slow_pixels=$1"; }
median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
measure() { # measure COMMAND...: wall and CPU seconds
    { time "$@" > "$work/out" 2> "$work/err"; } 2>&1 | awk '{ print $1, $2 + $3 }'
}
simulate() { measure "$TESSERA" simulate "$@" --quiet --overwrite --output="$work/out.nxs"; }

plain_loop() { # plain_loop BENCHMARK-ARGUMENT...: ns per step of the yardstick
    "$TESSERA" benchmark --iterations 1 --precision float32 "$@" | sed -n 's/.*yardstick *\([0-9.]*\) ns per step.*/\1/p'
}
nanobragg() { # nanobragg EDGE OPTION...: CPU seconds of its process, without what it can leave out
    local edge=$1
    shift
    [ -n "$reference" ] || { echo 0; return; }
    (cd "$work" && measure "$reference" -default_F 100 -cell 100 100 100 90 90 90 "$@" -oversample 1 -detpixels "$edge" \
        -floatfile float.bin -intfile int.img -nonoise -nopgm -noprogress) | cut -d' ' -f2
}
row() { # row NAME AIM STEPS EDGE BENCHMARK-ARGUMENTS -- NANOBRAGG-OPTIONS -- OPTION...: pairs, as a busy machine is so for both
    local name=$1 aim=$2 steps=$3 edge=$4 benchmark=() nanobragg=() plain cpu
    shift 4
    while [ "$1" != -- ]; do benchmark+=("$1"); shift; done
    shift
    while [ "$1" != -- ]; do nanobragg+=("$1"); shift; done
    shift
    for _ in $(seq "$iterations"); do
        # shellcheck disable=SC2046
        cpu=$(simulate "$@" $(pixels "$edge") | cut -d' ' -f2)
        plain=$(plain_loop --sizes 256 "${benchmark[@]}")
        awk -v c="$cpu" -v p="$plain" -v s="$steps" -v n="$edge" -v a="$(nanobragg "$edge" "${nanobragg[@]}")" \
            'BEGIN { print 1e-9 * p * s * n * n / c, c, a / c }'
    done > "$work/pairs"
    printf '%-3s %8.3f s CPU %8.1f x plain %8s x nanoBragg  aim >= %s\n' "$name" "$(cut -d' ' -f2 "$work/pairs" | median)" \
        "$(median < "$work/pairs")" "$([ -z "$reference" ] || cut -d' ' -f3 "$work/pairs" | median)" "$aim"
}
lone=(--case cubic --beam.wavelength=0.5 --detector.distance=500 --detector.pixel_size=0.05)
lone_nanobragg=(-lambda 0.5 -N 5 -distance 500 -pixel 0.05)
"$TESSERA" --version
row S 5 1 1024 "${lone[@]}" -- "${lone_nanobragg[@]}" -- "${one_step[@]}"
row M 100 250 1024 --case mosaic -- -lambda 1 -N 20 -mosaic 0.5 -mosaic_dom 50 -dispersion 1 -dispsteps 5 -distance 100 -pixel 0.1 -- \
    "${case_m[@]}"
row L 15 1 4096 "${lone[@]}" -- "${lone_nanobragg[@]}" -- "${one_step[@]}"

# shellcheck disable=SC2046
"$TESSERA" simulate "${one_step[@]}" $(pixels 1024) --sweep.kind=random --sweep.count=50 --quiet --profile --overwrite --output="$work/out.nxs"
for _ in $(seq "$iterations"); do
    # shellcheck disable=SC2046
    without=$(simulate "${one_step[@]}" $(pixels 1024) --sweep.kind=random --sweep.count=50 | cut -d' ' -f2)
    # shellcheck disable=SC2046
    with=$(simulate "${one_step[@]}" $(pixels 1024) --sweep.kind=random --sweep.count=50 --trace="$work/trace.json" | cut -d' ' -f2)
    awk -v a="$without" -v b="$with" 'BEGIN { print 100 * (b / a - 1) }'
done | median | awk '{ printf "50 frames with a trace: %+.1f %% of CPU time\n", $1 }'

frames=${FRAMES:-80}
# Both sides of a pair start the same way, and long enough that the start of MPI is a small part of it.
run() { # run THREADS RANKS: wall time of the frames of case M; RANKS 0: without a launcher
    local launcher=()
    [ "$2" = 0 ] || read -ra launcher <<< "$MPIEXEC -n $2"
    # shellcheck disable=SC2046
    OMP_NUM_THREADS=$1 measure "${launcher[@]}" "$TESSERA" simulate "${case_m[@]}" $(pixels 1024) --sweep.kind=random \
        --sweep.count="$frames" --quiet --overwrite --output="$images/out.nxs" | cut -d' ' -f1
}
pairs() { # pairs NAME THREADS RANKS THREADS RANKS
    for _ in $(seq "$iterations"); do
        awk -v a="$(run "$2" "$3")" -v b="$(run "$4" "$5")" 'BEGIN { print a / b }'
    done | median | awk -v n="$1" -v f="$frames" '{ printf "case M, %d frames: %s: %.2f   aim >= 1.8\n", f, n, $1 }'
}
pairs 'two threads over one' 1 0 2 0
pairs 'two ranks over one' 1 1 1 2

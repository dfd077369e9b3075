#!/usr/bin/env bash
# Weak and strong scaling to 8 ranks, more than there may be cores: what counts is the CPU time of all ranks together, which
# should not grow by more than 5 %; then what a frame costs beside its steps. Prints tables, never fails.
# Environment: TESSERA, SOURCE, MPIEXEC (mpirun --oversubscribe --bind-to none), REPEATS (3).
set -u
TESSERA=${TESSERA:-tessera}
MPIEXEC=${MPIEXEC:-mpirun --oversubscribe --bind-to none}
repeats=${REPEATS:-3}
inputs=$SOURCE/golden/inputs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1 OMPI_MCA_mpi_yield_when_idle=1
case=(--crystal.matrix="$inputs/2erl_lam1.2.mat" --crystal.structure_factors="$inputs/2erl_P1.hkl" --crystal.cells=20
    --beam.wavelength=1.2 --sampling.oversample=1 --detector.distance=80 --quiet --overwrite --output="$work/out.nxs" --sweep.kind=random)
cpu() { # cpu COMMAND...: user and system seconds of it and all that it starts
    local TIMEFORMAT='%U %S'
    { time "$@" > "$work/log" 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}
median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
row() { # row NAME FRAMES...: with 1, 2, 4 and 8 ranks
    local name=$1 ranks frames seconds first
    shift
    for ranks in 1 2 4 8; do
        frames=$1
        shift
        seconds=$(for _ in $(seq "$repeats"); do
            # shellcheck disable=SC2086 # a list of words
            cpu $MPIEXEC -n $ranks "$TESSERA" simulate "${case[@]}" --detector.fast_pixels=1024 --detector.slow_pixels=1024 \
                --beam.dispersion=0.5 --beam.dispersion_steps=3 --crystal.mosaic_spread=0.4 --crystal.mosaic_domains=200 \
                --sweep.count="$frames"
        done | median)
        [ $ranks != 1 ] || first=$(awk -v s="$seconds" -v f="$frames" 'BEGIN { print s / f }')
        awk -v n="$name" -v r=$ranks -v f="$frames" -v s="$seconds" -v first="$first" \
            'BEGIN { printf "%-8s %5d %7d %10.2f %10.3f\n", n, r, f, s, s / f / first }'
    done
}
printf '%-8s %5s %7s %10s %10s\n' scaling ranks frames 'CPU s' 'of one'
row strong 32 32 32 32
row weak 4 8 16 32

# One more frame of 1024 x 1024 with 10 steps a pixel, against its steps alone: 100 times the steps in a tenth of the frames.
frame() { # frame DOMAINS FRAMES: CPU seconds of a frame, start not counted
    local one many
    one=$(for _ in $(seq "$repeats"); do cpu "$TESSERA" simulate "${case[@]}" --detector.fast_pixels=1024 --detector.slow_pixels=1024 \
        --crystal.mosaic_spread=0.4 --crystal.mosaic_domains="$1" --sweep.count=1; done | median)
    many=$(for _ in $(seq "$repeats"); do cpu "$TESSERA" simulate "${case[@]}" --detector.fast_pixels=1024 --detector.slow_pixels=1024 \
        --crystal.mosaic_spread=0.4 --crystal.mosaic_domains="$1" --sweep.count=$(($2 + 1)); done | median)
    awk -v a="$one" -v b="$many" -v n="$2" 'BEGIN { print (b - a) / n }'
}
awk -v few="$(frame 10 100)" -v many="$(frame 1010 4)" 'BEGIN {
    step = (many - few) / 1000
    printf "a frame of 1024^2 with 10 steps: %.2f ms, of them %.2f ms steps; the rest (sums, CRC, writing, set-up) %.2f ms\n",
        1e3 * few, 1e4 * step, 1e3 * few - 1e4 * step }'

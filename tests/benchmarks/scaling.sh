#!/usr/bin/env bash
# Weak and strong scaling to 8 ranks, more than there may be cores: what counts is the CPU time of all ranks together, which
# should not grow by more than 5 %; then what a frame costs beside its steps. Prints tables, never fails.
# The reference is one rank while others like it keep the other cores busy, as a core whose neighbour works is slower; all
# rows of a repeat are measured in turn, and the medians are of their ratios. The start of MPI and of the run, which
# does not grow with the work, is measured with images of 8 x 8 pixels: "work" is without it, "a minute" with it in a job of a minute for
# each rank.
# Environment: TESSERA, SOURCE, MPIEXEC (mpirun --oversubscribe --bind-to none), REPEATS (3), FRAMES (16, strong), FRAMES_OF_RANK (2, weak).
set -u
TESSERA=${TESSERA:-tessera}
MPIEXEC=${MPIEXEC:-mpirun --oversubscribe --bind-to none}
repeats=${REPEATS:-3}
inputs=$SOURCE/golden/inputs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1 OMPI_MCA_mpi_yield_when_idle=1
case=(--crystal.matrix="$inputs/2erl_lam1.2.mat" --crystal.structure_factors="$inputs/2erl_P1.hkl" --crystal.cells=20
    --beam.wavelength=1.2 --sampling.oversample=1 --detector.distance=80 --quiet --overwrite --sweep.kind=random)
many=(--beam.dispersion=0.5 --beam.dispersion_steps=3 --crystal.mosaic_spread=0.4 --crystal.mosaic_domains=200)
cpu() { # cpu COMMAND...: user and system seconds of it and all that it starts
    local TIMEFORMAT='%U %S'
    { time "$@" > "$work/log" 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}
median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
on_ranks() { # on_ranks RANKS FRAMES EDGE NAME
    # shellcheck disable=SC2086 # a list of words
    $MPIEXEC -n "$1" "$TESSERA" simulate "${case[@]}" "${many[@]}" --detector.fast_pixels="$3" --detector.slow_pixels="$3" \
        --sweep.count="$2" --output="$work/$4.nxs"
}
copies() { # copies COUNT FRAMES EDGE: one rank, as often as there are cores, at once
    local i
    for i in $(seq "$1"); do on_ranks 1 "$2" "$3" "copy$i" & done
    wait
}
cores=$(nproc)
measure() { # measure NAME RANKS FRAMES: appends to a table: CPU seconds, those of the start
    local total start
    if [ "$2" = 1 ]; then
        total=$(cpu copies "$cores" "$3" 1024 | awk -v c="$cores" '{ print $1 / c }')
        start=$(cpu copies "$cores" "$3" 8 | awk -v c="$cores" '{ print $1 / c }')
    else
        total=$(cpu on_ranks "$2" "$3" 1024 out)
        start=$(cpu on_ranks "$2" "$3" 8 out)
    fi
    echo "$1 $2 $3 $total $start" >> "$work/table"
}
frames=${FRAMES:-16} of_rank=${FRAMES_OF_RANK:-2}
for _ in $(seq "$repeats"); do
    for ranks in 1 2 4 8; do measure strong $ranks "$frames"; done
    for ranks in 1 2 4 8; do measure weak $ranks $((of_rank * ranks)); done
done
printf '%-8s %5s %7s %9s %9s %9s %9s %9s\n' scaling ranks frames 'CPU s' 'start s' 'of one' work 'a minute'
for name in strong weak; do
    for ranks in 1 2 4 8; do
        column() { # column EXPRESSION: the median over the repeats; t, s, f: this row, t1, s1, f1: that of one rank
            awk -v n=$name -v r=$ranks '$1 == n && $2 == 1 { t1 = $4; s1 = $5; f1 = $3 }
                $1 == n && $2 == r { t = $4; s = $5; f = $3; w = ((t - s) / f) / ((t1 - s1) / f1); print '"$1"' }' "$work/table" | median
        }
        printf '%-8s %5d %7d %9.2f %9.2f %9.3f %9.3f %9.3f\n' $name $ranks "$(column f)" "$(column t)" "$(column s)" \
            "$(column '(t / f) / (t1 / f1)')" "$(column w)" "$(column '(w + (s / r) / 60) / (1 + s1 / 60)')"
    done
done

# One more frame of 1024 x 1024 with 10 steps a pixel, against its steps alone: 100 times the steps in a tenth of the frames.
frame() { # frame DOMAINS FRAMES: CPU seconds of a frame, start not counted
    local one many
    one=$(for _ in $(seq "$repeats"); do cpu "$TESSERA" simulate "${case[@]}" --output="$work/out.nxs" --detector.fast_pixels=1024 --detector.slow_pixels=1024 \
        --crystal.mosaic_spread=0.4 --crystal.mosaic_domains="$1" --sweep.count=1; done | median)
    many=$(for _ in $(seq "$repeats"); do cpu "$TESSERA" simulate "${case[@]}" --output="$work/out.nxs" --detector.fast_pixels=1024 --detector.slow_pixels=1024 \
        --crystal.mosaic_spread=0.4 --crystal.mosaic_domains="$1" --sweep.count=$(($2 + 1)); done | median)
    awk -v a="$one" -v b="$many" -v n="$2" 'BEGIN { print (b - a) / n }'
}
awk -v few="$(frame 10 100)" -v many="$(frame 1010 4)" 'BEGIN {
    step = (many - few) / 1000
    printf "a frame of 1024^2 with 10 steps: %.2f ms, of them %.2f ms steps; the rest (sums, CRC, writing, set-up) %.2f ms\n",
        1e3 * few, 1e4 * step, 1e3 * few - 1e4 * step }'

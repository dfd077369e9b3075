#!/usr/bin/env bash
# The figures of speed that the program aims at, each with its command, on this machine: prints a table, never fails.
# Environment: TESSERA (the program, `tessera` by default), ITERATIONS (5), LONG=1 for what takes minutes.
# One thread, CPU time, medians; each figure and its yardstick come from the same run. docs/performance.md explains them.
# "First x" is the first frame alone, in memory that was never touched; "run x" is the mean over a run of RUN frames (50) that
# begins with it.
set -u
TESSERA=${TESSERA:-tessera}
iterations=${ITERATIONS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset NB_C_BIN
export OMP_NUM_THREADS=1

# Two reflections span a grid of 241 x 241 x 241; crystal.default_f fills it.
printf -- '-120 -120 -120 100\n120 120 120 100\n' > "$work/grid.hkl"

median_of() { # median_of NAME: of the first object of that name in the results
    grep -A 1 "\"$1\": {" "$work/kept/benchmark_results.json" | sed -n '2s/.*: \([^,]*\),*/\1/p'
}
ratios() { # the plain loop over ours, CPU time: in the cold pass, and over a run of frames that begins with it
    local cold steps plain
    cold=$(grep -A 9 '"cold": {' "$work/kept/benchmark_results.json" | sed -n 's/.*"compute_cpu_s": \([^,]*\),*/\1/p')
    steps=$(sed -n 's/.*"steps": \([0-9]*\),*/\1/p' "$work/kept/benchmark_results.json")
    plain=$(awk -v a="$(median_of ns_per_step)" -v b="$(median_of ratio)" 'BEGIN { print a * b }')
    awk -v c="$cold" -v s="$steps" -v p="$plain" -v w="$(median_of ns_per_step)" -v n="${RUN:-50}" 'BEGIN {
        frame = 1e-9 * s * w
        printf "%9.1f %9.1f", 1e-9 * p * s / c, n * 1e-9 * p * s / (c + (n - 1) * frame) }'
}
row() { # row NAME AIM ARGUMENT...
    local name=$1 aim=$2 verdict
    shift 2
    "$TESSERA" benchmark --iterations "$iterations" --keep-artifacts "$work/kept" "$@" > "$work/log" 2>&1
    case $? in
        0) verdict=passed ;;
        1) verdict='BLOCKED, untrusted' ;;
        *) printf '%-36s failed: %s\n' "$name" "$(tail -n 1 "$work/log")"; return ;;
    esac
    printf '%-36s %9.3f %9.1f %s  %-32s %s\n' "$name" "$(median_of ns_per_step)" "$(median_of ratio)" "$(ratios)" "$aim" "$verdict"
    printf '    tessera benchmark --iterations %s %s\n' "$iterations" "${*//$work\//}"
}
seconds() { # seconds THREADS: wall time of case M, one warm pass
    OMP_NUM_THREADS=$1 "$TESSERA" benchmark --iterations 1 --case mosaic --sizes 1024 --precision float32 \
        --keep-artifacts "$work/kept" > "$work/log" 2>&1
    median_of compute_s
}

"$TESSERA" --version
printf '%-36s %9s %9s %9s %9s  %-32s %s\n' 'case' 'ns/step' 'x plain' 'first x' 'run x' 'aim' 'parity'
row 'M, float32' '<= 1.3 gcc, 1.2 clang; >= 100 x' --case mosaic --sizes 1024 --precision float32
if grep -qw avx2 /proc/cpuinfo; then
    row 'M, float32, AVX2' '<= 1.6' --case mosaic --sizes 1024 --precision float32 --run.instructions=v3
fi
row 'M, round, float32' '' --case mosaic --sizes 1024 --precision float32 --crystal.shape=round
row 'M, tophat, float32' '' --case mosaic --sizes 1024 --precision float32 --crystal.shape=tophat --crystal.spot_sharpness=0.25
row 'M, float64' '<= 4; >= 35 x' --case mosaic --sizes 1024 --precision float64
row 'M, grid of 241^3, float32' '<= 1.8' --case mosaic --sizes 1024 --precision float32 \
    --crystal.structure_factors="$work/grid.hkl"
row 'M, grid of 241^3, tricubic' '<= 12' --case mosaic --sizes 512 --precision float32 \
    --crystal.structure_factors="$work/grid.hkl" --crystal.interpolate=on
gauss=(--case mosaic --precision float32 --crystal.shape=gauss --crystal.cells=50)
skip=(--sampling.tolerance=1e-9)
row 'M, gauss, N 50, every step' 'yardstick of the next' --sizes 1024 "${gauss[@]}" --crystal.spot_model=per_axis
row 'M, gauss, N 50' '<= 0.15' --sizes 1024 "${gauss[@]}" "${skip[@]}" --crystal.spot_model=per_axis
row 'M, gauss, N 50, narrow spots' '<= 0.15' --sizes 1024 "${gauss[@]}" "${skip[@]}" --crystal.spot_model=nanobragg
if [ "${LONG:-0}" != 0 ]; then # minutes for the double precision that they are compared with
    iterations=2
    row 'M, gauss, N 50, 4096' '<= 0.03' --sizes 4096 "${gauss[@]}" "${skip[@]}" --crystal.spot_model=per_axis
    row 'M, gauss, N 50, 4096, same detector' '<= 0.03' --sizes 4096 "${gauss[@]}" "${skip[@]}" \
        --crystal.spot_model=per_axis --detector.pixel_size=0.025
fi
iterations=${ITERATIONS:-5}
for size in 1024 4096; do
    row "one step per pixel, $size" 'run x >= 60 (1024), 35 (4096)' --case cubic --sizes $size --precision float32 \
        --beam.wavelength=0.5 --detector.distance=500 --detector.pixel_size=0.05
done
for _ in $(seq "$iterations"); do # pairs: a machine that is busy is so for both
    one=$(seconds 1)
    two=$(seconds 2)
    awk -v one="$one" -v two="$two" 'BEGIN { print one / two }'
done | sort -g | awk '{ v[NR] = $1 } END { printf "%-36s %9.2f %9s %9s %9s  %s\n", "M, two threads over one", v[int((NR + 1) / 2)], "", "", "", ">= 1.8" }'

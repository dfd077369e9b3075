#!/usr/bin/env bash
# Every loop that the kernels mark for it is turned into vector instructions of the full width, by gcc and by clang.
# Environment: SOURCE (the project).
set -u
cd "${SOURCE:?}" || exit 1
case $(uname -m) in x86_64) ;; *) echo "hot_loops: the widths are those of x86-64"; exit 0 ;; esac
common="-std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude/core -fopenmp -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -mprefer-vector-width=512"
failed=0
marked_loops() { # marked_loops SOURCE: FILE:LINE:... in it and in the headers that it includes
    local header
    grep -Hn 'pragma omp simd' "$1"
    sed -n 's/^#include "\(.*\)"/include\/core\/\1/p' "$1" | while read -r header; do
        grep -Hn 'pragma omp simd' "$header"
    done
}
check() { # check COMPILER SOURCE LEVEL PATTERN: a report that matches PATTERN for every marked loop, also of its headers
    local compiler=$1 source=$2 level=$3 pattern=$4 marked=0 file line report
    case $compiler in gcc) report=-fopt-info-vec-optimized ;; *) report=-Rpass=loop-vectorize ;; esac
    # shellcheck disable=SC2086 # a list of options
    $compiler $common $report -march=x86-64-$level -c "$source" -o hot_loops.$$.o > hot_loops.$$.log 2>&1 ||
        { cat hot_loops.$$.log; failed=1; }
    while IFS=: read -r file line _; do
        marked=$((marked + 1))
        grep -Eq "^$file:($line|$((line + 1))|$((line + 2))):.*$pattern" hot_loops.$$.log ||
            { echo "hot_loops: $compiler, x86-64-$level: $file:$((line + 1)) is not vectorised ($pattern)"; failed=1; }
    done < <(marked_loops "$source")
    [ $marked -gt 2 ] || { echo "hot_loops: only $marked marked loops in $source"; failed=1; }
    rm -f hot_loops.$$.o hot_loops.$$.log
}
for kernel in float32 float64 reflections; do
    source=src/core/kernels/kernel_$kernel.c
    case $kernel in float32) lanes3=8 lanes4=16 ;; *) lanes3=4 lanes4=8 ;; esac
    check gcc "$source" v4 'loop vectorized using 64 byte vectors'
    check gcc "$source" v3 'loop vectorized using 32 byte vectors'
    check clang "$source" v4 "vectorization width: $lanes4,"
    check clang "$source" v3 "vectorization width: $lanes3,"
done
exit $failed

#!/bin/bash
# Fuzzes every parser, with clang's libFuzzer and sanitizers, and prints how many inputs each was given.
#
#   tests/fuzz/run.sh SECONDS [FOLDER [NAME...]]
#
# SECONDS is for each parser; FOLDER (build/fuzz) receives the build, and the inputs that were found; NAME: these parsers
# alone. FUZZ_JOBS (as many as there are cores) fuzzers run at a time; FUZZ_SEED (0: another one each time) decides what is
# tried. An input that fails is kept in FOLDER/findings.
# Exit code: 0 nothing found, 1 a finding or a broken build, 2 bad usage.
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
seconds=${1:-}
case $seconds in '' | *[!0-9]* | 0*) sed -n '2,9p' "$0" | cut -c3- >&2; exit 2 ;; esac
folder=${2:-$source/build/fuzz}
mkdir -p "$folder/build" "$folder/findings" || exit 2
folder=$(cd "$folder" && pwd)
jobs=${FUZZ_JOBS:-$(nproc)}
names=("${@:3}")
if [ ${#names[@]} = 0 ]; then
    for fuzzer in "$here"/fuzz_*.c; do
        name=$(basename "$fuzzer" .c)
        names+=("${name#fuzz_}")
    done
fi

log=$folder/build.log
if ! { cmake -S "$source" -B "$folder/build" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DTESSERA_FUZZ=ON && cmake --build "$folder/build" --parallel "$jobs" --target fuzzers; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    exit 1
fi

# No parser may need much memory for a small file: a larger piece than 64 MiB is refused as if there were none.
# What was freed is kept for 8 MiB, not for 256: with that much, nearly all memory is fresh pages of the system.
export ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=64:quarantine_size_mb=8
export UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS=suppressions=$source/tests/support/lsan.supp:print_suppressions=0
export OMP_NUM_THREADS=1
fuzz() { # fuzz NAME: prints one line
    local name=$1 found=$folder/corpus/$1 log=$folder/$1.log leaks=1 bytes=16384 executions more=()
    mkdir -p "$found"
    # HDF5 keeps what it has made for a file until the process ends. No more than 8 changes are made, and of its readers
    # some take ten times as long as others.
    if [ "$name" = nxmx ]; then
        leaks=0
        bytes=65
        more=(-entropic_scale_per_exec_time=1)
    fi
    (cd "$folder" && ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=$leaks "$folder/build/tests/fuzz/fuzz_$name" \
        -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" -max_len="$bytes" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$folder/findings/$name-" "${more[@]}" "$found" "$here/corpus/$name") >"$log" 2>&1
    local code=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    if [ $code = 0 ]; then
        printf '%-16s %10s executions, nothing found\n' "$name" "$executions"
    else
        printf '%-16s %10s executions, FINDING (%s)\n' "$name" "${executions:-?}" "$log"
        grep -m 3 -E 'ERROR|runtime error|must hold' "$log" || tail -n 3 "$log"
        grep '^Base64: ' "$log" # the input, for who has nothing but this output
    fi
    return $code
}

running=()
failed=0
reap() { # reap COUNT: waits until fewer than that many run
    while [ ${#running[@]} -ge "$1" ] && [ ${#running[@]} -gt 0 ]; do
        wait "${running[0]}" || failed=1
        running=("${running[@]:1}")
    done
}
for name in "${names[@]}"; do
    reap "$jobs"
    fuzz "$name" &
    running+=($!)
done
reap 1
exit $failed

#!/usr/bin/env bash
# What --trace costs (aim: below 1 %), and where a run of frames with one step per pixel spends its time (aim: 80 % in compute,
# or in the disk at its own speed): prints figures, never fails.
# Environment: TESSERA (the program), PAIRS (15), TMPDIR (the disk).
set -u
TESSERA=${TESSERA:-tessera}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1
frames=(--crystal.cell=100 --crystal.default_f=100 --crystal.cells=5 --beam.wavelength=0.5 --detector.distance=500
    --detector.pixel_size=0.05 --detector.fast_pixels=1024 --detector.slow_pixels=1024 --sampling.oversample=1
    --run.precision=float32 --sweep.kind=random --sweep.count=50 --quiet --overwrite)
median() { # of the numbers of a file
    sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
simulate() { # simulate NAME OPTION...: seconds of CPU time in the program itself; the system's hold the finding of memory
    local name=$1 TIMEFORMAT=%U
    shift
    { time "$TESSERA" simulate "${frames[@]}" --output "$work/$name.nxs" "$@" > "$work/log" 2>&1; } 2>&1
}

# The work between two events is least with one step per pixel. Pairs, in turns which of them is first.
simulate warm > "$work/first"
for pair in $(seq "${PAIRS:-15}"); do
    rm -f "$work/trace.json"
    if [ $((pair % 2)) = 0 ]; then
        without=$(simulate plain)
        with=$(simulate traced --trace="$work/trace.json")
    else
        with=$(simulate traced --trace="$work/trace.json")
        without=$(simulate plain)
    fi
    awk -v a="$with" -v b="$without" 'BEGIN { print a / b - 1 }' >> "$work/overheads"
    echo "$without" >> "$work/without"
    echo "$with" >> "$work/with"
done
events=$(grep -o '"ph":' "$work/trace.json" | wc -l)
least() { sort -g "$1" | head -n 1; }
awk -v o="$(median "$work/overheads")" -v a="$(least "$work/with")" -v b="$(least "$work/without")" -v n="$events" 'BEGIN {
    printf "--trace of %d events in 50 frames: median of pairs %+.1f %%, least over least %.3f s / %.3f s: %+.1f %% (aim 1 %%)\n",
        n, 100 * o, a, b, 100 * (a / b - 1) }'

# The disk at its own speed: as many bytes as the images, written plainly and flushed.
bytes=$((50 * 1024 * 1024 * 4))
for _ in 1 2 3; do
    rm -f "$work/plain.nxs" "$work/bytes"
    began=$(date +%s.%N)
    "$TESSERA" simulate "${frames[@]}" --output "$work/plain.nxs" --profile > "$work/profile" 2>&1
    ended=$(date +%s.%N)
    dd if=/dev/zero of="$work/bytes" bs=4M count=$((bytes / 4194304)) conv=fsync 2> "$work/dd"
    flushed=$(date +%s.%N)
    awk -v b="$began" -v e="$ended" -v f="$flushed" 'BEGIN { printf "50 frames in %.2f s wall; the disk takes %.2f s for as many bytes\n", e - b, f - e }'
    grep '^profile ' "$work/profile"
done

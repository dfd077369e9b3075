#!/usr/bin/env bash
# How long each way of writing takes (output.writer), in pairs, in turns which of them is first: the thread that writes, and the
# whole run. Whole frames, and frames in runs of tiles; prints medians, never fails. The figures are in docs/performance.md.
# Environment: TESSERA, TOOLS (folder of libfile_calls.so), MPIEXEC (mpirun), PAIRS (10), RANKS ("1 2", no more than cores),
# TMPDIR (a tmpfs, as disks vary by more than what is to be seen).
set -u
TESSERA=${TESSERA:-tessera} MPIEXEC=${MPIEXEC:-mpirun} pairs=${PAIRS:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1
frames=(--crystal.cell=100 --crystal.default_f=100 --crystal.cells=5 --beam.wavelength=1 --detector.distance=500
    --detector.pixel_size=0.1 --detector.fast_pixels=2048 --detector.slow_pixels=2048 --sampling.oversample=1
    --sampling.phi_steps=1 --run.precision=float32 --sweep.kind=random --run.profile=true --run.progress=none --overwrite)
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
run() { # run WAY RANKS OPTION...: "seconds of writing, of the run"
    local way=$1 ranks=$2
    local -a settings=()
    shift 2
    [ "$way" != files ] || set -- "$@" --output.frames_per_file=8 --output.compression=bitshuffle
    [ "$way" != between ] || settings=(LD_PRELOAD="$TOOLS/libfile_calls.so" FILE_CALLS_THREADS=1)
    $MPIEXEC -n "$ranks" env "${settings[@]}" "$TESSERA" simulate "${frames[@]}" --output.writer="${way/between/collective}" \
        --output "$work/out.nxs" "$@" > "$work/log" 2>&1 || cat "$work/log" >&2
    sed -n 's/.* of \([0-9.]*\) s.*written beside computing in \([0-9.]*\) s.*/\2 \1/p' "$work/log"
}
compare() { # compare NAME RANKS WAY OPTION...: against direct
    local name=$1 ranks=$2 way=$3 pair first second direct other
    shift 3
    rm -f "$work"/ratio_* "$work"/seconds_*
    for pair in $(seq "$pairs"); do
        first=direct second=$way
        [ $((pair % 2)) = 0 ] || { first=$way second=direct; }
        first=$first:$(run "$first" "$ranks" "$@") second=$second:$(run "$second" "$ranks" "$@")
        direct=$(printf '%s\n' "$first" "$second" | sed -n 's/^direct://p')
        other=$(printf '%s\n' "$first" "$second" | sed -n "s/^$way://p")
        awk -v d="$direct" -v o="$other" -v w="$work" 'BEGIN {
            split(d, a, " "); split(o, b, " ")
            print b[1] / a[1] > (w "/ratio_write"); print b[2] / a[2] > (w "/ratio_total")
            print a[1] > (w "/seconds_write"); print a[2] > (w "/seconds_total") }' && cat "$work/ratio_write" >> "$work/ratio_writes" &&
            cat "$work/ratio_total" >> "$work/ratio_totals" && cat "$work/seconds_write" >> "$work/seconds_writes" &&
            cat "$work/seconds_total" >> "$work/seconds_totals"
    done
    printf '%-6s %s ranks, %-10s writing x %.3f, run x %.3f; direct: %.3g s of %.3g s\n' "$name" "$ranks" "$way" \
        "$(median "$work/ratio_writes")" "$(median "$work/ratio_totals")" "$(median "$work/seconds_writes")" "$(median "$work/seconds_totals")"
}
for ranks in ${RANKS:-1 2}; do
    compare whole "$ranks" collective --sweep.count=$((16 * ranks)) --run.wave=4
    compare whole "$ranks" between --sweep.count=$((16 * ranks)) --run.wave=4
    compare counts "$ranks" files --sweep.count=$((16 * ranks)) --run.wave=4 --output.images=counts
    [ "$ranks" = 1 ] || compare tiles "$ranks" collective --sweep.count=1 --detector.fast_pixels=4096 --detector.slow_pixels=4096
    [ "$ranks" = 1 ] || compare tiles "$ranks" files --sweep.count=1 --detector.fast_pixels=4096 --detector.slow_pixels=4096 --output.images=counts
done

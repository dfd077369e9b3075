#!/usr/bin/env bash
# How evenly frames of unlike cost are shared, and what a frame costs beside its pixels: prints figures, never fails.
# Environment: TESSERA (the program), MPIEXEC (`mpirun`).
set -u
TESSERA=${TESSERA:-tessera} MPIEXEC=${MPIEXEC:-mpirun}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMP_NUM_THREADS=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
crystal=(--crystal.cell=100 --crystal.default_f=100 --crystal.cells=20 --sampling.oversample=1 --beam.wavelength=1 --quiet)

# 64 frames whose numbers of domains differ 20-fold, in no order, on 4 ranks
{
    echo 'crystal.mosaic_domains'
    for i in $(seq 0 63); do echo $((20 + (i * 29 % 64) * 380 / 63)); done
} > "$work/list.csv"
# shellcheck disable=SC2086 # words
$MPIEXEC -n 4 "$TESSERA" simulate "${crystal[@]}" --crystal.mosaic_spread=0.3 --detector.fast_pixels=512 --detector.slow_pixels=512 \
    --sweep.kind=list --sweep.file="$work/list.csv" --output "$work/list.nxs" || exit 2
${PYTHON:-/usr/bin/python3} - "$work/list.nxs" << 'P'
import sys, h5py, numpy
with h5py.File(sys.argv[1]) as file:
    frames = file["entry/simulation/frames"]
    seconds, ranks, start = frames["wall_seconds"][:], frames["rank"][:], frames["start_time"][:]
    busy = numpy.bincount(ranks, seconds, 4)
    span = (start + seconds).max() - start.min()
    print(f"64 frames, cost 20-fold, 4 ranks: seconds of each rank {numpy.round(busy, 2)}, last end over even shares {span * 4 / busy.sum():.3f} (aim 1.15)")
P

cpu_of() { # cpu_of COMMAND...: user and system seconds
    local TIMEFORMAT='%U %S'
    { time "$@" > "$work/log" 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}
frames() { # frames EDGE COUNT
    cpu_of "$TESSERA" simulate "${crystal[@]}" --crystal.mosaic_spread=0.3 --crystal.mosaic_domains=10 \
        --detector.fast_pixels="$1" --detector.slow_pixels="$1" --sweep.kind=random --sweep.count="$2" \
        --output "$work/frames.nxs" --overwrite
}
tiny=$(frames 8 4000) none=$(frames 8 2) large=$(frames 1024 40)
awk -v t="$tiny" -v n="$none" -v l="$large" 'BEGIN {
    frame = (l - n) / 40; extra = (t - n) / 4000
    printf "a frame of 1024 x 1024 pixels x 10 steps: %.2f ms; beside its pixels %.4f ms: %.2f %% (aim 1 %%)\n", 1e3 * frame, 1e3 * extra, 100 * extra / frame }'

#!/usr/bin/env bash
# `tessera plan`: estimates, warnings, and the simulation of a sweep on many ranks, in bounded memory.
set -u
. "$SOURCE/tests/support/case.sh"
sweep=("${small_case[@]}" --sweep.kind=random --output.images=expected --output=out.nxs)
plan() { "$TESSERA" plan "${sweep[@]}" "$@" > said 2> err || fail "plan $*: exit code $?: $(cat err)"; }
says() { grep -Eq "$1" said || fail "not said: $1: $(cat said)"; }
says_not() { grep -Eq "$1" said && fail "said: $1"; }

plan --sweep.count=10 --ranks 2
says '^time  *about'
says '^memory .* on a node of 2 ranks'
says '^resolution [0-9.]+ A at the edge, [0-9.]+ A in the farthest corner; structure factors end at 1\.80? A'
says '^photons  *[0-9.e+]+ expected in a frame, [0-9.e+]+ in the brightest pixel; strongest spot seen: [0-9.e+]+, [0-9.]+ pixels wide .*10 frames tried'
says_not '^(tiles|groups|waves|terms|steps)'
plan --sweep.count=10 --ranks 2 --verbose
says '^tiles' && says '^groups' && says '^waves' && says '^terms' && says '^steps'
plan --sweep.count=10 --ranks 2
says_not warning
says_not '^simulated'
says '^writer  *collective \(whole frames of 2 ranks\), 1 file, at the worst moment 300 KiB; about .* of writing at run.disk_rate, beside .* of computing'
says '^           or direct: 1 file, at the worst moment 300 KiB; about'
says '^           or files: 1 file, at the worst moment [0-9.]+ KiB, [0-9.]+ times fewer by (bitshuffle|deflate) at [0-9]+ MB/s .*; about .* of writing'
plan --sweep.count=2100 --ranks 2
says '^           or files: 3 files, at the worst moment '
plan --sweep.count=1 --ranks 3
says '^           or collective: 1 file'
says '^writer  *direct \(frames are cut into runs of tiles'
if mpiexec_is_open_mpi; then
    OMPI_MCA_io=ompio plan --sweep.count=10 --ranks 2
    says '^writer  *direct \(MPI-IO is ompio'
fi
plan --sweep.count=10 --output.compression=deflate
says '^writer  *direct \(one process without MPI\), 1 file, at the worst moment 300 KiB and its compressed copy'
says '^           or collective: not here, one process without MPI'
# Files of frames: as many bytes as a frame that is tried has when it is packed.
plan --sweep.count=10 --output.frames_per_file=4 --output.compression=deflate
says '^writer  *files \(.*\), 3 files, at the worst moment .* KiB, [0-9.]+ times fewer by deflate at [0-9]+ MB/s for each thread \(frame 5 was tried\);'
says_not warning
plan --sweep.count=900000 --output.frames_per_file=1 --output.compression=deflate
says '^warning: a program that reads all frames has 900000 files open, and may have [0-9]+ here'
plan --sweep.count=900000000
says '^note: the images have .*, more than half of the .* that are free; --output.frames_per_file=1000 --output.compression=(bitshuffle|deflate) packs'
says 'times fewer by (bitshuffle|deflate) at'
plan --sweep.count=1000000 --run.walltime=1
says '^warning: .* walltime'
SLURM_JOB_END_TIME=$(($(date +%s) + 2)) plan --sweep.count=1000000
says '^warning: .* walltime'
SLURM_JOB_END_TIME=$(($(date +%s) + 100000)) plan --sweep.count=10
says_not warning
plan --sweep.count=1000000000
says '^warning: .* are needed on the disk'
plan --sweep.count=100000000 --sampling.oversample=20
says '^warning: this would take .* years'
OMPI_COMM_WORLD_LOCAL_SIZE=3 plan --sweep.count=100 --ranks 8
says 'on a node of 3 ranks'

# 10,000 ranks and a million frames: 100 frames for each group, in waves that leave nobody idle
peak=$(${PYTHON:-/usr/bin/python3} - "$TESSERA" plan "${sweep[@]}" --sweep.count=1000000 --simulate-ranks 10000 << 'P'
import resource, subprocess, sys
with open("said", "w") as out:
    subprocess.run(sys.argv[1:], stdout=out, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
P
) || fail "simulate-ranks"
[ "${peak:-999999}" -lt 200000 ] || fail "the simulation took $peak kB"
says '10000 groups of 1 ranks'
says '^simulated .* imbalance 1,'
says '^a wave .* extents'
says '^messages  *1e\+06 extents of the file, 0 sums of shards'
says '^bottleneck (computing|writing|waiting|rank 0)'
# at 96 x 80 x 4 bytes a frame, 30.72 GB at 1 GB/s, and a thousandth at 1000 GB/s
says '^writing .*\(30\.72 s\)'
plan --sweep.count=1000000 --simulate-ranks 10000 --run.disk_rate=1000
says '^writing .*\(0\.03072 s\)'
plan --sweep.count=1000000 --simulate-ranks 10000 --run.disk_rate=0.001
says '^bottleneck writing images'
# one frame shared by many
plan --sweep.count=1 --simulate-ranks 64
says '1 groups of 64 ranks'
"$TESSERA" plan "${sweep[@]}" --simulate-ranks 0 > said 2> err
[ $? = 2 ] && grep -q -- '--simulate-ranks' err || fail "--simulate-ranks 0: $(cat err)"
"$TESSERA" simulate "${sweep[@]}" --simulate-ranks 4 > said 2> err
[ $? = 2 ] && grep -q 'tessera plan' err || fail "simulate --simulate-ranks: $(cat err)"
[ ! -e out.nxs ] && [ ! -e out.nxs.partial ] || fail "plan has written a file"
finish

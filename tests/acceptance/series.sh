#!/bin/bash
# A long series in 100 files of frames, written by four ranks: DIALS imports it as one, h5py and silx read it, and the first, a middle
# and the last frame are what they are when simulated alone. The memory of a rank does not depend on the length.
# Environment: SOURCE (the project), TESSERA (the program), MPIEXEC; FRAMES (2000; long 100000). Needs DIALS and silx
# (jobs/packages.sh full).
set -u -o pipefail
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
frames=${FRAMES:-2000}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# shellcheck disable=SC2054 # words with commas
series=(--crystal.cell=53.91,23.10,23.10,90,110.4,90 --crystal.structure_factors="$inputs/2erl_P1.hkl" --crystal.cells=20
    --beam.wavelength=1.2 --beam.fluence=1e28 --detector.distance=100 --detector.pixel_size=0.2 --detector.fast_pixels=512
    --detector.slow_pixels=512 --sampling.oversample=1 --sampling.phi_steps=1 --sweep.kind=rotation --sweep.width=0.003
    --output.images=counts --quiet)
files=(--output.frames_per_file=$((frames / 40)) --output.compression=bitshuffle)
chosen=(0 $((frames / 2 + 1)) $((frames - 1)))
# what is in work beside what is being packed differs between runs by some waves of images, however long they are
for count in $((frames / 4)) "$frames"; do
    # shellcheck disable=SC2086 # a list of words
    $MPIEXEC -n 4 /usr/bin/time -f %M -a -o "memory_$count" "$TESSERA" simulate "${series[@]}" "${files[@]}" --sweep.count="$count" \
        --output series.nxs --overwrite || fail "$count frames: exit code $?"
done
few=$(sort -n "memory_$((frames / 4))" | tail -n 1) many=$(sort -n "memory_$frames" | tail -n 1)
echo "$((frames / 4)) frames: $few KiB in the largest rank; $frames: $many KiB; $(du -ch series*.h5 series.nxs | tail -n 1 | cut -f 1) for $((frames / 1024)) GiB"
[ "$many" -lt $((few + 98304)) ] || fail "memory grows with the series: $few KiB, then $many KiB"
for frame in "${chosen[@]}"; do
    "$TESSERA" simulate "${series[@]}" --sweep.count="$frames" --frames "$frame:$((frame + 1))" --output "alone_$frame.nxs" || fail "frame $frame"
done
"$python" - "$frames" "${chosen[@]}" << 'P' || fail "other programs read something else"
import sys, time
import numpy as np
import h5py
from silx.io import open as silx_open
from dxtbx.model.experiment_list import ExperimentListFactory
frames, *chosen = map(int, sys.argv[1:])
begin = time.time()
experiments = ExperimentListFactory.from_filenames(["series.nxs"])
assert len(experiments) == 1 and len(experiments[0].imageset) == frames, "not one series for DIALS"
assert experiments[0].scan.get_num_images() == frames
print("dxtbx imports %d images in %.2g s" % (frames, time.time() - begin))
for frame in chosen:
    with h5py.File("alone_%d.nxs" % frame) as file:
        alone = file["entry/data/data"][0]
    assert alone.max() > 0
    assert (experiments[0].imageset.get_raw_data(frame)[0].as_numpy_array() == alone).all(), "DIALS, frame %d" % frame
    with h5py.File("series.nxs") as file:
        assert (file["entry/data/data"][frame] == alone).all(), "h5py, frame %d" % frame
    with silx_open("series.nxs") as file:
        data = file["/entry/data/data"]
        assert data.shape == (frames, 512, 512) and (np.asarray(data[frame]) == alone).all(), "silx, frame %d" % frame
P
/usr/bin/time -f %e -o described "$TESSERA" describe series.nxs > out || fail "describe: exit code $?"
awk '{ exit $1 < 2 ? 0 : 1 }' described || fail "describe takes $(cat described) s"
finish

#!/usr/bin/env bash
# The programs of analysis/ that look at a whole sweep have one frame in memory at a time: the images of a file that is larger than
# the limit never sit in memory.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
limit_mib=150
"$TESSERA" simulate "${gauss_case[@]}" --sampling.oversample=1 --output.images=expected --detector.pixel_size=0.15 \
    --detector.fast_pixels=512 --detector.slow_pixels=512 --sweep.kind=random --sweep.count=4 --output small.nxs || fail "simulate"
"$python" - << 'P' || fail "the large file"
import h5py
import numpy as np
repeats = 60
with h5py.File("small.nxs") as small, h5py.File("large.nxs", "w") as large:
    small.copy("entry", large)
    images = small["entry/data/data"][()]
    del large["entry/data/data"]
    shape = (len(images) * repeats, *images.shape[1:])
    data = large.create_dataset("entry/data/data", shape, "f4", chunks=(1, *shape[1:]), compression="gzip", compression_opts=1)
    for slot in range(0, len(images) * 12):  # the others are zeros that take no room on the disk
        data[slot] = images[slot % len(images)]
    table = large["entry/simulation/frames"]
    for name in list(table):
        values, attributes = table[name][()], dict(table[name].attrs)
        del table[name]
        table[name] = np.concatenate([values] * repeats)
        table[name].attrs.update(attributes)
    table["number"][...] = np.arange(shape[0])
    assert data.size * 4 == 240 << 20
P
cp large.nxs again.nxs
cat > peak.py << 'P'
import resource
import subprocess
import sys
code = subprocess.call(sys.argv[2:], stdout=open("out", "w"))
peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{sys.argv[3]}: exit code {code}, peak {peak_mib:.0f} MiB")
sys.exit(code != 0 or peak_mib > float(sys.argv[1]))
P
streams() { # streams NAME ARGUMENT...: succeeds within the limit
    local name=$1
    shift
    "$python" peak.py $limit_mib "$python" "$SOURCE/analysis/$name.py" "$@" || fail "$name"
}
streams sweep_report large.nxs
grep -q '^240 frames, ' out || fail "sweep_report: $(cat out)"
streams merge_frames large.nxs --d-min 2.5
streams compare_sweeps large.nxs again.nxs --quiet
grep -q '^240 frames compared, all within' out || fail "compare_sweeps: $(cat out)"
streams training_set large.nxs --output set --frames 100
grep -q '240 frames in 3 shards' out || fail "training_set: $(cat out)"
streams training_set large.nxs --output numpy --frames 240 --format numpy
rm -rf numpy set ./*.nxs
finish

#!/usr/bin/env bash
# What is made of a file of structure factors is each frame's own: scale, B with the frame's cell, F000, the law of the file's
# cell. Each frame is that of a run of its own, on any number of ranks and after a resume, and its labels say so.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
mtz=(--crystal.structure_factors="$inputs/2erl_1p8A_C2.mtz")
case=(--crystal.cells=6 --detector.distance=60 --detector.pixel_size=2 --detector.fast_pixels=40 --detector.slow_pixels=33
    --beam.fluence=1e32 --output.images=both)
cell=--crystal.cell=53.91,23.1,23.1,90,110.4,90
cat > factors.csv << 'E'
frame,crystal.b_factor,crystal.structure_factor_scale,crystal.f000,crystal.cell_model,crystal.cells
0,0,1,5,exact,6
1,20,2,1e5,nanobragg,2
1,-3,1,7,exact,2
2,35,1,1e5,nanobragg,6
E
$python - << 'P' || fail "a list in HDF5"
import h5py, numpy as n
with h5py.File("factors.h5", "w") as f:
    f["frame"] = [0, 1, 1, 2]
    f["crystal.b_factor"] = [0., 20, -3, 35]
    f["crystal.structure_factor_scale"] = [1., 2, 1, 1]
    f["crystal.f000"] = [5, 1e5, 7, 1e5]
    f["crystal.cells"] = [[6, 6, 6], [2, 2, 2], [2, 2, 2], [6, 6, 6]]
P
list=("${mtz[@]}" --sweep.kind=list --sweep.file=factors.csv)
matrix=("${mtz[@]}" "$cell" --run.precision=float32 --sweep.kind=matrix '--sweep.matrix=crystal.b_factor=0,20;crystal.cell[0]=53,60')
check_ranks() { # check_ranks NAME ARGUMENT...: on one rank and on more
    local name=$1 ranks
    shift
    "$TESSERA" simulate "${case[@]}" "$@" --output "$name.nxs" --quiet || fail "$name"
    for ranks in 2 3; do
        on_ranks $ranks "$TESSERA" simulate "${case[@]}" "$@" --output ranks.nxs --overwrite --quiet || fail "$name on $ranks ranks"
        [ "$(images_of ranks.nxs)" = "$(images_of "$name.nxs")" ] || fail "$name on $ranks ranks: other bytes"
    done
}
check_ranks list "${list[@]}"
check_ranks matrix "${matrix[@]}"
same_frame() { # same_frame FILE FRAME ARGUMENT...: the photons of a run of its own with these arguments
    local file=$1 frame=$2
    shift 2
    "$TESSERA" simulate "${case[@]}" "${mtz[@]}" "$@" --output.images=expected --output one.nxs --overwrite --quiet || fail "alone: $*"
    $python - "$file" "$frame" << 'P' || fail "frame $frame of $file is not that of a run of its own"
import sys, h5py
a = h5py.File(sys.argv[1])["entry/simulation/images/expected_photons"][int(sys.argv[2])]
assert a.tobytes() == h5py.File("one.nxs")["entry/data/data"][0].tobytes() and a.sum() > 0
P
}
same_frame list.nxs 0 --crystal.f000=5
same_frame list.nxs 2 --crystal.b_factor=35 --crystal.f000=1e5 --crystal.cell_model=nanobragg
for frame in 0 1 2 3; do
    a=$((53 + 7 * (frame % 2))) b=$((20 * (frame / 2)))
    same_frame matrix.nxs $frame --crystal.b_factor=$b --crystal.cell=$a,23.1,23.1,90,110.4,90 --crystal.ignore_file_cell=true --run.precision=float32
done
cut -d, -f1-4,6 factors.csv > numbers.csv
for file in numbers.csv factors.h5; do
    "$TESSERA" simulate "${case[@]}" "${mtz[@]}" --sweep.kind=list --sweep.file=$file --output $file.nxs --quiet || fail "$file"
done
[ "$(images_of factors.h5.nxs)" = "$(images_of numbers.csv.nxs)" ] || fail "the list in HDF5 has other images"
$python - << 'P' || fail "labels, or all frames are alike"
import h5py, numpy as n
frames = h5py.File("list.nxs")["entry/simulation/frames"]
assert n.allclose(frames["crystal.b_factor"], [0, 2e-19, 3.5e-19], atol=0) and n.allclose(frames["crystals/crystal.b_factor"], [0, 2e-19, -3e-20, 3.5e-19], atol=0)
assert len({image.tobytes() for image in h5py.File("matrix.nxs")["entry/simulation/images/expected_photons"]}) == 4
P

# a resume makes the missing frames alike
$python - << 'P'
import h5py, shutil
shutil.copy("list.nxs", "part.nxs.partial")
with h5py.File("part.nxs.partial", "r+") as f:
    f["entry/simulation/frames/status"][1:] = 0
    f["entry/simulation/images/expected_photons"][1:] = 0
P
"$TESSERA" simulate "${case[@]}" "${list[@]}" --output part.nxs --resume --quiet || fail "not resumed"
[ "$(images_of part.nxs)" = "$(images_of list.nxs)" ] || fail "other images after a resume"

# a dump is used as it is
"$TESSERA" simulate "${case[@]}" "${mtz[@]}" --output.dump_file=factors.dump --output dump.nxs --quiet || fail "a dump"
code=0
"$TESSERA" simulate "${case[@]}" "$cell" --crystal.structure_factors=factors.dump --sweep.kind=matrix --sweep.matrix=crystal.b_factor=0,20 \
    --output refused.nxs --quiet 2> err || code=$?
[ $code = 2 ] && grep -q 'factors.dump is a dump .* used as it is' err || fail "B of a dump: exit code $code, $(cat err)"
finish

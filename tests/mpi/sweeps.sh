#!/usr/bin/env bash
# Frames of lists, matrices, grids, draws and spectra are the same bytes on any number of ranks and in any slice, and those
# of separate runs with the same values. A resume with another list is refused.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
case=("${small_case[@]:1}" "--crystal.cell=53.91,23.10,23.10,90,110.4,90")
cat > list.csv << 'E'
frame,q0,q1,q2,q3,weight,beam.fluence,beam.wavelength,crystal.cells[0],crystal.mosaic_domains,detector.distance
0,1,0,0,0,1,1e32,1.2,8,12,60
1,0.9,0.1,0,0.3,1,2e32,1.25A,9,4,61
1,0.2,0.8,0.1,0.3,0.5,2e32,1.25,7,40,61
2,0,0,1,1,1,1e32,0.12nm,8,6,0.06m
3,0,0,1,1,1,3e32,1.1,8,30,60
E
$python - << 'P' || fail "HDF5 inputs"
import h5py, numpy as n
with h5py.File("list.h5", "w") as f:
    f["frame"] = [0, 1, 1, 2, 3]
    f["quaternion"] = [[1, 0, 0, 0], [.9, .1, 0, .3], [.2, .8, .1, .3], [0, 0, 1, 1], [0, 0, 1, 1]]
    f["weight"] = [1, 1, .5, 1, 1]
    f["beam.fluence"] = [1e32, 2e32, 2e32, 1e32, 3e32]
    f["beam.wavelength"] = [1.2, 1.25, 1.25, 1.2, 1.1]
    f["beam.wavelength"].attrs["units"] = n.bytes_("A")
    f["crystal.cells"] = [[8, 8, 8], [9, 8, 8], [7, 8, 8], [8, 8, 8], [8, 8, 8]]
    f["crystal.mosaic_domains"] = n.array([12, 4, 40, 6, 30])
    f["detector.distance"] = [6., 6.1, 6.1, 6, 6]
    f["detector.distance"].attrs["units"] = "cm"
with h5py.File("spectrum.h5", "w") as f:
    f["energies"] = [10000., 10300, 10400, 10500]
    f["weights"] = [[1., 0, 0, 0], [1, 2, 3, 0], [0, 0, 1, 1]]
open("row1.txt", "w").write("10000 1\n10300 2\n10400 3\n")
P
list=(--sweep.kind=list --sweep.file=list.csv)
draws=(--sweep.kind=random --sweep.count=4 '--sweep.draw=beam.fluence=lognormal(1e32,0.3);crystal.mosaic_domains=uniform(1,40);detector.distance=normal(60,2)')
matrix=(--sweep.kind=matrix '--sweep.matrix=beam.wavelength=1.1,1.2;crystal.mosaic_domains=1,20')
grid=(--sweep.kind=grid --sweep.angle=60 --sweep.point_group=2 --run.frames=3:7)
spectrum=(--sweep.kind=random --sweep.count=3 --beam.spectrum=spectrum.h5)
check_ranks() { # check_ranks NAME RANKS ARGUMENT...: on one rank and on these
    local name=$1 all=$2 ranks reference label
    shift 2
    "$TESSERA" simulate "${case[@]}" "$@" --output "$name.nxs" --quiet || fail "$name"
    reference=$(images_of "$name.nxs")
    for ranks in $all; do
        on_ranks $ranks "$TESSERA" simulate "${case[@]}" "$@" --output "$name.$ranks.nxs" --quiet || fail "$name on $ranks ranks"
        [ "$(images_of "$name.$ranks.nxs")" = "$reference" ] || fail "$name on $ranks ranks: other bytes"
        for label in crc32 ub_matrix fluence; do
            [ "$(values_of "$name.$ranks.nxs" /entry/simulation/frames/$label)" = "$(values_of "$name.nxs" /entry/simulation/frames/$label)" ] ||
                fail "$name on $ranks ranks: other $label"
        done
    done
    rm "$name".[234].nxs
}
later check_ranks list "2 3 4" "${list[@]}"
later check_ranks draws "4" "${draws[@]}"
later check_ranks matrix "3" "${matrix[@]}"
later check_ranks grid "2" "${grid[@]}"
of_band=("${case[@]}") of_spectrum=()
for word in "${case[@]}"; do
    [[ $word == --beam.wavelength=* || $word == --beam.dispersion* ]] || of_spectrum+=("$word")
done
case=("${of_spectrum[@]}")
later check_ranks spectrum "2" "${spectrum[@]}"
wait
case=("${of_band[@]}")
same_frame() { # same_frame FILE FRAME ARGUMENT...: the photons of a run of its own with these arguments
    local file=$1 frame=$2
    shift 2
    "$TESSERA" simulate "${case[@]}" "$@" --output.images=expected --output one.nxs --overwrite --quiet || fail "alone: $*"
    $python - "$file" "$frame" << 'P' || fail "frame $frame of $file is not that of a run of its own"
import sys, h5py
a = h5py.File(sys.argv[1])["entry/simulation/images/expected_photons"][int(sys.argv[2])]
assert a.tobytes() == h5py.File("one.nxs")["entry/data/data"][0].tobytes() and a.sum() > 0
P
}
same_frame list.nxs 0 --beam.wavelength=1.2
same_frame matrix.nxs 2 --crystal.mosaic_domains=1
same_frame matrix.nxs 1 --beam.wavelength=1.1 --crystal.mosaic_domains=20
case=("${of_spectrum[@]}")
same_frame spectrum.nxs 1 --beam.spectrum=row1.txt --sweep.kind=random --sweep.count=2 --frames 1:2
case=("${of_band[@]}")
$python - << 'P' || fail "a label is wrong"
import h5py, numpy as n
data = h5py.File("list.nxs")
frames = data["entry/simulation/frames"]
assert n.allclose(data["entry/instrument/beam/incident_wavelength"], [1.2, 1.25, 1.2, 1.1], rtol=1e-14)
assert list(data["entry/instrument/beam/flux_integrated"]) == [1e32, 2e32, 1e32, 3e32]
assert n.allclose(frames["beam.wavelength"], [1.2e-10, 1.25e-10, 1.2e-10, 1.1e-10], atol=0)
assert frames["beam.wavelength"].attrs["units"] in (b"m", "m")
assert n.allclose(frames["detector.distance"], [.06, .061, .06, .06], atol=0)
assert list(frames["crystals/number"]) == [0, 1, 1, 2, 3] and list(frames["crystals/weight"]) == [1, 1, .5, 1, 1]
assert list(frames["crystals/crystal.mosaic_domains"]) == [12, 4, 40, 6, 30]
assert (frames["crystals/ub_matrix"][1] == frames["ub_matrix"][1]).all()
assert (frames["crystals/ub_matrix"][2] != frames["ub_matrix"][1]).any()
weights = h5py.File("spectrum.nxs")["entry/instrument/beam/incident_wavelength_1D_weights"]
assert (weights[:] == [[0, 0, 0, 1], [0, 3, 2, 1], [1, 1, 0, 0]]).all()
P
one() { # one NAME LINE...: the photons of a list with these lines alone
    { sed -n 1p list.csv; printf '%s\n' "${@:2}"; } > "$1.csv"
    "$TESSERA" simulate "${case[@]}" --output.images=expected --sweep.kind=list --sweep.file="$1.csv" --output "$1.nxs" --quiet || fail "$1"
}
one first "$(sed -n 3p list.csv | sed 's/^1/0/')"
one second "$(sed -n 4p list.csv | sed 's/^1/0/')"
$python - << 'P' || fail "the photons of two crystals do not add"
import h5py
first, second = (h5py.File(f)["entry/data/data"][0] for f in ("first.nxs", "second.nxs"))
assert (h5py.File("list.nxs")["entry/simulation/images/expected_photons"][1] == first + second).all() and second.sum() > 0
P
"$TESSERA" simulate "${case[@]}" --sweep.kind=list --sweep.file=list.h5 --output h5.nxs --quiet || fail "list in HDF5"
[ "$(images_of h5.nxs)" = "$(images_of list.nxs)" ] || fail "the list in HDF5 has other images"
for slice in 0:1 1:3 3:4; do
    "$TESSERA" simulate "${case[@]}" "${list[@]}" --frames $slice --output slice.nxs --overwrite --quiet || fail "slice"
    [ "$(values_of slice.nxs /entry/simulation/frames/crc32 | sed -n 1p)" = \
        "$(values_of list.nxs /entry/simulation/frames/crc32 | sed -n "$((${slice%:*} + 1))p")" ] || fail "slice $slice has other images"
done

# another value in the list makes it another run
mv list.nxs list.nxs.partial
before=$(sha256sum < list.nxs.partial)
cp list.csv kept.csv
sed -i 's/3e32/4e32/' list.csv
code=0
"$TESSERA" simulate "${case[@]}" "${list[@]}" --output list.nxs --resume --quiet 2> err || code=$?
[ $code = 2 ] && grep -q 'sweep.file' err || fail "a changed list: exit code $code, $(cat err)"
[ "$(sha256sum < list.nxs.partial)" = "$before" ] || fail "the file was touched"
cp kept.csv list.csv
"$TESSERA" simulate "${case[@]}" "${list[@]}" --output list.nxs --resume --quiet || fail "the same list is not resumed"
finish

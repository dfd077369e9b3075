#!/usr/bin/env bash
# Every frame of a sweep is the same bytes whichever group of ranks renders it, and in whichever slice.
set -u
. "$SOURCE/tests/support/case.sh"
for kind in random rotation still; do
    sweep=("--sweep.kind=$kind" --sweep.count=7 --sweep.width=0.4 --sweep.seed=9)
    "$TESSERA" simulate "${small_case[@]}" "${sweep[@]}" --output $kind.nxs --quiet || fail "reference"
    reference=$(images_of $kind.nxs)
    ${PYTHON:-/usr/bin/python3} - $kind.nxs << 'P' || fail "$kind: the record of a frame is not that of its bytes"
import sys, zlib, h5py
with h5py.File(sys.argv[1]) as file:
    frames = file["entry/simulation/frames"]
    for image, *record in zip(file["entry/data/data"], frames["crc32"], frames["sum_photons"], frames["max_photons"]):
        assert record == [zlib.crc32(image.tobytes()), image.sum(), image.max()], record
P
    for ranks in 2 3 4; do
        on_ranks $ranks "$TESSERA" simulate "${small_case[@]}" "${sweep[@]}" --run.wave=$((ranks - 1)) \
            --output test.nxs --overwrite --quiet || fail "exit code $?"
        [ "$(images_of test.nxs)" = "$reference" ] || fail "$kind on $ranks ranks: other bytes"
        for label in crc32 sum_photons max_photons ub_matrix number; do
            [ "$(values_of test.nxs /entry/simulation/frames/$label)" = "$(values_of $kind.nxs /entry/simulation/frames/$label)" ] ||
                fail "$kind on $ranks ranks: other $label"
        done
    done
    "$TESSERA" simulate "${small_case[@]}" "${sweep[@]}" --frames 2:5 --output slice.nxs --overwrite --quiet || fail "slice"
    [ "$(values_of slice.nxs /entry/simulation/frames/number | tr '\n' ' ')" = "2 3 4 " ] || fail "$kind: numbers of the slice"
    [ "$(values_of slice.nxs /entry/simulation/frames/crc32)" = "$(values_of $kind.nxs /entry/simulation/frames/crc32 | sed -n 3,5p)" ] ||
        fail "$kind: the slice has other images"
done
# Open MPI has no one-sided communication for this choice of components (nor shared memory: no table of structure factors);
# groups then have their places beforehand
constant=(--crystal.cell=50 --crystal.default_f=100 --crystal.cells=5 --detector.fast_pixels=64 --detector.slow_pixels=64
    --sweep.kind=random --sweep.count=7 --run.wave=2 --quiet)
"$TESSERA" simulate "${constant[@]}" --output constant.nxs || fail "reference"
OMPI_MCA_osc=rdma OMPI_MCA_btl=tcp,self on_ranks 3 "$TESSERA" simulate "${constant[@]}" --output shared_out.nxs ||
    fail "without one-sided communication: exit code $?"
[ "$(values_of constant.nxs /entry/simulation/frames/crc32)" = "$(values_of shared_out.nxs /entry/simulation/frames/crc32)" ] ||
    fail "without one-sided communication: other bytes"
# stills are one orientation, but each frame is an exposure of its own
[ "$(values_of still.nxs /entry/simulation/frames/crc32 | sort -u | wc -l)" = 7 ] || fail "two stills have the same noise"
finish

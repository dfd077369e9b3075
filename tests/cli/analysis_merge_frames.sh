#!/usr/bin/env bash
# analysis/merge_frames.py gets the structure factors back that went in, on the absolute scale: from stills and from a rotation, from
# photons and counts, also with mosaicity and a band of wavelengths, from compressed and merged files and with a frame missing.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
simulate() { "$TESSERA" simulate "${gauss_case[@]}" "$@" || fail "simulate $*"; }
holds() { # holds NAME LEAST_CORRELATION LARGEST_SCALE_ERROR LEAST_REFLECTIONS: of all in the table in out; of a shell, 0.01 less
    "$python" - "$@" << 'P' || fail "$1: $(cat out)"
import sys
least, scale_error, reflections = map(float, sys.argv[2:])
rows = [line.split() for line in open("out")]
shells = [[float(v) for v in row] for row in rows if len(row) == 6 and row[0] != "d"]
total = [row for row in rows if row[0] == "all"]
assert len(shells) == 8 and len(total) == 1, rows
number, correlation, scale = int(total[0][1]), float(total[0][2]), float(total[0][3])
assert number == sum(row[2] for row in shells) >= reflections, number
assert correlation >= least and abs(scale - 1) <= scale_error, (correlation, scale)
assert all(row[3] >= least - 0.01 for row in shells), shells
assert all(row[1] <= row[0] for row in shells) and all(b[0] <= a[1] for a, b in zip(shells, shells[1:])), shells
P
}

simulate --sweep.kind=random --sweep.count=24 --output stills.nxs
simulate --sweep.kind=rotation --sweep.count=12 --sweep.width=1 --sampling.phi_steps=40 --sampling.oversample=2 --output rotation.nxs

analysis merge_frames stills.nxs --images expected --merged merged.txt
holds "expected photons of stills" 0.9999 0.002 1300
picture stills_merged.png 1300 600
[ "$(wc -l < merged.txt)" -ge 1300 ] || fail "merged.txt has $(wc -l < merged.txt) lines"
analysis merge_frames stills.nxs --output counts.png
holds "counts of stills" 0.999 0.002 1300
analysis merge_frames rotation.nxs --images expected
holds "expected photons of a rotation" 0.999 0.005 500

# spots that are the same in all directions
simulate --sweep.kind=random --sweep.count=24 --crystal.spot_model=isotropic --crystal.cells="4,14,18" --output isotropic.nxs
analysis merge_frames isotropic.nxs --images expected
holds "isotropic spots" 0.9999 0.002 1300

# A frame says how much of a spot it has: without frame 6, the reflections of its neighbours are still right.
cp rotation.nxs missing.nxs
"$python" -c 'import h5py; f = h5py.File("missing.nxs", "r+"); f["entry/simulation/frames/status"][6] = 1; f["entry/data/data"][6] = -1'
analysis merge_frames missing.nxs
grep -q 'left out, not complete: frames 6$' err || fail "missing frame: $(cat err)"
holds "a missing frame" 0.998 0.005 500

# Mosaicity and a band of wavelengths: the model has the mean over all domains, so it is close and not exact.
simulate --sweep.kind=rotation --sweep.count=8 --sweep.width=1 --crystal.mosaic_spread=0.1 --crystal.mosaic_domains=10 \
    --sampling.phi_steps=12 --beam.dispersion=0.2 --beam.dispersion_steps=2 --sampling.oversample=2 --output mosaic.nxs
analysis merge_frames mosaic.nxs --images expected --structure-factors "$inputs/2erl_P1.hkl"
holds "mosaicity" 0.99 0.02 300

# Parts that were merged, and a compressed file, open alike.
simulate --sweep.kind=random --sweep.count=24 --frames 0:17 --output a.nxs
simulate --sweep.kind=random --sweep.count=24 --frames 17:24 --output b.nxs
"$TESSERA" merge all.nxs a.nxs b.nxs > log || fail "merge: $(cat log)"
"$TESSERA" compress stills.nxs --with deflate > log || fail "compress: $(cat log)"
for file in all.nxs stills.nxs; do
    analysis merge_frames $file --output again.png
    cp out $file.table
done
cmp all.nxs.table stills.nxs.table || fail "a merged and a compressed file give other results"
"$TESSERA" merge late.nxs b.nxs --allow-missing > log || fail "merge: $(cat log)"
analysis merge_frames late.nxs --images expected
grep -q 'left out, not complete: frames 0 to 16$' err || fail "only the end of a sweep: $(cat err)"
holds "only the end of a sweep" 0.9999 0.002 400
mv b.nxs elsewhere.nxs
refused merge_frames 'a part of the merged file is not where it was' all.nxs

refused merge_frames 'no file' missing_file.nxs
refused merge_frames 'not an HDF5 file' "$inputs/2erl_P1.hkl"
refused merge_frames 'no file' stills.nxs --structure-factors nowhere.hkl
# What the run read, as it read it: an MTZ and its symmetry, through the program itself.
analysis merge_frames stills.nxs --images expected
grep -v png out > by_text
analysis merge_frames stills.nxs --images expected --structure-factors "$inputs/2erl_1p8A_C2.mtz"
grep -v png out | cmp - by_text || fail "an MTZ gives another table than the text of it: $(diff by_text out)"
"$TESSERA" simulate "${gauss_case[@]}" --crystal.structure_factors="$inputs/2erl_1p8A_C2.mtz" --sweep.kind=random --sweep.count=4 \
    --output of_mtz.nxs || fail "a run of an MTZ"
analysis merge_frames of_mtz.nxs --images expected
grep -Eq '^ *all +[0-9]{3,} +(0\.999|1\.000)' out || fail "the copy of an MTZ: $(cat out err)"
TESSERA=no_such_program refused merge_frames 'describe .*2erl_1p8A_C2.mtz --hkl' of_mtz.nxs
printf 'no structure factors\n' > nothing.hkl
refused merge_frames 'nothing.hkl cannot be read' stills.nxs --structure-factors nothing.hkl
rm -f listed.hkl
"$TESSERA" describe "$inputs/2erl_1p8A_C2.mtz" --hkl listed.hkl > out || fail "describe --hkl: exit code $?"
"$python" - "$inputs/2erl_P1.hkl" listed.hkl << 'P' || fail "describe --hkl writes other structure factors"
import sys
one, other = ({tuple(map(int, line.split()[:3])): float(line.split()[3]) for line in open(name)} for name in sys.argv[1:])
assert len(one) == 9684 and one.keys() == other.keys()
assert all(abs(one[hkl] - other[hkl]) <= 1e-3 + 1e-4 * one[hkl] for hkl in one)
P
"$TESSERA" describe "$inputs/2erl_1p8A_C2.mtz" --hkl listed.hkl > out 2> err
[ $? = 3 ] && grep -q 'listed.hkl cannot be written: File exists' err || fail "describe --hkl over a file: $(cat err)"
"$TESSERA" describe stills.nxs --hkl other.hkl > out 2> err
[ $? = 2 ] && grep -q -- '--hkl is for a file of structure factors' err || fail "describe --hkl of a run: $(cat err)"
refused merge_frames 'sigmas' stills.nxs --sigmas 9
printf '100 0 0 5\n' > other.hkl
refused merge_frames 'too few' stills.nxs --structure-factors other.hkl
"$python" -c 'import h5py; h5py.File("empty.h5", "w")'
refused merge_frames 'not an NXmx file' empty.h5
analysis merge_frames --help
grep -q 'structure-factors' out || fail "help: $(cat out)"
finish

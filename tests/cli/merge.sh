#!/usr/bin/env bash
# tessera merge: one master over the parts of a sweep has the images and labels of the sweep in one file, wherever the
# folder goes; what is missing is -1 and named; parts that do not belong together are refused and nothing is written.
set -u
. "$SOURCE/tests/support/case.sh"
python=/usr/bin/python3
sweep=("${small_case[@]}" --sweep.kind=rotation --sweep.count=12 --sweep.start=5 --sweep.width=0.5)
table=/entry/simulation/frames
labels() { # labels FILE: checksums of what does not depend on when and where a frame was computed
    local name
    for name in number ub_matrix fluence phi0 sum_photons max_photons crc32 status seed noise_seed crystal_N; do
        "$TOOLS/dataset_sha256" "$1" $table/$name || echo "no $name in $1"
    done
    for name in phi phi_end phi_increment_set; do "$TOOLS/dataset_sha256" "$1" /entry/sample/transformations/$name; done
}
simulate() { "$TESSERA" simulate "${sweep[@]}" --quiet "$@" || fail "simulate $*"; }
merged() { # merged NAME ARGUMENT...: exit code 0; what it prints is in the file out
    local name=$1
    shift
    "$TESSERA" merge "$@" > out 2> err || fail "$name: exit code $?: $(cat err)"
}
refused() { # refused NAME PATTERN ARGUMENT...: exit code 2, one message with PATTERN, and no new file
    local name=$1 pattern=$2 code=0 before
    shift 2
    before=$(find . -name '*.nxs*' -exec sha256sum {} + | sort)
    "$TESSERA" merge "$@" > out 2> err || code=$?
    [ $code = 2 ] || fail "$name: exit code $code: $(cat out err)"
    [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$name: message: $(cat err)"
    [ "$(find . -name '*.nxs*' -exec sha256sum {} + | sort)" = "$before" ] || fail "$name: files have changed"
}

mkdir -p run/parts
simulate --output whole.nxs
simulate --frames 0:5 --output run/parts/a.nxs
simulate --frames 5:6 --output run/parts/b.nxs
simulate --frames 6:12 --output run/parts/c.nxs
reference=$(images_of whole.nxs)

# In any order, into another folder than that of the parts, which then moves.
merged all run/all.nxs run/parts/c.nxs run/parts/a.nxs run/parts/b.nxs
grep -q '^complete   12: 0:12$' out && grep -q '^missing    0$' out || fail "all: $(cat out)"
[ ! -e run/all.nxs.partial ] || fail "all: a .partial is left"
mv run elsewhere
[ "$(images_of elsewhere/all.nxs)" = "$reference" ] || fail "all: other images"
[ "$(labels elsewhere/all.nxs)" = "$(labels whole.nxs)" ] || fail "all: other labels"
[ "$(values_of elsewhere/all.nxs $table/part | tr '\n' ' ')" = '2 2 2 2 2 3 1 1 1 1 1 1 ' ] || fail "all: parts"
[ "$(values_of elsewhere/all.nxs $table/part_frame | tr '\n' ' ')" = '0 1 2 3 4 0 0 1 2 3 4 5 ' ] || fail "all: places"
[ "$(stat -c %s elsewhere/all.nxs)" -lt "$(stat -c %s whole.nxs)" ] || fail "all: the images were copied"
parts=elsewhere/parts

# Every source is one of the parts, by a relative name.
$python - elsewhere/all.nxs << 'P' || fail "sources, as h5py sees them"
import h5py, sys
with h5py.File(sys.argv[1]) as f:
    names = {s.file_name for d in ("entry/data/data", "entry/simulation/images/expected_photons") for s in f[d].virtual_sources()}
    assert names == {"parts/a.nxs", "parts/b.nxs", "parts/c.nxs"}, names
    recorded = {g["file_name"][()].decode() for g in f["entry/simulation/parts"].values()}
    assert recorded == names, recorded
    for g in f["entry/simulation/parts"].values():
        assert g["environment/command_line"][()].decode().startswith("simulate"), g
    assert "end_time" in f["entry"]
    def look(name, kind):
        assert f.get("/" + name, getlink=True).__class__ is not h5py.ExternalLink, name
    f.visititems(look)
P

# A part that is gone, and one that was stopped: the master has its complete frames, and names the others.
cp $parts/c.nxs stopped.nxs.partial
$python - stopped.nxs.partial << 'P'
import h5py, sys
with h5py.File(sys.argv[1], "r+") as f: f["entry/simulation/frames/status"][[0, 3]] = 0, 1
P
code=0

# What is known of the resume of a part gets into the master.
cp stopped.nxs.partial resumed.nxs.partial
simulate --frames 6:12 --resume --output resumed.nxs
merged "a resumed part" one.nxs resumed.nxs --allow-missing
"$TESSERA" describe one.nxs > out || fail "a resumed part: describe"
[ "$(grep -cE '^  [12]  20[0-9T:Z-]+ to 20' out)" = 2 ] || fail "a resumed part: not two sessions: $(cat out)"
rm one.nxs resumed.nxs

"$TESSERA" merge gaps.nxs stopped.nxs gone.nxs $parts/a.nxs > out 2> err || code=$?
[ $code = 1 ] && [ "$(wc -l < err)" = 1 ] && grep -q '^tessera: error: 3 of the 12 frames of gaps.nxs are missing.*--allow-missing' err ||
    fail "gaps: exit code $code: $(cat err)"
cp gaps.nxs first.nxs
merged "gaps allowed" gaps.nxs stopped.nxs gone.nxs $parts/a.nxs --overwrite --allow-missing
[ "$(images_of first.nxs)" = "$(images_of gaps.nxs)" ] || fail "gaps: another file without --allow-missing"
grep -q '^complete   9: 0:5, 7:9, 10:12$' out && grep -q '^missing    3: 5:7, 9$' out || fail "gaps: $(cat out)"
grep -q 'part gone.nxs is missing' out && grep -q 'stopped.nxs is not there; .*\.partial' out || fail "gaps: $(cat out)"
$python - gaps.nxs whole.nxs << 'P' || fail "gaps: values"
import h5py, numpy, sys
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as whole:
    missing = [5, 6, 9]
    for name in "entry/data/data", "entry/simulation/images/expected_photons":
        image, want = f[name][:], whole[name][:]
        want[missing] = -1
        assert (image == want).all(), name
    table = f["entry/simulation/frames"]
    assert list(table["status"][:]) == [0 if i in missing else 2 for i in range(12)]
    assert list(table["number"][:]) == list(range(12))
    assert numpy.isnan(table["sum_photons"][:][missing]).all() and list(table["part"][:][missing]) == [-1] * 3
    for name in "phi", "phi_end", "phi_increment_set":  # known without the images
        path = "entry/sample/transformations/" + name
        assert numpy.allclose(f[path][:], whole[path][:], rtol=0, atol=1e-12), name
    assert list(f["entry/data/frame"][:]) == list(range(1, 13)) and "end_time" not in f["entry"]
P
code=0
"$TESSERA" simulate "${sweep[@]}" --output gaps.nxs --resume > out 2> err || code=$?
[ $code = 2 ] && grep -q 'merged from parts' err || fail "gaps: a resume took a master with gaps for done: $(cat err)"

# A slice; overlapping parts with the same images; a name with a percent sign and a blank.
cp $parts/a.nxs 'a 100%b.nxs'
simulate --frames 3:7 --output overlap.nxs
merged slice slice.nxs 'a 100%b.nxs' overlap.nxs --frames 2:6
grep -q '^complete   4: 2:6$' out && grep -q '2 frames of overlap.nxs are in other parts as well' out || fail "slice: $(cat out)"
simulate --frames 2:6 --output two_to_six.nxs
[ "$(images_of slice.nxs)" = "$(images_of two_to_six.nxs)" ] || fail "slice: other images"
[ "$(labels slice.nxs)" = "$(labels two_to_six.nxs)" ] || fail "slice: other labels"

# Nothing is written where something is wrong.
"$TESSERA" simulate "${sweep[@]}" --quiet --frames 5:6 --beam.fluence=2e32 --sweep.width=0.25 --output other.nxs
refused "other parameters" '2 differences: beam.fluence is "2e32" in other.nxs and "1e32" in .*sweep.width is "0.25" in other' \
    x.nxs $parts/a.nxs other.nxs
sed 's/ 0$/ 0.0/' "$inputs/2erl_P1.hkl" | head -n 2000 > other.hkl
"$TESSERA" simulate "${sweep[@]}" --quiet --frames 5:6 --crystal.structure_factors=other.hkl --output factors.nxs
refused "other input" 'crystal.structure_factors is "[0-9a-f]*" in factors.nxs' x.nxs $parts/a.nxs factors.nxs
cp $parts/b.nxs forged.nxs
$python - forged.nxs << 'P'
import h5py, sys
with h5py.File(sys.argv[1], "r+") as f: f["entry/simulation/frames/crc32"][0] += 1
P
refused "two versions" 'frame 5 is in .*b.nxs and in forged.nxs with different images' x.nxs $parts/b.nxs forged.nxs
refused "twice" 'are one file; name it once' x.nxs $parts/a.nxs $parts/../parts/a.nxs
refused "merged before" 'was itself merged' x.nxs slice.nxs
refused "not ours" 'was not written by tessera' x.nxs "$SOURCE/golden/g18_nopolar.h5"
head -c 3000 $parts/a.nxs > torn.nxs
refused "damaged" 'torn.nxs cannot be read as HDF5.*render that part again, or leave it out' x.nxs torn.nxs $parts/b.nxs
refused "no part" 'none of the parts exists' x.nxs gone.nxs
refused "output exists" 'slice.nxs exists; add --overwrite' slice.nxs $parts/a.nxs
refused "output is a part" 'OUT.nxs, .*a.nxs, would replace what is read as PART.nxs' $parts/a.nxs $parts/a.nxs --overwrite
refused "partial is a part" 'OUT.nxs, stopped.nxs.partial, would replace what is read as PART.nxs' stopped.nxs stopped.nxs.partial --overwrite
refused "no parts named" 'needs a name for the master and its parts' x.nxs
refused "frames outside" 'must lie within this sweep.s frames 0:12' x.nxs $parts/a.nxs --frames 8:13
refused "frames of no part" 'no part has a complete frame of 8:9' x.nxs $parts/a.nxs --frames 8:9
refused "bad frames" '--frames is "8"; it must be A:B' x.nxs $parts/a.nxs --frames=8
refused "unknown option" 'did you mean "--overwrite"' x.nxs $parts/a.nxs --overwrit
merged overwritten slice.nxs $parts/a.nxs --overwrite --frames 0:2
code=0
"$TESSERA" merge no/where.nxs $parts/a.nxs > out 2> err || code=$?
[ $code = 3 ] && grep -q 'mkdir -p no' err || fail "no folder: exit code $code: $(cat err)"

# Frames that differ in their beam: the parts hold a value for each of their frames, though one's are those of the first.
differing=("${small_case[@]}" --sweep.kind=matrix --sweep.matrix="beam.wavelength=1.0,1.1;beam.fluence=1e28,2e28;crystal.cells[0]=5,6")
for frames in 0:8 0:1 1:8; do
    "$TESSERA" simulate "${differing[@]}" --frames $frames --quiet --output differing-${frames/:/-}.nxs || fail "matrix $frames"
done
merged differing differing.nxs differing-0-1.nxs differing-1-8.nxs
for name in /entry/instrument/beam/incident_wavelength /entry/instrument/beam/flux_integrated $table/crystal_N $table/beam.wavelength; do
    [ "$("$TOOLS/dataset_sha256" differing.nxs $name)" = "$("$TOOLS/dataset_sha256" differing-0-8.nxs $name)" ] || fail "merged: $name"
done
[ "$(images_of differing.nxs)" = "$(images_of differing-0-8.nxs)" ] || fail "merged: frames that differ have other images"

# Frames of several crystals have a row for each of them; a frame that no part has has none.
printf 'frame,weight,q0,q1,q2,q3\n0,1,1,0,0,0\n0,0.5,0,1,0,0\n1,1,1,0,0,0\n2,1,0,0,1,0\n2,2,0,0,0,1\n2,3,1,1,0,0\n' > list.csv
for frames in 0:3 0:1 1:3 1:2; do
    "$TESSERA" simulate "${small_case[@]}" --sweep.kind=list --sweep.file=list.csv --frames $frames --quiet \
        --output crowded-${frames/:/-}.nxs || fail "list $frames"
done
merged crowded crowded.nxs crowded-1-3.nxs crowded-0-1.nxs
for name in number weight ub_matrix; do
    [ "$("$TOOLS/dataset_sha256" crowded.nxs $table/crystals/$name)" = "$("$TOOLS/dataset_sha256" crowded-0-3.nxs $table/crystals/$name)" ] ||
        fail "merged: crystals/$name"
done
[ "$(images_of crowded.nxs)" = "$(images_of crowded-0-3.nxs)" ] || fail "merged: frames of several crystals have other images"
merged "a slice of crystals" few.nxs crowded-0-1.nxs crowded-1-3.nxs --frames 1:3
[ "$(values_of few.nxs $table/crystals/weight | tr '\n' ' ')" = '1 1 2 3 ' ] || fail "a slice: other crystals"
merged "missing crystals" lacking.nxs crowded-1-2.nxs crowded-0-1.nxs --allow-missing
[ "$(values_of lacking.nxs $table/crystals/number | tr '\n' ' ')" = '0 0 1 ' ] || fail "missing frames: other crystals"
finish

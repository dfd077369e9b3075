#!/usr/bin/env bash
# Files of frames: NAME.nxs shows what NAME_data_000001.h5 and so on hold, compressed as they are written; the images and the
# rest are those of a file that holds all by itself, on any number of ranks. What is missing or damaged is named.
# Environment: FRAMES (2000; long 100000) of a sweep that shows what a frame costs.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
frames=${FRAMES:-2000}
sweep=("${small_case[@]}" --sweep.kind=random --sweep.count=11 --run.wave=2 --quiet)
files=(--output.frames_per_file=3)
text_of() { h5dump -y -d "$2" "$1" | sed -n 's/^ *"\(.*\)" *$/\1/p'; }
"$TESSERA" simulate "${sweep[@]}" --output reference.nxs || fail "reference"
reference=$(images_of reference.nxs)

# ---- the same file
same() { # same NAME RANKS REFERENCE OPTION...
    local name=$1 ranks=$2 whole=$3
    shift 3
    on_ranks "$ranks" "$TESSERA" simulate "$@" --output "$name.nxs" || fail "$name: exit code $?"
    "$python" "$SOURCE/tests/support/same_rest.py" "$whole" "$name.nxs" > "$name.differences" || fail "$name: $(cat "$name.differences")"
    [ "$(images_of "$name.nxs")" = "$(images_of "$whole")" ] || fail "$name: other images"
    [ "$(text_of "$name.nxs" /entry/simulation/environment/writer)" = files ] || fail "$name: the writer's name"
    [ -z "$(find . -name "${name}_data_*.partial")" ] || fail "$name: something is left in work"
}
for ranks in 0 1 2 3 4 5 6 7; do for how in bitshuffle deflate none; do
    [[ $how = bitshuffle || $ranks != [46] ]] || continue
    later same "whole_${ranks}_$how" $ranks reference.nxs "${sweep[@]}" "${files[@]}" --output.compression=$how --run.wave=8
    [ $how = none ] || later same "tiles_${ranks}_$how" $ranks reference.nxs "${sweep[@]}" "${files[@]}" --output.compression=$how --run.tile=16
done; done
wait
for shape in --run.tile=33+--run.shards=2 --output.images=expected --output.images=counts --detector.roi=20,60,10,50+--run.tile=16; do
    # shellcheck disable=SC2206 # a list of words
    options=(${shape//+/ })
    name=shape_$((number = ${number:-0} + 1))
    "$TESSERA" simulate "${sweep[@]}" "${options[@]}" --output $name.nxs || fail "$shape: exit code $?"
    for ranks in 2 5; do
        later same "${name}_$ranks" $ranks $name.nxs "${sweep[@]}" "${options[@]}" --output.frames_per_file=4 --output.compression=bitshuffle
    done
    wait
done
h5dump -H -p -d /entry/data/data whole_2_bitshuffle_data_000002.h5 | grep -q 32008 || fail "not packed by bitshuffle"
h5dump -H -p -d /entry/data/data whole_2_deflate_data_000002.h5 | grep -q DEFLATE || fail "not packed by deflate"
[ "$(find . -name 'whole_3_none_data_00000?.h5' | wc -l)" = 4 ] || fail "11 frames are not in 4 files"

# ---- all ranks make the same calls, and messages match: looked at where one thread calls MPI
if ! ldd "$TESSERA" | grep -q libasan; then # which must come before what is preloaded
    for shape in "--run.wave=8" "--run.tile=16 --run.shards=2"; do
        # shellcheck disable=SC2086 # a list of words
        on_ranks 3 env LD_PRELOAD="$TOOLS/libfile_calls.so $TOOLS/libmpi_check.so" FILE_CALLS_THREADS=1 "$TESSERA" simulate "${sweep[@]}" "${files[@]}" \
            --run.verbosity=normal $shape --output.compression=bitshuffle --output checked.nxs --overwrite > out 2>&1 || fail "checked $shape: $(cat out)"
        grep -q 'between waves, not beside them' out || fail "checked $shape: more than one thread calls MPI"
        [ "$(images_of checked.nxs)" = "$reference" ] || fail "checked $shape: other images"
    done
fi

# ---- other programs, and a folder that moves
mkdir before
mv whole_2_bitshuffle.nxs whole_2_bitshuffle_data_*.h5 before # HDF5 looks in the working folder too
mv before moved
"$python" - reference.nxs moved/whole_2_bitshuffle.nxs << 'P' || fail "h5py reads something else"
import sys, h5py
a, b = (h5py.File(name, locking=False)["entry/data"] for name in sys.argv[1:])
assert (a["data"][:] == b["data"][:]).all()
assert (a["data"][3:6] == b["data_000002"][:]).all() and b["data_000002"].attrs["image_nr_low"] == 4
P

# ---- what is missing or damaged
look() { # look WORDS: describe names the file and its frames
    "$TESSERA" describe moved/whole_2_bitshuffle.nxs > out 2>&1 || fail "$1: $(cat out)"
    grep -q 'missing    3: 3:6' out && grep -q "whole_2_bitshuffle_data_000002.h5: .*$1" out || fail "$1: $(cat out)"
    ! "$TESSERA" export moved/whole_2_bitshuffle.nxs --frame 4 --format cbf --output x_0004.cbf > out 2>&1 || fail "$1: a lost frame was exported"
    grep -q "data_000002.h5" out || fail "$1: export does not name it: $(cat out)"
}
part=moved/whole_2_bitshuffle_data_000002.h5
mv $part whole.h5
look "No such file"
! "$TESSERA" compare moved/whole_2_bitshuffle.nxs#4 reference.nxs#4 > out 2>&1 || fail "compare: a lost frame is like a whole one"
grep -q "data_000002.h5 is missing" out || fail "compare: $(cat out)"
! "$TESSERA" compress moved/whole_2_bitshuffle.nxs --with deflate > out 2>&1 || fail "compress: of a lost frame"
grep -q "data_000002.h5" out || fail "compress: $(cat out)"
head -c 60000 whole.h5 > $part
look "truncated"
cp moved/whole_2_bitshuffle_data_000001.h5 $part
look "other images"
"$python" - whole.h5 $part << 'P' || fail "cannot damage it"
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 16 # within the chunks
open(sys.argv[2], "wb").write(data)
P
! "$TESSERA" describe --verify moved/whole_2_bitshuffle.nxs > out 2>&1 || fail "verify: $(cat out)"
grep -q 'differ from their CRC-32: [345];' out || fail "verify: $(cat out)"
"$TESSERA" simulate "${sweep[@]}" "${files[@]}" --output.compression=deflate --output moved/whole_2_bitshuffle.nxs --resume --run.verify=true > out ||
    fail "not mended: exit code $?"
[ "$(images_of moved/whole_2_bitshuffle.nxs)" = "$reference" ] || fail "mended: other images"
(ulimit -n 40; "$TESSERA" describe moved/whole_2_bitshuffle.nxs) > out 2>&1 && fail "with 40 files: $(cat out)"
grep -q "may open 40: raise that limit" out || fail "with 40 files: $(cat out)"

# ---- one file again, and masters of masters
cp whole_3_deflate.nxs packed.nxs
"$TESSERA" compress packed.nxs --with bitshuffle > out || fail "compress: exit code $?"
mkdir alone && mv packed.nxs alone && [ "$(images_of alone/packed.nxs)" = "$reference" ] || fail "compress: other images"
mkdir parts
"$TESSERA" simulate "${sweep[@]}" --output.frames_per_file=2 --output.compression=bitshuffle --frames 0:5 --output parts/a.nxs || fail "part a"
"$TESSERA" simulate "${sweep[@]}" --output.frames_per_file=4 --output.compression=deflate --frames 5:11 --output parts/b.nxs || fail "part b"
"$TESSERA" merge all.nxs parts/a.nxs parts/b.nxs > out || fail "merge: exit code $?"
[ "$(images_of all.nxs)" = "$reference" ] || fail "merge: other images"
rm parts/b_data_000001.h5
"$TESSERA" describe all.nxs > out && grep -q 'missing    4: 5:9' out && grep -q 'parts/b_data_000001.h5' out || fail "merge: $(cat out)"

# ---- names that are taken
code=0
"$TESSERA" simulate "${sweep[@]}" "${files[@]}" --frames 5:11 --output parts/a.nxs.nxs 2> err || fail "another name: $(cat err)"
echo "somebody's" > parts/c_data_000002.h5
for option in "" --overwrite; do
    code=0
    "$TESSERA" simulate "${sweep[@]}" "${files[@]}" $option --output parts/c.nxs 2> err || code=$?
    [ $code = 2 ] && grep -q 'c_data_000002.h5 exists' err && [ ! -e parts/c.nxs.partial ] || fail "taken $option: exit code $code: $(cat err)"
done
"$TESSERA" simulate "${sweep[@]}" "${files[@]}" --overwrite --output parts/a.nxs || fail "overwrite: exit code $?"
[ "$(images_of parts/a.nxs)" = "$reference" ] || fail "overwrite: other images"

# ---- without the plugin
HDF5_PLUGIN_PATH=/nowhere "$TESSERA" simulate "${sweep[@]}" "${files[@]}" --run.verbosity=normal --output.compression=bitshuffle --output plain.nxs > out || fail "no plugin: $?"
grep -q 'note: output.compression=deflate, as .*bitshuffle plugin' out || fail "no plugin: no note"
[ "$(images_of plain.nxs)" = "$reference" ] || fail "no plugin: other images"
HDF5_PLUGIN_PATH=/nowhere "$TESSERA" describe --verify whole_3_bitshuffle.nxs > out 2>&1 && fail "no plugin: verified"
grep -q 'plug-in HDF5 does not find' out || fail "no plugin: $(cat out)"

# ---- stopped, and gone on with by others, in other ways
slow=("${small_case[@]}" --sampling.oversample=9 --sweep.kind=random --sweep.count=120 --run.wave=4 --quiet)
"$TESSERA" simulate "${slow[@]}" --output slow.nxs || fail "slow"
# shellcheck disable=SC2086 # a list of words
$MPIEXEC -n 2 "$TESSERA" simulate "${slow[@]}" --output.frames_per_file=50 --output.compression=bitshuffle --output stopped.nxs 2> err &
launcher=$!
until grep -qs '"frames_done": *[1-9][0-9]' stopped.nxs.progress.json; do kill -0 $launcher 2> /dev/null || break; sleep 0.05; done
kill -TERM $launcher
wait $launcher
[ -e stopped.nxs.partial ] || fail "stopped: there is no .partial"
kept=$(values_of stopped.nxs.partial /entry/simulation/frames/status | grep -c '^2$')
[ "$kept" -gt 9 ] && [ "$((kept % 50))" != 0 ] || fail "stopped: $kept frames were kept"
on_ranks 3 "$TESSERA" simulate "${slow[@]}" --output.writer=direct --output.compression=deflate --output stopped.nxs --resume 2> err || fail "resumed: $(cat err)"
[ "$(images_of stopped.nxs)" = "$(images_of slow.nxs)" ] || fail "resumed: other images"
"$TESSERA" describe --verify stopped.nxs > out || fail "resumed: $(cat out)"

# ---- what a frame costs: memory and time do not grow with their number
# shellcheck disable=SC2054 # words with commas
tiny=(--crystal.cell=50,50,50,90,90,90 --crystal.default_f=10 --crystal.cells=3 --beam.wavelength=1 --detector.distance=100
    --detector.pixel_size=1 --detector.fast_pixels=16 --detector.slow_pixels=16 --sampling.oversample=1 --sweep.kind=random
    --output.images=counts --output.compression=bitshuffle --output.frames_per_file=$((frames / 20)) --quiet)
for count in $((frames / 100)) $((frames / 10)) "$frames"; do
    /usr/bin/time -f '%e %M' -o "cost_$count" "$TESSERA" simulate "${tiny[@]}" --sweep.count="$count" --output cost.nxs --overwrite || fail "$count frames"
done
read -r fewest_s _ < "cost_$((frames / 100))"
read -r few_s few_kib < "cost_$((frames / 10))"
read -r many_s many_kib < "cost_$frames"
echo "$((frames / 10)) frames: $few_s s, $few_kib KiB; $frames frames: $many_s s, $many_kib KiB"
[ "$many_kib" -lt $((few_kib + 16384 + frames)) ] || fail "memory grows: $few_kib, then $many_kib KiB"
# the cost of a frame beyond those of a tenth, as of these beyond a hundredth: seen where there are enough of them
[ "$frames" -lt 50000 ] || awk -v n="$frames" -v a="$fewest_s" -v b="$few_s" -v c="$many_s" 'BEGIN {
    early = (b - a) / (0.09 * n); late = (c - b) / (0.9 * n)
    printf "a frame costs %.3g us, then %.3g us\n", 1e6 * early, 1e6 * late; exit !(late < 1.5 * early) }' || fail "a frame costs more in longer series"
/usr/bin/time -f %e -o described "$TESSERA" describe cost.nxs > out || fail "describe: exit code $?"
awk '{ exit $1 < 2 ? 0 : 1 }' described || fail "describe takes $(cat described) s"
finish

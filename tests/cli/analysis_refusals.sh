#!/usr/bin/env bash
# The five programs of analysis/ without numpy, h5py or matplotlib, on images of zeros, on files that are none of theirs, and into
# pipes that nobody reads: one line that says what to do, never a traceback.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
"$TESSERA" simulate "${gauss_case[@]}" --sampling.oversample=1 --output.images=expected --detector.fast_pixels=128 \
    --detector.slow_pixels=120 --sweep.kind=random --sweep.count=2 --output good.nxs || fail "simulate"
declare -A arguments=([compare_sweeps]="good.nxs FILE" [merge_frames]="FILE" [show_frame]="FILE 0" [sweep_report]="FILE"
    [training_set]="FILE --output set")
"$python" "$SOURCE/analysis/show_frame.py" --help | grep -q -- '--frame' && arguments[show_frame]="FILE --frame 0"
try() { # try WHAT CODES FILE ENVIRONMENT...: each program; the file out and err are of the last
    local what=$1 codes=$2 file=$3 name code
    shift 3
    for name in "${!arguments[@]}"; do
        code=0
        rm -rf set
        # shellcheck disable=SC2086 # a list of words
        env "$@" "$python" "$SOURCE/analysis/$name.py" ${arguments[$name]//FILE/$file} > out 2> err || code=$?
        [[ " $codes " == *" $code "* ]] || fail "$what, $name: exit code $code: $(cat err)"
        ! grep -q 'Traceback\|Exception ignored\|Warning' err || fail "$what, $name: $(cat err)"
        [ $code = 0 ] || [ $code = 1 ] || [ "$(wc -l < err)" = 1 ] || fail "$what, $name: not one line: $(cat err)"
        [ -z "${text:-}" ] || grep -q -- "$text" err || fail "$what, $name: \"$text\" is not in: $(cat err)"
    done
}
try "a good file" "0 1" good.nxs A=b
mkdir block
cat > block/sitecustomize.py << 'P'
import os, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == os.environ.get("MISSING"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Missing())
P
for module in numpy h5py matplotlib; do
    text="apt install python3-$module" try "without $module" 2 good.nxs PYTHONPATH="$PWD/block:$PYTHONPATH" MISSING=$module
done
"$python" - << 'P' || fail "the files"
import h5py, shutil
for name, change in (("zeros", lambda f: f["entry/data/data"].write_direct(0 * f["entry/data/data"][()])),
                     ("negative", lambda f: f["entry/data/data"].write_direct(0 * f["entry/data/data"][()] - 1)),
                     ("unfinished", lambda f: f["entry/simulation/frames/status"].__setitem__(slice(None), 0)),
                     ("no_table", lambda f: f["entry/simulation"].__delitem__("frames")),
                     ("text_images", lambda f: (f["entry/data"].__delitem__("data"), f["entry/data"].__setitem__("data", "images"))),
                     ("no_frames", lambda f: (f["entry/data"].__delitem__("data"), f["entry/data"].create_dataset("data", (0, 8, 8))))):
    shutil.copy("good.nxs", name + ".nxs")
    with h5py.File(name + ".nxs", "r+") as file: change(file)
open("text.nxs", "w").write("no HDF5\n")
P
try "zeros" "0 1 2" zeros.nxs A=b
for file in negative unfinished no_table text_images no_frames text absent; do
    try "$file" "0 1 2" $file.nxs A=b
done
for name in "${!arguments[@]}"; do
    rm -rf set
    # shellcheck disable=SC2086 # a list of words
    "$python" "$SOURCE/analysis/$name.py" ${arguments[$name]//FILE/good.nxs} 2> err | true
    code=${PIPESTATUS[0]}
    [ "$code" -le 1 ] && [ ! -s err ] || fail "$name | true: exit code $code: $(cat err)"
    "$python" "$SOURCE/analysis/$name.py" --help 2> err | true
    code=${PIPESTATUS[0]}
    [ "$code" = 0 ] && [ ! -s err ] || fail "$name --help | true: exit code $code: $(cat err)"
done
code=0
"$python" "$SOURCE/analysis/sweep_report.py" good.nxs > /dev/full 2> err || code=$?
[ $code = 3 ] && [ "$(wc -l < err)" = 1 ] || fail "/dev/full: $code, $(cat err)"
finish

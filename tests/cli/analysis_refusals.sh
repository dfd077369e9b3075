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
# The programs in children of one interpreter that has loaded their modules, which takes ten times as long as they do; what they do to
# end is the interpreter's own. A line of the input: NAME READER ARGUMENTS; READER false: nobody reads the output.
cat > children.py << 'P'
import os, runpy, sys
import h5py, matplotlib, matplotlib.pyplot, numpy
for line in sys.stdin:
    name, reader, *arguments = line.split()
    read, write = os.pipe()
    os.close(read)
    child = os.fork()
    if child == 0:
        if reader == "false": os.dup2(write, 1)
        else: os.dup2(os.open("out_" + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(os.open("err_" + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.close(write)
        folder = os.environ["SOURCE"] + "/analysis/"
        sys.argv, sys.path[0] = [folder + name + ".py", *arguments], folder
        break
    os.close(write)
    print(name, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
runpy.run_path(sys.argv[0], run_name="__main__")
P
judge() { # judge WHAT NAME CODE CODES
    local err=err_$2
    [[ " $4 " == *" $3 "* ]] || fail "$1, $2: exit code $3: $(cat "$err")"
    ! grep -q 'Traceback\|Exception ignored\|Warning' "$err" || fail "$1, $2: $(cat "$err")"
    [ "$3" = 0 ] || [ "$3" = 1 ] || [ "$(wc -l < "$err")" = 1 ] || fail "$1, $2: not one line: $(cat "$err")"
    [ -z "${text:-}" ] || grep -q -- "$text" "$err" || fail "$1, $2: \"$text\" is not in: $(cat "$err")"
}
try() { # try WHAT CODES FILE: each program
    local name code count=0
    rm -rf set
    for name in "${!arguments[@]}"; do echo "$name true ${arguments[$name]//FILE/$3}"; done | "$python" children.py > codes
    while read -r name code; do judge "$1" "$name" "$code" "$2"; count=$((count + 1)); done < codes
    [ $count = ${#arguments[@]} ] || fail "$1: $count programs ran"
}
without() { # without MODULE: each program in an interpreter of its own
    local name code
    for name in "${!arguments[@]}"; do
        code=0
        # shellcheck disable=SC2086 # a list of words
        env PYTHONPATH="$PWD/block:$PYTHONPATH" MISSING="$1" "$python" "$SOURCE/analysis/$name.py" ${arguments[$name]//FILE/good.nxs} \
            > "out_$name" 2> "err_$name" || code=$?
        text="apt install python3-$1" judge "without $1" "$name" $code 2
    done
}
try "a good file" "0 1" good.nxs
mkdir block
cat > block/sitecustomize.py << 'P'
import os, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == os.environ.get("MISSING"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Missing())
P
for module in numpy h5py matplotlib; do without $module; done
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
try "zeros" "0 1 2" zeros.nxs
for file in negative unfinished no_table text_images no_frames text absent; do
    try "$file" "0 1 2" $file.nxs
done
unread() { # unread MOST_CODE WHAT: each program with these arguments, or its own
    local name code count=0
    rm -rf set
    for name in "${!arguments[@]}"; do echo "$name false ${2:-${arguments[$name]//FILE/good.nxs}}"; done | "$python" children.py > codes
    while read -r name code; do
        [ "$code" -ge 0 ] && [ "$code" -le "$1" ] && [ ! -s "err_$name" ] || fail "$name $2 without a reader: exit code $code: $(cat "err_$name")"
        count=$((count + 1))
    done < codes
    [ $count = ${#arguments[@]} ] || fail "without a reader: $count programs ran"
}
unread 1 ''
unread 0 --help
code=0
"$python" "$SOURCE/analysis/sweep_report.py" good.nxs > /dev/full 2> err || code=$?
[ $code = 3 ] && [ "$(wc -l < err)" = 1 ] || fail "/dev/full: $code, $(cat err)"
finish

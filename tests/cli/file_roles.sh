#!/usr/bin/env bash
# No command writes a file under one name that it reads or writes under another: every pair of the roles that the program prints
# (tessera --file-roles), in every spelling, is refused before any byte of any file has changed. And the list is whole: what is opened
# during runs is in it.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
tiny_case=("${small_case[@]}" --crystal.mosaic_domains=2 --detector.fast_pixels=24 --detector.slow_pixels=20)
sweep=("${tiny_case[@]}" --sweep.kind=random --sweep.count=4 --run.wave=1)
"$TESSERA" simulate "${sweep[@]}" --frames 0:2 --output a.nxs --quiet || fail simulate
"$TESSERA" simulate "${sweep[@]}" --frames 2:4 --output b.nxs --quiet || fail simulate
mkdir masters
"$TESSERA" merge masters/whole.nxs a.nxs b.nxs > out || fail merge
"$TESSERA" --file-roles > roles || fail "--file-roles"

cat > pairs.py << 'P'
import hashlib
import itertools
import os
import shutil
import subprocess
import sys

tessera = os.environ["TESSERA"]
size = ["--detector.fast_pixels=24", "--detector.slow_pixels=20", "--crystal.cell=30,40,50", "--crystal.default_f=100"]
roles = {}
for line in open("roles"):
    command, use, name, *endings = line.rstrip("\n").split("\t")
    roles.setdefault(command, []).append((name, endings if use == "written" else None))


def spell(index, name):
    """The same file by another name; some need that it exists."""
    way = index % 6
    if way == 1:
        return "./" + name
    if way == 2:
        return "other/../" + name
    if way == 3:
        return os.path.abspath(name)
    if way == 4:
        return "here/" + name  # a link to this folder
    if way == 5 and os.path.exists(name):
        os.link(name, "hard_" + name) if index % 12 == 5 else os.symlink(name, "hard_" + name)
        return "hard_" + name
    return name


def arguments(command, use):
    """The command line with these (role, file name) of a pair, the base name where several belong to it."""
    use, line = dict(use), []
    if command in ("simulate", "plan", "nanobragg"):
        line = [command] + ([use.pop("RUN.yaml")] if "RUN.yaml" in use else [])
        if command == "nanobragg":
            line += ["-hkl", use.pop("crystal.structure_factors")] if "crystal.structure_factors" in use else ["-default_F", "100"]
            line += ["-cell", "30", "40", "50", "90", "90", "90", "-N", "5", "-detpixels", "24"]
        line += [f"--{role}={name}" for role, name in use.items()]
        line += [] if command == "nanobragg" else [f"{a}" for a in size if not ("structure_factors" in str(use) and "default_f" in a)]
        line += [] if "run.output" in use else ["--output", "out.nxs"]
        return line + (["--run.trace_pixel=3,4"] if "run.trace_file" in use else [])
    if command == "merge":
        return ["merge", use["OUT.nxs"], "../a.nxs", use["PART.nxs"], "--overwrite"]
    if command == "export":
        return ["export", use["FILE.nxs"], "--format", "raw", "--output", use["--output"], "--overwrite"]
    if command == "benchmark":
        line = ["benchmark", "--sizes", "16", "--iterations", "1", "--keep-artifacts", use["--keep-artifacts"]]
        for role, name in use.items():
            if role != "--keep-artifacts":
                line += [role, name if role != "--reference" else "./" + name]
        return line
    return None


def contents(name):
    """What must lie under the name for the command to come as far as its outputs."""
    return {"RUN.yaml": "../run.yaml", "--case": "../run.yaml", "FILE.nxs": "../b.nxs", "PART.nxs": "../b.nxs",
            "--reference": "../reference.sh"}.get(name, "../precious")


def state():
    return {name: (os.lstat(name).st_ino, hashlib.sha256(open(name, "rb").read()).hexdigest())
            for name in os.listdir(".") if not os.path.isdir(name)}


def fresh():
    os.chdir("..")
    shutil.rmtree("work", ignore_errors=True)
    os.makedirs("work/other")
    os.chdir("work")
    os.symlink(".", "here")


def refused(line, names):
    before = state()
    made = subprocess.run([tessera] + line, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if made.returncode != 2 or made.stderr.count("tessera: error: ") != 1 or not all(n in made.stderr for n in names) \
            or "one file" not in made.stderr or "another name" not in made.stderr:
        print(f"FAILED: {' '.join(line)}: exit code {made.returncode}: {made.stderr}")
    elif state() != before:
        print(f"FAILED: {' '.join(line)}: files have changed: {before} {state()}")


def stem(name, ending):
    """A base name whose file with this ending is `name`."""
    return name[: len(name) - len(ending)] if ending else name


tried = 0
open("precious", "w").write("precious\n")
open("reference.sh", "w").write("#!/bin/sh\nexit 0\n")
os.chmod("reference.sh", 0o755)
open("run.yaml", "w").write("crystal: {cells: 5}\n")
os.makedirs("work", exist_ok=True)
os.chdir("work")
for command, all_roles in roles.items():
    for (first, first_endings), (second, second_endings) in itertools.combinations(all_roles, 2):
        if first_endings is None and second_endings is None:
            continue
        if first_endings is not None and second_endings is None:
            (first, first_endings), (second, second_endings) = (second, second_endings), (first, first_endings)
        both = [(a, b) for a in (first_endings or [""]) for b in second_endings if a.endswith(b) or b.endswith(a)]
        if command in ("plan", "nanobragg"):
            both = both[:1]
        for one, other in both:
            fresh()
            longer = max(one, other, key=len)
            if command == "benchmark":
                os.makedirs("kept", exist_ok=True)
                shared, base = "kept" + other, {"--keep-artifacts": "./kept", first: "kept" + other}
                if first == "--case" and not shared.endswith((".yaml", ".yml")):
                    continue  # a case is a run file by its ending
            else:
                shared = "shared" + longer
                base = {first: stem(shared, one), second: stem(shared, other)}
            if first_endings is None:  # something to lose; of two outputs, every second time
                shutil.copy(contents(first), shared)
            elif tried % 2 == 0:
                shutil.copy(contents("output"), shared)
            if command != "benchmark":
                base[first if one == "" else second] = spell(tried, base[first if one == "" else second])
            line = arguments(command, base.items())
            if line is None:
                continue
            if command in ("simulate", "plan", "nanobragg") and tried % 3 == 0:
                line.append("--overwrite")
            refused(line, ["run file" if n == "RUN.yaml" else n for n in (first, second)])
            tried += 1
# what a file shows through virtual datasets
for line, role in ((["export", "../masters/whole.nxs", "--format", "raw", "--output", "../b.nxs", "--overwrite"], "a part of FILE.nxs"),
                   (["simulate", *size, "--sweep.file=../masters/list.h5", "--sweep.kind=list", "--output", "../masters/part.h5", "--overwrite"],
                    "a part of sweep.file")):
    fresh()
    before = [hashlib.sha256(open(name, "rb").read()).hexdigest() for name in ("../b.nxs", "../masters/part.h5")]
    refused(line, [role])
    assert before == [hashlib.sha256(open(name, "rb").read()).hexdigest() for name in ("../b.nxs", "../masters/part.h5")]
shutil.copy("../masters/whole.nxs", "packed.nxs")
print(f"{tried} pairs")
sys.exit(tried < 400)
P
"$python" - << 'P' || fail "a list through a virtual dataset"
import h5py
import numpy as np
with h5py.File("masters/part.h5", "w") as part:
    part["fluence"] = np.array([1e28, 2e28])
with h5py.File("masters/list.h5", "w") as file:
    layout = h5py.VirtualLayout((2,), "f8")
    layout[:] = h5py.VirtualSource("part.h5", "fluence", (2,))
    file.create_virtual_dataset("beam.fluence", layout)
P
"$python" pairs.py > pairs 2>&1 || fail "the pairs: $(tail -n 5 pairs)"
! grep -q FAILED pairs || fail "$(grep -c FAILED pairs) pairs: $(grep -m 5 FAILED pairs)"
tail -n 1 pairs

# ------------------------------------------------------------------------------------------- what is opened is in the list
mkdir told && cd told || exit
tell() { # tell COMMAND...: what it opens in this folder is in a role of its command; words that begin with ./ are its files
    rm -f log
    env LD_PRELOAD="$TOOLS/libtell_files.so" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 TELL_LOG="$PWD/log" "$@" > out 2> err ||
        fail "$*: exit code $?: $(cat err)"
    for argument; do [ "$argument" != "$TESSERA" ] || seen=yes; [ -z "${seen-}" ] || printf '%s\n' "$argument"; done > words
    seen=
    "$python" - << 'P' || fail "$*: files that are in no role"
import os
import re
words = open("words").read().splitlines()
command = words[1]
endings, reads = {""}, set()
for line in open("../roles"):
    c, use, name, *all_endings = line.rstrip("\n").split("\t")
    if c == command: endings |= set(all_endings)
files = {re.sub(r"^--?[\w.]+=", "", word) for word in words if "./" in word}
allowed = {os.path.normpath(file + ending) for file in files for ending in endings}
here = os.getcwd() + "/"
bad = set()
for line in open("log"):
    use, name = line.rstrip("\n").split(" ", 1)
    path = os.path.normpath(os.path.join(here, name))
    if not path.startswith(here) or os.path.isdir(path): continue
    if re.search(r"\.lock\.\w{6}$|/kept/preview_", path): continue  # a name that nothing has
    name = os.path.relpath(path, here)
    if name not in allowed and not re.sub(r"\d+(?=\.\w+)", "#", name) in {re.sub("#+", "#", a) for a in allowed}: bad.add((use, name))
print(*bad, sep="\n")
raise SystemExit(bool(bad) or len(open("log").readlines()) < 3)
P
}
cp "$inputs/2erl_P1.hkl" "$inputs/2erl_lam1.2.mat" .
cp ../a.nxs ../b.nxs .
here_case=("${sweep[@]}" --crystal.structure_factors=./2erl_P1.hkl --crystal.matrix=./2erl_lam1.2.mat)
# shellcheck disable=SC2054 # the comma is in a value
outputs=(--output.float_file=./f --output.int_file=./i --output.noise_file=./n --output.pgm_file=./p --output.dump_file=./d --output.yaml_file=./y
    --run.trace_pixel=3,4 --run.trace_file=./t --run.trace=./tr)
tell "$TESSERA" simulate "${here_case[@]}" "${outputs[@]}" --output.compression=deflate --output ./x.nxs
"$TESSERA" simulate "${here_case[@]}" --output r.nxs --quiet
mv r.nxs r.nxs.partial
"$python" -c 'import h5py; h5py.File("r.nxs.partial", "r+")["entry/simulation/frames/status"][2:] = 0'
tell "$TESSERA" simulate "${here_case[@]}" --output ./r.nxs --resume
# shellcheck disable=SC2086 # a list of words
tell $MPIEXEC -n 2 "$TESSERA" simulate "${here_case[@]}" --run.stall_timeout=60 --output ./two.nxs
tell "$TESSERA" nanobragg -hkl ./2erl_P1.hkl -mat ./2erl_lam1.2.mat -lambda 1.2 -N 5 -distance 60 -detpixels 24 -floatfile ./nf -intfile ./ni -noisefile ./nn -pgmfile ./np
tell "$TESSERA" merge ./all.nxs ./a.nxs ./b.nxs
tell "$TESSERA" export ./a.nxs --frames all --format raw --output ./e_##.raw
tell "$TESSERA" compress ./a.nxs --with deflate
tell "$TESSERA" benchmark --sizes 16 --iterations 1 --profile --keep-artifacts ./kept
cd .. || exit

# --------------------------------------------------------------------------------------------- links: the file is replaced
mkdir links elsewhere && cd links || exit
"$TESSERA" simulate "${sweep[@]}" --output ../elsewhere/x.nxs --quiet || fail links
ln -s ../elsewhere/x.nxs x.nxs
code=0
"$TESSERA" simulate "${sweep[@]}" --output x.nxs --quiet 2> err || code=$?
[ $code = 2 ] && grep -q 'exists' err || fail "a link without --overwrite: exit code $code: $(cat err)"
"$TESSERA" simulate "${sweep[@]}" --crystal.cells=9 --output x.nxs --quiet --overwrite || fail "a link with --overwrite"
[ -L x.nxs ] && [ "$(echo ./*)" = "./err ./x.nxs" ] || fail "a link was replaced: $(ls -l . ../elsewhere)"
"$TESSERA" describe ../elsewhere/x.nxs | grep -q 'crystal.cells = 9' || fail "a link: what it leads to was not replaced"
"$TESSERA" compress x.nxs --with deflate --quiet || fail "compress through a link"
[ -L x.nxs ] || fail "compress replaced a link"
for name in f.bin e.raw; do echo old > ../elsewhere/$name; ln -s ../elsewhere/$name $name; done
"$TESSERA" simulate "${sweep[@]}" --output y.nxs --output.float_file=f.bin --overwrite --quiet || fail "a link as output.float_file"
"$TESSERA" export y.nxs --expected --output e.raw --overwrite --quiet || fail "export through a link"
cmp -s ../elsewhere/f.bin ../elsewhere/e.raw && [ -L f.bin ] && [ -L e.raw ] || fail "links to files of images: $(ls -l . ../elsewhere)"
ln -s ../masters/whole.nxs whole
"$TESSERA" merge whole ../a.nxs ../b.nxs --overwrite > out || fail "merge through a link"
[ -L whole ] || fail "merge replaced a link"
if [ "$(id -u)" = 0 ]; then # another user's link is not followed
    ln -s ../elsewhere/f.bin theirs
    chown -h 65534 theirs
    before=$(sha256sum ../elsewhere/f.bin)
    code=0
    "$TESSERA" simulate "${sweep[@]}" --output z.nxs --output.float_file=theirs --overwrite --quiet 2> err || code=$?
    [ $code = 2 ] && grep -q 'another user' err && [ "$(sha256sum ../elsewhere/f.bin)" = "$before" ] || fail "another user's link: exit code $code: $(cat err)"
fi
cd .. || exit
# The programs of analysis/.
cp "$inputs/2erl_P1.hkl" factors.hkl
ln a.nxs hard.nxs
before=$(sha256sum a.nxs b.nxs factors.hkl masters/whole.nxs)
for line in "show_frame a.nxs --output ./a.nxs" "show_frame a.nxs --output hard.nxs" "show_frame masters/whole.nxs --output b.nxs" \
    "sweep_report a.nxs --output masters/../a.nxs" "sweep_report masters/whole.nxs --output a.nxs" "merge_frames a.nxs --output a.nxs" \
    "merge_frames a.nxs --structure-factors factors.hkl --merged ./factors.hkl" "merge_frames a.nxs --output new.png --merged ./new.png"; do
    read -ra words <<< "$line"
    refused "${words[0]}" 'they are one file; give another name' "${words[@]:1}"
done
[ "$(sha256sum a.nxs b.nxs factors.hkl masters/whole.nxs)" = "$before" ] || fail "programs of analysis/: an input has changed"
"$TESSERA" simulate "${sweep[@]}" --output o.nxs --output.float_file=/dev/null --output.pgm_file=/dev/null --quiet --overwrite || fail "/dev/null for two outputs"
finish

#!/usr/bin/env bash
# HDF5 files made to have others read or written by way of links, external storage and virtual datasets: refused with
# exit code 2 and one message, by every command that reads such files; nothing is changed. What merge makes stays readable.
set -u
. "$SOURCE/tests/support/case.sh"
python=/usr/bin/python3
images=/entry/data/data
sweep=("${small_case[@]}" --detector.fast_pixels=24 --detector.slow_pixels=20 --sweep.kind=random --sweep.count=4)
simulate() { "$TESSERA" simulate "${sweep[@]}" --quiet "$@"; }
refused() { # refused NAME PATTERN COMMAND...: exit code 2, one message with PATTERN, no file of this folder changed
    local name=$1 pattern=$2 code=0 before
    shift 2
    before=$(find . -type f -name '*.nxs*' -exec sha256sum {} + | sort)
    "$@" > out 2> err || code=$?
    [ $code = 2 ] || fail "$name: exit code $code: $(cat out err)"
    [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$name: message: $(cat out err)"
    [ "$(find . -type f -name '*.nxs*' -exec sha256sum {} + | sort)" = "$before" ] || fail "$name: files have changed"
}

mkdir -p secret work/below
simulate --output whole.nxs || fail "whole"
simulate --frames 0:2 --output work/a.nxs || fail "part a"
simulate --frames 2:4 --output work/below/b.nxs || fail "part b"
simulate --sweep.kind=rotation --output work/turned.nxs || fail "rotation"
# What a stopped run leaves: the file, with the last frame missing, under the name .partial.
$python - whole.nxs work secret << 'P' || fail "hostile files"
import shutil, sys, h5py, numpy as np
whole, work, secret = sys.argv[1:]
images, twin, table = "entry/data/data", "entry/simulation/images/expected_photons", "entry/simulation/frames"
with h5py.File(f"{secret}/secret.h5", "w") as f:
    with h5py.File(whole) as w:
        f["entry/data/data"] = w[images][()]
    f["values"] = np.full((4, 20, 24), 7, "i4")
    f["energies"] = np.array([9000.0, 9001.0])
    f["q"] = np.eye(4)
open(f"{secret}/target", "wb").write(bytes(4 * 4 * 20 * 24))

def hostile(name, change, source=whole):
    path = f"{work}/{name}.nxs.partial"
    shutil.copy(source, path)
    with h5py.File(path, "r+") as f:
        f[f"{table}/status"][3] = 0
        change(f)

def replace(f, path, make):
    attributes = dict(f[path].attrs)
    like = (f[path].shape, f[path].dtype)
    del f[path]
    made = make(path, *like)
    for name, value in attributes.items():
        if made is not None: made.attrs[name] = value

def link(path, target):
    def change(f):
        if path in f: del f[path]
        f[path] = h5py.ExternalLink(*target)
    return change

def external(path, file):
    return lambda f: replace(f, path, lambda p, s, t: f.create_dataset(p, s, t, external=[(file, 0, h5py.h5f.UNLIMITED)]))

def virtual(path, file, dataset):
    def make(f):
        def create(p, s, t):
            layout = h5py.VirtualLayout(s, t)
            layout[...] = h5py.VirtualSource(file, dataset, s)
            return f.create_virtual_dataset(p, layout, fillvalue=0)
        return create
    return lambda f: replace(f, path, make(f))

hostile("link", link(images, ("../secret/secret.h5", "/values")))
hostile("group", link("entry/data", ("../secret/secret.h5", "/entry/data")))
hostile("unused", link("entry/other", ("../secret/secret.h5", "/values")))
hostile("storage", external(images, "../secret/target"))
hostile("passwd", external(f"{table}/sum_photons", "/etc/passwd"))
hostile("virtual", virtual(images, "../secret/secret.h5", "/values"))
hostile("absolute", virtual(images, "/etc/passwd", "/values"))
hostile("column", virtual(f"{table}/crc32", "../secret/secret.h5", "/values"))
def many(path, name, value):
    def change(f):
        del f[path].attrs[name]
        f[path].attrs[name] = np.array([value] * 5000)
    return change
hostile("units", many("entry/instrument/detector/transformations/det_z", "transformation_type", b"translation"))
hostile("texts", many("entry/simulation/parameters/detector.distance", "user_text", b"1"))
hostile("given", many("entry/simulation/parameters/detector.distance", "given", 1))
def numbers(f): f[f"{table}/number"][...] = 2**63 - 1 - np.arange(4)[::-1]
hostile("numbers", numbers)
# What a resume writes at the end has not the shape of one text: it would write what lies behind the text, and for ever.
def texts_instead(path, shape, **how):
    def change(f):
        del f[path]
        f.create_dataset(path, shape, h5py.string_dtype("utf-8", 32), **how)
    return change
hostile("endings", texts_instead("entry/end_time", (1000,)))
hostile("endless", texts_instead("entry/end_time_estimated", (2**40,), chunks=(64,)))
# Nor have the lists of what a resume writes at its beginning: too few rows, other values, rows of ranks that are not there.
resumes = "entry/simulation/resumes"
def instead(name, values):
    def change(f):
        del f[f"{resumes}/{name}"]
        f[f"{resumes}/{name}"] = values
    return change
def ranks(first, count):
    def change(f): f[f"{resumes}/sequence_index"][0], f[f"{resumes}/first_rank_row"][0], f[f"{resumes}/rank_rows"][0] = 2, first, count
    return change
hostile("few_rows", instead("sequence_index", np.zeros(3, "i4")))
hostile("flat_rows", instead("start_time", np.zeros((32, 4), "i4")))
hostile("other_rows", instead("command_line", np.zeros(32)))
hostile("pointers", instead("hostname", ["a"] * 32))
hostile("before_ranks", ranks(-5, 1))
hostile("many_ranks", ranks(1, 2**31 - 1))
# Images whose bytes are 2^64 and some; rows that nobody could read; an empty list where a first number is expected.
def vast(f):
    side = 1518500250
    for path in (images, twin): replace(f, path, lambda p, s, t: f.create_dataset(p, (4, side, side), t, chunks=(1, 1024, 1024)))
    del f["entry/instrument/detector/pixel_mask"]
hostile("vast", vast)
with h5py.File(f"{work}/endless.h5", "w") as f: f.create_dataset("beam.fluence", (2**40,), "f8", chunks=(4096,))
def empty(f):
    step = "entry/sample/transformations/phi_increment_set"
    replace(f, step, lambda p, s, t: f.create_dataset(p, (0,), t))
hostile("empty", empty, f"{work}/turned.nxs")
def ring(f): f["entry/ring"] = f["/"]
hostile("ring", ring)
def rings(f): f["entry/ring"] = f["entry/sample/ring"] = f["entry/simulation/ring"] = f["/"]
hostile("rings", rings)
def braid(f):
    group = f["entry"]
    for level in range(28):
        inner = group.create_group("left")
        group["right"] = inner
        group = inner
hostile("braid", braid)
for number in range(3):
    kind = ("link", "storage", "virtual")[number]
    with h5py.File(f"{work}/list_{kind}.h5", "w") as f:
        if number == 0: f["quaternion"] = h5py.ExternalLink("../secret/secret.h5", "/q")
        if number == 1: f.create_dataset("quaternion", (4, 4), "f8", external=[("/etc/passwd", 0, 128)])
        if number == 2:
            layout = h5py.VirtualLayout((4, 4), "f8")
            layout[...] = h5py.VirtualSource("../secret/secret.h5", "/q", (4, 4))
            f.create_virtual_dataset("quaternion", layout)
        f["weights"] = np.ones(2)
        if number == 0: f["energies"] = h5py.ExternalLink("../secret/secret.h5", "/energies")
        if number == 1: f.create_dataset("energies", (2,), "f8", external=[("/etc/passwd", 0, 16)])
        if number == 2:
            layout = h5py.VirtualLayout((2,), "f8")
            layout[...] = h5py.VirtualSource("../secret/secret.h5", "/energies", (2,))
            f.create_virtual_dataset("energies", layout)
P
secret=$(sha256sum secret/*)
passwd=$(sha256sum /etc/passwd)

outside='link to another file\|lie in another file\|lies outside\|absolute name\|cannot be read\|in a ring'
for kind in link group unused storage passwd virtual absolute column ring rings; do
    file=work/$kind.nxs
    refused "resume $kind" "$outside" simulate --resume --output $file
    for form in --json --verify; do
        refused "describe $form $kind" "$outside" "$TESSERA" describe $file.partial ${form:+"$form"}
    done
    refused "merge $kind" "$outside" "$TESSERA" merge merged.nxs $file.partial
    cp $file.partial $kind.nxs
    cp $file.partial work/$kind.copy.nxs
    refused "export $kind" "$outside" "$TESSERA" export work/$kind.copy.nxs --frame 0 --format raw --output image.bin
    refused "compress $kind" "$outside" "$TESSERA" compress work/$kind.copy.nxs --with deflate
    [ ! -e image.bin.json ] && [ ! -e merged.nxs ] || fail "$kind: an output was made"
    rm $kind.nxs work/$kind.copy.nxs
done
# Several values where one is expected, and numbers that cannot be added.
for kind in texts given numbers; do
    refused "describe $kind" 'not one value\|has number' "$TESSERA" describe work/$kind.nxs.partial
    refused "merge $kind" 'not one value\|has number' "$TESSERA" merge merged.nxs work/$kind.nxs.partial
done
refused "export units" 'not one value' "$TESSERA" export work/units.nxs.partial --frame 0 --format raw --output image.bin
refused "resume numbers" 'has number' simulate --resume --output work/numbers.nxs
for kind in endings endless; do
    refused "resume $kind" 'end_time.* has [0-9]* values, not 1' timeout 20 "$TESSERA" simulate "${sweep[@]}" --quiet --resume --output work/$kind.nxs
done
for kind in few_rows flat_rows other_rows pointers before_ranks many_ranks; do
    refused "resume $kind" 'has 3 values\|has no rows\|of another kind\|rows of ranks' simulate --resume --output work/$kind.nxs
    "$TESSERA" describe work/$kind.nxs.partial > out 2>&1 || fail "describe $kind: $(cat out)"
done
too_large='too large\|no list of images\|has no 4 images\|are no images'
for command in "describe work/vast.nxs.partial" "merge merged.nxs work/vast.nxs.partial" "compress work/vast.nxs.partial --with deflate" \
    "export work/vast.nxs.partial --frame 0 --format raw --output image.bin"; do
    # shellcheck disable=SC2086 # a list of words
    refused "vast: $command" "$too_large" timeout 20 "$TESSERA" $command
done
refused "endless list" '1099511627776 rows' timeout 20 "$TESSERA" plan "${sweep[@]:0:${#sweep[@]}-2}" --sweep.kind=list \
    --sweep.file=work/endless.h5
refused "merge empty" 'no list of doubles' "$TESSERA" merge merged.nxs work/empty.nxs.partial
# The ways through groups of several names multiply; none is gone twice.
begin=$SECONDS
"$TESSERA" describe work/braid.nxs.partial > out 2>&1 || fail "describe braid: $(cat out)"
refused "describe rings" "$outside" "$TESSERA" describe work/rings.nxs.partial
[ $((SECONDS - begin)) -le 5 ] || fail "groups of several names took $((SECONDS - begin)) s"
# compare reads one dataset of any HDF5 file: what else is in it does not matter.
for kind in link group storage virtual absolute; do
    cp work/$kind.nxs.partial work/$kind.h5
    refused "compare $kind" "$outside" "$TESSERA" compare whole.nxs#0 work/$kind.h5#0
done
cp work/unused.nxs.partial work/unused.h5
"$TESSERA" compare whole.nxs#0 work/unused.h5#0 > out 2>&1 || fail "compare unused: $(cat out)"
for kind in link storage virtual; do
    refused "list $kind" "$outside" "$TESSERA" plan "${sweep[@]:0:${#sweep[@]}-1}" --sweep.kind=list \
        --sweep.file=work/list_$kind.h5 --output new.nxs
    refused "spectrum $kind" "$outside" "$TESSERA" plan "${small_case[@]/--beam.dispersion*/--sweep.seed=1}" \
        --beam.spectrum=work/list_$kind.h5 --output new.nxs
done

# Masters over parts: beside them or below, and from elsewhere where they are tessera's own images.
"$TESSERA" merge work/all.nxs work/a.nxs work/below/b.nxs > out 2>&1 || fail "merge: $(cat out)"
mkdir masters
"$TESSERA" merge masters/all.nxs work/a.nxs work/below/b.nxs > out 2>&1 || fail "merge from another folder: $(cat out)"
reference=$("$TOOLS/dataset_sha256" whole.nxs $images)
for master in work/all.nxs masters/all.nxs; do
    "$TESSERA" describe $master --verify > out 2>&1 || fail "describe $master: $(cat out)"
    "$TESSERA" export $master --frame 3 --format raw --output image.bin > out 2>&1 || fail "export $master: $(cat out)"
    rm image.bin*
    "$TESSERA" compare whole.nxs#3 $master#3 > out 2>&1 || fail "compare $master: $(cat out)"
    (cd "$(dirname $master)" && "$TESSERA" compare ../whole.nxs#3 all.nxs#3) > out 2>&1 || fail "in the folder: $(cat out)"
    cp $master "$(dirname $master)/packed.nxs"
    "$TESSERA" compress "$(dirname $master)/packed.nxs" --with deflate > out 2>&1 || fail "compress $master: $(cat out)"
    [ "$("$TOOLS/dataset_sha256" "$(dirname $master)/packed.nxs" $images)" = "$reference" ] || fail "compress $master: other images"
done

# A part that shows others, or whose name leads elsewhere, is none.
mv work/below/b.nxs work/below/kept
cp whole.nxs work/below/b.nxs
$python - work/below/b.nxs << 'P'
import sys, h5py
with h5py.File(sys.argv[1], "r+") as f:
    del f["entry/data/data"]
    f["entry/data/data"] = h5py.ExternalLink("../../secret/secret.h5", "/entry/data/data")
P
timeout 20 "$TESSERA" compare work/all.nxs#3 whole.nxs#3 > out 2>&1 && fail "compare with a part that is a link: it was followed"
$python - work/below/b.nxs << 'P'
import sys, h5py
with h5py.File(sys.argv[1], "r+") as f:
    del f["entry/data/data"]
    f.create_dataset("entry/data/data", (2, 20, 24), "i4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])
P
refused "part in external storage" "$outside" "$TESSERA" compare work/all.nxs#3 whole.nxs#3
refused "part in external storage, described" "$outside" "$TESSERA" describe work/all.nxs
rm work/below/b.nxs
ln -s ../../secret/secret.h5 work/below/b.nxs
refused "part behind a symbolic link" "lies outside" "$TESSERA" compare work/all.nxs#3 whole.nxs#3
rm work/below/b.nxs
mkfifo work/below/b.nxs
refused "part that is a pipe" "no regular file" timeout 20 "$TESSERA" compare work/all.nxs#3 whole.nxs#3
rm work/below/b.nxs
mv work/below/kept work/below/b.nxs

[ "$(sha256sum secret/*)" = "$secret" ] || fail "a file elsewhere was changed"
[ "$(sha256sum /etc/passwd)" = "$passwd" ] || fail "/etc/passwd was changed"
finish

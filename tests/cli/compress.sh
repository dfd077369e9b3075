#!/usr/bin/env bash
# tessera compress: the same images in less space, everything else kept, nothing lost when it fails.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
sweep=("${small_case[@]}" --sweep.kind=random --sweep.count=5 --quiet)
"$TESSERA" simulate "${sweep[@]}" --output sweep.nxs || fail "sweep"
reference=$(images_of sweep.nxs)

expect() { # expect CODE TEXT ARGUMENT...: the exit code, and a text in what is printed
    local code=$1 text=$2 found=0
    shift 2
    "$TESSERA" compress "$@" > out 2> err || found=$?
    [ "$found" -eq "$code" ] || fail "compress $*: exit code $found, not $code: $(cat err)"
    [ -z "$text" ] || grep -qF -- "$text" out err || fail "compress $*: \"$text\" is not in: $(cat out err)"
    ! grep -q 'HDF5-DIAG\|#000' err || fail "compress $*: HDF5 prints its errors"
    ! ls ./*.packed > /dev/null 2>&1 || fail "compress $*: a copy is left behind"
}
unchanged() { # unchanged FILE: is sweep.nxs byte for byte
    cmp -s sweep.nxs "$1" || fail "$1 was changed"
}
fresh() { # fresh NAME: a copy of the sweep
    cp sweep.nxs "$1"
}

# Methods and levels; the file is whole, smaller and readable as before.
smaller() { # smaller NAME WORD ARGUMENT...: WORD is in h5dump's list of filters
    local name=$1 word=$2
    shift 2
    fresh "$name.nxs"
    chmod 640 "$name.nxs"
    expect 0 'times smaller' "$name.nxs" "$@"
    [ "$(images_of "$name.nxs")" = "$reference" ] || fail "$name: other images"
    [ "$(stat -c %a "$name.nxs")" = 640 ] || fail "$name: other permissions"
    [ "$(stat -c %s "$name.nxs")" -lt "$(stat -c %s sweep.nxs)" ] || fail "$name: not smaller"
    h5dump -H -p -d /entry/data/data "$name.nxs" > header
    grep -q "$word" header && grep -q 'CHUNKED ( 1, 80, 96 )' header || fail "$name: $(cat header)"
}
smaller deflate 'COMPRESSION DEFLATE { LEVEL 4 }' --with deflate
grep -q 'PREPROCESSING SHUFFLE' header || fail "no shuffle by default"
smaller fast 'LEVEL 1' --with=deflate --level 1 --shuffle no
! grep -q 'PREPROCESSING SHUFFLE' header || fail "--shuffle no shuffles"
smaller best 'LEVEL 9' --with deflate --level=9
expect 0 'times smaller' best.nxs --with deflate --level 2 # and again, from compressed to compressed
[ "$(images_of best.nxs)" = "$reference" ] || fail "other images the second time"
"$python" - <<'P' || fail "the copy is not the file"
import h5py, numpy as np
a, b = h5py.File("sweep.nxs"), h5py.File("best.nxs")
names, copied = [], []
a.visit(names.append)
b.visit(copied.append)
new = sorted(set(copied) - set(names))
assert sorted(set(names) - set(copied)) == [] and all(n.startswith("entry/simulation/compression") for n in new), new
def same(x, y):
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    return x.tolist() == y.tolist() if x.dtype.kind == "O" else x.tobytes() == y.tobytes()
for name in [""] + names:
    x, y = a["/" + name], b["/" + name]
    assert sorted(x.attrs) == sorted(y.attrs), name
    for key in x.attrs:
        assert same(np.asarray(x.attrs[key]), np.asarray(y.attrs[key])), (name, key)
        assert x.attrs.get_id(key).dtype == y.attrs.get_id(key).dtype, (name, key)
    if isinstance(x, h5py.Dataset):
        assert same(np.asarray(x[()]), np.asarray(y[()])), name
        assert x.id.get_type().equal(y.id.get_type()), name
for f in a, b:
    assert f["entry/simulation/images/frame"] == f["entry/data/frame"]
    assert f["entry/instrument/detector"].get("data", getlink=True).path == "/entry/data/data"
record = {k: v[()] for k, v in b["entry/simulation/compression"].items()}
assert record["method"] == b"deflate" and record["level"] == 2 and record["shuffle"] == 1, record
assert record["image_bytes_before"] == 2 * 4 * 5 * 80 * 96
size = sum(b[d].id.get_storage_size() for d in ("entry/data/data", "entry/simulation/images/expected_photons"))
assert record["image_bytes_after"] == size
P
OMP_NUM_THREADS=3 "$TESSERA" compress fast.nxs --with deflate > /dev/null || fail "three threads"
cmp -s <(h5dump -d /entry/data/data fast.nxs | tail -n +2) <(h5dump -d /entry/data/data sweep.nxs | tail -n +2) || fail "three threads: other images"

# Bitshuffle, with and without its plugin.
folder=$(for found in /usr/lib/*/hdf5/openmpi/plugins/libh5bshuf.so; do [ ! -e "$found" ] || dirname "$found"; done)
fresh bits.nxs
HDF5_PLUGIN_PATH=$PWD expect 2 'libh5bshuf.so' bits.nxs --with bitshuffle
unchanged bits.nxs
if [ -n "$folder" ]; then
    export HDF5_PLUGIN_PATH=$folder
    expect 0 'times smaller' bits.nxs --with bitshuffle
    [ "$(images_of bits.nxs)" = "$reference" ] || fail "bitshuffle: other images"
    h5dump -H -p -d /entry/data/data bits.nxs | grep -q 32008 || fail "bitshuffle: no filter 32008"
    expect 0 'times smaller' bits.nxs --with deflate
    unset HDF5_PLUGIN_PATH
    [ "$(images_of bits.nxs)" = "$reference" ] || fail "from bitshuffle to deflate: other images"
else
    echo "no bitshuffle plugin for the parallel HDF5 here: only its absence was tested"
fi

# Masters over parts, damaged files, unfinished files.
"$python" - <<'P'
import h5py, numpy as np, shutil
def changed(name, change):
    shutil.copy("sweep.nxs", name)
    with h5py.File(name, "r+") as f:
        change(f)
def master(f):
    for path in "entry/data/data", "entry/simulation/images/expected_photons", "entry/simulation/frames/sum_photons":
        old = f[path]
        layout = h5py.VirtualLayout(old.shape, old.dtype)
        layout[...] = h5py.VirtualSource("part.nxs", path, old.shape)
        attributes = dict(old.attrs)
        del f[path]
        new = f.create_virtual_dataset(path, layout)
        for key, value in attributes.items():
            new.attrs[key] = value
def pixel(f):
    f["entry/data/data"][3, 40, 40] += 1
def missing(f):
    f["entry/simulation/frames/status"][1] = 0
changed("master.nxs", master)
changed("damaged.nxs", pixel)
changed("missing.nxs", missing)
changed("nothing.nxs", lambda f: f["entry"].__delitem__("data"))
def flat(f):
    del f["entry/data/data"]
    f["entry/data/data"] = [1, 2]
changed("flat.nxs", flat)
P
cp master.nxs lonely.nxs
expect 2 'part.nxs is missing' lonely.nxs --with deflate
cp sweep.nxs part.nxs
expect 0 'times smaller' master.nxs --with deflate
rm part.nxs
[ "$(images_of master.nxs)" = "$reference" ] || fail "a compressed master needs its parts"
[ "$(values_of master.nxs /entry/simulation/frames/sum_photons)" = "$(values_of sweep.nxs /entry/simulation/frames/sum_photons)" ] ||
    fail "a compressed master has lost its table"
cp damaged.nxs before.nxs
expect 2 'frame 3 does not have the checksum' damaged.nxs --with deflate
cmp -s damaged.nxs before.nxs || fail "the damaged file was replaced"
expect 2 '1 of 5 frames are missing' missing.nxs --with deflate
expect 2 'has no /entry/data/data' nothing.nxs --with deflate
expect 2 'are no images' flat.nxs --with deflate
expect 2 'cannot open' nowhere.nxs --with deflate
echo text > text.nxs
expect 2 'cannot open' text.nxs --with deflate

# A copy that a killed process has left is nobody's; one that is being written is somebody's.
fresh again.nxs
head -c 5000 sweep.nxs > again.nxs.packed
expect 0 'times smaller' again.nxs --with deflate
fresh busy.nxs
( exec 9> busy.nxs.packed; flock 9; touch locked; exec sleep 20 ) &
holder=$!
until [ -e locked ]; do sleep 0.05; done
code=0
"$TESSERA" compress busy.nxs --with deflate > out 2> err || code=$?
[ $code = 2 ] && grep -q 'is being compressed by another process' err || fail "two at once: exit code $code: $(cat err)"
kill $holder 2> /dev/null
wait $holder 2> /dev/null
rm -f busy.nxs.packed
unchanged busy.nxs

# No room: a limit on the size of files stands for a full disk.
fresh full.nxs
code=0
( trap '' XFSZ; ulimit -f 100; exec "$TESSERA" compress full.nxs --with deflate --level 1 ) > out 2> err || code=$?
[ $code = 3 ] && grep -q 'File too large' err || fail "a full disk: exit code $code: $(cat err)"
[ ! -e full.nxs.packed ] || fail "a full disk: a copy is left behind"
unchanged full.nxs

# Bad usage.
expect 2 'needs a file' --with deflate
expect 2 'needs a method' sweep.nxs
expect 2 '--with is "gzip"' sweep.nxs --with gzip
expect 2 'one too many' sweep.nxs other.nxs --with deflate
expect 2 'from 1 to 9' sweep.nxs --with deflate --level 0
expect 2 'are for deflate' sweep.nxs --with bitshuffle --level 3
expect 2 '--shuffle is "maybe"' sweep.nxs --with deflate --shuffle maybe
expect 2 'did you mean "--level"' sweep.nxs --with deflate --levl 3
expect 0 '--with' --help
finish

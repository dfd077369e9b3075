#!/usr/bin/env bash
# detector.mask as SMV, .npy, HDF5 and CBF: the same pixels in any form are the same image and the same pixel_mask; what
# a form does not say is asked for; damaged files and other kinds of files are refused with exit code 2 before any output.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
options=(--crystal.cell="70,80,90" --crystal.default_f=100 --crystal.cells=5 --beam.wavelength=1.3 --detector.pixel_size=0.25
    --detector.fast_pixels=24 --detector.slow_pixels=20 --sampling.oversample=1 --output.images=both)
simulate() { "$TESSERA" simulate "${options[@]}" "$@"; }

$python - << 'P' || fail "the masks"
import os, pickle, struct
import h5py
import numpy as np

slow, fast = 20, 24
random = np.random.default_rng(14)
good = random.random((slow, fast)) < 0.7
good[0, 0] = True
np.save("expected", good)
accepted = []  # lines: file options
refused = []   # lines: file pattern|options

def made(name, *options):
    accepted.append(" ".join((name,) + options))

def bad(name, pattern, *options):
    refused.append(f"{name}|{pattern}|{' '.join(options)}")

# ---- SMV
header = f"{{\nHEADER_BYTES=512;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\nSIZE1={fast};\nSIZE2={slow};\n}}".encode()
open("smv.img", "wb").write(header.ljust(512) + (good * 5).astype("<u2").tobytes())
made("smv.img")
open("smv_bad.img", "wb").write(header.ljust(512) + (~good).astype("<u2").tobytes())
made("smv_bad.img", "--detector.mask_values=bad")

# ---- .npy
def npy(name, array, *options, version=(1, 0)):
    with open(name, "wb") as f:
        np.lib.format.write_array(f, array, version=version)
    made(name, *options)

npy("bool.npy", good)
npy("bool2.npy", good, version=(2, 0))
npy("bool3.npy", np.asfortranarray(good), version=(3, 0))
for kind in "i1 u1 <i2 >i2 <u2 >u2 <i4 >i4 <u4 >u4 <i8 >i8 <u8 >u8 <f4 >f4 <f8 >f8".split():
    wide = np.dtype(kind).itemsize > 1
    # of several bytes another than the lowest counts too; of a real number the fraction
    value = 0.25 if "f" in kind else 256 if wide else 3
    npy(f"n{kind.replace('<', 'l').replace('>', 'b')}.npy", (good * value).astype(kind))
npy("fortran.npy", np.asfortranarray((good * 7).astype(">i4")))
npy("bad.npy", (~good).astype("i1"), "--detector.mask_values=bad")
npy("signed.npy", np.where(good, 0, -2).astype("<i8"), "--detector.mask_values=signed")
npy("signed_real.npy", np.where(good, 1e-300, -1e-300), "--detector.mask_values=signed")
npy("highest.npy", np.where(good, np.uint64(2**64 - 1), np.uint64(0)).astype(">u8"))

whole = open("bool.npy", "rb").read()
def broken(name, contents, pattern, *options):
    open(name, "wb").write(contents)
    bad(name, pattern, *options)

broken("cut.npy", whole[:-1], "cut off")
broken("long.npy", whole + b"\0", "something follows")
broken("head.npy", whole[:60], "cut off")
broken("format.npy", whole[:6] + b"\x04" + whole[7:], "format 4.0")
broken("dictionary.npy", whole.replace(b"'fortran_order'", b"'fortran_0rder'"), "expected")
broken("dtype.npy", whole.replace(b"'|b1'", b"'<f2'"), "dtype <f2")
broken("negative.npy", whole.replace(b"(20, 24)", b"(-2, 24)"), "a length")
broken("huge.npy", whole.replace(b"(20, 24), }" + b" " * 30, b"(9223372036854775807, 24), }" + b" " * 13), "has 24 x 9223372036854775807 pixels")
def refuse(name, array, pattern, *options, **more):
    np.save(name, array, **more)
    bad(name, pattern, *options)

refuse("object.npy", good.astype(object), "pickled Python objects", allow_pickle=True)
refuse("fields.npy", np.zeros((slow, fast), [("a", "u1"), ("b", "<i2")]), "structured array")
refuse("complex.npy", good.astype("c8"), "dtype <c8")
refuse("text.npy", good.astype("U5"), "dtype <U5")
refuse("transposed.npy", good.T, "has 20 x 24 pixels and the detector 24 x 20 (fast x slow).*transpose")
refuse("small.npy", good[1:], "has 24 x 19 pixels and the detector 24 x 20")
refuse("stack.npy", good[None], "3 dimensions")
refuse("flat.npy", good.ravel(), "1 dimensions")
refuse("nan.npy", np.where(good, 1.0, np.nan), "is not a number")
refuse("unsaid.npy", np.where(good, 0, -1), "negative numbers.*detector.mask_values=good")
refuse("empty.npy", ~(good | True), "no pixel")
np.savez("several.npz", a=good)
bad("several.npz", "numpy.save")
pickle.dump(good, open("dials.mask", "wb"))
bad("dials.mask", "pickle")

# ---- HDF5
mask = np.where(good, 0, random.choice([1, 2, 16, 256, 1 << 31], good.shape)).astype("u4")
usual = "entry/instrument/detector/pixel_mask"
def hdf5(name, *options, **datasets):
    with h5py.File(name, "w", userblock_size=512 if name == "block.h5" else 0) as f:
        for path, values in datasets.items():
            f[path] = values

hdf5("nxmx.h5", **{usual: mask, "entry/data/data": np.ones((3, slow, fast)), "entry/flat": np.ones((slow, fast), "f4")})
made("nxmx.h5")
hdf5("block.h5", **{usual: mask[None].astype(">i4").view(">u4")})
made("block.h5")
hdf5("only.h5", **{"some/where": good, "other": good.T, "spectrum": np.ones(fast), "text": "words"})
made("only.h5")
hdf5("numbers.h5", **{"m": (good * 0.25).astype("f4"), "n": good * 256, "b": ~good, "s": np.where(good, 0, -1 << 40), "pixel_mask": mask})
made("numbers.h5", "--detector.mask_dataset=/m")
made("numbers.h5", "--detector.mask_dataset=n")
made("numbers.h5", "--detector.mask_dataset=/b", "--detector.mask_values=bad")
made("numbers.h5", "--detector.mask_dataset=/s", "--detector.mask_values=signed")
made("numbers.h5", "--detector.mask_dataset=/pixel_mask")
bad("numbers.h5", "5 datasets of the detector's shape: /b, /m, /n, /pixel_mask, /s")
bad("numbers.h5", "negative numbers", "--detector.mask_dataset=/s")
bad("numbers.h5", "cannot read /none", "--detector.mask_dataset=/none")
with h5py.File("packed.h5", "w") as f:
    f.create_dataset("a/mask", data=good, chunks=(5, 7), compression="gzip")
    f["link"] = h5py.SoftLink("/a/mask")
made("packed.h5")
made("packed.h5", "--detector.mask_dataset=/link")
hdf5("turned.h5", **{usual: mask.T})
bad("turned.h5", "pixel_mask has 20 x 24 pixels and the detector 24 x 20.*transpose")
hdf5("modules.h5", **{usual: np.stack([mask, mask])})
bad("modules.h5", "3 dimensions and several images")
hdf5("none.h5", x=np.ones(3))
bad("none.h5", "no other dataset of numbers of the detector's shape, .20, 24.")
hdf5("kinds.h5", x=np.zeros((slow, fast), [("a", "u1"), ("b", "u1")]), nan=np.full((slow, fast), np.nan))
bad("kinds.h5", "neither numbers nor truths", "--detector.mask_dataset=/x")
bad("kinds.h5", "is not a number")
with h5py.File("outside.h5", "w") as f:
    f[usual] = h5py.ExternalLink("nxmx.h5", usual)
bad("outside.h5", "link to another file")
with h5py.File("beside.h5", "w") as f:  # what lies elsewhere is not needed
    f["a"] = h5py.ExternalLink("nxmx.h5", "/entry")
    f["mask"] = good
made("beside.h5")
bad("beside.h5", "link to another file", "--detector.mask_dataset=/a/flat")
with h5py.File("raw.h5", "w") as f:
    f.create_dataset(usual, (slow, fast), "u1", external=[("bool.npy", 0, h5py.h5f.UNLIMITED)])
bad("raw.h5", "lie in another file")
broken("cut.h5", open("nxmx.h5", "rb").read()[:3000], "cannot open")

# ---- CBF
def pack(values):
    out, last = b"", 0
    for value in values.ravel().tolist():
        step, last = value - last, value
        for size, (code, mark) in enumerate((("<b", "<B"), ("<h", "<H"), ("<i", "<I"), ("<q", "<Q"))):
            bits = 8 * 2**size
            if abs(step) < 2 ** (bits - 1):
                out += struct.pack(code, step)
                break
            out += struct.pack(mark, 1 << (bits - 1))
    return out

def cbf(name, values, eol="\r\n", change=lambda text: text, data=None, after=b"", mini=True):
    data = pack(values) if data is None else data
    text = "###CBF: VERSION 1.5, CBFlib v0.7.8\n\ndata_mask\n\n_array_data.data\n;\n--CIF-BINARY-FORMAT-SECTION--\n" \
           "Content-Type: application/octet-stream;\n     conversions=\"x-CBF_BYTE_OFFSET\"\nContent-Transfer-Encoding: BINARY\n" \
           f"X-Binary-Size: {len(data)}\nX-Binary-ID: 1\nX-Binary-Element-Type: \"signed 32-bit integer\"\n" \
           "X-Binary-Element-Byte-Order: LITTLE_ENDIAN\n" \
           f"X-Binary-Number-of-Elements: {values.size}\nX-Binary-Size-Fastest-Dimension: {values.shape[1]}\n" \
           f"X-Binary-Size-Second-Dimension: {values.shape[0]}\nX-Binary-Size-Padding: 4095\n\n"
    text = change(text).replace("\n", eol).encode()
    open(name, "wb").write(text + b"\x0c\x1a\x04\xd5" + data + after + b"\r\n--CIF-BINARY-FORMAT-SECTION----\r\n;\r\n")

counts = random.choice([0, 1, 200, 70000, 2**31 - 1], good.shape)
image = np.where(good, counts, random.choice([-1, -2, -2**31], good.shape))
cbf("image.cbf", image, after=bytes(4095))
made("image.cbf")
cbf("lines.cbf", image, eol="\n", change=lambda t: t.replace("Content-Type", "content-type"))
made("lines.cbf")
cbf("zeros.cbf", good * 1)
made("zeros.cbf", "--detector.mask_values=good")
bad("zeros.cbf", "without negative pixels.*detector.mask_values=good")
cbf("wide.cbf", good * 60000, change=lambda t: t.replace("signed 32", "unsigned 16"))
made("wide.cbf", "--detector.mask_values=good")
for conversion in ("x-CBF_PACKED", "x-CBF_CANONICAL", "x-CBF_PACKED_V2"):
    cbf(f"{conversion}.cbf", image, change=lambda t: t.replace("x-CBF_BYTE_OFFSET", conversion))
    bad(f"{conversion}.cbf", f"compression of its CBF image is {conversion};")
cbf("plain.cbf", image, change=lambda t: t.replace(";\n     conversions=\"x-CBF_BYTE_OFFSET\"", ""))
bad("plain.cbf", "compression of its CBF image is none")
cbf("base64.cbf", image, change=lambda t: t.replace("BINARY\nX", "BASE64\nX"))
bad("base64.cbf", "encoded as BASE64")
cbf("real.cbf", image, change=lambda t: t.replace("32-bit integer", "32-bit real IEEE"))
bad("real.cbf", "of type")
cbf("beyond.cbf", good * 70000 - 1, change=lambda t: t.replace("signed 32", "signed 16"))
bad("beyond.cbf", "beyond its type")
cbf("turned.cbf", image.T)
bad("turned.cbf", "has 20 x 24 pixels and the detector 24 x 20.*transpose")
cbf("short.cbf", image, data=pack(image[:-1]))
bad("short.cbf", "ends after 456 of 480 pixels")
cbf("more.cbf", image, data=pack(image) + b"\0")
bad("more.cbf", "1 bytes are left")
cbf("planes.cbf", image, change=lambda t: t.replace("X-Binary-Size-Padding", "X-Binary-Size-Third-Dimension: 2\nX-Binary-Size-Padding"))
bad("planes.cbf", "2 planes")
cbf("elements.cbf", image, change=lambda t: t.replace("Elements: 480", "Elements: 481"))
bad("elements.cbf", "481 elements")
cbf("size.cbf", image, change=lambda t: t.replace("X-Binary-Size: ", "X-Binary-Size: x"))
bad("size.cbf", "whole number")
contents = open("image.cbf", "rb").read()
broken("cut.cbf", contents[:900], "cut off")
broken("head.cbf", contents[:200], "cut off")
broken("nothing.cbf", contents[:40], "without an image")
broken("two.cbf", contents + contents, "several CBF images")

# ---- none of these
broken("mask.img.gz", b"\x1f\x8b" + bytes(100), "gunzip")
broken("mask.tif", b"II*\0" + bytes(100), "TIFF")
broken("mask.txt", b"1 0 1\n", "SMV")
broken("empty", b"", "SMV")
open("accepted", "w").write("\n".join(accepted) + "\n")
open("refused", "w").write("\n".join(refused) + "\n")
P

# Each form gives the image of the SMV mask.
number=0
while read -r file more; do
    number=$((number + 1))
    # shellcheck disable=SC2086 # words
    simulate --detector.mask="$file" $more --output "run$number.nxs" > out 2>&1 || { fail "$file $more: $(cat out)"; continue; }
    grep -q "detector.mask $file.*of 480 pixels" out || fail "$file: no note: $(cat out)"
    grep -q 'if it should be the others' out && fail "$file: a remark for most of the pixels"
    { images_of "run$number.nxs"; "$TOOLS/dataset_sha256" "run$number.nxs" /entry/instrument/detector/pixel_mask; } > sums 2>&1
    [ $number = 1 ] && mv sums first
    [ $number = 1 ] || cmp -s first sums || fail "$file $more: another image than of smv.img"
done < accepted
[ "$number" -gt 40 ] || fail "$number masks were accepted"
for file in smv.img fortran.npy nxmx.h5 image.cbf; do
    on_ranks 3 "$TESSERA" simulate "${options[@]}" --detector.mask="$file" --run.tile=8 --output three.nxs --overwrite > out 2>&1 || fail "3 ranks, $file: $(cat out)"
    { images_of three.nxs; "$TOOLS/dataset_sha256" three.nxs /entry/instrument/detector/pixel_mask; } > sums 2>&1
    cmp -s first sums || fail "3 ranks, $file: another image"
done
$python - << 'P' || fail "the image"
import hashlib
import h5py
import numpy as np
good = np.load("expected.npy")
with h5py.File("run1.nxs") as f:
    image = f["entry/simulation/images/expected_photons"][0]
    assert (image[good] > 0).all() and (image[~good] == 0).all()
    assert (f["entry/instrument/detector/pixel_mask"][()] == np.where(good, 0, 256)).all()
with h5py.File("three.nxs") as f:  # the mask is recorded as an input
    texts = []
    f.visititems(lambda name, o: texts.append(o[()]) if isinstance(o, h5py.Dataset) and o.dtype.kind in "SO" else None)
    digest = hashlib.sha256(open("image.cbf", "rb").read()).hexdigest()
    assert any(digest.encode() in np.asarray(text).tobytes() for text in texts)
P

# The computed pixels are those of the image without a mask, where a pixel takes one step too.
for more in plain --detector.mask=smv.img --detector.roi=3,17,2,11; do
    simulate --run.precision=float32 ${more/plain/} --output "of$more.nxs" > out 2>&1 || fail "float32, $more: $(cat out)"
done
$python - << 'P' || fail "an image of one step"
import h5py
import numpy as np
plain, masked, part = (h5py.File(f"of{name}.nxs")["entry/simulation/images/expected_photons"][0]
                       for name in ("plain", "--detector.mask=smv.img", "--detector.roi=3,17,2,11"))
assert (plain > 0).all()
assert (masked == np.where(np.load("expected.npy"), plain, 0)).all()
inside = np.zeros(plain.shape, bool)
inside[2:12, 3:18] = True
assert (part == np.where(inside, plain, 0)).all()
P

# What Tessera wrote is a mask, and what it exports.
simulate --detector.mask=run1.nxs --output again.nxs > out 2>&1 || fail "a file of its own: $(cat out)"
{ images_of again.nxs; "$TOOLS/dataset_sha256" again.nxs /entry/instrument/detector/pixel_mask; } > sums 2>&1
cmp -s first sums || fail "a file of its own: another image"
"$TESSERA" export run1.nxs --format cbf --output own.cbf > out 2>&1 || fail "export: $(cat out)"
simulate --detector.mask=own.cbf --output again.nxs --overwrite > out 2>&1 || fail "an exported image: $(cat out)"
{ images_of again.nxs; "$TOOLS/dataset_sha256" again.nxs /entry/instrument/detector/pixel_mask; } > sums 2>&1
cmp -s first sums || fail "an exported image: another image"

while IFS='|' read -r file pattern more; do
    code=0
    # shellcheck disable=SC2086 # words
    simulate --detector.mask="$file" $more --output no.nxs > out 2> err || code=$?
    [ $code = 2 ] || fail "$file $more: exit code $code: $(cat out err)"
    [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$file $more: message: $(cat err)"
    [ "$(ls no.nxs* 2> /dev/null)" = '' ] || fail "$file: files of a refused run"
done < refused

# What most of the image falls to, an option without a mask, a mask outside a sandbox, a mask as output.
simulate --detector.mask=bool.npy --detector.mask_values=bad --output others.nxs > out 2>&1 || fail "$(cat out)"
grep -q 'if it should be the others, give detector.mask_values' out || fail "no remark: $(cat out)"
simulate --detector.mask_values=bad --detector.mask_dataset=/x --output others.nxs --overwrite > out 2>&1 || fail "$(cat out)"
[ "$(grep -c 'detector.mask_.* has no effect: needs detector.mask$' out)" = 2 ] || fail "no note: $(cat out)"
simulate --detector.mask=bool.npy --detector.mask_dataset=/x --output others.nxs --overwrite > out 2>&1 || fail "$(cat out)"
grep -q 'detector.mask_dataset has no effect: needs a detector.mask in HDF5' out || fail "no note: $(cat out)"
mkdir -p inside
for file in bool.npy nxmx.h5 image.cbf; do
    cp "$file" inside/
    printf 'detector:\n  mask: %s\n' "$file" > inside/run.yaml
    "$TESSERA" simulate inside/run.yaml "${options[@]}" --sandbox-inputs --output box.nxs --overwrite > out 2>&1 || fail "in a sandbox: $(cat out)"
    cp "$file" before
    simulate --detector.mask="$file" --output "$file" --overwrite > out 2>&1 && fail "$file as output"
    cmp -s before "$file" || fail "$file was overwritten"
    printf 'detector:\n  mask: ../%s\n' "$file" > inside/run.yaml
    "$TESSERA" simulate inside/run.yaml "${options[@]}" --sandbox-inputs --output box.nxs --overwrite > out 2>&1 && fail "out of the sandbox"
    grep -q 'run.sandbox_inputs reads nothing outside' out || fail "out of the sandbox: $(cat out)"
done
finish

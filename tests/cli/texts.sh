#!/usr/bin/env bash
# Texts in our files are read by every kind of reader: h5py gives a str for each attribute, a reader in C that knows ASCII
# alone reads them all, and text beyond ASCII arrives whole; in a file, a compressed one, a master and one that was resumed,
# of this revision or of the one that wrote texts of fixed length. Gain and pedestal stand where NXmx and dxtbx look.
set -u
. "$SOURCE/tests/support/case.sh"
python=/usr/bin/python3
texts() { # texts FILE: all of them are ASCII
    "$TOOLS/read_strings" "$1" > out || fail "$1: a reader in C: $(head -n 5 out)"
    grep -Eqx "[0-9]{3,} attributes, [0-9]{2,} datasets, 0 beyond ASCII" out || fail "$1: $(cat out)"
    "$python" - "$1" << 'P' || fail "$1: h5py"
import sys
import h5py
seen = 0
def look(name, thing):
    global seen
    for key, value in thing.attrs.items():
        kind = thing.attrs.get_id(key).dtype.kind
        if kind in "SO":
            seen += 1
            texts = [value] if thing.attrs.get_id(key).shape == () else list(value)
            assert all(isinstance(text, str) for text in texts), (name, key, value)
with h5py.File(sys.argv[1]) as file:
    look("/", file)
    file.visititems(look)
assert seen > 100, seen
P
}
sweep=("${small_case[@]}" --sweep.kind=rotation --sweep.count=4 --quiet)
"$TESSERA" simulate "${sweep[@]}" --output plain.nxs || fail "simulate"
texts plain.nxs
"$TESSERA" compress plain.nxs --with deflate > log || fail "compress"
texts plain.nxs
for slice in 0:1 1:4; do
    "$TESSERA" simulate "${sweep[@]}" --frames $slice --output "part_${slice%:*}.nxs" || fail "part $slice"
done
"$TESSERA" merge master.nxs part_0.nxs part_1.nxs > log || fail "merge"
texts master.nxs

# Beyond ASCII: the name of an input.
cp "$SOURCE/golden/inputs/small3.hkl" "Strukturfaktoren_ö_λ.hkl"
"$TESSERA" simulate --crystal.cell=30 --crystal.structure_factors="Strukturfaktoren_ö_λ.hkl" --detector.fast_pixels=8 \
    --detector.slow_pixels=6 --quiet --output wide.nxs || fail "beyond ASCII"
"$TOOLS/read_strings" wide.nxs > out || fail "beyond ASCII: $(cat out)"
[ "$(sed 's/.*datasets, \([0-9]*\).*/\1/' out)" -ge 2 ] || fail "beyond ASCII: $(cat out)"
"$python" - << 'P' || fail "beyond ASCII: h5py"
import h5py
file = h5py.File("wide.nxs")["entry/simulation"]
name = "Strukturfaktoren_\u00f6_\u03bb.hkl"
assert file["parameters/crystal.structure_factors"].attrs["user_text"] == name
assert name in file["command_line"]["data"].asstr()[()] if "data" in file["command_line"] else True
assert any(name == g["file_name"].asstr()[()] for k, g in file.items() if k.startswith("input_")), list(file)
P

# Gain and pedestal: photons = (data + offset) x factor.
"$TESSERA" simulate "${sweep[@]}" --output.images=both --noise.gain=4 --noise.pedestal=100 --output gain.nxs || fail "gain"
texts gain.nxs
"$TESSERA" simulate "${sweep[@]}" --frames 0:2 --noise.gain=4 --noise.pedestal=100 --output gain_0.nxs --output.images=counts || fail "gain 0"
"$TESSERA" simulate "${sweep[@]}" --frames 2:4 --noise.gain=4 --noise.pedestal=100 --output gain_2.nxs --output.images=counts || fail "gain 2"
"$TESSERA" merge gain_master.nxs gain_0.nxs gain_2.nxs > log || fail "merge with gain"
"$python" - << 'P' || fail "gain and pedestal"
import h5py
plain, gain = h5py.File("plain.nxs")["entry"], h5py.File("gain.nxs")["entry"]
for name in "data_scaling_factor", "data_scale_factor", "data_offset":
    assert name not in plain["data"], name
data = gain["data/data"][:].astype(float)
photons = (data + gain["data/data_offset"][()]) * gain["data/data_scaling_factor"][()]
assert gain["data/data_scale_factor"][()] == 0.25 and gain["data/data_scale_factor"].shape == ()
counted = plain["data/data"][:]
assert abs(photons - counted).max() == 0.0, abs(photons - counted).max()
master = h5py.File("gain_master.nxs")["entry"]
assert master["data/data_scale_factor"][()] == 0.25 and master["data/data_offset"][()] == -100.0
for file, frames in (plain, 4), (master, 4), (h5py.File("part_1.nxs")["entry"], 3):
    specific = file["instrument/detector/detectorSpecific"]
    assert specific["nimages"][()] == frames and specific["ntrigger"][()] == 1
    assert specific["pixel_mask"].shape == file["data/data"].shape[1:]
P
finish

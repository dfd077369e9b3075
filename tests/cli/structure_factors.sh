#!/usr/bin/env bash
# Files of structure factors: the same image from each form, tessera describe, and damaged files.
set -u
. "$SOURCE/tests/support/case.sh"
scene=(--crystal.cells=8 --beam.wavelength=1.2 --detector.distance=60 --detector.pixel_size=0.3 --detector.fast_pixels=200
    --detector.slow_pixels=200 --sampling.oversample=1 --run.precision=float64 --quiet)
cell=53.91,23.10,23.10,90,110.4,90

image() { # image NAME FILE OPTION...
    local name=$1 file=$2
    shift 2
    "$TESSERA" simulate "${scene[@]}" --crystal.structure_factors="$file" "$@" --output "$name.nxs" > "$name.log" 2>&1 ||
        fail "no image from $file: $(cat "$name.log")"
}
same() { # same REFERENCE TEST LIMIT: correlation, sum and every pixel
    "$TESSERA" compare "$1.nxs" "$2.nxs" --min-correlation 0.999999999999 --max-sum-error 1e-6 --max-relative-error "$3" \
        > compare.log || fail "$2 is not $1: $(cat compare.log)"
}

# 2ERL in C 2 from MTZ and mmCIF, and in P 1 from text. The text has 6 digits of F, hence 1e-5 of a pixel's F^2.
image text "$inputs/2erl_P1.hkl" --crystal.cell=$cell
image mtz "$inputs/2erl_1p8A_C2.mtz"
image cif "$inputs/2erl_1p8A_C2.cif"
gzip -c "$inputs/2erl_1p8A_C2.cif" > packed.cif.gz
image packed packed.cif.gz --crystal.cell=$cell
same text mtz 1e-5
same mtz cif 1e-6
same cif packed 1e-12
awk '{ F = $4 * $4 * 0.02; printf "%4d%4d%4d%8.2f%8.2f\n", $1, $2, $3, F, 1 } END { printf "%4d%4d%4d%8.2f%8.2f\n", 0, 0, 0, 0, 0 }' \
    "$inputs/2erl_P1.hkl" > square.hkl
image shelx square.hkl --crystal.cell=$cell --crystal.space_group='C 1 2 1' --crystal.structure_factor_duplicates=mean
"$TESSERA" compare text.nxs shelx.nxs --min-correlation 0.999999 --max-sum-error 1 > compare.log ||
    fail "the image of SHELX' F squared is another one: $(cat compare.log)"

# The cell of the file is that of all frames of a sweep.
image swept "$inputs/2erl_1p8A_C2.mtz" --sweep.kind=matrix --sweep.matrix='beam.wavelength=1,1.1'
image single "$inputs/2erl_1p8A_C2.mtz" --beam.wavelength=1.1
crc32_of() { # crc32_of FILE FRAME
    /usr/bin/python3 -c "import h5py; print(h5py.File('$1.nxs')['entry/simulation/frames/crc32'][$2])"
}
[ "$(crc32_of swept 1)" = "$(crc32_of single 0)" ] || fail "a frame of a sweep has not the cell of the file"

# Friedel pairs of C 2 2 21 as cctbx expands them, from either label; without a label there are several to choose from.
pairs=$SOURCE/golden/symmetry/anomalous.mtz
few=(--detector.distance=20 --crystal.cells=12)
image pairs_text "$SOURCE/golden/symmetry/anomalous_P1.hkl" --crystal.cell=11,12,13 "${few[@]}"
image plus "$pairs" --crystal.structure_factor_label='FANO(+)' "${few[@]}"
image minus "$pairs" --crystal.structure_factor_label='FANO(-)' "${few[@]}"
image mean "$pairs" --crystal.structure_factor_label=FP "${few[@]}"
image intensity "$pairs" --crystal.structure_factor_label=IMEAN "${few[@]}"
same pairs_text plus 1e-6
same plus minus 1e-12
same mean intensity 1e-6
! "$TESSERA" compare plus.nxs mean.nxs --max-relative-error 1e-3 > compare.log || fail "the pairs are not kept apart"

# what tessera describe says
describes() { # describes PATTERN ARGUMENT...
    local pattern=$1
    shift
    "$TESSERA" describe "$@" > described 2>&1 || fail "describe $*: $(cat described)"
    grep -Eq -- "$pattern" described || fail "describe $*: no \"$pattern\" in: $(cat described)"
}
for file in "$inputs"/2erl_1p8A_C2.{mtz,cif} packed.cif.gz; do
    describes '^cell +53.91 23.1 23.1 A, 90 110.4 90 degrees$' "$file"
    describes '^symmetry +C ?(1 )?2( 1)?, 4 operations$' "$file"
    describes '^completeness 100.00 %: 9684 of the 9684' "$file"
    describes '^resolution +25.264 to 1.8003 A$' "$file" # d(0 0 1) and the limit to which they were calculated
done
{ cat "$inputs/2erl_1p8A_C2.cif" && printf '\ndata_notes\n_x 1\n'; } > notes.cif
describes '^data block +2erl of 2erl\*, notes ' notes.cif
{ cat "$inputs/2erl_1p8A_C2.cif" && sed 's/^data_.*/data_other/; s/C 1 2 1/P 1/' "$inputs/2erl_1p8A_C2.cif"; } > two.cif
describes '^data block +other of 2erl\*, other\* ' two.cif --crystal.structure_factor_block=other
describes '9684 of the 9684' two.cif --crystal.structure_factor_block=2ERL
describes 'column FANO\(-\): amplitude of -h -k -l, 27 values$' "$pairs"
describes 'none used .*several columns' "$pairs"
describes '108 pairs of different F' "$pairs" --crystal.structure_factor_label='FANO(+)'
describes '^symmetry +C 1 2 1, 4' square.hkl --crystal.space_group=C2 --crystal.cell=$cell --crystal.structure_factor_duplicates=mean

# faults: exit code 2, one message, in a moment
refused() { # refused PATTERN FILE OPTION...
    local pattern=$1 file=$2 got=0
    shift 2
    timeout 20 "$TESSERA" plan "${scene[@]}" --crystal.structure_factors="$file" "$@" > out 2> err || got=$?
    [ $got = 2 ] || fail "exit code $got, not 2: $file $*: $(cat out err)"
    [ "$(cat out err | wc -l)" = 1 ] || fail "not one message: $file $*: $(cat out err)"
    grep -Eq -- "$pattern" err || fail "no \"$pattern\": $file $*: $(cat err)"
}
mtz=$inputs/2erl_1p8A_C2.mtz
refused 'crystal.structure_factor_label is "FP".*: F$' "$mtz" --crystal.structure_factor_label=FP
refused 'column H .*neither amplitudes nor intensities; these have: F' "$mtz" --crystal.structure_factor_label=H
refused 'several columns.*FANO\(\+\), FANO\(-\), FP, FC, IMEAN' "$pairs"
refused '53.91,23.1,23.1,90,105,90, that of .*53.91,23.1,23.1,90,110.4,90; leave crystal.cell' "$mtz" --crystal.cell=53.91,23.1,23.1,90,105,90
refused 'that of .*crystal.ignore_file_cell' "$mtz" --crystal.cell=50
refused 'P 4 does not fit the cell 53.91' "$mtz" --crystal.space_group='P 4'
refused '"Z 9" is no space group' "$mtz" --crystal.space_group='Z 9'
image strained "$mtz" --crystal.cell=54.5,23.1,23.1,90,110,90 --crystal.ignore_file_cell=true
sed '1,/_refln.F_meas_au/!d' "$inputs/2erl_1p8A_C2.cif" > empty.cif
refused 'the loop of reflections has none' empty.cif
refused 'reflections in 2 data blocks, marked by \*: 2erl\*, other\*; name one by crystal.structure_factor_block' two.cif
refused 'no data block of that name .*: 2erl\*, other\*$' two.cif --crystal.structure_factor_block=third
head -c 40000 "$inputs/2erl_1p8A_C2.cif" | sed '$s/ [0-9.]*$//' > cut.cif
refused 'the last row of the loop .* has . values, not 4' cut.cif
head -c 1000 packed.cif.gz > cut.cif.gz
refused 'gzip data end too early' cut.cif.gz
{ head -c 2 packed.cif.gz && head -c 500 "$mtz"; } > garbage.gz
refused 'gzip data are damaged' garbage.gz
gzip -c "$mtz" > packed.mtz.gz
refused 'gzipped MTZ file.*gunzip it first' packed.mtz.gz
head -c 600000000 /dev/zero | gzip -1 > bomb.hkl.gz
refused 'more than the 536870912 bytes' bomb.hkl.gz
printf '1000000 0 0 1\n0 1000000 1000 1\n' > huge.hkl
refused 'GiB; at most 16 GiB' huge.hkl --crystal.cell=50 --crystal.space_group='P 2 3'
printf '1 2 3 4\n3 1 2 5\n' > twice.hkl
refused 'twice.hkl:2: reflection 3 1 2 .* 5 here and 4' twice.hkl --crystal.cell=50 --crystal.space_group='P 2 3'

# An MTZ file cut off anywhere, or with a damaged header, is refused.
bytes=$(stat -c %s "$mtz")
begin=$((($(od -An -tu4 -j4 -N4 --endian=little "$mtz") - 1) * 4)) # counted in words from 1
[ "$(tail -c +$((begin + 1)) "$mtz" | head -c 4)" = VERS ] || fail "the header of $mtz is not where it was"
for keep in 3 4 7 12 79 80 500 20000 $((begin - 1)) $begin $((begin + 40)) $(seq $((begin + 80)) 160 $((bytes - 1))) $((bytes - 1)); do
    head -c "$keep" "$mtz" > cut.mtz
    refused 'no MTZ file|no complete MTZ' cut.mtz
done
damage() { # damage PATTERN FROM TO: replaces a text of the header by another of the same length
    LC_ALL=C sed "s/$2/$3/" "$mtz" > damaged.mtz
    cmp -s "$mtz" damaged.mtz && fail "nothing to damage: $2"
    [ "$(stat -c %s damaged.mtz)" = "$bytes" ] || fail "another length: $2"
    refused "$1" damaged.mtz
}
damage '"MTZENDOFHEADERS *" that is not known' 'END   ' 'RESO  '
damage 'columns of 9563 reflections take' '  2563 ' '  9563 '
damage 'as many records COLUMN' '4         2563' '2         5126'
damage 'holds unmerged' '2563        0' '2563        7'
damage 'as many records SYMM' 'SYMINF   4' 'SYMINF   8'
damage 'no symmetry operation' 'SYMM -X,  Y,  -Z' 'SYMM -X,  Y,  -A'
damage 'no group' 'SYMM -X,  Y,  -Z' 'SYMM  X,  Y,  -Z'
damage 'dataset that is not there' '801.87384    1' '801.87384    9'
damage 'does not begin with its keyword' 'SORT    0   0' ' SORT   0   0'
damage 'does not begin with its keyword' 'PROJECT  ' ' PROJECT '
damage 'CELL' 'CELL    53.9100' 'CELL    a3.9100'
damage 'MTZENDOFHEADERS' MTZENDOFHEADERS MTZENDOFHEADERX
damage 'not known' 'TITLE' 'TITTE'

# Index columns are found by their labels, in either case and anywhere; the cell is that of the column's dataset.
/usr/bin/python3 - "$mtz" << 'P' || fail "no MTZ files"
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
begin = (struct.unpack("<i", data[4:8])[0] - 1) * 4
rows, columns = 2563, 4
header = data[begin:]
def column(label): # place of its record
    return header.index(b"COLUMN %-31s" % label)
def write(name, changes, order=range(4), header=header):
    new, values = bytearray(header), struct.unpack("<%df" % (rows * columns), data[80:begin])
    for old, text in changes:
        assert len(old) == len(text) and old in new, old
        new = new.replace(old, text)
    moved = [values[row * columns + i] for row in range(rows) for i in order]
    open(name, "wb").write(data[:80] + struct.pack("<%df" % len(moved), *moved) + new)
labels = [b"COLUMN %-31s" % l for l in (b"H", b"K", b"L")]
write("lower.mtz", [(a, a.replace(l, l.lower())) for a, l in zip(labels, (b"H ", b"K ", b"L "))])
write("order.mtz", list(zip(labels, (b"COLUMN %-31s" % b"1", b"COLUMN %-31s" % b"2", b"COLUMN %-31s" % b"3"))) +
      list(zip((b"COLUMN %-31s" % b"1", b"COLUMN %-31s" % b"2", b"COLUMN %-31s" % b"3"), (labels[2], labels[0], labels[1]))), (2, 0, 1, 3))
write("named.mtz", [(labels[0], b"COLUMN %-31s" % b"HKL")])
at = header.index(b"DCELL ")
cell = bytearray(header)
cell[at:at + 80] = b"%-80s" % b"DCELL         1    54.0000   23.2000   23.3000   90.0000  110.0000   90.0000"
write("dataset.mtz", [], header=cell)
inf = bytearray(data)
inf[80 + 12:80 + 16] = struct.pack("<f", float("inf"))
open("inf.mtz", "wb").write(inf)
P
image lower lower.mtz
image order order.mtz
same mtz lower 1e-12
same mtz order 1e-12
refused 'labelled H, K and L; they are: HKL, K, L$' named.mtz
refused 'inf.mtz, reflection 1: F is inf' inf.mtz
describes '^cell +54 23.2 23.3 A, 90 110 90' dataset.mtz
describes '^note: .*the cell is 54,23.2,23.3,90,110,90, of the dataset of column F; the one for all is 53.91' dataset.mtz
finish

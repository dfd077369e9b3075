#!/usr/bin/env bash
# Every number of a file has a unit, a shape and a plausible range: orientation matrices, lists as CSV and HDF5, sources, tables of a
# background, headers. Known units are converted, unknown ones refused, a value that no experiment has gets a note; file and line, or
# dataset, are named. The crystal is cubic, 60 A, so that a* is 1/60 = 0.016667 1/A; 9500 eV are 1.30510 A.
set -u
. "$SOURCE/tests/support/case.sh"
base=(--crystal.cell=60 --crystal.default_f=10 --beam.wavelength=1.2 --detector.fast_pixels=20 --detector.slow_pixels=20
    --detector.pixel_size=2 --detector.distance=60 --sampling.oversample=1 --sampling.phi_steps=1)
no_cell=("${base[@]/--crystal.cell=60/--crystal.cells=5}")
no_wavelength=("${no_cell[@]/--beam.wavelength=1.2/--beam.fluence=1e20}")
"${PYTHON:-/usr/bin/python3}" - << 'P' || fail "inputs"
import h5py, numpy as np
lists = {}
def hdf5(name, dataset, values, unit=None):
    with h5py.File(name + ".h5", "w") as f:
        f[dataset] = values
        if unit is not None: f[dataset].attrs["units"] = unit
def text(name, contents): open(name, "w").write(contents)
star = np.eye(3) / 60
for name, unit, per in (("A", "1/A", 1), ("none", None, 1), ("A_power", "A^-1", 1), ("angstrom", "angstrom-1", 1), ("nm", "1/nm", 10),
                        ("m", "m^-1", 1e10), ("bytes", np.bytes_("1/angstrom"), 1)):
    hdf5("ub_good_" + name, "ub", star[None] * per, unit)
hdf5("ub_furlong", "ub", star[None], "1/furlong")
hdf5("ub_eV", "ub", star[None], "eV")
hdf5("ub_A_not_1/A".replace("/", "_"), "ub", star[None], "A")
hdf5("ub_m_unnamed", "ub", star[None] * 1e10)
hdf5("ub_small", "ub", star[None] * 1e-3)
names = ",".join("ub_%d%d" % (i, j) for i in (1, 2, 3) for j in (1, 2, 3))
def rows(*factors): return "".join(",".join("%.12g" % v for v in (star * f).ravel()) + "\n" for f in factors)
text("ub_good.csv", names + "\n" + rows(1))
text("ub_good_nm.csv", ",".join(n + " (1/nm)" for n in names.split(",")) + "\n" + rows(10))
text("ub_lambda.csv", names + "\n" + rows(1, 1e-3))
text("ub_m.csv", names + "\n" + rows(1, 1e10))
for name, unit, value in (("keV", "keV", 9.5), ("eV", "eV", 9500.0), ("J", "J", 9500 * 1.602176634e-19), ("none", None, 9500.0)):
    hdf5("energy_good_" + name, "beam.energy", [value], unit)
hdf5("energy_furlong", "beam.energy", [9500.0], "furlong")
hdf5("energy_digit", "beam.energy", [9500.0], "0")   # not 95000
hdf5("energy_power", "beam.energy", [9500.0], "e1")
hdf5("energy_number", "beam.energy", [9500.0], 3)
for name, unit, value in (("angstrom", "angstrom", 60), ("nm", "nm", 6), ("m", "m", 6e-9), ("each", "nm,nm,nm", 6)):
    with h5py.File("cell_good_" + name + ".h5", "w") as f:
        f["crystal.cell"] = [[value, value, value] + ([90, 90, 90] if name == "six" else [])]
        f["crystal.cell"].attrs["units"] = unit
hdf5("cell_good_six", "crystal.cell", [[6, 6, 6, np.pi / 2, np.pi / 2, np.pi / 2]], "nm,nm,nm,radian,radian,radian")
hdf5("cell_six_of_A", "crystal.cell", [[60, 60, 60, 90, 90, 90]], "A")
hdf5("cell_two_units", "crystal.cell", [[60, 60, 60]], "A,A")
hdf5("quaternion_good", "quaternion", [[1.0, 0, 0, 0]], "dimensionless")
hdf5("quaternion_deg", "quaternion", [[1.0, 0, 0, 0]], "deg")
for name, head, value in (("round", "beam.energy (keV)", "9.5"), ("square", "beam.energy [keV]", "9.5"), ("cell", "beam.energy", "9.5 keV"),
                          ("J", "beam.energy(J)", repr(9500 * 1.602176634e-19)), ("none", "beam.energy", "9500")):
    text("energy_good_%s.csv" % name, head + "\n" + value + "\n")
text("energy_furlong.csv", "beam.energy (furlong)\n9.5\n")
text("energy_two.csv", "beam.energy (keV)\n9500 eV\n")
text("cell_good_nm.csv", "crystal.cell[0] (nm),crystal.cell[1] [nm],crystal.cell[2] (A)\n6,6,60\n")
text("weight.csv", "q0,q1,q2,q3,weight (mm)\n1,0,0,0,1\n")
def matrix(name, wavelength, more=""):
    text(name, "".join(" ".join("%15.10f" % v for v in row) + "\n" for row in star * wavelength) + more)
mosflm = "       0.000       0.000       0.000\n" + "".join(" %d %d %d\n" % tuple(r) for r in np.eye(3)) + \
         "     %.4f     60.0000     60.0000     90.0000     90.0000     90.0000\n       0.000       0.000       0.000\n"
matrix("good.mat", 1.2)
matrix("good_mosflm.mat", 1.2, mosflm % 60)
matrix("other_mosflm.mat", 0.9, mosflm % 60)
matrix("good_words.mat", 1.2, "SYMM P1\n")
matrix("metre.mat", 1.2e-10)
text("direct.mat", "60 0 0\n0 60 0\n0 0 60\n")
text("tiny.mat", "60000 0 0\n0 60000 0\n0 0 60000\n")
for name, wavelength in (("good", "1.3051e-10"), ("A", "1.3051"), ("soft", "1.3051e-7"), ("eV", "9500")):
    text("sources_%s.txt" % name, "-10 0 0 1 1.3051e-10\n-10 0.01 0 1 %s\n" % wavelength)
text("sources_short.txt", "-10 0\n")
text("sources_nan.txt", "-10 0 0 nan\n")
text("sources_negative.txt", "-10 0 0 1\n-10 0 0 -1\n")
stol = np.linspace(0, 0.6, 61)
for name, axis in ("stol", stol), ("4stol", 4 * stol), ("q", 4 * np.pi * stol):
    text("water_" + name, "".join("%.6f 2.5\n" % v for v in axis))
text("water_unsorted", "0 2.5\n0.2 2.5\n0.1 2.5\n")
text("water_negative", "-0.1 2.5\n0.2 2.5\n")
text("water_nan", "0 2.5\nnan 2.5\n")
text("water_nan_f", "0 2.5\n0.1 nan\n")
text("water_one", "0\n")
good = dict(DISTANCE="60", PIXEL_SIZE="2", WAVELENGTH="1.2", SIZE1="20", SIZE2="20")
def header(name, **changes):
    fields = "".join("%s=%s;\n" % item for item in {**good, **changes}.items())
    text(name, ("{\nHEADER_BYTES=512;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\n" + fields + "}\n").ljust(512))
header("good.img")
header("distance_m.img", DISTANCE="0.06")
header("distance_um.img", DISTANCE="60000")
header("pixel_um.img", PIXEL_SIZE="172")
header("pixel_m.img", PIXEL_SIZE="0.000172")
header("wavelength_m.img", WAVELENGTH="1.2e-10")
header("wavelength_eV.img", WAVELENGTH="12398")
header("wavelength_nan.img", WAVELENGTH="nan")
header("distance_words.img", DISTANCE="60 furlong")
P

plan() { # plan PATTERN ARGUMENT...: works, with the pattern among its lines
    local pattern=$1
    shift
    "$TESSERA" plan "$@" > out 2> err || { fail "$*: exit code $?: $(cat err)"; return; }
    grep -q -- "$pattern" out || fail "$*: \"$pattern\" is not in: $(grep '^note\|^beam\|^crystal' out)"
}
silent() { # silent ARGUMENT...: works, and asks of no unit
    plan '' "$@"
    ! grep 'is the unit\|experiments have\|file_axis\|in metres' out || fail "$*: a note"
}
refused() { # refused PATTERN ARGUMENT...: before any work
    local pattern=$1 code=0
    shift
    "$TESSERA" simulate "$@" --output out.nxs > out 2> err || code=$?
    [ $code = 2 ] && [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$*: exit code $code, not \"$pattern\": $(cat err)"
    ! compgen -G 'out.nxs*' > /dev/null || { fail "$*: there is an output"; rm -f out.nxs*; }
}
listed() { echo --sweep.kind=list --sweep.file="$1"; }
# shellcheck disable=SC2046 # two words
{
    for file in ub_good*; do
        silent "${no_cell[@]}" $(listed "$file")
        grep -q '^crystal .* 60 60 60 A, angles 90 90 90 deg' out || fail "$file: $(grep '^crystal' out)"
    done
    refused 'ub_furlong.h5: the unit of ub_11 is "1/furlong"' "${no_cell[@]}" $(listed ub_furlong.h5)
    refused 'ub_eV.h5: the unit of ub_11 is "eV"; it must be 1/A' "${no_cell[@]}" $(listed ub_eV.h5)
    refused 'the unit of ub_11 is "A"; it must be 1/A' "${no_cell[@]}" $(listed ub_A_not_1_A.h5)
    refused 'ub_m_unnamed.h5: row 0: edge a of the cell is 6e-09 A' "${no_cell[@]}" $(listed ub_m_unnamed.h5)
    refused 'ub_m.csv:3: edge a of the cell is 6e-09 A' "${no_cell[@]}" $(listed ub_m.csv)
    plan 'note: ub_small.h5, frame 0: edge a .* is 60000 A, .*1/A' "${no_cell[@]}" $(listed ub_small.h5)
    plan 'note: ub_lambda.csv, frame 1: edge a .* is 60000 A' "${no_cell[@]}" $(listed ub_lambda.csv)
    for file in energy_good*; do
        silent "${no_wavelength[@]}" --crystal.cell=60 $(listed "$file")
        grep -q 'wavelength 1.3051 A' out || fail "$file: $(grep '^beam' out)"
    done
    for file in energy_furlong.h5 energy_furlong.csv; do
        refused "$file.*beam.energy.*\"furlong\" is no unit of energy" "${no_wavelength[@]}" --crystal.cell=60 $(listed $file)
    done
    for file in energy_digit.h5 energy_power.h5 energy_two.csv; do
        refused "$file.*is no unit of energy" "${no_wavelength[@]}" --crystal.cell=60 $(listed $file)
    done
    refused 'energy_number.h5: the attribute units of beam.energy is no unit' "${no_wavelength[@]}" --crystal.cell=60 $(listed energy_number.h5)
    for file in cell_good* quaternion_good.h5; do
        silent "${base[@]}" $(listed "$file")
        grep -q '^crystal .* 60 60 60 A, angles 90 90 90 deg' out || fail "$file: $(grep '^crystal' out)"
    done
    refused 'cell_six_of_A.h5: row 0: crystal.cell.*"A" is no unit of angle' "${base[@]}" $(listed cell_six_of_A.h5)
    refused 'cell_two_units.h5: the attribute units of crystal.cell names 2 units for 3 values' "${base[@]}" $(listed cell_two_units.h5)
    refused 'quaternion_deg.h5: the unit of q0 is "deg"' "${base[@]}" $(listed quaternion_deg.h5)
    refused 'weight.csv:1: the unit of weight is "mm"' "${base[@]}" $(listed weight.csv)
}
for file in good*.mat; do
    silent "${no_cell[@]}" --crystal.matrix="$file"
    grep -q '^crystal .* 60 60 60 A, angles 90 90 90 deg' out || fail "$file: $(grep '^crystal' out)"
done
refused 'other_mosflm.mat: its cell is 60,60,60 A, .* written for about 0.9 A: give crystal.matrix_wavelength' "${no_cell[@]}" --crystal.matrix=other_mosflm.mat
silent "${no_cell[@]}" --crystal.matrix=other_mosflm.mat --crystal.matrix_wavelength=0.9
plan 'note: direct.mat: edge a .* is 0.02 A, .*wavelength' "${no_cell[@]}" --crystal.matrix=direct.mat
plan 'note: good.mat: edge a .* is 46153.8 A, .*wavelength' "${no_cell[@]}" --crystal.matrix=good.mat --crystal.matrix_wavelength=923.0769
refused 'metre.mat' "${no_cell[@]}" --crystal.matrix=metre.mat
refused 'tiny.mat: edge a of the cell is 2e-05 A' "${no_cell[@]}" --crystal.matrix=tiny.mat

sources() { echo "${base[*]/--beam.wavelength*/}" --beam.sources="$1"; }
# shellcheck disable=SC2046 # words
{
    silent $(sources sources_good.txt)
    refused 'sources_A.txt:2: the wavelength is 1.3051; it must be in metres' $(sources sources_A.txt)
    refused 'sources_eV.txt:2: the wavelength is 9500; it must be in metres' $(sources sources_eV.txt)
    plan 'note: sources_soft.txt: a wavelength is 1305.1 A, .* is it in metres' $(sources sources_soft.txt)
    refused 'sources_short.txt:1: it must have X Y Z' $(sources sources_short.txt)
    refused 'sources_nan.txt:1: field 4 is "nan"' $(sources sources_nan.txt)
    refused 'sources_negative.txt:2: the weight is negative' $(sources sources_negative.txt)
}

# The detector's farthest corner is some 30 mm from the beam: 2 theta = atan(30 / 60) = 26.6 degrees, d = 2.6 A. None is beyond 1 / 1.2 A.
table() { echo "${base[*]}" --background.size=10 --background.file="$1" --background.file_axis="$2"; }
# shellcheck disable=SC2046 # words
{
    for axis in stol 4stol q; do silent $(table water_$axis $axis); done
    plan 'note: water_q goes to .* = 7.54 1/A, .* none beyond 0.8333: .*file_axis (stol) right' $(table water_q stol)
    plan 'note: water_4stol goes to .* = 2.4 1/A' $(table water_4stol stol)
    plan 'note: water_stol ends at 10.47 A and the detector sees to 2.[56]' $(table water_stol q)
    refused 'water_unsorted:3: positions must .*; this is 0.1' $(table water_unsorted stol)
    refused 'water_negative:1: positions must .*; this is -0.1' $(table water_negative q)
    refused 'water_nan:2: field 1 is "nan"' $(table water_nan stol)
    refused 'water_nan_f:2: field 2 is "nan"' $(table water_nan_f stol)
    refused 'water_one' $(table water_one stol)
}

from_header=(--crystal.cell=60 --crystal.default_f=10 --sampling.oversample=1)
silent "${from_header[@]}" --detector.header=good.img
plan 'note: detector.distance is 0.06 mm (distance_m.img, DISTANCE), and' "${from_header[@]}" --detector.header=distance_m.img
plan 'note: detector.distance is 60000 mm (distance_um.img, DISTANCE)' "${from_header[@]}" --detector.header=distance_um.img
plan 'note: detector.pixel_size is 172 mm (pixel_um.img, PIXEL_SIZE)' "${from_header[@]}" --detector.header=pixel_um.img
plan 'note: detector.pixel_size is 0.000172 mm (pixel_m.img, PIXEL_SIZE)' "${from_header[@]}" --detector.header=pixel_m.img
refused 'wavelength_m.img, WAVELENGTH: beam.wavelength is "1.2e-10"' "${from_header[@]}" --detector.header=wavelength_m.img
refused 'wavelength_eV.img, WAVELENGTH\|no reflection' "${from_header[@]}" --detector.header=wavelength_eV.img
refused 'wavelength_nan.img: WAVELENGTH in its header is "nan"' "${from_header[@]}" --detector.header=wavelength_nan.img
refused 'distance_words.img: DISTANCE in its header is "60 furlong"' "${from_header[@]}" --detector.header=distance_words.img
finish

#!/usr/bin/env bash
# The numbers of a spectrum have a unit and a shape: known units are converted, others refused, and so are weights the
# wrong way round. Energies of 9500 and 9600 eV, 1 to 3, have the mean wavelength (1.30510 + 3 x 1.29150) / 4 A.
set -u
. "$SOURCE/tests/support/case.sh"
common=(--crystal.cell=60 --crystal.default_f=10 --detector.pixel_size=2)
"${PYTHON:-/usr/bin/python3}" - << 'P' || fail "inputs"
import h5py, numpy as np
hc = 12398.419843320026
ev = np.array([9500.0, 9600.0])
up = np.sort(hc / ev) # angstrom, where the weights change places
def put(name, energies, weights, unit=None):
    with h5py.File(name + ".h5", "w") as f:
        f["energies"] = energies
        f["weights"] = weights
        if unit is not None:
            f["energies"].attrs["units"] = unit
w = np.array([1.0, 3.0])
put("good_eV", ev, w, "eV")
put("good_none", ev, w)
put("good_keV", ev / 1e3, w, np.bytes_("keV"))
put("good_J", ev * 1.602176634e-19, w, "J")
for unit, metres in ("angstrom", 1e-10), ("A", 1e-10), ("nm", 1e-9), ("m", 1.0), ("pm", 1e-12):
    put("good_" + unit, up * 1e-10 / metres, w[::-1], unit)
put("good_frames", ev, np.array([[1.0, 3], [2, 2], [0, 1]]), "eV")
put("good_square", ev, np.array([[1.0, 3], [2, 2]]), "eV")
put("furlong", ev, w, "furlong")
put("keV_unnamed", ev / 1e3, w)
put("angstrom_unnamed", up, w)
put("angstrom_as_J", up, w, "J")
put("transposed", np.append(ev, 9700.0), np.ones((3, 6)), "eV")
put("transposed_divides", ev, np.ones((2, 4)), "eV")
put("flat", ev, np.ones(4), "eV")
put("cube", ev, np.ones((2, 2, 2)), "eV")
put("cube_divides", ev, np.ones((4, 1, 2)), "eV")
put("matrix_of_energies", ev[None, :], w, "eV")
put("nan", np.array([9500.0, np.nan]), w, "eV")
for name, head, lines in ("eV", "", ev), ("keV", "# units: keV\n", ev / 1e3), ("eV2", "# energy weight\n# unit = eV\n", ev):
    with open("good_" + name + ".txt", "w") as f:
        f.write(head + "".join("%.17g %g\n" % line for line in zip(lines, w)))
with open("good_A.txt", "w") as f:
    f.write("# units: A\n" + "".join("%.17g %g\n" % line for line in zip(up, w[::-1])))
open("keV.txt", "w").write("9.5 1\n9.6 3\n")
open("A.txt", "w").write("1.29 1\n1.30 3\n")
open("furlong.txt", "w").write("# units: furlong\n1.29 1\n1.30 3\n")
open("soft.txt", "w").write("# units: eV\n9.5 1\n9.6 3\n")
P
for file in good_*; do
    "$TESSERA" plan "${common[@]}" --beam.spectrum="$file" > out 2> err || fail "$file: $(cat err)"
    grep -q 'wavelength 1.2949 A' out || fail "$file: $(grep '^beam' out)"
done
"$TESSERA" plan "${common[@]}" --beam.spectrum=good_none.h5 | grep -q 'note: .*taken as eV' || fail "no note of a missing unit"
"$TESSERA" plan "${common[@]}" --beam.spectrum=good_square.h5 | grep -q 'note: .*square.*\[frames, energies\]' ||
    fail "no note of square weights"
refused() { # refused FILE PATTERN: with exit code 2 before any work
    local got=0
    "$TESSERA" simulate "${common[@]}" --beam.spectrum="$1" --output out.nxs > out 2> err || got=$?
    [ $got = 2 ] && grep -q "$1.*$2" err || fail "$1: exit code $got: $(cat err)"
    [ ! -e out.nxs ] && [ ! -e out.nxs.partial ] || fail "$1 left a file"
}
refused furlong.h5 'energies.*"furlong" is no unit'
refused keV_unnamed.h5 'energies\[0\].*9.5 is no energy.*keV'
refused angstrom_unnamed.h5 'energies\[0\].*1.29.* is no energy'
refused angstrom_as_J.h5 'energies\[0\].*out of range'
refused transposed.h5 'weights is \[3, 6\] for 3 energies.*transpose'
refused transposed_divides.h5 'weights is \[2, 4\] for 2 energies.*transpose'
refused flat.h5 'weights has 1 dimensions'
refused cube.h5 'weights has 3 dimensions'
refused cube_divides.h5 'weights has 3 dimensions'
refused matrix_of_energies.h5 'energies has 2 dimensions'
refused nan.h5 'energies\[1\]'
refused keV.txt ':1: 9.5 is no energy of X-rays in eV'
refused A.txt ':1: 1.29 is no energy'
refused furlong.txt '"furlong" is no unit'
"$TESSERA" plan "${common[@]}" --beam.spectrum=soft.txt > out 2> err || fail "9.5 eV: $(cat err)"
finish

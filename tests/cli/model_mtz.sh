#!/usr/bin/env bash
# `tessera describe MODEL --mtz FILE`: gemmi reads amplitudes and phases that numpy computes, with and without dispersion, in groups with
# and without a number; a run with that file is a run with the model. Nothing is written over, and no file that is not whole gets its name.
set -u
. "$SOURCE/tests/support/case.sh"
/usr/bin/python3 - "$TESSERA" "$SOURCE" << 'P' || fail "see above"
import re
import subprocess
import sys
import gemmi
import h5py
import numpy as np

program, source = sys.argv[1:]
rng = np.random.default_rng(1995)
table = {}
for line in open(source + "/include/core/reflections/form_factors.def"):
    row = re.match(r"FORM_FACTOR\((\w+), \d+, (.*)\)", line)
    if row:
        table[row[1]] = [float(v) for v in row[2].split(",")]

def run(*arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout

def write_model(group, cell, by_name, atoms):
    with open("model.cif", "w") as cif:
        cif.write("data_x\n" + "".join("_cell_%s %g\n" % item for item in zip(("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"), cell.parameters)))
        if by_name:
            cif.write("_symmetry.space_group_name_H-M '%s'\n" % group.hm)
        else:
            cif.write("loop_\n_symmetry_equiv_pos_as_xyz\n" + "".join("'%s'\n" % o.triplet() for o in group.operations()))
        cif.write("loop_\n" + "".join("_atom_site_%s\n" % n for n in ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy", "B_iso_or_equiv")))
        for i, (element, x, occupancy, b) in enumerate(atoms):
            cif.write("%s%d %s %.4f %.4f %.4f %.2f %.2f\n" % (element, i, element, *x, occupancy, b))

def dispersion(symbol, energy):
    return complex(*map(float, run("describe", "--anomalous", symbol, "--energies", repr(float(energy))).splitlines()[-1].split()[1:]))

def truth(group, cell, atoms, hkl, energy):
    s2 = np.sum((hkl @ np.array(cell.frac.mat.tolist())) ** 2, axis=1) / 4
    f = np.zeros(len(hkl), complex)
    for element, x, occupancy, b in atoms:
        scattering = sum(table[element][i] * np.exp(-table[element][6 + i] * s2) for i in range(5)) + table[element][5]
        scattering = scattering + (dispersion(element, energy) if energy else 0)
        for operation in group.operations():
            rotation, shift = np.array(operation.rot) / operation.DEN, np.array(operation.tran) / operation.DEN
            f += scattering * occupancy * np.exp(-b * s2) * np.exp(2j * np.pi * (hkl @ rotation @ x + hkl @ shift))
    return f

cases = [("P 1 21 1", (31, 26, 37, 90, 104, 90), False), ("C 1 2 1", (41, 26, 37, 90, 104, 90), True),
         ("P 61", (30, 30, 44, 90, 90, 120), True), ("I 2 3", (50, 50, 50, 90, 90, 90), False)]
for number, (name, cell, by_name) in enumerate(cases):
    group, cell = gemmi.SpaceGroup(name), gemmi.UnitCell(*cell)
    atoms = [(("Fe", "S", "C", "N", "O")[i % 5], np.round(rng.uniform(0, 1, 3), 4), round(rng.uniform(0.3, 1), 2), round(rng.uniform(5, 15), 2)) for i in range(12)]
    write_model(group, cell, by_name, atoms)
    for energy in (7100.0, None):
        out = "model_%d_%s.mtz" % (number, "fe" if energy else "free")
        said = run("describe", "model.cif", "--mtz", out, "--crystal.resolution=3.5", "--beam.energy=%g" % (energy or 9000),
                   *([] if energy else ["--crystal.model_dispersion=false"]))
        assert "written      " + out in said, said
        mtz = gemmi.read_mtz_file(out)
        assert mtz.spacegroup.operations() == group.operations(), (name, mtz.spacegroup)
        assert np.allclose(mtz.cell.parameters, cell.parameters, atol=1e-4)
        assert abs(mtz.datasets[-1].wavelength - 12398.419843320026 / (energy or 9000)) < 1e-5
        hkl = mtz.make_miller_array()
        wanted = gemmi.make_miller_array(cell, group, 3.5)
        inside = set(map(tuple, gemmi.make_miller_array(cell, group, 3.5).tolist()))
        asu = gemmi.ReciprocalAsu(group)
        found = {tuple(asu.to_asu(h, group.operations())[0]) for h in hkl.tolist()}
        assert inside <= found and len(found) == len(hkl), (name, len(inside), len(found), len(hkl))
        for sign, mark in ((1, "(+)"), (-1, "(-)")) if energy else ((1, ""),):
            f = truth(group, cell, atoms, sign * hkl, energy)
            read = mtz.array[:, mtz.column_labels().index("FC" + mark)] * np.exp(1j * np.radians(mtz.array[:, mtz.column_labels().index("PHIC" + mark)].astype(float)))
            error = np.abs(read - f).max() / np.abs(f).max()
            print("%s, %s: %.1e" % (name, "F" + mark, error))
            assert error < 3e-7, (name, mark, error)
try:  # where it is installed; it reads no file that lacks what others do without
    import iotbx.mtz
except ImportError:
    iotbx = None
for number, (name, cell, by_name) in enumerate(cases) if iotbx else ():
    arrays = {a.info().labels[0]: a for a in iotbx.mtz.object("model_%d_free.mtz" % number).as_miller_arrays()}
    assert arrays["FC"].space_group().type().lookup_symbol().replace(" ", "") == name.replace(" ", ""), arrays["FC"].space_group_info()
    assert arrays["FC"].is_complex_array() or "PHIC" in arrays, list(arrays)
# A run with the file is one with the model.
scene = ["--crystal.cells=8", "--detector.fast_pixels=61", "--detector.slow_pixels=47", "--detector.pixel_size=1.3", "--detector.distance=60",
         "--sampling.oversample=1", "--beam.energy=7100", "--crystal.default_f=0", "--run.precision=float64", "--output.images=expected", "--overwrite"]
images = []
for factors in (["--crystal.model=model.cif", "--crystal.resolution=3.5"], ["--crystal.structure_factors=model_3_fe.mtz"]):
    run("simulate", *scene, *factors, "--crystal.f000=0", "--output", "run.nxs")
    with h5py.File("run.nxs") as file:
        images.append(file["/entry/data/data"][0].astype(float))
error = np.abs(images[0] - images[1]).max() / images[0].max()
print("images: %.1e" % error)
assert 0 < images[0].max() and error < 1e-6, error
P
refused() { # refused CODE PATTERN ARGUMENT...
    local wanted=$1 pattern=$2 code=0
    shift 2
    "$TESSERA" describe "$@" > out 2> err || code=$?
    [ $code = "$wanted" ] && grep -q -- "$pattern" err || fail "describe $*: exit code $code: $(cat err)"
}
before=$(sha256sum < model_0_fe.mtz)
refused 2 'model_0_fe.mtz exists; remove it' model.cif --mtz model_0_fe.mtz
[ "$(sha256sum < model_0_fe.mtz)" = "$before" ] || fail "what existed was written over"
refused 2 'this file has reflections already' model_0_fe.mtz --mtz other.mtz
refused 2 '--mtz needs one name' model.cif --mtz a.mtz --mtz=b.mtz
refused 2 '--mtz needs one name' model.cif --mtz
refused 2 '--mtz needs one name' model.cif --mtz --crystal.resolution=3
refused 3 'no_folder/a.mtz' model.cif --mtz no_folder/a.mtz
(ulimit -f 8; refused 3 'limited.mtz.partial' model.cif --mtz limited.mtz --crystal.resolution=2.5)
[ -z "$(ls -- *.partial limited.mtz a.mtz b.mtz other.mtz 2> /dev/null)" ] || fail "something is left: $(ls)"
finish

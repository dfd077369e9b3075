#!/usr/bin/env bash
# crystal.model against cctbx: 60 random atoms in C 2, P 61 and F d -3 m with anisotropic displacements, occupancies and
# alternative places, f' and f''; F of cctbx's direct summation over the same scattering factors, 1e-9 of the greatest, and over
# its own table, which is in single precision, 1e-6.
set -u
. "$SOURCE/tests/support/case.sh"
/usr/bin/python3 - "$TESSERA" "$SOURCE" << 'P' || fail "structure factors"
import re
import subprocess
import sys
import time
import numpy as np
from cctbx import adptbx, crystal, eltbx, xray
from cctbx.array_family import flex
import cctbx.eltbx.xray_scattering as scattering

program, source = sys.argv[1:]
rng = np.random.default_rng(7)
table = {}
for line in open(source + "/include/core/reflections/form_factors.def"):
    row = re.match(r"FORM_FACTOR\((\w+), \d+, (.*)\)", line)
    if row:
        v = [float(x) for x in row[2].split(",")]
        table[row[1]] = scattering.gaussian(v[:5], v[6:], v[5])
energy = 12398.419843320026 / 1.2
elements = ["C", "N", "O", "S", "Fe"]

def dispersion(symbol):
    run = subprocess.run([program, "describe", "--anomalous", symbol, "--energies", repr(energy)], capture_output=True, text=True)
    return [float(v) for v in run.stdout.split()[1:]]

def write_cif(structure, name):
    cell, group = structure.unit_cell(), structure.space_group()
    with open(name, "w") as cif:
        cif.write("data_x\n" + "".join("_cell_%s %.10g\n" % item for item in zip(
            ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"), cell.parameters())))
        cif.write("loop_\n_symmetry_equiv_pos_as_xyz\n" + "".join("'%s'\n" % o.as_xyz() for o in group))
        cif.write("loop_\n" + "".join("_atom_site_%s\n" % n for n in ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy", "U_iso_or_equiv")))
        for s in structure.scatterers():
            cif.write("%s %s %.12f %.12f %.12f %.6f %.12f\n" % ((s.label, s.element_symbol()) + s.site + (s.occupancy, s.u_iso_or_equiv(cell))))
        cif.write("loop_\n_atom_site_aniso_label\n" + "".join("_atom_site_aniso_U_%s\n" % n for n in ("11", "22", "33", "12", "13", "23")))
        for s in structure.scatterers():
            if s.flags.use_u_aniso():
                cif.write(s.label + " %.15g %.15g %.15g %.15g %.15g %.15g\n" % tuple(adptbx.u_star_as_u_cif(cell, s.u_star)))

for symbol, parameters, resolution in (("C 1 2 1", (31, 35, 40, 90, 105, 90), 1.8), ("P 61", (40, 40, 30, 90, 90, 120), 1.8), ("F d -3 m :2", (30, 30, 30, 90, 90, 90), 1.5)):
    symmetry = crystal.symmetry(unit_cell=parameters, space_group_symbol=symbol)
    structure = xray.structure(crystal_symmetry=symmetry)
    for i in range(60):
        element = elements[i % 5]
        scatterer = xray.scatterer(label="%s%d" % (element, i), site=tuple(rng.random(3)), u=float(rng.uniform(0.1, 0.4)),
                                   occupancy=round(float(rng.uniform(0.3, 1)), 3), scattering_type=element)
        if i % 3 == 0:
            m = rng.normal(size=(3, 3)) * 0.2
            u = m @ m.T + np.eye(3) * 0.1
            scatterer.flags.set_use_u_aniso_only()
            scatterer.u_star = adptbx.u_cart_as_u_star(symmetry.unit_cell(), (u[0, 0], u[1, 1], u[2, 2], u[0, 1], u[0, 2], u[1, 2]))
        scatterer.fp, scatterer.fdp = dispersion(element)
        structure.add_scatterer(scatterer)
    write_cif(structure, "atoms.cif")
    run = subprocess.run([program, "simulate", "--crystal.model=atoms.cif", "--crystal.cells=5", "--beam.wavelength=1.2", "--crystal.resolution=%g" % resolution,
                          "--detector.fast_pixels=20", "--detector.slow_pixels=20", "--detector.pixel_size=4", "--detector.distance=60",
                          "--sampling.oversample=1", "--output.dump_file=f.dump", "--overwrite", "--output", "m.nxs"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    contents = open("f.dump", "rb").read()
    end = contents.index(b"\f")
    bounds = [int(v) for v in contents[:end].split()]
    values = np.frombuffer(contents[end + 1:], float).reshape([bounds[2 * i + 1] - bounds[2 * i] + 2 for i in range(3)])
    for custom, limit in (({e: table[e] for e in elements}, 1e-9), (None, 1e-6)):
        structure.scattering_type_registry(custom_dict=custom, table="wk1995")
        start = time.process_time()
        f = structure.structure_factors(d_min=resolution * 1.0001, anomalous_flag=True, algorithm="direct").f_calc()
        seconds = time.process_time() - start
        f = f.expand_to_p1()
        hkl, truth = np.array(list(f.indices())), np.abs(np.array(f.data()))
        got = values[tuple((hkl - np.array(bounds[::2])).T)]
        difference = np.abs(got - truth).max() / truth.max()
        print("%s: %d reflections, %.1e of the greatest; cctbx took %.2f s" % (symbol, len(hkl), difference, seconds))
        assert difference < limit and len(hkl) > 1000, (symbol, difference)
P
finish

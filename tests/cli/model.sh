#!/usr/bin/env bash
# crystal.model: structure factors of random atoms by direct summation equal a plain sum in numpy over gemmi's symmetry
# operations, 1e-9 of the greatest, from PDB, mmCIF, core CIF and gzipped files: isotropic and anisotropic, alternative places,
# occupancies, special positions, f' and f'' with the right sign between Friedel mates. Bad files are refused with a line.
set -u
. "$SOURCE/tests/support/case.sh"
/usr/bin/python3 - "$TESSERA" "$SOURCE" << 'P' || fail "structure factors"
import gzip
import re
import subprocess
import sys
import gemmi
import numpy as np

program, source = sys.argv[1:]
rng = np.random.default_rng(20261201)
table = {}
for line in open(source + "/include/core/reflections/form_factors.def"):
    row = re.match(r"FORM_FACTOR\((\w+), \d+, (.*)\)", line)
    if row:
        table[row[1]] = [float(v) for v in row[2].split(",")]
wavelength, energy = 1.2, 12398.419843320026 / 1.2

def dispersion(symbol):
    if symbol in ("H", "He"):
        return 0.0
    run = subprocess.run([program, "describe", "--anomalous", symbol, "--energies", repr(energy)], capture_output=True, text=True)
    values = run.stdout.split()
    return float(values[1]) + 1j * float(values[2])

def read_dump(name):
    contents = open(name, "rb").read()
    end = contents.index(b"\f")
    bounds = [int(v) for v in contents[:end].split()]
    counts = [bounds[2 * i + 1] - bounds[2 * i] + 1 for i in range(3)]
    values = np.frombuffer(contents[end + 1:], float).reshape([n + 1 for n in counts])
    return bounds[::2], values[:counts[0], :counts[1], :counts[2]]

def simulate(model, *arguments):
    return subprocess.run([program, "simulate", "--crystal.model=" + model, "--crystal.cells=5", "--beam.wavelength=%g" % wavelength,
                           "--detector.fast_pixels=20", "--detector.slow_pixels=20", "--detector.pixel_size=4", "--detector.distance=60",
                           "--sampling.oversample=1", "--output.dump_file=f.dump", "--output", "m.nxs", "--overwrite", *arguments],
                          capture_output=True, text=True)

def expected(cell, operations, atoms, hkl, with_dispersion=True):
    """atoms: element, fraction, occupancy, B (A^2) or U* (3x3)"""
    inverse = np.array(cell.frac.mat.tolist())
    s2 = np.sum((hkl @ inverse) ** 2, axis=1) / 4
    total = np.zeros(len(hkl), complex)
    for element, x, occupancy, b, ustar in atoms:
        row = table[element]
        f = sum(row[i] * np.exp(-row[6 + i] * s2) for i in range(5)) + row[5] + (dispersion_of[element] if with_dispersion else 0)
        for rotation, shift in operations:
            hr = hkl @ rotation
            t = np.exp(-b * s2) if ustar is None else np.exp(-2 * np.pi ** 2 * np.einsum("ni,ij,nj->n", hr, ustar, hr))
            total += occupancy * f * t * np.exp(2j * np.pi * (hr @ x + hkl @ shift))
    return np.abs(total)

def operations_of(name):
    group = gemmi.find_spacegroup_by_name(name)
    return [(np.array(o.rot) / o.DEN, np.array(o.tran) / o.DEN) for o in group.operations()]

def check(what, model, cell, operations, atoms, *arguments, resolution=1.8, with_dispersion=True):
    run = simulate(model, "--crystal.resolution=%g" % resolution, *arguments)
    assert run.returncode == 0, (what, run.stderr)
    first, values = read_dump("f.dump")
    places = np.argwhere(np.ones(values.shape, bool))
    hkl = places + first
    inverse = np.array(cell.frac.mat.tolist())
    inside = np.sum((hkl @ inverse) ** 2, axis=1) <= (1 / resolution) ** 2 * (1 - 1e-9)
    some = rng.permutation(np.flatnonzero(inside))[:1500]
    truth = expected(cell, operations, atoms, hkl[some], with_dispersion)
    got = values[tuple(places[some].T)]
    difference = np.abs(got - truth).max() / truth.max()
    assert difference < 1e-9 and len(some) > 200, (what, difference, len(some))
    return hkl[some], got

elements = ["C", "N", "O", "S", "Fe", "H"]
dispersion_of = {e: dispersion(e) for e in elements + ["Se"]}

def random_structure(cell, name):
    st = gemmi.Structure()
    st.cell, st.spacegroup_hm = cell, name
    model, chain, residue = gemmi.Model("1"), gemmi.Chain("A"), gemmi.Residue()
    residue.name, residue.seqid = "UNK", gemmi.SeqId("1")
    for i in range(60):
        atom = gemmi.Atom()
        atom.name, atom.element = "X%d" % i, gemmi.Element(elements[i % 6])
        atom.name = atom.element.name.upper() + str(i)
        place = cell.orthogonalize(gemmi.Fractional(*rng.uniform(-0.2, 1.2, 3)))
        atom.pos = gemmi.Position(*np.round(place.tolist(), 3))
        atom.occ, atom.b_iso = round(rng.uniform(0.2, 1), 2), round(rng.uniform(5, 60), 2)
        if i % 7 == 3:
            atom.altloc = "AB"[i % 2]
        if i % 3 == 0:
            m = rng.normal(size=(3, 3)) * 0.2
            u = np.round(m @ m.T + np.eye(3) * 0.1, 4)
            atom.aniso = gemmi.SMat33f(u[0, 0], u[1, 1], u[2, 2], u[0, 1], u[0, 2], u[1, 2])
        residue.add_atom(atom)
    chain.add_residue(residue)
    model.add_chain(chain)
    st.add_model(model)
    st.setup_cell_images()
    return st

def atoms_of(st):
    fractional = np.array(st.cell.frac.mat.tolist())
    found = []
    for cra in st[0].all():
        a = cra.atom
        # gemmi keeps these in single precision; the file has four and two digits
        ustar = fractional @ np.round(np.array(a.aniso.as_mat33().tolist()), 4) @ fractional.T if a.aniso.nonzero() else None
        found.append((a.element.name, np.array(st.cell.fractionalize(a.pos).tolist()), round(a.occ, 2), round(a.b_iso, 2), ustar))
    return found

for name, cell in (("C 1 2 1", (31, 35, 40, 90, 105, 90)), ("P 61", (40, 40, 30, 90, 90, 120)), ("P 1", (20, 22, 25, 80, 95, 110)),
                   ("H 3", (36, 36, 30, 90, 90, 120)), ("F 2 3", (44, 44, 44, 90, 90, 90))):
    st = random_structure(gemmi.UnitCell(*cell), name)
    st.write_pdb("a.pdb")
    again = gemmi.read_structure("a.pdb")
    hkl, got = check(name + " pdb", "a.pdb", again.cell, operations_of(name), atoms_of(again))
    pairs = {tuple(h): f for h, f in zip(hkl.tolist(), got)}
    differences = [abs(f - pairs[tuple(-v for v in h)]) / f for h, f in pairs.items() if tuple(-v for v in h) in pairs and f > 1]
    assert len(differences) > 5 and 1e-3 < np.median(differences) < 0.5, (name, len(differences), np.median(differences))
    st.make_mmcif_document().write_file("a.cif")
    again = gemmi.read_structure("a.cif")
    check(name + " mmCIF", "a.cif", again.cell, operations_of(name), atoms_of(again))
    check(name + " free atoms", "a.cif", again.cell, operations_of(name), atoms_of(again), "--crystal.model_dispersion=false", with_dispersion=False)
with gzip.open("a.pdb.gz", "wb") as packed:
    packed.write(open("a.pdb", "rb").read())
check("gzip", "a.pdb.gz", gemmi.read_structure("a.pdb").cell, operations_of("F 2 3"), atoms_of(gemmi.read_structure("a.pdb")))

# The same atoms with elements left out, as in files before 1996, and other things in columns 73 to 80.
old = []
for line in open("a.pdb"):
    if line.startswith(("ATOM", "HETATM")):
        line = line[:72] + "1ABC 123\n"
    old.append(line)
open("old.pdb", "w").writelines(old)
reference = gemmi.read_structure("a.pdb")
check("old PDB", "old.pdb", reference.cell, operations_of("F 2 3"), atoms_of(reference))
run = simulate("old.pdb", "--crystal.resolution=3")
assert "told by their names" in run.stdout, run.stdout

# Core CIF: fractions, U, special positions, operations in the file: spinel-like, F d -3 m with its origin at the centre.
group = gemmi.SpaceGroup("F d -3 m:2")
sites = [("Fe", (0.125, 0.125, 0.125), 1.0), ("S", (0.5, 0.5, 0.5), 0.8), ("O", (0.2602, 0.2602, 0.2602), 1.0)]
with open("core.cif", "w") as cif:
    cif.write("data_x\n" + "".join("_cell_%s %s\n" % item for item in zip(("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"),
                                                                    ("8.4(1)", "8.4", "8.4", "90", "90", "90"))))
    cif.write("loop_\n_symmetry_equiv_pos_as_xyz\n" + "".join("'%s'\n" % o.triplet() for o in group.operations()))
    cif.write("loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
              "_atom_site_occupancy\n_atom_site_U_iso_or_equiv\n")
    for i, (element, x, occupancy) in enumerate(sites):
        cif.write("%s%d %s %s %g 0.0%d\n" % (element, i, element + ("3+" if element == "Fe" else ""), " ".join("%g" % v for v in x), occupancy, 5 + i))
    cif.write("loop_\n_atom_site_aniso_label\n" + "".join("_atom_site_aniso_U_%s\n" % ij for ij in ("11", "22", "33", "12", "13", "23")))
    cif.write("O2 0.02 0.02 0.02 0.004 0.004 0.004\n")
cell = gemmi.UnitCell(8.4, 8.4, 8.4, 90, 90, 90)
multiplicity = {"Fe": 8, "S": 16, "O": 32}
u = np.array([[0.02, 0.004, 0.004], [0.004, 0.02, 0.004], [0.004, 0.004, 0.02]]) / 8.4 ** 2
atoms = [(e, np.array(x), occ * multiplicity[e] / 192, 8 * np.pi ** 2 * (0.05 + 0.01 * i), u if e == "O" else None) for i, (e, x, occ) in enumerate(sites)]
check("core CIF", "core.cif", cell, operations_of("F d -3 m:2"), atoms, resolution=0.7)

# What the detector's corner sees, when nothing else is said.
run = simulate("a.pdb")
found = re.search(r"structure factors to ([0-9.]+) A", run.stdout)
corner = 0.5 * wavelength / np.sin(0.5 * np.arctan(np.hypot(40, 40) / 60))
assert run.returncode == 0 and abs(float(found[1]) / corner - 1) < 0.06, (run.stdout, corner)
P
mv a.pdb good.pdb || fail "no model"
refused() { # refused PATTERN ARGUMENT...
    local pattern=$1 code=0
    shift
    "$TESSERA" simulate --beam.wavelength=1.2 --detector.fast_pixels=20 --detector.slow_pixels=20 --detector.pixel_size=4 \
        --detector.distance=60 --output refused.nxs "$@" > out 2> err || code=$?
    [ $code = 2 ] && [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$*: exit code $code, not \"$pattern\": $(cat err)"
    ! compgen -G 'refused.nxs*' > /dev/null || { fail "$*: there is $(ls refused.nxs*)"; rm -f refused.nxs*; }
}
variant() { sed "$@" good.pdb > bad.pdb; }
variant '/^CRYST1/d'
refused 'bad.pdb:[0-9]*: an atom before any CRYST1' --crystal.model=bad.pdb
variant 's/^CRYST1.\{48\}/CRYST1    1.000    1.000    1.000  90.00  90.00  90.00/'
refused 'its cell is 1,1,1' --crystal.model=bad.pdb
variant '12s/^\(.\{76\}\)../\1Qq/; 12s/^\(.\{12\}\).\{4\}/\1Qq  /'
refused 'bad.pdb:12: the element' --crystal.model=bad.pdb
variant '12s/^\(.\{30\}\).\{8\}/\1  nan   /'
refused 'bad.pdb:12: a coordinate' --crystal.model=bad.pdb
variant '12s/^\(.\{54\}\).\{6\}/\1 -0.50/'
refused 'occupancy must be' --crystal.model=bad.pdb
(cat good.pdb; echo ENDMDL; grep '^ATOM' good.pdb) > bad.pdb
refused 'a second model' --crystal.model=bad.pdb
sed '2i MTRIX1   2  0.500000 -0.866025  0.000000        0.00000' good.pdb > bad.pdb
refused 'MTRIX' --crystal.model=bad.pdb
printf 'HEADER\n' > bad.pdb
refused 'has no atoms' --crystal.model=bad.pdb
refused 'cannot' --crystal.model=missing.pdb
refused 'the crystal.s cell is' --crystal.model=good.pdb --crystal.cell=44.1
refused 'from 1000 to 200000 eV' --crystal.model=good.pdb --beam.wavelength=100 --crystal.resolution=3
refused 'crystal.resolution' --crystal.model=good.pdb --crystal.resolution=0.001
sed '/^CRYST1/s/F 2 3 */F d -3 m/' good.pdb > bad.pdb
refused 'two origins' --crystal.model=bad.pdb
core=$SOURCE/tests/fuzz/corpus/atoms/core.cif
{ cat "$core" && printf '\ndata_notes\n_x 1\n'; } > notes.cif
for file in "$core" notes.cif; do
    "$TESSERA" describe "$file" > "$(basename "$file").txt" 2>&1 || fail "describe $file: $(cat "$(basename "$file").txt")"
done
cmp <(grep -v '^file\|^note' core.cif.txt) <(grep -v '^file\|^note' notes.cif.txt) || fail "a block without atoms matters"
{ cat "$core" && sed 's/^data_.*/data_second/' "$core"; } > bad.cif
refused 'atoms in 2 data blocks, marked by \*: .*\*, second\*; keep one of them' --crystal.model=bad.cif
finish

#!/usr/bin/env bash
# Dispersion of each wavelength: an image of 100 energies across the K edge of iron equals the weighted sum of 100 monochromatic
# images, each with the |F| that numpy computes for its energy, 1e-6: float64, by reflections, and float32 (2e-5: twice as much as it is off
# here with one F for all); the same on ranks; one element and three, with a scale and B that differ between frames, and energies that do.
set -u
. "$SOURCE/tests/support/case.sh"
/usr/bin/python3 - "$TESSERA" "$SOURCE" "$MPIEXEC" << 'P' || fail "images"
import re
import shlex
import subprocess
import sys
import gemmi
import h5py
import numpy as np

program, source, mpiexec = sys.argv[1:]
rng = np.random.default_rng(7112)
energies = np.round(7082 + 0.7 * np.arange(100), 1)
weights = rng.uniform(0.2, 1, len(energies))

def set_spectrum(lines):
    """a file of these lines, and the energy of its mean wavelength"""
    global energies, weights, mean_ev
    energies, weights = energies[lines], weights[lines]
    with open("spectrum.txt", "w") as spectrum:
        spectrum.writelines("%.17g %.17g\n" % pair for pair in zip(energies, weights))
    mean_ev = np.sum(weights) / np.sum(weights / energies)

set_spectrum(slice(None))
table = {}
for line in open(source + "/include/core/reflections/form_factors.def"):
    row = re.match(r"FORM_FACTOR\((\w+), \d+, (.*)\)", line)
    if row:
        table[row[1]] = [float(v) for v in row[2].split(",")]

def run(*arguments, before=()):
    done = subprocess.run([*before, program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout

measured = {}  # element: energies, f', f''

def dispersion(symbol, at):
    if symbol in measured:
        energy, real, imaginary = measured[symbol]
        return list(np.interp(at, energy, real) + 1j * np.interp(at, energy, imaginary))
    steps = "%g:%g:%g" % (at[0], at[-1] + 1e-3, at[1] - at[0]) if len(at) > 3 else None
    texts = [run("describe", "--anomalous", symbol, "--energies", e) for e in ([steps] if steps else map(repr, map(float, at)))]
    values = [complex(*map(float, line.split()[1:])) for text in texts for line in text.splitlines() if line[0] != "#"]
    assert len(values) == len(at), (symbol, texts)
    return values

# 24 atoms in P 21: no centre, so that Friedel mates differ.
cell, group = gemmi.UnitCell(31, 26, 37, 90, 104, 90), gemmi.SpaceGroup("P 1 21 1")
elements = ["Fe", "S", "Mn", "C", "N", "O"]
atoms = [(elements[i % 6], np.round(rng.uniform(0, 1, 3), 4), round(rng.uniform(0.3, 1), 2), round(rng.uniform(5, 15), 2)) for i in range(24)]
with open("model.cif", "w") as cif:
    cif.write("data_x\n" + "".join("_cell_%s %g\n" % item for item in zip(("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"), cell.parameters)))
    cif.write("loop_\n_symmetry_equiv_pos_as_xyz\n" + "".join("'%s'\n" % o.triplet() for o in group.operations()))
    cif.write("loop_\n" + "".join("_atom_site_%s\n" % n for n in ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy", "B_iso_or_equiv")))
    for i, (element, x, occupancy, b) in enumerate(atoms):
        cif.write("%s%d %s %.4f %.4f %.4f %.2f %.2f\n" % (element, i, element, *x, occupancy, b))

resolution = 3.2
most = [int(v / resolution) for v in cell.parameters[:3]]
hkl = np.stack(np.meshgrid(*[np.arange(-m, m + 1) for m in most], indexing="ij"), -1).reshape(-1, 3)
s2 = np.sum((hkl @ np.array(cell.frac.mat.tolist())) ** 2, axis=1) / 4
inside = (s2 * 4 <= (1 / resolution) ** 2) & np.any(hkl != 0, axis=1)
hkl, s2 = hkl[inside], s2[inside]
parts = {e: np.zeros(len(hkl), complex) for e in elements}
for element, x, occupancy, b in atoms:
    for operation in group.operations():
        rotation, shift = np.array(operation.rot) / operation.DEN, np.array(operation.tran) / operation.DEN
        parts[element] += occupancy * np.exp(-b * s2) * np.exp(2j * np.pi * (hkl @ rotation @ x + hkl @ shift))
free = sum(g * (sum(table[e][i] * np.exp(-table[e][6 + i] * s2) for i in range(5)) + table[e][5]) for e, g in parts.items())

def amplitudes(at, followed):
    """|F| at each energy; elements that are not followed are those of the mean wavelength"""
    values = {e: dispersion(e, at) if e in followed else dispersion(e, [mean_ev]) * len(at) for e in elements}
    return [np.abs(free + sum(values[e][i] * g for e, g in parts.items())) for i in range(len(at))]

scene = ["--crystal.cells=20,18,16", "--crystal.misset=10,20,30", "--detector.fast_pixels=61", "--detector.slow_pixels=47",
         "--detector.pixel_size=1.3", "--detector.distance=60", "--sampling.oversample=2", "--overwrite", "--crystal.default_f=0", "--crystal.f000=0", "--crystal.shape=gauss",
         "--output.images=expected"]
model = ["--crystal.model=model.cif", "--crystal.resolution=3.2", "--beam.spectrum=spectrum.txt"]

def image(*arguments, before=()):
    out = run("simulate", *scene, *arguments, "--output", "i.nxs", before=before)
    with h5py.File("i.nxs") as file:
        return file["/entry/data/data"][...].astype(float), out

def monochromatic(energy, f, *arguments):
    with open("f.hkl", "w") as file:
        file.writelines("%d %d %d %.17g\n" % (*h, v) for h, v in zip(hkl.tolist(), f))
    return image("--crystal.structure_factors=f.hkl", "--crystal.cell=" + ",".join("%.10g" % v for v in cell.parameters), "--beam.energy=%.17g" % energy,
                 "--run.precision=float64", "--sampling.tolerance=0", *arguments)[0][0]

def sum_of(followed):
    images = [w * monochromatic(e, f) for e, w, f in zip(energies, weights, amplitudes(energies, followed))]
    return np.sum(images, axis=0) / np.sum(weights)

def check(what, got, truth, limit=1e-6):
    error = np.abs(got - truth).max() / truth.max()
    print("%s: %.1e of the brightest pixel" % (what, error))
    assert error < limit, (what, error)

exact = ["--run.precision=float64", "--sampling.tolerance=0"]
for names in ("Fe", "Fe, S, Mn"):
    some = ["--crystal.anomalous_elements=" + names] if names == "Fe" else []  # three are found automatically
    truth = sum_of(names.split(", "))
    got, out = image(*model, *some, *exact)
    assert some or re.search("own f' and f'' of Fe, Mn, S", out), out
    check(names + ", float64", got[0], truth)
    with h5py.File("i.nxs") as file:
        record = file["/entry/simulation/dispersion"]
        assert np.allclose(record["wavelength"][...], sorted(12398.419843320026 / energies), rtol=1e-12)
        for element in names.split(", "):
            values = record[element + "/f_prime"][...] + 1j * record[element + "/f_double_prime"][...]
            assert np.allclose(values[::-1], dispersion(element, energies), atol=1e-6), element
    single, _ = image(*model, *some, "--run.precision=float32", "--sampling.tolerance=0")
    check(names + ", float32", single[0], truth, 2e-5)
    by_reflections, out = image(*model, *some, "--run.precision=float64", "--sampling.tolerance=1e-9")
    assert "kernel: reflections" in out, out
    check(names + ", by reflections", by_reflections[0], truth)
    for arguments, one in ((exact, got), (["--run.precision=float32", "--sampling.tolerance=0"], single)):
        several, _ = image(*model, *some, *arguments, before=[*shlex.split(mpiexec), "-n", "3"])
        assert np.array_equal(several, one), (names, arguments)
    off, _ = image(*model, "--crystal.anomalous_elements=none", *exact)
    assert np.abs(off[0] - truth).max() / truth.max() > 1e-3, "f' and f'' of the mean wavelength are as good"
    if names == "Fe":
        set_spectrum(slice(30, 60, 3))

# Scale and B of each frame, and an energy of each frame.
open("frames.csv", "w").write("crystal.structure_factor_scale,crystal.b_factor\n1,0\n2.5,12\n")
frames, _ = image(*model, *exact, "--crystal.anomalous_elements=Fe", "--sweep.kind=list", "--sweep.file=frames.csv")
check("frame with its own scale, 1", frames[0], sum_of(["Fe"]))
images = [w * monochromatic(e, 2.5 * f * np.exp(-12 * s2)) for e, w, f in zip(energies, weights, amplitudes(energies, ["Fe"]))]
check("frame with its own scale, 2", frames[1], np.sum(images, axis=0) / np.sum(weights))
own = [7105.0, 7113.0, 7200.0]
open("frames.csv", "w").write("beam.energy\n" + "".join("%g\n" % e for e in own))
alone = ["--crystal.model=model.cif", "--crystal.resolution=3.2", "--crystal.anomalous_elements=Fe", "--sweep.kind=list", "--sweep.file=frames.csv", *exact]
mean_ev = own[0]
frames, _ = image(*alone)
for before in ([], [*shlex.split(mpiexec), "-n", "3"]):
    again, _ = image(*alone, before=before)
    assert np.array_equal(frames, again), "ranks matter"
for i, f in enumerate(amplitudes(own, ["Fe"])):
    check("frame at %g eV" % own[i], frames[i], monochromatic(own[i], f))

# F of free atoms with phases from an MTZ file (with the solvent that such files have: here some more of F), and the sites of iron.
solvent = 0.7 * parts["O"] * np.exp(-40 * s2)
asu = gemmi.ReciprocalAsu(group)
rows = [i for i, h in enumerate(hkl.tolist()) if asu.is_in(h)]
mtz = gemmi.Mtz(with_base=True)
mtz.spacegroup, mtz.cell = group, cell
mtz.add_dataset("x").wavelength = 1
for label, kind in (("FC", "F"), ("PHIC", "P"), ("FOM", "W")):
    mtz.add_column(label, kind)
f = (free + solvent)[rows]
mtz.set_data(np.column_stack([hkl[rows], np.abs(f), np.degrees(np.angle(f)), np.ones(len(rows))]).astype(np.float32))
mtz.write_to_file("free.mtz")
with open("model.cif") as all_atoms, open("sites.cif", "w") as sites:
    sites.writelines(line for line in all_atoms if not (line[0] in "CNOS" and line[1].isdigit()))
parameters = ["--crystal.structure_factors=free.mtz", "--crystal.structure_factor_phase=PHIC", "--beam.spectrum=spectrum.txt"]
for names, sites in ((["Fe"], ["--crystal.anomalous_sites=model.cif", "--crystal.anomalous_elements=Fe"]), (["Fe", "Mn"], ["--crystal.anomalous_sites=sites.cif"])):
    values = {e: dispersion(e, energies) for e in names}
    images = [w * monochromatic(e, np.abs(free + solvent + sum(values[n][i] * parts[n] for n in names))) for i, (e, w) in enumerate(zip(energies, weights))]
    got, out = image(*parameters, *sites, *exact)
    check("sites of %s beside F and phases" % names, got[0], np.sum(images, axis=0) / np.sum(weights))
one, _ = image("--crystal.structure_factors=free.mtz", "--crystal.structure_factor_phase=PHIC", "--crystal.anomalous_sites=sites.cif", "--beam.energy=7130", *exact)
check("one energy", one[0], monochromatic(7130, np.abs(free + solvent + sum(dispersion(e, [7130])[0] * parts[e] for e in ("Fe", "Mn")))))

# f' and f'' as they were measured: of any form between their energies.
grid = np.round(7060 + np.cumsum(rng.uniform(0.5, 4, 80)), 2)
measured["Fe"] = grid, rng.uniform(-12, -4, 80), rng.uniform(0.4, 7, 80)
measured["Mn"] = np.array([6000.0, 8000.0]), np.array([-1.0, -3.0]), np.array([3.0, 2.5])
with open("measured.txt", "w") as file:
    file.write("# element eV f' f''\n")
    for i in range(80):
        file.write("Fe %.17g %.17g %.17g\n" % tuple(column[i] for column in measured["Fe"]))
        if i in (10, 60):
            file.write("MN, %.17g, %.17g; %.17g # comment\n" % tuple(column[int(i > 10)] for column in measured["Mn"]))
mean_ev = np.sum(weights) / np.sum(weights / energies)
for what, more in (("alone", []), ("beside S", ["--crystal.anomalous_elements=S"])):
    got, out = image(*model, "--crystal.anomalous_table=measured.txt", "--crystal.anomalous_elements=" + ("S" if more else "Fe"), *exact)
    assert re.search("own f' and f'' of Fe, Mn" + (", S" if more else "\n"), out), out
    check("measured, " + what, got[0], sum_of(["Fe", "Mn"] + (["S"] if more else [])))
several, _ = image(*model, "--crystal.anomalous_table=measured.txt", "--crystal.anomalous_elements=S", *exact, before=[*shlex.split(mpiexec), "-n", "3"])
assert np.array_equal(several, got), "measured, on ranks"
one, _ = image("--crystal.model=model.cif", "--crystal.resolution=3.2", "--beam.energy=7130", "--crystal.anomalous_table=measured.txt", *exact)
mean_ev = 7130
check("measured, one energy", one[0], monochromatic(7130, amplitudes([7130], ["Fe", "Mn"])[0]))
frames, _ = image(*alone, "--crystal.anomalous_table=measured.txt", before=[*shlex.split(mpiexec), "-n", "2"])
mean_ev = own[0]
for i, f in enumerate(amplitudes(own, ["Fe", "Mn"])):
    check("measured, frame at %g eV" % own[i], frames[i], monochromatic(own[i], f))
P
refused() { # refused PATTERN ARGUMENT...
    local pattern=$1 code=0
    shift
    "$TESSERA" simulate --crystal.model=model.cif --beam.spectrum=spectrum.txt --crystal.cells=5 --detector.fast_pixels=20 --detector.slow_pixels=20 \
        --detector.pixel_size=4 --detector.distance=60 --output refused.nxs "$@" > out 2> err || code=$?
    [ $code = 2 ] && [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$*: exit code $code, not \"$pattern\": $(cat err)"
    ! compgen -G 'refused.nxs*' > /dev/null || { fail "$*: there is $(ls refused.nxs*)"; rm -f refused.nxs*; }
}
refused 'Qq is no element' --crystal.anomalous_elements=Qq
refused 'model.cif has no atom of Au' --crystal.anomalous_elements=Fe,Au
bad_table() { # bad_table PATTERN LINE...: a table of these lines
    printf '%s\n' "${@:2}" > bad.txt
    refused "$1" --crystal.anomalous_table=bad.txt
}
bad_table 'bad.txt:1: "7112" is no element' '7112 -8 4'
bad_table 'bad.txt:2: 2 numbers behind the element' 'Fe 7000 -2 0.5' 'Fe 7112 -8'
bad_table 'bad.txt:1: 4 numbers' 'Fe 7000 -2 0.5 1'
bad_table 'bad.txt:3: energies of an element must ascend' 'Fe 7000 -2 0.5' 'Fe 7112 -8 4' 'Fe 7112 -8 4'
bad_table "bad.txt:2: f' is -8 and f'' -4" 'Fe 7000 -2 0.5' 'Fe 7112 -8 -4'
bad_table "bad.txt:1: the energy is 7.112" "Fe 7.112 -8 4" "Fe 7.2 -8 4"
bad_table 'bad.txt:1: .*nan' 'Fe 7000 nan 4'
bad_table 'one energy of Fe' 'Fe 7000 -2 0.5'
bad_table 'has no lines' '# nothing'
bad_table 'bad.txt: model.cif has no atom of Au' 'Au 7000 -2 0.5' 'Au 8000 -2 0.5'
bad_table 'K is one element too many' 'Fe 7000 1 1' 'S 7000 1 1' 'Mn 7000 1 1' 'C 7000 1 1' 'K 7000 1 1'
bad_table 'has Fe from 7100 to 7110 eV, and a source' 'Fe 7100 -2 0.5' 'Fe 7110 -2 0.5'
refused 'leave one out' --crystal.anomalous_table=measured.txt --crystal.anomalous_elements=none
refused 'leave one out' --crystal.anomalous_table=measured.txt --crystal.model_dispersion=false
refused 'anomalous_table is given and crystal.interpolate is on' --crystal.anomalous_table=measured.txt --crystal.interpolate=on
refused 'more than 4' --crystal.anomalous_elements=Fe,S,Mn,C,N
refused 'crystal.interpolate is on' --crystal.anomalous_elements=Fe --crystal.interpolate=on
printf '500 1\n7112 1\n' > low.txt
refused 'from 1000 to 200000 eV, and a source has 500 eV' --beam.spectrum=low.txt --crystal.anomalous_elements=Fe --crystal.resolution=5
sites() { # sites PATTERN ARGUMENT...
    local pattern=$1
    shift
    refused "$pattern" --crystal.model= --crystal.structure_factors=free.mtz --crystal.anomalous_sites=sites.cif "$@"
}
sites 'needs phases: give the label'
sites 'has no column PHI,' --crystal.structure_factor_phase=PHI
sites 'no column of amplitudes' --crystal.structure_factor_phase=FC
sed 's/^_cell_length_a .*/_cell_length_a 31.2/' sites.cif > other.cif
sites 'more than 0.1 % apart' --crystal.structure_factor_phase=PHIC --crystal.anomalous_sites=other.cif
sites 'must agree' --crystal.structure_factor_phase=PHIC --crystal.space_group='P 1 2 1'
sites 'not interpolated' --crystal.structure_factor_phase=PHIC --crystal.interpolate=on
sed 's/^Fe\(.*\)$/C\1/; s/^Mn\(.*\)$/C\1/; s/ Fe / C /; s/ Mn / C /' sites.cif > light.cif
sites 'no element whose f' --crystal.structure_factor_phase=PHIC --crystal.anomalous_sites=light.cif
finish

"""What anomalous_pipeline.sh needs of Python.

    anomalous_pipeline.py model PDB OUT          the PDB file with two atoms of iron at stated places
    anomalous_pipeline.py compare TESSERA EV MODEL INTEGRATED.expt INTEGRATED.refl LEAST
        anomalous differences that DIALS has integrated against cctbx's of the model; exit code 1 when their correlation is below LEAST
"""
import subprocess
import sys

IRONS = [(10.0, 25.0, 12.0), (-3.0, 20.5, 40.0)]  # angstrom
RESOLUTION_A = 2.4


def make_model(source, out):
    lines = [line for line in open(source) if line[:3] != "END" and line[:6] != "MASTER"]
    for i, place in enumerate(IRONS):
        lines.append("HETATM%5d FE    FE A %3d    %8.3f%8.3f%8.3f  1.00 15.00          FE  \n" % (9000 + i, 901 + i, *place))
    open(out, "w").writelines(lines + ["END\n"])


def true_intensities(program, energy_ev, model):
    """cctbx's direct summation with f' and f'' that the program prints."""
    import iotbx.pdb

    structure = iotbx.pdb.input(model).xray_structure_simple()
    structure.scattering_type_registry(table="wk1995")
    known = {"H": (0.0, 0.0)}
    for scatterer in structure.scatterers():
        element = scatterer.element_symbol().strip()
        if element not in known:
            said = subprocess.run([program, "describe", "--anomalous", element, "--energies", repr(energy_ev)], capture_output=True, text=True, check=True)
            known[element] = tuple(float(v) for v in said.stdout.splitlines()[-1].split()[1:])
        scatterer.fp, scatterer.fdp = known[element]
    f = structure.structure_factors(d_min=RESOLUTION_A, anomalous_flag=True, algorithm="direct").f_calc()
    return f.amplitudes().as_intensity_array().map_to_asu()


def merged(table, symmetry, change):
    """Intensities of full reflections, corrected for polarization and rotation, means of equivalents."""
    from cctbx import miller
    from dials.array_family import flex

    corrected = table["intensity.sum.value"] * table["lp"]
    if "qe" in table:
        corrected /= table["qe"]
    index = flex.miller_index([change(*h) for h in table["miller_index"]])
    array = miller.array(miller.set(symmetry, index, anomalous_flag=True), corrected, flex.double(len(index), 1)).set_observation_type_xray_intensity()
    means = array.merge_equivalents(use_internal_variance=False)
    return means.array().map_to_asu(), means.redundancies().as_double().mean()


def amplitudes(intensities, scale):
    from scitbx.array_family import flex

    positive = intensities.data() / scale
    positive.set_selected(positive < 0, 0)
    return intensities.customized_copy(data=flex.sqrt(positive)).set_observation_type_xray_amplitude()


def compare(program, energy_ev, model, experiments, reflections, least):
    import numpy as np
    from cctbx import crystal
    from dials.array_family import flex

    truth = true_intensities(program, energy_ev, model)
    table = flex.reflection_table.from_file(reflections)
    table = table.select(table.get_flags(table.flags.integrated_sum) & (table["partiality"] > 0.99))
    symmetry = crystal.symmetry(unit_cell=truth.unit_cell(), space_group=truth.space_group())
    found = []
    for change in (lambda h, k, l: (h, k, l), lambda h, k, l: (k, h, -l)):  # P 6(1) can be indexed in two ways, by all intensities alike
        mean, multiplicity = merged(table, symmetry, change)
        here, there = mean.common_sets(truth)
        found.append((np.corrcoef(here.data(), there.data())[0, 1], here, there, multiplicity))
    correlation, here, there, multiplicity = max(found, key=lambda f: f[0])
    scale = float(np.sum(np.array(here.data()) * np.array(there.data())) / np.sum(np.array(there.data()) ** 2))
    a, b = amplitudes(here, scale).anomalous_differences(), amplitudes(there, 1.0).anomalous_differences()
    a, b = a.common_sets(b)
    a, b = np.array(a.data()), np.array(b.data())
    anomalous = np.corrcoef(a, b)[0, 1]
    print("%g eV: %d reflections, multiplicity %.2f; intensities correlate by %.5f; %d pairs, anomalous differences by %.4f, slope %.3f"
          % (energy_ev, len(table), multiplicity, correlation, len(a), anomalous, np.sum(a * b) / np.sum(b * b)))
    return 0 if len(a) > 100 and anomalous >= least and correlation > 0.995 else 1


if sys.argv[1] == "model":
    make_model(*sys.argv[2:])
else:
    sys.exit(compare(sys.argv[2], float(sys.argv[3]), *sys.argv[4:7], float(sys.argv[7])))

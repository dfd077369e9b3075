#!/usr/bin/env python3
"""Makes the tables of this folder with cctbx (Debian: python3-cctbx), so that the tests need no cctbx.

    python3 make_symmetry.py FOLDER

chiral_groups.txt  for each of the 65 space groups that have no operation of the second kind: its name and cell, the
                   reflections of an asymmetric unit with made-up F(+) and F(-), and number and SHA-256 of what cctbx
                   makes of them in P 1: without anomalous signal (F(+) for all), with it, and the systematic absences.
anomalous.mtz      made-up F, F(+), F(-), I and a calculated F of one of these groups
anomalous_P1.hkl   its F(+) and F(-), expanded to P 1

A list is hashed as lines "h k l F", or "h k l" for absences, in ascending order of h, k, l."""
import hashlib
import itertools
import sys

from cctbx import crystal, miller, sgtbx, uctbx
from cctbx.array_family import flex

CELLS = {
    "Triclinic": (11, 12, 13, 80, 85, 95),
    "Monoclinic": (11, 12, 13, 90, 103, 90),
    "Orthorhombic": (11, 12, 13, 90, 90, 90),
    "Tetragonal": (11, 11, 13, 90, 90, 90),
    "Trigonal": (11, 11, 13, 90, 90, 120),
    "Hexagonal": (11, 11, 13, 90, 90, 120),
    "Cubic": (12, 12, 12, 90, 90, 90),
}
ABSENCES_TO = 6  # largest |index| of the list of absences


def checksum(lines):
    text = "".join(line + "\n" for line in lines)
    return f"{len(lines)} {hashlib.sha256(text.encode()).hexdigest()}"


def lines_of(array):
    """h k l F, ascending"""
    pairs = sorted(zip(array.indices(), array.data()))
    return ["%d %d %d %d" % (*index, round(value)) for index, value in pairs]


def least_spacing(symmetry):
    """a resolution with some 25 reflections in the asymmetric unit"""
    d_min = 6.0
    while miller.build_set(symmetry, anomalous_flag=False, d_min=d_min).size() < 25:
        d_min *= 0.95
    return d_min


def anomalous_array(symmetry, d_min):
    """F(+) and F(-) of an asymmetric unit: whole numbers, no two alike but those of centric reflections"""
    unique = miller.build_set(symmetry, anomalous_flag=False, d_min=d_min)
    unique = unique.map_to_asu().sort(by_value="packed_indices")
    indices, values = flex.miller_index(), flex.double()
    for n, (index, is_centric) in enumerate(zip(unique.indices(), unique.centric_flags().data())):
        indices.append(index)
        values.append(100 + 2 * n)
        if not is_centric:
            indices.append(tuple(-i for i in index))
            values.append(101 + 2 * n)
    return miller.array(miller.set(symmetry, indices, anomalous_flag=True), values)


def plus_of(array):
    """the F(+) alone"""
    chosen = flex.bool([round(value) % 2 == 0 for value in array.data()])
    return array.select(chosen).customized_copy(anomalous_flag=False)


def whole_sphere(array):
    """all equivalents; mates where there is no anomalous signal"""
    expanded = array.expand_to_p1()
    return expanded if array.anomalous_flag() else expanded.generate_bijvoet_mates()


def absences(group):
    """of small indices, without 0 0 0"""
    span = range(-ABSENCES_TO, ABSENCES_TO + 1)
    return ["%d %d %d" % i for i in itertools.product(span, repeat=3) if i != (0, 0, 0) and group.is_sys_absent(i)]


def symmetry_of(number):
    info = sgtbx.space_group_info(number=number)
    cell = CELLS[info.group().crystal_system()]
    return crystal.symmetry(unit_cell=uctbx.unit_cell(cell), space_group_info=info)


def write_table(path):
    chiral = [n for n in range(1, 231) if sgtbx.space_group_info(number=n).group().is_chiral()]
    assert len(chiral) == 65
    with open(path, "w") as out:
        out.write("# Made by make_symmetry.py with cctbx. group NUMBER NAME / cell / h k l F(+) F(-), 0 where there is "
                  "none / mean, anomalous, absent: COUNT SHA256\n")
        for number in chiral:
            symmetry = symmetry_of(number)
            array = anomalous_array(symmetry, least_spacing(symmetry))
            given = dict(zip(array.indices(), array.data()))
            out.write(f"group {number} {symmetry.space_group_info()}\n")
            out.write("cell %g %g %g %g %g %g\n" % symmetry.unit_cell().parameters())
            for index, value in zip(array.indices(), array.data()):
                if round(value) % 2 == 0:
                    mate = given.get(tuple(-i for i in index), 0)
                    out.write("%d %d %d %d %d\n" % (*index, value, mate))
            out.write(f"mean {checksum(lines_of(whole_sphere(plus_of(array))))}\n")
            out.write(f"anomalous {checksum(lines_of(whole_sphere(array)))}\n")
            out.write(f"absent {checksum(absences(symmetry.space_group()))}\n")


def write_anomalous(folder):
    symmetry = symmetry_of(20)  # C 2 2 21
    array = anomalous_array(symmetry, 2.2).set_observation_type_xray_amplitude()
    mean = plus_of(array).set_observation_type_xray_amplitude()
    intensity = mean.customized_copy(data=mean.data() * mean.data()).set_observation_type_xray_intensity()
    dataset = array.as_mtz_dataset(column_root_label="FANO")
    dataset.add_miller_array(mean, column_root_label="FP")
    dataset.add_miller_array(mean.customized_copy(data=mean.data() + 1000), column_root_label="FC")
    dataset.add_miller_array(intensity, column_root_label="IMEAN")
    dataset.mtz_object().write(folder + "/anomalous.mtz")
    with open(folder + "/anomalous_P1.hkl", "w") as out:
        out.write("# F(+) and F(-) of anomalous.mtz, expanded to P 1 by cctbx\n")
        out.writelines(line + "\n" for line in lines_of(whole_sphere(array)))


write_table(sys.argv[1] + "/chiral_groups.txt")
write_anomalous(sys.argv[1])

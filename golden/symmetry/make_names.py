#!/usr/bin/env python3
"""Writes names.txt: spellings of all settings of the 230 space groups, and what gemmi's operations make of amplitudes.

A line is NAME, a tab, and four integers that do not depend on the origin: the number of operations (centring included), sums over
their rotations R of n and of n^2, n = sum of R[i][j] 3^(3 i + j), and the sum over the forbidden h k l of 4 >= |h|, |k|, |l| of
1000 + 7 h + 13 k + 29 l. cctbx' operations must give the same where it knows the name.

Usage: make_names.py > names.txt   (python3-gemmi, cctbx)
"""
import re

import gemmi
from cctbx import sgtbx

# Settings that CCP4's table of space groups does not have.
ABSENT = {"A 1", "B 1", "C 1", "F 1", "I 1", "A -1", "B -1", "C -1", "F -1", "I -1", "C 1 1 2", "C 1 1 21", "F 1 2/m 1", "A b a m",
          "C 4 2 2", "C 4 2 21", "F 4 2 2", "C -4 2 m", "C -4 2 b", "F 4/m m m"}
BOX = [(h, k, l) for h in range(-4, 5) for k in range(-4, 5) for l in range(-4, 5)]


def figures(operations):
    """@p operations: (rotation as 9 integers, translation as 3 fractions)."""
    numbers = [sum(r * 3**i for i, r in enumerate(rotation)) for rotation, _ in operations]
    absent = 0
    for h in BOX:
        for r, t in operations:
            turned = [sum(h[i] * r[3 * i + j] for i in range(3)) for j in range(3)]
            if tuple(turned) == h and round(24 * sum(x * y for x, y in zip(h, t))) % 24:
                absent += 1000 + 7 * h[0] + 13 * h[1] + 29 * h[2]
                break
    return len(operations), sum(numbers), sum(n * n for n in numbers), absent


def of_gemmi(group):
    den = gemmi.Op.DEN
    return figures([(tuple(x // den for row in op.rot for x in row), tuple(x / den for x in op.tran)) for op in group.operations()])


def of_cctbx(name):
    return figures([(op.r().as_double(), tuple(op.t().as_double())) for op in sgtbx.space_group_info(symbol=name).group()])


def spellings(group):
    yield group.xhm()
    if group.hm.startswith("R"):
        if group.ext == "H":
            yield "H" + group.hm[1:]
        return
    yield group.hm
    yield group.hm.replace(" ", "").lower()
    yield group.hm.replace(" ", "_")
    yield re.sub(r"([2346])([1-5])(?![0-9])", r"\1(\2)", group.hm).replace(" ", "")
    yield re.sub(r"([2346])([1-5])(?![0-9])", r"\1_\2", group.hm)
    if re.match(r"[A-Z] 1 [^ ]+ 1$", group.hm) and group.is_reference_setting():
        yield group.short_name()


def main():
    written = set()
    print("# NAME, then operations, two sums of rotations, sum of absences; made by make_names.py with gemmi", gemmi.__version__)
    for group in gemmi.spacegroup_table():
        if group.hm in ABSENT:
            continue
        made = of_gemmi(group)
        try:
            assert of_cctbx(group.hall) == made or of_cctbx(group.xhm()) == made, group.xhm()
        except (RuntimeError, ValueError):  # a setting without a name in cctbx
            pass
        for name in spellings(group):
            if name in written:
                continue
            written.add(name)
            print(name + "\t" + " ".join(str(int(x)) for x in made))


main()

#!/usr/bin/env python3
"""Compares what `tessera describe GEOMETRY --json` says with the positions that make_geometries.py has written.

  check_geometries.py PROGRAM FOLDER [geom|expt|dxtbx]

With geom or expt `tessera export` writes each in that form first; with dxtbx, dxtbx reads what is exported as .expt. Prints the largest difference of each file (mm) and exits with 1 where one is above 1e-9 mm.
"""
import json
import subprocess
import sys

import numpy as np

MOST_MM = 1e-9


def of_dxtbx(file, panels):
    """The largest distance of dxtbx's positions."""
    from dxtbx.model.experiment_list import ExperimentListFactory

    detector = ExperimentListFactory.from_json_file(file, check_format=False)[0].detector
    worst = 0.0 if len(detector) == len(panels) else np.inf
    for p in detector:
        first, pixels, positions = panels[p.get_name().rsplit("/", 1)[-1]]
        size = p.get_pixel_size()
        assert tuple(p.get_image_size()) == tuple(pixels)
        for f, s, *place in positions:
            worst = max(worst, np.abs(np.array(p.get_lab_coord((f * size[0], s * size[1]))) - place).max())
    return worst


def main():
    program, folder = sys.argv[1:3]
    form = sys.argv[3] if len(sys.argv) > 3 else None
    failed = False
    with open(folder + "/expected.json") as f:
        expected_of = json.load(f)
    for name, wanted in expected_of.items():
        file, options = folder + "/" + name.split()[0], wanted["options"]
        if form:  # the exact axes of a .geom are none for DIALS
            if name.endswith(" exact"):
                continue
            moved, options = options, []
        if form:
            through = folder + "/through." + form.replace("dxtbx", "expt")
            run = subprocess.run([program, "export", file, "--output", through, "--overwrite", *moved], capture_output=True, text=True)
            if run.returncode:
                sys.exit(run.stderr)
            file = through
        if form == "dxtbx":
            worst = of_dxtbx(file, wanted["panels"])
            print(f"{name}: {worst:.2g} mm")
            failed = failed or not worst <= MOST_MM
            continue
        run = subprocess.run([program, "describe", "--geometry", file, "--json", *options],
                             capture_output=True, text=True)
        if run.returncode:
            print(name, run.stderr)
            failed = True
            continue
        told = json.loads(run.stdout)
        found = {p["name"].rsplit("/", 1)[-1]: p for p in told["panels"]}
        worst = 0.0
        right = set(found) == set(wanted["panels"]) and told["pixels_in_panels"] - told["good_pixels"] == wanted.get(
            "bad", told["pixels_in_panels"] - told["good_pixels"])
        for panel, (first, pixels, positions) in wanted["panels"].items():
            p = found.get(panel)
            if p is None:
                continue
            right = right and p["first_pixel"] == first and p["pixels"] == pixels
            size, corner, fast, slow = (np.array(p[k]) for k in ("pixel_size_mm", "corner_mm", "fast_axis", "slow_axis"))
            for f, s, *place in positions:
                there = corner + f * size[0] * fast + s * size[1] * slow
                worst = max(worst, np.abs(there - place).max())
        print(f"{name}: {len(found)} panels, {worst:.2g} mm")
        failed = failed or not right or not worst <= MOST_MM
    sys.exit(failed)


if __name__ == "__main__":
    main()

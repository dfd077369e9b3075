#!/usr/bin/env python3
"""Compares what `tessera describe GEOMETRY --json` says with the positions that make_geometries.py has written.

  check_geometries.py PROGRAM FOLDER

Prints the largest difference of each file (mm) and exits with 1 where one is above 1e-9 mm.
"""
import json
import subprocess
import sys

import numpy as np

MOST_MM = 1e-9


def main():
    program, folder = sys.argv[1:]
    failed = False
    with open(folder + "/expected.json") as f:
        expected_of = json.load(f)
    for name, wanted in expected_of.items():
        run = subprocess.run([program, "describe", "--geometry", folder + "/" + name.split()[0], "--json", *wanted["options"]],
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

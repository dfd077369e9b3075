#!/usr/bin/env python3
"""What panels_pipeline.sh processes, made from numbers, and what came back of it.

  panels_pipeline.py model                      model.mtz: random structure factors of a triclinic crystal
  panels_pipeline.py grid                       grid.expt: 8 x 8 panels in eight groups, each of them turned a little
  panels_pipeline.py scan IMAGES FAST SLOW MM   scan.expt: 8 panels of that size, a fixed and a setting rotation, and a crystal that
                                                turns and swells along the scan
  panels_pipeline.py back FIRST.nxs SECOND.nxs  the least correlation of a frame, and the median angle between orientations
"""
import json
import os
import random
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from make_geometries import FACING, Panel, dials_detector, experiments, pose, rotation

CELL = 50, 60, 70, 85, 80, 75  # as DIALS reduces it, so that indices stay
DISTANCE_MM = 80.0


def write(name, detector, **models):
    """An experiment whose sensor is as thin as can be, in a beam of 1 A."""
    listed = experiments(detector)
    listed["beam"][0] = dict(listed["beam"][0], wavelength=1.0)
    for panel in detector["panels"]:
        panel["thickness"] = 0.0
    for key, model in models.items():
        listed[key] = [model]
        listed["experiment"][0][key] = 0
    with open(name, "w") as file:
        json.dump(listed, file)


def model():
    from cctbx import crystal, miller
    from scitbx.array_family import flex
    symmetry = crystal.symmetry(unit_cell=CELL, space_group_symbol="P 1")
    indices = miller.build_set(symmetry, anomalous_flag=False, d_min=1.35)
    draw = random.Random(1)
    amplitudes = flex.double([150 * draw.gammavariate(2, 0.5) for _ in range(indices.size())])
    array = miller.array(indices, data=amplitudes).set_observation_type_xray_amplitude()
    array.as_mtz_dataset(column_root_label="F").mtz_object().write("model.mtz")


def grid():
    draw = np.random.default_rng(3)
    fast, slow, pixel = 136, 134, 0.1
    panels, groups = [], {}
    for row in range(8):
        corner = [54.5, 54.5 - 13.75 * row, -DISTANCE_MM] + draw.uniform(-0.2, 0.2, 3)
        groups[f"row{row}"] = pose(rotation(draw.uniform(-0.5, 0.5, 3)) @ FACING, corner)
        for column in range(8):
            place = [13.8 * column, 0, 0] + draw.uniform(-0.05, 0.05, 3)
            panels.append(Panel(f"p{row}{column}", pose(rotation(draw.uniform(-0.3, 0.3, 3)), place), (fast, slow), (pixel, pixel),
                                ((fast + 2) * column, (slow + 2) * row), (f"row{row}",)))
    write("grid.expt", dials_detector(panels, groups, offsets=True))


def reciprocal_axes():
    """Columns a*, b*, c* with a along x and b in the xy plane."""
    (a, b, c), (alpha, beta, gamma) = CELL[:3], np.radians(CELL[3:])
    x, y = c * np.cos(beta), c * (np.cos(alpha) - np.cos(beta) * np.cos(gamma)) / np.sin(gamma)
    return np.linalg.inv([[a, 0, 0], [b * np.cos(gamma), b * np.sin(gamma), 0], [x, y, np.sqrt(c * c - x * x - y * y)]])


def scan(images, fast, slow, pixel):
    draw = np.random.default_rng(8)
    wide, high = fast * pixel + 2.0, slow * pixel + 1.5
    panels = []
    for row in range(4):
        for column in range(2):
            corner = [wide * (1 - column), high * (2 - row), -DISTANCE_MM] + draw.uniform(-0.1, 0.1, 3)
            panels.append(Panel(f"m{row}{column}", pose(rotation(draw.uniform(-0.3, 0.3, 3)) @ FACING, corner), (fast, slow),
                                (pixel, pixel), (0, slow * (2 * row + column))))
    # a turn that is even about the middle of the scan, as one in proportion to the angle is another axis
    start = rotation([10, 20, 30]) @ reciprocal_axes()
    points = [rotation(np.array([0.008, 0.02, -0.012]) * (2 * i / images - 1) ** 2) @ start * (1 + 1e-4 * i / images)
              for i in range(images + 1)]
    a, b, c = np.linalg.inv(points[0])
    write("scan.expt", dials_detector(panels, {}),
          goniometer={"rotation_axis": [0.8, 0.6, 0.0], "fixed_rotation": list(rotation([5, 8, -4]).ravel()),
                      "setting_rotation": list(rotation([2, -3, 1]).ravel())},
          scan={"image_range": [1, images], "batch_offset": 0, "oscillation": [15.0, 0.5], "exposure_time": [0.1] * images,
                "epochs": [0.0] * images},
          crystal={"__id__": "crystal", "real_space_a": list(a), "real_space_b": list(b), "real_space_c": list(c),
                   "space_group_hall_symbol": " P 1", "A_at_scan_points": [list(p.ravel()) for p in points]})


def orientation(file, slot):
    """UB in the middle of a frame, in the laboratory frame of the geometry's file."""
    native, phi = file["entry/simulation/geometry_native"], "entry/sample/transformations/phi"
    ub = file["entry/simulation/frames/ub_matrix"][slot]
    if phi in file:
        axis = file[phi].attrs["vector"]
        ub = rotation(axis * (file[phi][slot] + file[phi + "_end"][slot]) / 2) @ ub
    return native["to_mcstas"][()].T @ ub


def photons(file, slot):
    """The expected photons of a frame, panel after panel: DIALS does not keep where panels lie in the image."""
    image, detector = file["entry/simulation/images/expected_photons"][slot], file["entry/instrument/detector"]
    windows = [[detector[name + end][()] for end in ("/data_origin", "/data_size")] for name in sorted(detector)
               if name.startswith("module_")]
    return np.concatenate([image[s:s + rows, f:f + columns].ravel() for (s, f), (rows, columns) in windows]).astype(float)


def back(first, second):
    correlations, angles = [], []
    with h5py.File(first) as f, h5py.File(second) as s:
        frames = [len(file["entry/simulation/frames/number"]) for file in (f, s)]
        if frames[0] != frames[1]:
            sys.exit(f"{second} has {frames[1]} frames instead of {frames[0]}")
        for slot in range(frames[0]):
            correlations.append(np.corrcoef(photons(f, slot), photons(s, slot))[0, 1])
            a, b = orientation(f, slot), orientation(s, slot)
            turn = b @ np.linalg.inv(np.rint(np.linalg.solve(a, b))) @ np.linalg.inv(a)
            u, _, v = np.linalg.svd(turn)
            r = u @ v
            angles.append(np.degrees(np.linalg.norm([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]]) / 2))
    print("FIGURE least_correlation %.5f" % min(correlations))
    print("FIGURE median_correlation %.5f" % np.median(correlations))
    print("FIGURE median_angle_deg %.5f" % np.median(angles))
    print("FIGURE greatest_angle_deg %.5f" % max(angles))


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "scan":
        scan(*map(int, words[:3]), float(words[3]))
    else:
        {"model": model, "grid": grid, "back": back}[what](*words)

#!/usr/bin/env python3
"""Writes detectors of panels as .expt files, made of numbers alone.

  make_panels.py FOLDER

tilted.expt  four tilted panels with gaps on the image: pixels of four sizes, a thick sensor, one mirrored
plane.expt   a tilted plane; cut.expt the same in 4 x 4 panels
"""
import json
import math
import os
import sys


def turned(v, angles):
    """about x, then y, then z, by degrees"""
    x, y, z = v
    a, b, c = (math.radians(angle) for angle in angles)
    y, z = math.cos(a) * y - math.sin(a) * z, math.sin(a) * y + math.cos(a) * z
    x, z = math.cos(b) * x + math.sin(b) * z, math.cos(b) * z - math.sin(b) * x
    return [math.cos(c) * x - math.sin(c) * y, math.sin(c) * x + math.cos(c) * y, z]


def panel(first, pixels, sizes, origin, angles, mirrored=False, thickness=0.0, mu=0.0):
    return {"name": "p%d_%d" % tuple(first), "type": "SENSOR_PAD", "fast_axis": turned([1, 0, 0], angles),
            "slow_axis": turned([0, 1 if mirrored else -1, 0], angles), "origin": origin, "raw_image_offset": first,
            "image_size": pixels, "pixel_size": sizes, "trusted_range": [0, 1e6], "thickness": thickness, "material": "", "mu": mu,
            "identifier": "", "mask": [], "gain": 1.0, "pedestal": 0.0, "px_mm_strategy": {"type": "SimplePxMmStrategy"}}


def tilted():
    return [panel([52, 0], [44, 37], [0.17, 0.26], [0.5, 8.0, -55.0], [6, -11, 3]),
            panel([0, 0], [49, 37], [0.2, 0.2], [-11.0, 8.0, -62.0], [-9, 7, -2]),
            panel([0, 41], [49, 39], [0.15, 0.15], [-2.0, -9.0, -50.0], [11, 6, 92], thickness=0.45, mu=3.0),
            panel([52, 41], [44, 39], [0.31, 0.2], [14.0, -8.0, -58.0], [17, 14, 172], mirrored=True)]


def plane(parts, pixels=(256, 192), size=0.2):
    angles, corner = [5, -8, 30], [-12.0, 30.0, -80.0]
    fast, slow = turned([1, 0, 0], angles), turned([0, -1, 0], angles)
    panels = []
    for s in range(parts):
        for f in range(parts):
            first = [f * pixels[0] // parts, s * pixels[1] // parts]
            origin = [c + size * (first[0] * x + first[1] * y) for c, x, y in zip(corner, fast, slow)]
            panels.append(panel(first, [pixels[0] // parts, pixels[1] // parts], [size, size], origin, angles))
    return panels


def write(path, panels):
    experiments = {"__id__": "ExperimentList", "experiment": [{"__id__": "Experiment", "detector": 0}],
                   "detector": [{"panels": panels}]}
    with open(path, "w") as file:
        json.dump(experiments, file)


if __name__ == "__main__":
    for name, panels in (("tilted", tilted()), ("plane", plane(1)), ("cut", plane(4))):
        write(os.path.join(sys.argv[1], name + ".expt"), panels)

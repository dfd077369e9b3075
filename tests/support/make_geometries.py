#!/usr/bin/env python3
"""Writes detectors' geometries, made of numbers alone, as .expt, .geom, XPARM.XDS and NXmx files, and where their pixels are.

  make_geometries.py FOLDER

FOLDER/expected.json: {file: {"options": [...], "panels": {name: [first_pixel, pixels, [[f, s, x, y, z], ...]]}}}, with
positions (mm) of points (f, s) in pixels from the corner of the panel, in the frame of imgCIF. The positions come from
4 x 4 matrices and singular values; the readers know neither.
"""
import json
import os
import sys

import h5py
import numpy as np


def rotation(vector):
    """Matrix of a rotation about a vector, by its length in degrees (Rodrigues)."""
    angle = np.radians(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = np.asarray(vector) / np.linalg.norm(vector)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def pose(matrix, origin):
    out = np.eye(4)
    out[:3, :3] = matrix
    out[:3, 3] = origin
    return out


class Panel:
    """pose: of the panel in its parent's frame (mm), x along fast, y along slow; path: names of its groups."""

    def __init__(self, name, where, pixels, pixel_mm, first, path=()):
        self.name, self.pose, self.pixels, self.pixel_mm, self.first, self.path = name, where, pixels, pixel_mm, first, path


def points(pixels):
    f, s = pixels
    return [(0, 0), (0.5, 0.5), (f - 0.5, 0.5), (0.5, s - 0.5), (f - 0.5, s - 0.5), (f / 3, s / 7)]


def positions(where, pixels, pixel_mm):
    return [[f, s, *(where @ np.array([f * pixel_mm[0], s * pixel_mm[1], 0, 1]))[:3]] for f, s in points(pixels)]


def expected(panels, groups):
    out = {}
    for p in panels:
        where = p.pose
        for name in reversed(p.path):
            where = groups[name] @ where
        out[p.name] = [list(p.first), list(p.pixels), positions(where, p.pixels, p.pixel_mm)]
    return out


# ------------------------------------------------------------------------------------------------------------- DIALS
BEAM = {"direction": [0.0, 0.0, 1.0], "wavelength": 1.2, "divergence": 0.0, "sigma_divergence": 0.0,
        "polarization_normal": [0.0, 1.0, 0.0], "polarization_fraction": 0.999, "flux": 0.0, "transmission": 1.0}


def frame_of(where):
    return {"fast_axis": list(where[:3, 0]), "slow_axis": list(where[:3, 1]), "origin": list(where[:3, 3])}


def empty_panel(name, where):
    return {"name": name, "type": "", **frame_of(where), "raw_image_offset": [0, 0], "image_size": [0, 0],
            "pixel_size": [0.0, 0.0], "trusted_range": [0.0, 0.0], "thickness": 0.0, "material": "", "mu": 0.0,
            "identifier": "", "mask": [], "gain": 1.0, "pedestal": 0.0, "px_mm_strategy": {"type": "SimplePxMmStrategy"}}


def dials_detector(panels, groups, masks=(), offsets=False):
    listed = []
    for p in panels:
        listed.append({**empty_panel(p.name, p.pose), "type": "SENSOR_PAD", "image_size": list(p.pixels),
                       "raw_image_offset": list(p.first) if offsets else [0, 0], "pixel_size": list(p.pixel_mm),
                       "trusted_range": [-1.0, 65535.0], "thickness": 0.32, "material": "Si", "mu": 3.9,
                       "mask": [list(m) for m in masks]})
    root = {**empty_panel("root", np.eye(4)), "children": []}

    def group(path):
        """The node of the innermost group."""
        node = root
        for name in path:
            found = [c for c in node["children"] if c.get("name") == name]
            if not found:
                found = [{**empty_panel(name, groups[name]), "children": []}]
                node["children"].append(found[0])
            node = found[0]
        return node

    for i, p in enumerate(panels):
        group(p.path)["children"].append({"panel": i})
    detector = {"panels": listed}
    if groups:
        detector["hierarchy"] = root
    return detector


def experiments(detector):
    """An experiment without images, as dxtbx writes it."""
    return {"__id__": "ExperimentList",
            "experiment": [{"__id__": "Experiment", "identifier": "", "beam": 0, "detector": 0, "imageset": 0}],
            "imageset": [{"__id__": "ImageSet", "images": ["none.nxs"], "single_file_indices": [0], "mask": None,
                          "gain": None, "pedestal": None, "dx": None, "dy": None, "params": {}}],
            "beam": [BEAM], "detector": [detector], "goniometer": [], "scan": [], "crystal": [], "profile": [],
            "scaling_model": []}


# ---------------------------------------------------------------------------------------------------------- CrystFEL
TO_CRYSTFEL = np.diag([-1.0, 1.0, -1.0])


def vector_text(v, digits):
    return " ".join(f"{c:+.{digits}f}{axis}" for c, axis in zip(v, "xyz"))


def nearest_pair(fs, ss):
    """The nearest pair of unit vectors at right angles, by singular values."""
    u, _, v = np.linalg.svd(np.column_stack([fs, ss]), full_matrices=False)
    return (u @ v).T


# -------------------------------------------------------------------------------------------------------------- NXmx
def write_nexus(path, panels, groups, shape, mask=None):
    with h5py.File(path, "w") as f:
        def group(parent, name, nx_class):
            g = parent.create_group(name)
            g.attrs["NX_class"] = nx_class
            return g

        entry = group(f, "entry", "NXentry")
        entry["definition"] = np.bytes_("NXmx")
        instrument = group(entry, "instrument", "NXinstrument")
        detector = group(instrument, "ELE_D0", "NXdetector")
        chain = group(detector, "transformations", "NXtransformations")
        detector["sensor_thickness"] = 0.32
        detector["sensor_thickness"].attrs["units"] = "mm"
        detector["sensor_material"] = np.bytes_("Si")
        detector["saturation_value"] = 65535
        if mask is not None:
            detector["pixel_mask"] = mask.astype("u4")
        data = group(entry, "data", "NXdata")
        data.create_dataset("data", shape=(1, *shape), dtype="i4", chunks=(1, *shape), compression="gzip")

        def step(name, where, depends_on):
            """A rotation that depends on a translation, both in McStas' frame."""
            turn, shift = TO_CRYSTFEL @ where[:3, :3] @ TO_CRYSTFEL, TO_CRYSTFEL @ where[:3, 3]
            angle = np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))
            axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
            if np.linalg.norm(axis) < 1e-9:  # none, or by 180 degrees
                values, vectors = np.linalg.eigh((turn + turn.T) / 2)
                axis = vectors[:, np.argmax(values)]
            length = np.linalg.norm(shift)
            t = chain.create_dataset(name + "_offset", data=[length])
            t.attrs.update(transformation_type="translation", units="mm", depends_on=depends_on,
                           vector=shift / length if length else np.array([0, 0, 1.0]))
            r = chain.create_dataset(name + "_rotation", data=[np.degrees(angle)])
            r.attrs.update(transformation_type="rotation", units="deg", depends_on=name + "_offset",
                           vector=axis / np.linalg.norm(axis))
            return r.name

        done = {(): "."}
        for i, p in enumerate(panels):
            for depth in range(1, len(p.path) + 1):
                path_so_far = p.path[:depth]
                if path_so_far not in done:
                    done[path_so_far] = step("_".join(path_so_far), groups[path_so_far[-1]], done[path_so_far[:-1]])
            module = group(detector, p.name, "NXdetector_module")
            module["data_origin"] = np.array(p.first[::-1])
            module["data_size"] = np.array(p.pixels[::-1])
            last = step(f"m{i}", p.pose, done[p.path])
            for name, column in (("fast_pixel_direction", 0), ("slow_pixel_direction", 1)):
                d = module.create_dataset(name, data=p.pixel_mm[column])
                d.attrs.update(transformation_type="translation", units="mm", depends_on=last,
                               vector=TO_CRYSTFEL @ np.eye(3)[:, column])


# ---------------------------------------------------------------------------------------------------------- detectors
FACING = np.diag([-1.0, -1.0, 1.0])  # fast to the left and slow down, seen towards the source


def one():
    where = pose(rotation([0, 12, 3]) @ FACING, [51.0, 40.5, -120.0])
    return [Panel("only", where, (487, 195), (0.172, 0.172), (0, 0))], {}


def tilted4():
    panels = []
    for k in range(4):
        turn = rotation([3 * k, -2 * k + 1, 90 * k + 0.7]) @ FACING
        panels.append(Panel(f"p{k}", pose(turn, [40 - 25 * k, 30 - 14 * k, -100 - k]), (256, 128), (0.1, 0.09), (0, 128 * k)))
    return panels, {}


def levels64():
    """Eight bars of eight panels, in two levels of groups."""
    panels, groups = [], {"whole": pose(rotation([0, 5, 1]), [1, 2, -150])}
    for b in range(8):
        groups[f"bar{b}"] = pose(rotation([0.2 * b, 0.1, 0.5 * b]) @ FACING, [60, 70 - 18 * b, 0.1 * b])
        for k in range(8):
            where = pose(rotation([0.02 * k, 0.01 * b, 0.1 * k]), [15 * k, 0.3 * k, 0.02 * k])
            panels.append(Panel(f"b{b}k{k}", where, (60, 80), (0.2, 0.2), (0, 80 * (8 * b + k)), ("whole", f"bar{b}")))
    return panels, groups


def gaps():
    """Modules of one plane with gaps between them, as one panel with masks."""
    panel = Panel("eiger", pose(FACING, [80.0, 85.0, -130.0]), (160, 120), (0.075, 0.075), (0, 0))
    masks = [(48, 0, 56, 120), (104, 0, 112, 120), (0, 54, 160, 66)]
    return panel, masks


def write_crystfel(path, expected_of):
    """64 panels like a CSPAD's, to six digits, in groups, with bad regions in both kinds of coordinates."""
    res = 9090.91
    lines = [f"res = {res} ; pixels for each metre", "clen = 80 mm", "coffset = 0.5", "photon_energy = 9.5 keV",
             "dim0 = %", "dim1 = ss", "dim2 = fs", "data = /entry_1/data_1/data", "adu_per_eV = 0.00338"]
    panels, groups = {}, []
    for q in range(4):
        for k in range(16):
            name = f"q{q}a{k}"
            turn = rotation([0.1 * k, 0.05, 90 * q + 0.3 * k + 1])
            fs, ss = turn[:, 0], turn[:, 1]
            corner = np.array([40 + 210 * (k % 4), 45 + 200 * (k // 4)]) @ rotation([0, 0, 90 * q])[:2, :2].T
            first = (194 * (k % 8), 185 * (2 * q + k // 8))
            text = [f"{name}/min_fs = {first[0]}", f"{name}/min_ss = {first[1]}", f"{name}/max_fs = {first[0] + 193}",
                    f"{name}/max_ss = {first[1] + 184}", f"{name}/fs = {vector_text(fs, 6)}",
                    f"{name}/ss = {vector_text(ss, 6)}", f"{name}/corner_x = {corner[0]:.4f}",
                    f"{name}/corner_y = {corner[1]:.4f}"]
            if k % 2:
                text.append(f"{name}/coffset = {0.5 + 1e-4 * k:.6f}")
            lines += ["", *text]
            fs, ss = np.round(fs, 6), np.round(ss, 6)
            z = 0.08 + (round(0.5 + 1e-4 * k, 6) if k % 2 else 0.5)
            panels[name] = [list(first), [194, 185],
                            crystfel_positions(fs, ss, np.round(corner, 4), z, res, (194, 185))]
        groups += [f"group_q{q} = " + ",".join(f"q{q}a{k}" for k in range(16))]
    lines += ["", *groups, "group_all = q0,q1,q2,q3", "",
              "bad_corner/min_fs = 190", "bad_corner/max_fs = 200", "bad_corner/min_ss = 0", "bad_corner/max_ss = 1",
              "bad_corner/panel = q0a0",
              "bad_beam/min_x = -100", "bad_beam/max_x = 100", "bad_beam/min_y = -100", "bad_beam/max_y = 100"]
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    expected_of[os.path.basename(path)] = {"options": [], "panels": panels}


def crystfel_positions(fs, ss, corner, z_m, res, pixels, exact=False):
    """Of the nearest pair, turned about the middle of the panel, or of the axes as they are; to imgCIF's frame, in mm."""
    fast, slow = (fs, ss) if exact else nearest_pair(fs, ss)
    start = np.array([corner[0] / res, corner[1] / res, z_m])
    start = start + (pixels[0] / 2 * (fs - fast) + pixels[1] / 2 * (ss - slow)) / res
    return [[f, s, *(1e3 * TO_CRYSTFEL @ (start + (f * fast + s * slow) / res))] for f, s in points(pixels)]


def write_jungfrau(path, expected_of):
    """32 panels of 1030 x 514 pixels whose axes are not at right angles, and a mask file."""
    res = 13333.3
    random = np.random.default_rng(3)
    lines = [f"res = {res}", "clen = /where/it/is", "dim0 = %", "dim1 = ss", "dim2 = fs", "mask_file = bad.h5", "mask = /mask",
             "mask_good = 1", "mask_bad = 0"]
    exact, straight = {}, {}
    for k in range(32):
        fs, ss = (rotation([0, 0, 90.0 + k / 10])[:, i].copy() for i in (0, 1))
        fs[:2] += random.uniform(-3e-3, 3e-3, 2)
        ss[:2] += random.uniform(-3e-3, 3e-3, 2)
        fs, ss, corner = np.round(fs, 7), np.round(ss, 7), np.array([2200.0 - 1100 * (k % 4), 2250.0 - 520 * (k // 4)])
        lines += [f"m{k}/min_fs = 0.0", f"m{k}/max_fs = 1029.0", f"m{k}/min_ss = {514 * k}.0", f"m{k}/max_ss = {514 * k + 513}.0",
                  f"m{k}/fs = {fs[0]:.7f}x {fs[1]:+.7f}y", f"m{k}/ss = {ss[0]:.7f}x {ss[1]:+.7f}y",
                  f"m{k}/corner_x = {corner[0]}", f"m{k}/corner_y = {corner[1]}"]
        for into, flag in ((exact, True), (straight, False)):
            into[f"m{k}"] = [[0, 514 * k], [1030, 514], crystfel_positions(fs, ss, corner, 0.0953, res, (1030, 514), flag)]
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    mask = np.ones((514 * 32, 1030), "u1")
    mask[5, 7:9] = mask[600] = 0
    with h5py.File(os.path.join(os.path.dirname(path), "bad.h5"), "w") as f:
        f.create_dataset("mask", data=mask, compression="gzip")
    name = os.path.basename(path)
    expected_of[name] = {"options": ["--detector.clen=95.3"], "panels": straight, "bad": 1032}
    expected_of[name + " exact"] = {"options": ["--detector.clen=95.3", "--detector.panel_axes=exact"], "panels": exact}


# --------------------------------------------------------------------------------------------------------------- XDS
def write_xds(path, expected_of):
    """Six segments on two slopes, in a laboratory frame of XDS' own, with the six digits that XDS writes."""
    tilt = np.round(rotation([1.5, -2, 30]), 6)
    spindle, beam = np.round(rotation([0, 3, 40])[:, 0], 6), np.round(rotation([2, 1, 0])[:, 2] / 0.9763, 6)
    origin, distance, qx, qy = np.array([190.25, 170.75]), 183.482, 0.172, 0.150
    crystal = np.round(rotation([20, 30, 40]) @ np.diag([57.3, 61.9, 103.2]), 6)
    lines = [" XPARM.XDS    VERSION Feb  5, 2021  BUILT=20210323", f" 7 12.5 0.25 {spindle[0]} {spindle[1]} {spindle[2]}",
             f" 0.976300 {beam[0]} {beam[1]} {beam[2]}", " 19 57.3 61.9 103.2 90.0 90.0 90.0"]
    lines += [" ".join(f"{x:.6f}" for x in crystal[:, i]) for i in range(3)]
    lines += [f" 6 400 330 {qx} {qy}", f" {origin[0]} {origin[1]} {distance}"]
    lines += [" ".join(f"{x:.6f}" for x in tilt[:, i]) for i in range(3)]
    x = spindle / np.linalg.norm(spindle)
    z = -beam + (beam @ x) * x
    z /= np.linalg.norm(z)
    to_imgcif = np.array([x, np.cross(z, x), z])
    fast, slow = nearest_pair(tilt[:, 0] / np.linalg.norm(tilt[:, 0]), tilt[:, 1] / np.linalg.norm(tilt[:, 1]))
    detector = np.column_stack([fast, slow, np.cross(fast, slow)])
    panels = {}
    for k in range(6):
        own = np.round(rotation([0.5 * k, 4 if k % 2 else -4, 0.2 * k]), 6)
        x1, y1 = 1 + 205 * (k % 2), 1 + 110 * (k // 2)
        shift = np.array([0.5 * k, -0.25 * k, 0.1 * k])
        lines += [f" {k + 1} {x1} {x1 + 194} {y1} {y1 + 99}",
                  " ".join(f"{v:.6f}" for v in [*shift, *own[:, 0], *own[:, 1]])]
        f, s = nearest_pair(own[:, 0] / np.linalg.norm(own[:, 0]), own[:, 1] / np.linalg.norm(own[:, 1]))
        at = [-qx * origin[0], -qy * origin[1], distance] + shift[2] * np.cross(f, s)
        panels[f"segment {k + 1}"] = [[x1 - 1, y1 - 1], [195, 100], [
            [i, j, *(to_imgcif @ detector @ (at + qx * (x1 + i - 0.5 - shift[0]) * f + qy * (y1 + j - 0.5 - shift[1]) * s))]
            for i, j in points((195, 100))]]
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    expected_of[os.path.basename(path)] = {"options": [], "panels": panels}


def main():
    folder = sys.argv[1]
    expected_of = {}

    def write_json(name, value):
        with open(os.path.join(folder, name), "w") as f:
            json.dump(value, f, indent=1)

    def add(name, panels, groups, **more):
        expected_of[name] = {"options": [], "panels": expected(panels, groups), **more}

    for name, make in (("one", one), ("tilted4", tilted4), ("levels64", levels64)):
        panels, groups = make()
        height = max(p.first[1] + p.pixels[1] for p in panels)
        write_json(name + ".expt", experiments(dials_detector(panels, groups)))
        write_nexus(os.path.join(folder, name + ".nxs"), panels, groups, (height, panels[0].pixels[0]))
        add(name + ".expt", panels, groups)
        add(name + ".nxs", panels, groups)
    panel, masks = gaps()
    bad = np.zeros(panel.pixels[::-1], bool)
    for f0, s0, f1, s1 in masks:
        bad[s0:s1, f0:f1] = True
    write_json("gaps.expt", experiments(dials_detector([panel], {}, masks)))
    write_nexus(os.path.join(folder, "gaps.nxs"), [panel], {}, panel.pixels[::-1], bad)
    add("gaps.expt", [panel], {}, bad=int(bad.sum()))
    add("gaps.nxs", [panel], {}, bad=int(bad.sum()))
    write_crystfel(os.path.join(folder, "cspad.geom"), expected_of)
    write_jungfrau(os.path.join(folder, "jungfrau.geom"), expected_of)
    write_xds(os.path.join(folder, "segments.XDS"), expected_of)
    write_json("expected.json", expected_of)


if __name__ == "__main__":
    main()

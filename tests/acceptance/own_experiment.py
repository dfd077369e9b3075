#!/usr/bin/env python3
"""Experiments that dxtbx writes, imported and rendered, against images that numpy makes from dxtbx's numbers alone.

Run by own_experiment.sh in a folder with tilted4.expt. Environment: TESSERA.
"""
import os
import subprocess
import sys

import h5py
import numpy as np
from cctbx import uctbx
from dxtbx.model import Crystal, Experiment, ExperimentList, GoniometerFactory, ScanFactory
from scipy.spatial.transform import Rotation
from scitbx import matrix

MOST = 1e-7
CELLS = np.array([4, 6, 8])
F = 100.0
STEPS = 4


def image(panel, beam, orientations):
    """Photons of Gaussian spots: |F|^2 N^2 exp(-pi/2 |N dh|^2)^2 solid angle polarization, mean over orientations."""
    s0, wavelength = np.array(beam.get_s0()), beam.get_wavelength()
    along = s0 / np.linalg.norm(s0)
    fast, slow, origin = map(np.array, (panel.get_fast_axis(), panel.get_slow_axis(), panel.get_origin()))
    (nf, ns), (pf, ps) = panel.get_image_size(), panel.get_pixel_size()
    f, s = np.meshgrid(np.arange(nf) + 0.5, np.arange(ns) + 0.5)
    place = origin + (f * pf)[..., None] * fast + (s * ps)[..., None] * slow
    distance = np.linalg.norm(place, axis=-1, keepdims=True)
    towards = place / distance
    q = towards / wavelength - s0
    omega = pf * ps / distance[..., 0] ** 2 * np.abs(towards @ np.cross(fast, slow))
    electric = np.cross(np.array(beam.get_polarization_normal()), along)
    electric /= np.linalg.norm(electric)
    across = np.cross(along, electric)
    kahn = 2 * beam.get_polarization_fraction() - 1
    polarization = (1 + (towards @ along) ** 2 - kahn * ((towards @ electric) ** 2 - (towards @ across) ** 2)) / 2
    total = 0
    for ub in orientations:
        h = q @ np.linalg.inv(ub).T
        distance2 = ((CELLS * (h - np.ceil(h - 0.5))) ** 2).sum(-1)
        total = total + (CELLS.prod() * np.exp(-np.pi / 2 * distance2)) ** 2 * F**2 * omega * polarization
    return total / len(orientations)


def render(name, *more):
    tessera = os.environ["TESSERA"]
    options = ["--crystal.cells=" + ",".join(map(str, CELLS)), "--crystal.shape=gauss", f"--crystal.default_f={F}",
               "--sampling.oversample=1", "--sampling.tolerance=0", "--run.precision=float64",
               "--detector.sensor_thickness=0", "--quiet"]
    for command in (["import", name + ".expt", "--output", name + ".yaml"],
                    ["simulate", name + ".yaml", *options, *more, "--output", name + ".nxs"]):
        run = subprocess.run([tessera, *command], capture_output=True, text=True)
        if run.returncode:
            sys.exit(run.stdout + run.stderr)
    with h5py.File(name + ".nxs") as f:
        return f["entry/data/data"][:].astype(float)


def compare(name, found, wanted):
    difference = np.abs(found - wanted).max() / wanted.max()
    print(f"{name}: {difference:.2g} of the maximum")
    return difference <= MOST


def main():
    source = ExperimentList.from_file("tilted4.expt", check_format=False)[0]
    beam, detector = source.beam, source.detector
    cell = uctbx.unit_cell((53.91, 23.1, 23.1, 90, 110.4, 90))
    b = np.array(matrix.sqr(cell.fractionalization_matrix()).transpose().elems).reshape(3, 3)

    ub = Rotation.random(random_state=5).as_matrix() @ b
    still = Crystal(*map(tuple, np.linalg.inv(ub)), "P 1")
    ExperimentList([Experiment(beam=beam, detector=detector, crystal=still)]).as_file("still.expt")
    wanted = np.concatenate([image(p, beam, [ub]) for p in detector])
    right = compare("still", render("still")[0], wanted)

    fixed, setting = Rotation.from_rotvec([0.2, 0.1, -0.3]).as_matrix(), Rotation.from_rotvec([0.02, -0.05, 0.03]).as_matrix()
    axis = np.array([0.6, 0.8, 0.0])
    goniometer = GoniometerFactory.make_goniometer(tuple(axis), tuple(fixed.ravel()))
    goniometer.set_setting_rotation(tuple(setting.ravel()))
    scan = ScanFactory.make_scan((1, 3), 0.1, (10.0, 0.5), {i: 0 for i in range(1, 4)}, deg=True)
    start = Rotation.random(random_state=7).as_matrix()
    points = [Rotation.from_rotvec(np.radians([0.02 * i, 0.05 * i, -0.03 * i])).as_matrix() @ start @ b * (1 + 2e-4 * i)
              for i in range(4)]
    crystal = Crystal(*map(tuple, np.linalg.inv(points[0])), "P 1")
    crystal.set_A_at_scan_points([tuple(a.ravel()) for a in points])
    ExperimentList([Experiment(beam=beam, detector=detector, goniometer=goniometer, scan=scan,
                               crystal=crystal)]).as_file("scan.expt")
    images = render("scan", f"--sampling.phi_steps={STEPS}")
    for i in range(3):
        a = (points[i] + points[i + 1]) / 2
        angles = [np.radians(10 + 0.5 * (i + (k + 0.5) / STEPS)) for k in range(STEPS)]
        orientations = [setting @ Rotation.from_rotvec(axis * angle).as_matrix() @ fixed @ a for angle in angles]
        wanted = np.concatenate([image(p, beam, orientations) for p in detector])
        right = compare(f"scan, image {i}", images[i], wanted) and right
    sys.exit(not right)


if __name__ == "__main__":
    main()

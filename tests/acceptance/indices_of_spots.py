#!/usr/bin/python3
"""Do the strongest pixels lie on reflections, by DIALS' own geometry and the file's crystal?

usage: indices_of_spots.py FILE.nxs imported.expt

For the strongest pixels of each frame: scattering vector from dxtbx's detector and beam, turned back by the scan's
angle about dxtbx's goniometer axis, times the inverse of the file's ub_matrix. A wrong axis, sign, convention, pixel
offset or orientation gives indices that are no integers. Also: dxtbx reads the same pixels as h5py.
Exit code 0 when both hold."""
import sys

import h5py
import numpy as np
from dxtbx.model.experiment_list import ExperimentListFactory
from scitbx import matrix

IMGCIF_OF_MCSTAS = np.diag([-1.0, 1.0, -1.0])
PIXELS_OF_A_FRAME = 40


def frames(experiments):
    """(experiment, image of its imageset, spindle angle in the middle of the frame)"""
    for experiment in experiments:
        for image in range(len(experiment.imageset)):
            angle = 0.0
            if experiment.scan is not None:
                start, width = experiment.scan.get_oscillation()
                angle = start + (image + 0.5) * width
            yield experiment, image, angle


def main():
    path, imported = sys.argv[1:]
    with h5py.File(path, "r") as file:  # closed before dxtbx opens it in another mode
        data, ub = file["entry/data/data"][()], file["entry/simulation/frames/ub_matrix"][()]
    experiments = ExperimentListFactory.from_json_file(imported, check_format=True)
    residuals, failures = [], 0
    for slot, (experiment, image, angle) in enumerate(frames(experiments)):
        raw = experiment.imageset.get_raw_data(image)[0].as_numpy_array()
        if not np.array_equal(raw, data[slot]):
            print("FAIL  frame %d: dxtbx reads other pixels than h5py" % slot)
            failures += 1
        panel, beam = experiment.detector[0], experiment.beam
        back = np.eye(3)
        if experiment.goniometer is not None:
            axis = matrix.col(experiment.goniometer.get_rotation_axis())
            back = np.array(axis.axis_and_angle_as_r3_rotation_matrix(-angle, deg=True)).reshape(3, 3)
        inverse = np.linalg.inv(IMGCIF_OF_MCSTAS @ ub[slot])
        s0 = np.array(beam.get_s0())
        for pixel in np.argsort(raw, axis=None)[-PIXELS_OF_A_FRAME:]:
            slow, fast = divmod(int(pixel), raw.shape[1])
            place = np.array(panel.get_pixel_lab_coord((fast + 0.5, slow + 0.5)))
            scattering = place / np.linalg.norm(place) * np.linalg.norm(s0) - s0
            h = inverse @ back @ scattering
            residuals.append(np.abs(h - np.rint(h)).max())
    # Pixel size and width of the spots make 0.06 to 0.07; half a pixel off makes 0.14, a wrong axis or sign 0.35 to 0.4.
    median = float(np.median(residuals))
    failures += not median < 0.1
    print("FIGURE %-28s %.4f" % ("median_index_residual", median))
    print("FIGURE %-28s %d" % ("strong_pixels", len(residuals)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

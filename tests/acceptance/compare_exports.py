"""Compares what dxtbx and fabio read of exported images, or of a compressed file, with what dxtbx reads of the NXmx file.

usage: compare_exports.py NAME same|flip|compressed
NAME.nxs, NAME_####.img and NAME_#####.cbf are in the current folder; for "compressed" NAME.nxs and mosflm.nxs are.
Lengths and directions are compared in the detector's own axes: formats differ in how they turn the laboratory."""
import glob
import re
import sys

import fabio
import numpy as np
from dxtbx.model.experiment_list import ExperimentListFactory


def frames_of(files):
    """One (panel, beam, axis, (start, width), pixels) for each frame."""
    frames = []
    for experiment in ExperimentListFactory.from_filenames(files):
        scan, goniometer = experiment.scan, experiment.goniometer
        for i in range(len(experiment.imageset)):
            angles = None
            if scan is not None and scan.get_oscillation()[1] != 0:
                first = scan.get_array_range()[0]
                angles = scan.get_angle_from_array_index(first + i), scan.get_oscillation()[1]
            axis = None if goniometer is None or angles is None else np.array(goniometer.get_rotation_axis())
            pixels = experiment.imageset.get_raw_data(i)[0].as_numpy_array()
            frames.append((experiment.detector[0], experiment.beam, axis, angles, pixels))
    return frames


def check(what, ours, theirs, tolerance):
    difference = np.abs(np.asarray(ours, float) - np.asarray(theirs, float)).max()
    assert difference <= tolerance, f"{what}: {ours} in the NXmx file and {theirs}"


def in_detector(panel, vector, flip):
    """Components along fast and slow axis and along the normal; with flip along the reversed slow axis."""
    fast, slow = np.array(panel.get_fast_axis()), np.array(panel.get_slow_axis())
    slow = -slow if flip else slow
    return fast @ vector, slow @ vector, np.cross(fast, slow) @ vector


def compare(ours, theirs, flip):
    (panel, beam, axis, angles, pixels), (panel_2, beam_2, axis_2, angles_2, pixels_2) = ours, theirs
    rows = panel.get_image_size()[1]
    centre, centre_2 = panel.get_beam_centre_px(beam.get_s0()), panel_2.get_beam_centre_px(beam_2.get_s0())
    check("beam centre (px)", (centre[0], rows - centre[1] if flip else centre[1]), centre_2, 0.01)
    check("distance (mm)", panel.get_distance(), panel_2.get_distance(), 1e-5)
    check("wavelength (A)", beam.get_wavelength(), beam_2.get_wavelength(), 1e-7)
    check("pixel size (mm)", panel.get_pixel_size(), panel_2.get_pixel_size(), 1e-8)
    check("number of pixels", panel.get_image_size(), panel_2.get_image_size(), 0)
    direction, direction_2 = in_detector(panel, np.array(beam.get_unit_s0()), flip), in_detector(panel_2, np.array(beam_2.get_unit_s0()), False)
    check("direction of the beam", direction, direction_2, 1e-7)
    assert (axis is None) == (axis_2 is None), "a rotation in one file and a still in the other"
    if axis is not None:
        check("rotation axis", in_detector(panel, axis, flip), in_detector(panel_2, axis_2, False), 1e-7)
        check("angles (degrees)", angles, angles_2, 1e-6)
    assert np.array_equal(pixels[::-1] if flip else pixels, pixels_2), "pixels differ"


def compare_fabio(path, ours, flip):
    panel, beam, _, angles, pixels = ours
    image = fabio.open(path)
    assert np.array_equal(pixels[::-1] if flip else pixels, image.data), f"{path}: fabio reads other pixels"
    centre = panel.get_beam_centre_px(beam.get_s0())
    fast, slow = centre[0], panel.get_image_size()[1] - centre[1] if flip else centre[1]
    if path.endswith(".img"):
        header = {key: float(image.header[key]) for key in ("BEAM_CENTER_X", "BEAM_CENTER_Y", "PIXEL_SIZE", "DISTANCE", "WAVELENGTH", "OSC_START")}
        found = header["BEAM_CENTER_Y"] / header["PIXEL_SIZE"], header["BEAM_CENTER_X"] / header["PIXEL_SIZE"]
        distance, wavelength, start = header["DISTANCE"], header["WAVELENGTH"], header["OSC_START"]
    else:
        text = image.header["_array_data.header_contents"]
        number = lambda pattern: float(re.search(pattern, text).group(1))
        found = number(r"Beam_xy \((\S+),"), number(r"Beam_xy \(\S+, (\S+)\)")
        distance, wavelength, start = 1e3 * number(r"Detector_distance (\S+) m"), number(r"Wavelength (\S+) A"), number(r"Start_angle (\S+) deg")
    check(f"{path}: beam centre (px)", (fast, slow), found, 0.01)
    check(f"{path}: distance (mm)", panel.get_distance(), distance, 1e-5)
    check(f"{path}: wavelength (A)", beam.get_wavelength(), wavelength, 1e-7)
    check(f"{path}: start (degrees)", angles[0] if angles else 0.0, start, 1e-6)


def main(name, mode):
    if mode == "compressed":
        ours, theirs = frames_of(["mosflm.nxs"]), frames_of([f"{name}.nxs"])
        assert len(ours) == len(theirs) > 0
        for pair in zip(ours, theirs):
            compare(*pair, False)
        return
    ours = frames_of([f"{name}.nxs"])
    assert len(ours) > 1 and 0 < max(frame[4].max() for frame in ours) < 65536
    for end in "img", "cbf":
        files = sorted(glob.glob(f"{name}_*.{end}"))
        # stills are no sweep: dxtbx takes each file for itself
        theirs = frames_of(files) if ours[0][3] else [frame for path in files for frame in frames_of([path])]
        assert len(theirs) == len(files) == len(ours), f"{end}: {len(theirs)} frames, not {len(ours)}"
        for i, path in enumerate(files):
            compare(ours[i], theirs[i], mode == "flip")
            compare_fabio(path, ours[i], mode == "flip")
        if name == "thick" and end == "cbf":
            check("sensor thickness (mm)", ours[0][0].get_thickness(), theirs[0][0].get_thickness(), 1e-6)
            assert theirs[0][0].get_material() == "Si"


main(*sys.argv[1:])

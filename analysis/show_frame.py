#!/usr/bin/env python3
"""Draws one frame of an NXmx file as a PNG: dark spots on white, axes in pixels.

Needs h5py, numpy and matplotlib only. Reads that one frame, in bands of rows, whatever the size of the file.
Above 1600 pixels along an edge, each point of the picture shows the strongest pixel of a block.
"""
import argparse
import math
import os
import sys

try:
    import h5py
    import matplotlib
    import numpy as np

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
except ImportError as missing:
    print(f"show_frame.py: {missing}; this Python ({sys.executable}) needs h5py, numpy and matplotlib. "
          "On Debian /usr/bin/python3 has them after jobs/packages.sh run", file=sys.stderr)
    sys.exit(2)

DETECTOR = "entry/instrument/detector"
PICTURE_PIXELS_MOST = 1600
ZOOM_PIXELS = 128
METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6}
ANGSTROMS = {"angstrom": 1.0, "a": 1.0, "nm": 10.0, "m": 1e10}


class UserError(Exception):
    """Something that the user can mend; the message says what."""


def text(value):
    """A string from an HDF5 attribute or scalar dataset."""
    if isinstance(value, h5py.Dataset):
        value = value[()]
    if isinstance(value, np.ndarray):
        value = value.ravel()[0]
    return value.decode() if isinstance(value, bytes) else str(value)


def need(file, path):
    if path not in file:
        raise UserError(f"{file.filename} has no /{path}: it is not an NXmx file with its geometry")
    return file[path]


def transformation(dataset, slot):
    """The 4 x 4 matrix (m) of one NXtransformations axis; a value for each frame is taken at `slot`."""
    values = np.atleast_1d(dataset[()]).astype(float)
    value = values[min(slot, values.size - 1)]
    unit = text(dataset.attrs["units"])
    vector = np.asarray(dataset.attrs["vector"], float)
    matrix = np.eye(4)
    if text(dataset.attrs["transformation_type"]) == "rotation":
        angle = value if unit.startswith("rad") else math.radians(value)
        x, y, z = vector / np.linalg.norm(vector)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        matrix[:3, :3] += math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    else:
        matrix[:3, 3] = vector * value * METRES[unit]
    if "offset" in dataset.attrs:
        offset_unit = text(dataset.attrs.get("offset_units", b"m"))
        matrix[:3, 3] += np.asarray(dataset.attrs["offset"], float) * METRES[offset_unit]
    return matrix


def module_geometry(file, slot=0):
    """Outer corner of pixel (0,0), and the steps of one pixel along fast and slow (m), in the McStas frame: beam = +z."""
    module = need(file, DETECTOR + "/module")
    matrix, path = np.eye(4), text(need(file, DETECTOR + "/module/fast_pixel_direction").attrs["depends_on"])
    parent = module
    while path != ".":
        axis = file[path] if path.startswith("/") else parent[path]
        matrix = transformation(axis, slot) @ matrix
        path, parent = text(axis.attrs["depends_on"]), axis.parent
    steps = []
    for name in ("fast_pixel_direction", "slow_pixel_direction"):
        axis = need(file, f"{DETECTOR}/module/{name}")
        size = float(np.ravel(axis[()])[0]) * METRES[text(axis.attrs["units"])]
        steps.append(matrix[:3, :3] @ np.asarray(axis.attrs["vector"], float) * size)
    return matrix[:3, 3], steps[0], steps[1]


def wavelength_angstrom(file, slot):
    dataset = need(file, "entry/instrument/beam/incident_wavelength")
    values = np.atleast_1d(dataset[()]).astype(float)
    unit = text(dataset.attrs.get("units", b"angstrom")).lower()
    return float(values[min(slot, values.size - 1)]) * ANGSTROMS[unit]


def spacing_angstrom(geometry, wavelength, fast, slow):
    """Bragg's d at detector coordinates `fast`, `slow` (pixels from the corner; a pixel's centre is at index + 0.5)."""
    corner, fast_step, slow_step = geometry
    place = corner + fast[..., None] * fast_step + slow[..., None] * slow_step
    cosine = place[..., 2] / np.linalg.norm(place, axis=-1)
    sine_theta = np.sqrt(np.clip((1 - cosine) / 2, 1e-12, None))
    return wavelength / (2 * sine_theta)


def read_frame(dataset, slot, window, bad):
    """The window (slow0, slow1, fast0, fast1) of one frame, each block reduced to its greatest value.

    Returns the picture, a picture of the blocks without any good pixel, and the edge of a block."""
    slow0, slow1, fast0, fast1 = window
    block = max(1, math.ceil(max(slow1 - slow0, fast1 - fast0) / PICTURE_PIXELS_MOST))
    band = block * max(1, (1 << 24) // max(1, (fast1 - fast0) * block))
    pictures, invalid = [], []
    for first in range(slow0, slow1, band):
        last = min(first + band, slow1)
        rows = dataset[slot, first:last, fast0:fast1].astype(np.float64)
        wrong = ~np.isfinite(rows) | (rows < 0)
        if bad is not None:
            wrong |= bad[first:last, fast0:fast1] != 0
        rows[wrong] = -1
        padding = [(0, -rows.shape[0] % block), (0, -rows.shape[1] % block)]
        rows = np.pad(rows, padding, constant_values=-1)
        rows = rows.reshape(rows.shape[0] // block, block, rows.shape[1] // block, block).max(axis=(1, 3))
        pictures.append(np.maximum(rows, 0))
        invalid.append(rows < 0)
    return np.concatenate(pictures), np.concatenate(invalid), block


def tone(picture, scale):
    """Values 0 (white) to 1 (black), so that spots show over the background; and the count that is black."""
    positive = picture[picture > 0]
    if positive.size == 0:
        return np.zeros_like(picture), 0.0
    black = float(np.percentile(positive, 99.7))
    if scale == "linear":
        return np.clip(picture / black, 0, 1), black
    grey = min(float(np.percentile(positive, 50)), black)
    return np.clip(np.log1p(picture / grey) / math.log1p(black / grey), 0, 1), black


def ring_spacings(spacing):
    """About five round numbers of angstrom whose rings are evenly far apart."""
    inverse = 1.0 / spacing
    found = []
    for part in range(1, 6):
        value = 1.0 / (inverse.min() + (inverse.max() - inverse.min()) * part / 5.4)
        digits = 1 - int(math.floor(math.log10(value)))
        value = round(value, digits)
        if value not in found:
            found.append(value)
    return found


def draw_rings(axes, geometry, wavelength, window):
    slow0, slow1, fast0, fast1 = window
    fast, slow = np.meshgrid(np.linspace(fast0, fast1, 400), np.linspace(slow0, slow1, 400))
    spacing = spacing_angstrom(geometry, wavelength, fast, slow)
    lines = axes.contour(fast, slow, spacing, levels=sorted(ring_spacings(spacing)), colors="tab:red",
                         linewidths=0.8, linestyles="dashed")
    axes.clabel(lines, fmt="%g Å", fontsize=9)


def window_of_zoom(zoom, dataset, slot, bad):
    """The window around FAST,SLOW[,EDGE], or around the strongest pixel."""
    slow_pixels, fast_pixels = dataset.shape[1:]
    if zoom == "strongest":
        picture, _, block = read_frame(dataset, slot, (0, slow_pixels, 0, fast_pixels), bad)
        slow, fast = (int(v) * block for v in np.unravel_index(np.argmax(picture), picture.shape))
        edge = ZOOM_PIXELS
    else:
        try:
            numbers = [int(part) for part in zoom.split(",")]
            fast, slow = numbers[:2]
            edge = numbers[2] if len(numbers) > 2 else ZOOM_PIXELS
        except ValueError:
            raise UserError(f'--zoom "{zoom}" must be FAST,SLOW or FAST,SLOW,EDGE in pixels') from None
        if len(numbers) > 3 or edge < 2 or not (0 <= fast < fast_pixels and 0 <= slow < slow_pixels):
            raise UserError(f'--zoom "{zoom}" must name a pixel of the {fast_pixels} x {slow_pixels} detector '
                            "and an edge of 2 or more")
    slow_edge, fast_edge = min(edge, slow_pixels), min(edge, fast_pixels)
    slow0 = min(max(slow - slow_edge // 2, 0), slow_pixels - slow_edge)
    fast0 = min(max(fast - fast_edge // 2, 0), fast_pixels - fast_edge)
    return slow0, slow0 + slow_edge, fast0, fast0 + fast_edge


def frame_dataset(file, slot):
    dataset = need(file, "entry/data/data")
    if dataset.ndim != 3:
        raise UserError(f"/entry/data/data of {file.filename} has {dataset.ndim} dimensions; a stack of frames has 3")
    if not 0 <= slot < dataset.shape[0]:
        raise UserError(f"there is no frame {slot}: {file.filename} has frames 0 to {dataset.shape[0] - 1}")
    status = file.get("entry/simulation/frames/status")
    if status is not None and status[slot] != 2:
        raise UserError(f"frame {slot} of {file.filename} is not finished; tessera simulate --resume computes it")
    return dataset


def title(file, slot):
    """Frame, wavelength and distance, as far as the file gives them."""
    parts = [f"{os.path.basename(file.filename)}, frame {slot}"]
    numbers = file.get("entry/simulation/frames/number")
    if numbers is not None and int(numbers[slot]) != slot:
        parts[0] += f" (number {int(numbers[slot])} of the sweep)"
    parts.append(f"wavelength {wavelength_angstrom(file, slot):.6g} Å")
    distance = file.get(DETECTOR + "/distance")
    if distance is not None:
        metres = float(np.ravel(distance[()])[0]) * METRES[text(distance.attrs["units"])]
        parts.append(f"distance {metres * 1e3:.6g} mm")
    return ", ".join(parts)


def show_frame(path, slot, output, scale, rings, zoom):
    """Draws frame `slot` of the file at `path` into the PNG `output`."""
    with h5py.File(path, "r") as file:
        dataset = frame_dataset(file, slot)
        bad = file.get(DETECTOR + "/pixel_mask")
        window = (0, dataset.shape[1], 0, dataset.shape[2])
        if zoom is not None:
            window = window_of_zoom(zoom, dataset, slot, bad)
        picture, invalid, block = read_frame(dataset, slot, window, bad)
        shade, black = tone(picture, scale)
        slow0, slow1, fast0, fast1 = window
        figure, axes = plt.subplots(figsize=(10, 10), dpi=120)
        extent = (fast0, fast0 + picture.shape[1] * block, slow0 + picture.shape[0] * block, slow0)
        axes.imshow(shade, cmap="gray_r", vmin=0, vmax=1, extent=extent, interpolation="nearest")
        if invalid.any():
            colour = np.zeros(invalid.shape + (4,))
            colour[invalid] = (0.55, 0.7, 0.95, 1)
            axes.imshow(colour, extent=extent, interpolation="nearest")
        axes.set_xlim(fast0, fast1)
        axes.set_ylim(slow1, slow0)
        if rings:
            draw_rings(axes, module_geometry(file, slot), wavelength_angstrom(file, slot), window)
        axes.set_xlabel("fast (pixels)")
        axes.set_ylabel("slow (pixels)")
        axes.set_title(title(file, slot) + f"\n{scale} scale, black = {black:.4g} photons or more", fontsize=11)
        figure.tight_layout()
        figure.savefig(output, format="png")
        plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE.nxs")
    parser.add_argument("--frame", type=int, default=0, metavar="N", help="place of the frame in the file, from 0")
    parser.add_argument("--output", metavar="PNG", help="default: FILE_frame_N.png beside the file")
    parser.add_argument("--scale", choices=("log", "linear"), default="log", help="of the greys (default log)")
    parser.add_argument("--resolution-rings", action="store_true", help="draw rings of equal Bragg spacing")
    parser.add_argument("--zoom", nargs="?", const="strongest", metavar="FAST,SLOW[,EDGE]",
                        help=f"show only EDGE pixels (default {ZOOM_PIXELS}) around a pixel, or around the strongest")
    arguments = parser.parse_args()
    output = arguments.output or f"{os.path.splitext(arguments.file)[0]}_frame_{arguments.frame}.png"
    try:
        if not os.path.isfile(arguments.file):
            raise UserError(f"there is no file {arguments.file}")
        show_frame(arguments.file, arguments.frame, output, arguments.scale, arguments.resolution_rings, arguments.zoom)
    except (UserError, OSError) as error:
        print(f"show_frame.py: {error}", file=sys.stderr)
        return 2
    except KeyError as error:
        print(f"show_frame.py: {arguments.file}: unknown unit or missing attribute {error}", file=sys.stderr)
        return 2
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())

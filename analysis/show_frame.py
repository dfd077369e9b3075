#!/usr/bin/env python3
"""Draws one frame of an NXmx file as a PNG: dark spots on white, axes in pixels.

Needs h5py, numpy and matplotlib only. Reads that one frame, in bands of rows, whatever the size of the file.
Above 1600 pixels along an edge, each point of the picture shows the strongest pixel of a block. A background is taken
away first, ring by ring of equal resolution (its median), and greys begin above its noise, and spots too small to be seen are
spread to their neighbours; --background keep leaves it. Several panels are drawn where they are, seen along the beam with y up, axes in
mm; --zoom and --spots show pixels of one panel.
"""
import argparse
import math
import os
import sys

from tessera_file import (COMPLETE, METRES, DETECTOR, Sweep, UserError, check_outputs, mask_of, panels_of, run, spacing_angstrom, text,
                          wavelength_angstrom)
import numpy as np  # after tessera_file, which says what is missing
from spot_model import SpotModel
import matplotlib.pyplot as plt
from matplotlib import cm, colors, patheffects
from matplotlib.transforms import Affine2D

PICTURE_PIXELS_MOST = 1600
ZOOM_PIXELS = 128
SPOT_PIXELS = 24
SPOTS_MOST = 100
DPI = 120
NOISES = 3.5
RING_POINTS, RINGS_MOST = 500, 200
HALO = [patheffects.withStroke(linewidth=2.5, foreground="white")]


def block_of(slow_pixels, fast_pixels):
    """The edge of the blocks that are points of a picture of so many pixels."""
    return max(1, math.ceil(max(slow_pixels, fast_pixels) / PICTURE_PIXELS_MOST))


def read_frame(dataset, slot, window, bad, block=None):
    """The window (slow0, slow1, fast0, fast1) of one frame, each block reduced to its greatest value.

    Returns the picture, a picture of the blocks without any good pixel, and the edge of a block."""
    slow0, slow1, fast0, fast1 = window
    block = block or block_of(slow1 - slow0, fast1 - fast0)
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


def inverse_spacings(panel, wavelength, window, picture, block):
    """1/d (1/angstrom) at the middle of each point of a picture of a window of a panel."""
    slow0, _, fast0, _ = window
    slow, fast = (start + block * (np.arange(count) + 0.5) for start, count in zip((slow0, fast0), picture.shape))
    return 1 / spacing_angstrom(panel.geometry, wavelength, *np.meshgrid(fast, slow))


def take_background(picture, invalid, inverse):
    """What is above the median of each ring of equal resolution, and the noise of the rings: both of the picture's shape.

    The rings are as many as have some hundred points; the median follows the curve between their middles."""
    good = ~invalid
    count = int(np.clip(good.sum() // RING_POINTS, 1, RINGS_MOST))
    edges = np.quantile(inverse[good], np.linspace(0, 1, count + 1)) if good.any() else np.array([0.0, 1.0])
    ring = np.clip(np.searchsorted(edges, inverse, side="right") - 1, 0, count - 1)
    middle, level, noise = np.zeros(count), np.zeros(count), np.zeros(count)
    order = np.argsort(np.where(good, ring, count).ravel(), kind="stable")
    ends = np.searchsorted(np.where(good, ring, count).ravel()[order], np.arange(count + 1))
    for i in range(count):
        points = order[ends[i]:ends[i + 1]]
        if points.size:
            values = picture.ravel()[points]
            middle[i], level[i] = np.median(inverse.ravel()[points]), np.median(values)
            noise[i] = 1.4826 * np.median(np.abs(values - level[i]))
    if count > 1 and middle[1] > middle[0]:  # on, from the first two rings, to the centre of the beam
        inner = level[0] + (level[0] - level[1]) / (middle[1] - middle[0]) * (middle[0] - edges[0])
        middle, level, noise = np.r_[edges[0], middle], np.r_[inner, level], np.r_[noise[0], noise]
    if (picture[good] == np.rint(picture[good])).all():  # counts, whose median deviation is coarse
        noise = np.maximum(noise, np.sqrt(np.maximum(level, 0)))
    curve = np.interp(inverse, middle, level)
    return np.where(invalid, 0, picture - curve), np.interp(inverse, middle, noise), float(np.median(level))


def tone(picture, scale, noise=None):
    """Values 0 (white) to 1 (black), so that spots show over the background; and the norm of their colour bar.

    Above a background that was taken away, greys begin at NOISES times its noise."""
    if noise is not None:
        picture = np.maximum(picture - NOISES * noise, 0)
    positive = picture[picture > 0]
    if positive.size == 0:
        return np.zeros_like(picture), None
    black = float(np.percentile(positive, 99.7 if noise is None else 95))
    if scale == "linear":
        norm = colors.Normalize(0, black)
    else:
        grey = min(float(np.percentile(positive, 50)), black)
        norm = colors.FuncNorm((lambda x: np.log1p(np.maximum(x, 0) / grey), lambda y: grey * np.expm1(y)), 0, black)
    return np.clip(np.asarray(norm(picture)), 0, 1), norm


def thickened(shade):
    """Points spread to their neighbours where they are too small to be seen: one more each way for 500 along an edge."""
    for _ in range(min(max(shade.shape) // 500, 3)):
        wide = np.pad(shade, 1)
        shade = np.max([wide[1:-1, 1:-1], wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]], axis=0)
    return shade


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


def draw_rings(axes, panel, wavelength, window):
    slow0, slow1, fast0, fast1 = window
    fast, slow = np.meshgrid(np.linspace(fast0, fast1, 400), np.linspace(slow0, slow1, 400))
    spacing = spacing_angstrom(panel.geometry, wavelength, fast, slow)
    lines = axes.contour(fast, slow, spacing, levels=sorted(ring_spacings(spacing)), colors="tab:red",
                         linewidths=0.8, linestyles="dashed")
    for label in axes.clabel(lines, fmt="%g Å", fontsize=9):
        label.set_path_effects(HALO)


def view_of(panel, fast, slow):
    """Where pixels are seen along the beam: x, y (mm) in DIALS' frame."""
    place = 1e3 * panel.place(np.asarray(fast, float), np.asarray(slow, float))
    return -place[..., 0], place[..., 1]


def draw_rings_on_panels(axes, panels, wavelength):
    """Rings on every panel; each has its number once, where it is best known."""
    meshes = [np.meshgrid(np.linspace(fast0, fast1, 60), np.linspace(slow0, slow1, 60)) for slow0, slow1, fast0, fast1 in
              (panel.window for panel in panels)]
    spacings = [spacing_angstrom(panel.geometry, wavelength, *mesh) for panel, mesh in zip(panels, meshes)]
    views = [view_of(panel, *mesh) for panel, mesh in zip(panels, meshes)]
    levels = sorted(ring_spacings(np.stack(spacings)))
    for (x, y), spacing in zip(views, spacings):
        on = [level for level in levels if spacing.min() < level < spacing.max()]
        if on:
            axes.contour(x, y, spacing, levels=on, colors="tab:red", linewidths=0.8, linestyles="dashed")
    x, y = (np.stack([view[i] for view in views]).ravel() for i in (0, 1))
    for level in levels:
        nearest = np.argmin(np.abs(np.stack(spacings).ravel() - level))
        axes.annotate("%g Å" % level, (x[nearest], y[nearest]), fontsize=9, color="tab:red", ha="center", path_effects=HALO)


def several_panels(file):
    """The panels of a detector that has more than one."""
    return panels_of(file) if any(name.startswith("module_") for name in file.get(DETECTOR, ())) else []


def window_of_zoom(zoom, dataset, slot, bad, panels):
    """The window around FAST,SLOW[,EDGE], or around the strongest pixel; of several panels, within the pixel's own."""
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
    windows = [panel.window for panel in panels if panel.holds(fast + 0.5, slow + 0.5)] or [(0, slow_pixels, 0, fast_pixels)]
    first_slow, last_slow, first_fast, last_fast = windows[0]
    slow_edge, fast_edge = min(edge, last_slow - first_slow), min(edge, last_fast - first_fast)
    slow0 = min(max(slow - slow_edge // 2, first_slow), last_slow - slow_edge)
    fast0 = min(max(fast - fast_edge // 2, first_fast), last_fast - fast_edge)
    return slow0, slow0 + slow_edge, fast0, fast0 + fast_edge


def finished(sweep, slot):
    """The file, once it is sure to hold the frame."""
    if not 0 <= slot < sweep.count:
        raise UserError(f"there is no frame {slot}: {sweep.path} has frames 0 to {sweep.count - 1}")
    if sweep.status[slot] != COMPLETE:
        raise UserError(f"frame {slot} of {sweep.path} is not finished; tessera simulate --resume computes it")
    return sweep.file


def title(sweep, slot):
    """Frame, wavelength and distance, as far as the file gives them."""
    parts = [f"{os.path.basename(sweep.path)}, frame {slot}"]
    if sweep.numbers[slot] != slot:
        parts[0] += f" (number {sweep.numbers[slot]} of the sweep)"
    parts.append(f"wavelength {wavelength_angstrom(sweep.file, slot):.6g} Å")
    distance = sweep.file.get(DETECTOR + "/distance")
    if distance is not None and not several_panels(sweep.file):
        metres = float(np.ravel(distance[()])[0]) * METRES[text(distance.attrs["units"])]
        parts.append(f"distance {metres * 1e3:.6g} mm")
    return ", ".join(parts)


def draw_points(axes, shade, invalid, extent, where=None):
    """Points in greys, bad ones in blue; `where` takes pixels to the axes."""
    options = {"extent": extent, "interpolation": "nearest"}
    if where is not None:
        options["transform"] = where + axes.transData
    axes.imshow(shade, cmap="gray_r", vmin=0, vmax=1, **options)
    if invalid.any():
        colour = np.zeros(invalid.shape + (4,))
        colour[invalid] = (0.55, 0.7, 0.95, 1)
        axes.imshow(colour, **options)


def extent_of(window, picture, block):
    slow0, _, fast0, _ = window
    return fast0, fast0 + picture.shape[1] * block, slow0 + picture.shape[0] * block, slow0


def draw_bar(axes, norm, level):
    """What the greys stand for, beside the picture."""
    bar = axes.figure.colorbar(cm.ScalarMappable(norm, "gray_r"), ax=axes, fraction=0.04, pad=0.02)
    bar.set_ticks([norm.vmax * part for part in (0, 0.02, 0.05, 0.1, 0.2, 0.5, 1)])
    bar.ax.yaxis.set_major_formatter("{x:.3g}")
    bar.set_label("photons of a pixel" + (f" above background and noise (median {level:.3g})" if level > 0 else ""))


def draw_beam(axes, panels, window):
    """A cross where the beam meets the detector, if that is in the window."""
    slow0, slow1, fast0, fast1 = window
    for panel in panels:
        corner, fast_step, slow_step = panel.geometry
        try:
            fast, slow, _ = np.linalg.solve(np.stack([fast_step, slow_step, [0.0, 0.0, -1.0]], axis=1), -corner)
        except np.linalg.LinAlgError:
            continue
        if fast0 < fast < fast1 and slow0 < slow < slow1 and panel.holds(fast, slow):
            axes.plot(fast, slow, "+", markersize=12, color="tab:orange", markeredgewidth=1.5, path_effects=HALO)


def flattened(sweep, slot, window, picture, invalid, block, background):
    """The picture without its background, its noise (None: as it is) and the median level that was taken away."""
    if background == "keep":
        return picture, None, 0.0
    middle = (window[2] + window[3]) / 2, (window[0] + window[1]) / 2
    panels = panels_of(sweep.file, slot)
    panel = next((p for p in panels if len(panels) == 1 or p.holds(*middle)), None)
    if panel is None or not (~invalid).any():
        return picture, None, 0.0
    inverse = inverse_spacings(panel, wavelength_angstrom(sweep.file, slot), window, picture, block)
    flat, noise, level = take_background(picture, invalid, inverse)
    return (flat, noise, level) if level > 0 else (picture, None, 0.0)


def draw_picture(axes, sweep, slot, window, scale, background="keep"):
    """The window of a frame in greys, bad pixels in blue; returns the norm of the greys and the background's level."""
    picture, invalid, block = read_frame(sweep.images, slot, window, mask_of(sweep.file))
    picture, noise, level = flattened(sweep, slot, window, picture, invalid, block, background)
    shade, norm = tone(picture, scale, noise)
    slow0, slow1, fast0, fast1 = window
    draw_points(axes, thickened(shade) if noise is not None else shade, invalid, extent_of(window, picture, block))
    axes.set_xlim(fast0, fast1)
    axes.set_ylim(slow1, slow0)
    axes.set_xlabel("fast (pixels)")
    axes.set_ylabel("slow (pixels)")
    return norm, level


def draw_panels(axes, sweep, slot, panels, scale, background):
    """All panels where they are; returns the norm of the greys and the background's level."""
    block, bad = block_of(sweep.slow_pixels, sweep.fast_pixels), mask_of(sweep.file)
    read = [read_frame(sweep.images, slot, panel.window, bad, block)[:2] for panel in panels]
    whole, wrong = (np.concatenate([part[i].ravel() for part in read]) for i in (0, 1))
    noise, level = None, 0.0
    if background != "keep" and not wrong.all():
        wavelength = wavelength_angstrom(sweep.file, slot)
        inverse = np.concatenate([inverse_spacings(panel, wavelength, panel.window, picture, block).ravel()
                                  for panel, (picture, _) in zip(panels, read)])
        flat, noise, level = take_background(whole, wrong, inverse)
        whole, noise = (flat, noise) if level > 0 else (whole, None)
    shades, norm = tone(whole, scale, noise)
    ends = np.cumsum([picture.size for picture, _ in read])
    corners = []
    for panel, (picture, invalid), shade in zip(panels, read, np.split(shades, ends[:-1])):
        (x0, x1, x2), (y0, y1, y2) = view_of(panel, [0, 1, 0], [0, 0, 1])
        where = Affine2D(np.array([[x1 - x0, x2 - x0, x0], [y1 - y0, y2 - y0, y0], [0, 0, 1]]))
        draw_points(axes, shade.reshape(picture.shape), invalid, extent_of(panel.window, picture, block), where)
        slow0, slow1, fast0, fast1 = panel.window
        corners.append(view_of(panel, [fast0, fast1, fast0, fast1], [slow0, slow0, slow1, slow1]))
    x, y = (np.stack([corner[i] for corner in corners]) for i in (0, 1))
    axes.set_xlim(x.min(), x.max())
    axes.set_ylim(y.min(), y.max())
    axes.set_aspect("equal")
    axes.set_facecolor("lightgrey")  # what lies between panels
    axes.set_xlabel("x (mm)")
    axes.set_ylabel("y (mm)")
    return norm, level


def draw_predicted(axes, predicted, window, indices=None):
    """Circles where spots are predicted within the window, with their Miller indices if these are given."""
    slow0, slow1, fast0, fast1 = window
    inside = (predicted.fast > fast0) & (predicted.fast < fast1) & (predicted.slow > slow0) & (predicted.slow < slow1)
    shown = predicted.chosen(inside)
    axes.plot(shown.fast, shown.slow, "o", markersize=9, markerfacecolor="none", markeredgecolor="tab:green",
              markeredgewidth=0.8)
    for i, fast, slow in zip(shown.index, shown.fast, shown.slow) if indices is not None else ():
        axes.annotate("%d %d %d" % tuple(indices[i]), (fast, slow), (0, 8), textcoords="offset points", ha="center", clip_on=True,
                      fontsize=7, color="tab:green")


def predicted_spots(sweep, slot):
    """The model, and the spots that the stored orientation puts on a frame within two deviations of the Ewald sphere."""
    model = SpotModel(sweep)
    return model, model.predict(slot, sigmas=2.0)


def draw_predicted_on_panels(axes, predicted, panels):
    for number, panel in enumerate(panels):
        on = predicted.chosen(predicted.panel == number)
        axes.plot(*view_of(panel, on.fast, on.slow), "o", markersize=9, markerfacecolor="none", markeredgecolor="tab:green",
                  markeredgewidth=0.8)


def draw_assembled(axes, sweep, slot, panels, arguments):
    """All panels of a frame, with rings and circles; returns the norm of the greys and the background's level."""
    shown = draw_panels(axes, sweep, slot, panels, arguments.scale, arguments.background)
    if arguments.resolution_rings:
        draw_rings_on_panels(axes, panels_of(sweep.file, slot), wavelength_angstrom(sweep.file, slot))
    if arguments.predicted:
        draw_predicted_on_panels(axes, predicted_spots(sweep, slot)[1], panels)
    return shown


def draw_window(axes, sweep, slot, window, panels, arguments):
    """Pixels of a frame, with rings and circles; returns the norm of the greys and the background's level."""
    shown = draw_picture(axes, sweep, slot, window, arguments.scale, arguments.background)
    draw_beam(axes, panels_of(sweep.file, slot), window)
    if arguments.resolution_rings:
        middle = (window[2] + window[3]) / 2, (window[0] + window[1]) / 2
        panel = next((p for p in panels_of(sweep.file, slot) if not panels or p.holds(*middle)), None)
        if panel is None:
            raise UserError(f"there is no panel around pixel {middle[0]:g},{middle[1]:g}: --zoom into one, or leave the rings out")
        draw_rings(axes, panel, wavelength_angstrom(sweep.file, slot), window)
    if arguments.predicted:
        draw_predicted(axes, predicted_spots(sweep, slot)[1], window)
    return shown


def show_frame(sweep, slot, output, arguments):
    """Draws frame `slot` into the PNG `output`."""
    file = finished(sweep, slot)
    panels = several_panels(file)
    figure, axes = plt.subplots(figsize=(arguments.size / DPI, arguments.size / DPI), dpi=DPI)
    if panels and arguments.zoom is None:
        norm, level = draw_assembled(axes, sweep, slot, panels, arguments)
    else:
        window = (0, sweep.slow_pixels, 0, sweep.fast_pixels)
        if arguments.zoom is not None:
            window = window_of_zoom(arguments.zoom, sweep.images, slot, mask_of(file), panels)
        norm, level = draw_window(axes, sweep, slot, window, panels, arguments)
    if norm is not None:
        draw_bar(axes, norm, level)
        what = f"{arguments.scale} scale, black = {norm.vmax:.4g} photons or more" + (" above the background" if level > 0 else "")
    elif level > 0:
        what = f"nothing is above the noise of the background, {level:.4g} photons in a pixel; --background keep shows it"
    else:
        what = "all pixels are 0: no photons"
        print(f"{output}: frame {slot} has no photons: all its pixels are 0", file=sys.stderr)
    axes.set_title(title(sweep, slot) + "\n" + what, fontsize=11)
    figure.tight_layout()
    figure.savefig(output, format="png")
    plt.close(figure)


def strongest_spots(sweep, slot, most):
    """(slow, fast) of the greatest pixels of a frame, the strongest first, none within half a panel of another."""
    image = np.where(sweep.good, sweep.frame(slot), 0)
    found = []
    while len(found) < most and image.max() > 0:
        slow, fast = (int(v) for v in np.unravel_index(np.argmax(image), image.shape))
        found.append((slow, fast))
        near = SPOT_PIXELS // 2
        image[max(slow - near, 0):slow + near + 1, max(fast - near, 0):fast + near + 1] = 0
    if not found:
        raise UserError(f"frame {slot} of {sweep.path} has no photons")
    return found


def show_spots(sweep, slot, output, arguments):
    """Draws the strongest spots of frame `slot`, a panel for each, into the PNG `output`."""
    finished(sweep, slot)
    found = strongest_spots(sweep, slot, arguments.spots)
    model, predicted = predicted_spots(sweep, slot) if arguments.predicted else (None, None)
    columns = math.ceil(math.sqrt(len(found)))
    rows = math.ceil(len(found) / columns)
    figure, panels = plt.subplots(rows, columns, figsize=(2.5 * columns, 2.7 * rows + 0.7), dpi=120, squeeze=False)
    for axes in panels.ravel()[len(found):]:
        axes.set_axis_off()
    for axes, (slow, fast) in zip(panels.ravel(), found):
        window = window_of_zoom(f"{fast},{slow},{SPOT_PIXELS}", sweep.images, slot, None, several_panels(sweep.file))
        draw_picture(axes, sweep, slot, window, arguments.scale)
        if model is not None:
            draw_predicted(axes, predicted, window, model.hkl)
        axes.tick_params(labelsize=7)
        axes.set_title(f"{sweep.images[slot, slow, fast]:.4g}", fontsize=9)
    figure.suptitle(title(sweep, slot) + "\nstrongest spots, each with its greatest pixel in photons", fontsize=10)
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
    parser.add_argument("--predicted", action="store_true",
                        help="circle the spots that the stored orientation matrix predicts")
    parser.add_argument("--background", choices=("flat", "keep"), default="flat",
                        help="taken away ring by ring of resolution, or left as it is (default flat)")
    parser.add_argument("--size", type=int, default=1200, metavar="N", help="edge of the picture in pixels (default 1200)")
    parser.add_argument("--zoom", nargs="?", const="strongest", metavar="FAST,SLOW[,EDGE]",
                        help=f"show only EDGE pixels (default {ZOOM_PIXELS}) around a pixel, or around the strongest")
    parser.add_argument("--spots", nargs="?", type=int, const=16, metavar="N",
                        help="show the N strongest spots (default 16) instead, a panel for each")
    arguments = parser.parse_args()
    if arguments.spots is not None and not 1 <= arguments.spots <= SPOTS_MOST:
        parser.error(f"--spots {arguments.spots} must be from 1 to {SPOTS_MOST}")
    if not 200 <= arguments.size <= 10000:
        parser.error(f"--size {arguments.size} must be from 200 to 10000")
    if arguments.spots is not None and (arguments.zoom is not None or arguments.resolution_rings):
        parser.error("--spots draws no rings and has panels of its own: leave --zoom and --resolution-rings out")
    output = arguments.output or f"{os.path.splitext(arguments.file)[0]}_frame_{arguments.frame}.png"
    check_outputs([output], [arguments.file])
    with Sweep(arguments.file) as sweep:
        (show_frame if arguments.spots is None else show_spots)(sweep, arguments.frame, output, arguments)
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))

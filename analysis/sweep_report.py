#!/usr/bin/env python3
"""Writes one HTML page about an NXmx file, its pictures inside: what was simulated, how it looks, how fast it went.

Needs h5py, numpy and matplotlib only. Frames are read one at a time: orientations on the sphere, mean photons by resolution,
histograms of pixels and of frames, saturated pixels, throughput, and the provenance that the file holds. The page needs no other
file and no network.
"""
import argparse
import base64
import html
import io
import math
import os
import sys

from tessera_file import (COMPLETE, PARAMETERS, Sweep, UserError, check_outputs, frames_text, panels_of, rotation, run, spacings_of_pixels, text,
                          wavelength_angstrom)
import numpy as np  # after tessera_file, which says what is missing
import matplotlib.pyplot as plt

RADIAL_BINS = 100
STYLE = """body{font:15px/1.45 sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
h2{margin-top:2em;border-bottom:1px solid #ccc}img{max-width:100%}table{border-collapse:collapse}
td,th{border:1px solid #ddd;padding:.2em .6em;text-align:left;vertical-align:top}td{overflow-wrap:anywhere}
caption{text-align:left;padding:.3em 0;color:#555}"""


class Totals:
    """What a pass over the frames collects, whatever their number: sums by ring and by size of the pixels."""

    def __init__(self, sweep, slots):
        self.sweep, self.slots = sweep, slots
        wavelength = wavelength_angstrom(sweep.file, slots[0])
        inverse = 1 / spacings_of_pixels(panels_of(sweep.file), wavelength, sweep.good.shape)
        sweep.good &= np.isfinite(inverse)  # what lies between panels
        self.edges = np.linspace(0, float(np.nanmax(inverse)) * (1 + 1e-9), RADIAL_BINS + 1)
        self.ring = (np.digitize(inverse, self.edges) - 1)[sweep.good]
        self.ring_pixels = np.bincount(self.ring, minlength=RADIAL_BINS)
        self.ring_photons, self.ring_greatest = np.zeros(RADIAL_BINS), np.zeros(RADIAL_BINS)
        self.decades = np.arange(-6, 11, 0.25)  # pixels by the logarithm of their photons; one more for those without
        self.pixels = np.zeros(self.decades.size + 1, np.int64)
        self.sums, self.greatest = np.zeros(len(slots)), np.zeros(len(slots))
        self.saturated = np.zeros(len(slots), np.int64)

    def add(self, place, image):
        values = image[self.sweep.good].astype(float)
        self.saturated[place] = np.count_nonzero(values > self.sweep.greatest_good)
        values = np.maximum(values, 0)
        self.sums[place], self.greatest[place] = values.sum(), values.max(initial=0)
        rings = np.bincount(self.ring, values, RADIAL_BINS)
        self.ring_photons += rings
        np.maximum(self.ring_greatest, rings / np.maximum(self.ring_pixels, 1), out=self.ring_greatest)
        positive = values[values > 0]
        self.pixels[0] += values.size - positive.size
        self.pixels[1:] += np.bincount(np.clip(np.digitize(np.log10(positive), self.decades) - 1, 0, None),
                                       minlength=self.decades.size)


def picture(figure, name):
    """The figure as an img element with its PNG inside."""
    data = io.BytesIO()
    figure.tight_layout()
    figure.savefig(data, format="png", dpi=90)
    plt.close(figure)
    return f'<img alt="{html.escape(name)}" src="data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}">'


def table(rows, caption=""):
    lines = [f"<table><caption>{html.escape(caption)}</caption>"]
    lines += ["<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join(lines + ["</table>"])


def directions(sweep, slots):
    """The beam's direction seen from the crystal, [n][3] in the standard setting of the cell: a* along x, b* in the xy plane."""
    ubs, axis = sweep.column("ub_matrix"), sweep.spindle()
    found = np.empty((len(slots), 3))
    for place, slot in enumerate(slots):
        begin, end = sweep.phi_interval(slot)
        u, b = np.linalg.qr(ubs[slot])
        found[place] = (u * np.sign(np.diag(b))).T @ rotation(axis, (begin + end) / 2).T[:, 2]
    return found


def draw_sphere(sweep, slots):
    where = directions(sweep, slots)
    figure = plt.figure(figsize=(10, 5))
    axes = figure.add_subplot(projection="mollweide")
    axes.scatter(np.arctan2(where[:, 1], where[:, 0]), np.arcsin(np.clip(where[:, 2], -1, 1)), c=sweep.numbers[slots],
                 s=max(2, min(30, 3000 / len(slots))), cmap="viridis")
    axes.grid(alpha=0.4)
    axes.set_title("the beam seen from the crystal, coloured by frame\n(longitude 0: a*, poles: across a* and b*)", fontsize=10)
    mean = np.linalg.norm(where.mean(axis=0))
    note = f"Length of the mean direction: {mean:.3f}; the rms of {len(slots)} random ones is {1 / math.sqrt(len(slots)):.3f}."
    return picture(figure, "orientations on the sphere") + f"<p>{note}</p>"


def draw_radial(totals):
    figure, axes = plt.subplots(figsize=(10, 4.5))
    middle, seen = (totals.edges[1:] + totals.edges[:-1]) / 2, totals.ring_pixels > 0
    mean = totals.ring_photons[seen] / totals.ring_pixels[seen] / len(totals.slots)
    axes.semilogy(middle[seen], np.maximum(mean, 1e-12), label="mean of all frames")
    axes.semilogy(middle[seen], np.maximum(totals.ring_greatest[seen], 1e-12), linewidth=0.8, label="brightest frame")
    if mean.max() > 0:
        axes.set_ylim(mean[mean > 0].min() / 3, 3 * totals.ring_greatest.max())
    axes.set_xlabel("1/d (1/Å)")
    axes.set_ylabel("mean of a pixel")
    axes.legend()
    axes.grid(alpha=0.3)
    return picture(figure, "radial mean")


def draw_histograms(totals):
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.5))
    shown = np.flatnonzero(totals.pixels[1:])
    if shown.size:
        part = slice(shown[0], shown[-1] + 1)
        left.bar(totals.decades[part], totals.pixels[1:][part], width=0.25, align="edge", log=True)
    left.set_xlabel("log10 of a pixel's value")
    left.set_ylabel("pixels of all frames")
    left.set_title(f"{totals.pixels[0]} pixels without photons, {totals.pixels[1:].sum()} with", fontsize=10)
    right.hist(totals.sums, bins=min(50, max(5, len(totals.sums) // 5)), color="tab:green")
    right.set_xlabel("sum of a frame")
    right.set_ylabel("frames")
    return picture(figure, "histograms of pixels and of frames")


def saturation_text(totals):
    limit = totals.sweep.greatest_good
    worst = int(np.argmax(totals.saturated))
    rows = [("largest good value", "none: expected photons" if math.isinf(limit) else f"{limit:.10g}"),
            ("frames with saturated pixels", int((totals.saturated > 0).sum())),
            ("saturated pixels in all", int(totals.saturated.sum())),
            ("most in a frame", f"{totals.saturated[worst]} (frame {totals.sweep.numbers[totals.slots[worst]]})"),
            ("greatest pixel of all", f"{totals.greatest.max():.6g}"),
            ("pixels masked in every frame", int((~totals.sweep.good).sum()))]
    return table(rows)


def resumes(group):
    """Of each resume that has rows in the lists of a file: the values of its rows, by name."""
    lists = group.get("resumes", {})
    for row in np.flatnonzero(lists["sequence_index"][:]) if lists else []:
        first, count = int(lists["first_rank_row"][row]), int(lists["rank_rows"][row])
        yield {name: column[first:first + count] if name.startswith("rank_") else column[row]
               for name, column in lists.items() if name not in ("first_rank_row", "rank_rows")}


def environments(sweep):
    """What says where and how the file was computed: one for each run that worked on it, or on its parts."""
    top = sweep.file["entry/simulation"]
    groups = [top, *(top["parts"].values() if "parts" in top else [])]
    of_starts = [group[name] for group in groups for name in sorted(group) if name.startswith("environment")]
    return of_starts + [resume for group in groups for resume in resumes(group)]


def draw_throughput(sweep, slots):
    seconds = sweep.column("wall_seconds", np.full(sweep.count, np.nan))[slots]
    known = seconds[np.isfinite(seconds)]
    rows = [("frames", len(slots))]
    if known.size:
        pixels = sweep.slow_pixels * sweep.fast_pixels
        rows += [("mean time of a frame", f"{known.mean():.4g} s"), ("slowest frame", f"{known.max():.4g} s"),
                 ("pixels a second of a group of ranks", f"{pixels / known.mean():.4g}")]
    for number, group in enumerate(environments(sweep), 1):
        compute, steps = (np.ravel(group[f"rank_{n}"][()]).astype(float) if f"rank_{n}" in group else np.zeros(0)
                          for n in ("compute_seconds", "steps"))
        if compute.size and compute.sum() > 0:
            rows.append((f"run {number}: ranks", compute.size))
            rows.append((f"run {number}: compute time of all ranks, greatest of a rank",
                         f"{compute.sum():.4g} s, {compute.max():.4g} s"))
            if steps.size:
                rows.append((f"run {number}: steps a second of a rank", f"{steps.sum() / compute.sum():.4g}"))
    figure, axes = plt.subplots(figsize=(10, 3.5))
    axes.plot(sweep.numbers[slots], seconds, ".", markersize=5)
    axes.set_xlabel("frame")
    axes.set_ylabel("time (s)")
    axes.set_ylim(bottom=0)
    return table(rows) + picture(figure, "time of each frame")


def provenance(sweep):
    simulation = sweep.file["entry/simulation"]
    rows = [("version", text(simulation["version"])), ("date", text(simulation["date"]))]
    if "command_line/data" in simulation:
        rows.append(("command line", text(simulation["command_line/data"])))
    for number, group in enumerate(environments(sweep), 1):
        for name in ("hostname", "git_hash", "compiler", "mpi_library", "mpi_ranks", "omp_threads", "start_time", "end_time"):
            if name in group:
                rows.append((f"run {number}: {name}", text(group[name])))
    for name in sorted(simulation):
        if name.startswith("input_"):
            rows.append((name.replace("_", " "), f"{text(simulation[name]['file_name'])}, SHA-256 "
                                                 f"{text(simulation[name]['checksum'])}"))
    given = [(name, text(d.attrs["user_text"])) for name, d in sorted(sweep.file[PARAMETERS].items()) if d.attrs["given"]]
    return table(rows) + table(given, "Parameters that were given; all others have their defaults.")


def draw_frame(image, good):
    """The brightest frame, small."""
    figure, axes = plt.subplots(figsize=(6, 6))
    block = max(1, math.ceil(max(image.shape) / 500))
    image = np.where(good, np.maximum(image.astype(float), 0), 0)
    image = np.pad(image, [(0, -n % block) for n in image.shape])
    image = image.reshape(image.shape[0] // block, block, image.shape[1] // block, block).max(axis=(1, 3))
    positive = image[image > 0]
    black = float(np.percentile(positive, 99.5)) if positive.size else 1.0
    grey = float(np.median(positive)) if positive.size else 1.0
    axes.imshow(np.log1p(image / grey), cmap="gray_r", vmin=0, vmax=math.log1p(black / grey))
    axes.set_axis_off()
    return picture(figure, "the brightest frame")


def report(sweep, slots):
    """The whole page."""
    totals = Totals(sweep, slots)
    for place, slot in enumerate(slots):
        totals.add(place, sweep.frame(slot))
    brightest = slots[int(np.argmax(totals.sums))]
    missing = sweep.numbers[sweep.status != COMPLETE]
    name = os.path.basename(sweep.path)
    rows = [("frames in the file", sweep.count), ("complete", int((sweep.status == COMPLETE).sum())),
            ("not complete", frames_text(missing) or "none"), ("looked at here", len(slots)),
            ("pixels", f"{sweep.slow_pixels} x {sweep.fast_pixels} (slow x fast), {sweep.images.dtype}"),
            ("kind of sweep", sweep.parameter("sweep.kind")), ("photons in all", f"{totals.sums.sum():.8g}")]
    parts = [("Summary", table(rows)),
             (f"Brightest frame: number {sweep.numbers[brightest]}", draw_frame(sweep.frame(brightest), sweep.good)),
             ("Orientations", draw_sphere(sweep, slots)), ("Mean by resolution", draw_radial(totals)),
             ("Photons", draw_histograms(totals)), ("Saturation", saturation_text(totals)),
             ("Throughput", draw_throughput(sweep, slots)), ("Provenance", provenance(sweep))]
    body = "\n".join(f"<h2>{html.escape(heading)}</h2>\n{content}" for heading, content in parts)
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(name)}</title>'
            f"<style>{STYLE}</style></head>\n<body><h1>{html.escape(name)}</h1>\n{body}\n</body></html>\n"), totals


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE.nxs")
    parser.add_argument("--output", metavar="HTML", help="default: FILE_report.html beside the file")
    parser.add_argument("--images", choices=("data", "expected"), default="data",
                        help="which images: those of /entry/data, or the expected photons beside counts")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="look at every K-th complete frame only (default 1)")
    arguments = parser.parse_args()
    if arguments.every < 1:
        parser.error(f"--every {arguments.every} must be 1 or more")
    output = arguments.output or os.path.splitext(arguments.file)[0] + "_report.html"
    check_outputs([output], [arguments.file])
    with Sweep(arguments.file, arguments.images) as sweep:
        if PARAMETERS not in sweep.file:
            raise UserError(f"{arguments.file} has no /{PARAMETERS}: it does not come from tessera simulate")
        page, totals = report(sweep, sweep.complete()[::arguments.every])
    with open(output, "w", encoding="utf-8") as file:
        file.write(page)
    print(f"{len(totals.slots)} frames, {totals.sums.sum():.8g} photons, {totals.saturated.sum()} saturated pixels")
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))

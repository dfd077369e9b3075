#!/usr/bin/env python3
"""Merges all frames of an NXmx file to F^2 by the truth in the file, and compares with the structure factors that went in.

Needs h5py, numpy and matplotlib only. For each frame the stored orientation, geometry, wavelengths, fluence, polarization and
mosaicity say where the spots are and how many photons a structure factor of 1 would give there (partiality and Lorentz factor
included). F^2 of a reflection is the sum of its photons over the sum of these. Prints a table of shells of resolution, and draws
it. One frame is in memory at a time. Spots that touch another, a bad pixel or the detector's edge are left out of that frame.
"""
import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile

from tessera_file import PARAMETERS, Sweep, UserError, check_outputs, run, text
import h5py  # after tessera_file, which says what is missing
import numpy as np
from spot_model import SpotModel
import matplotlib.pyplot as plt

SPOT_SIGMAS = 4.0  # a spot is the ellipse of this many standard deviations, which holds all but 3e-4 of a Gaussian
SPOT_PIXELS_MOST = 64
INPUT = "entry/simulation/input_crystal_structure_factors"


class Merged:
    """Sums over the frames for each reflection of the model: photons, expected photons of F = 1, and observations."""

    def __init__(self, count):
        self.photons, self.unit_photons = np.zeros(count), np.zeros(count)
        self.observations = np.zeros(count, int)

    def add(self, index, photons, unit_photons):
        self.photons[index] += photons
        self.unit_photons[index] += unit_photons
        self.observations[index] += 1


def spot_pixels(spots):
    """Fast and slow index [n][m] of the pixels of a square around each spot, and which are within its ellipse."""
    widest = SPOT_SIGMAS * math.sqrt(max(float(np.linalg.eigvalsh(spots.covariance)[:, 1].max()), 0.25))
    reach = min(math.ceil(widest), SPOT_PIXELS_MOST)
    slow, fast = (v.ravel() for v in np.mgrid[-reach:reach + 1, -reach:reach + 1])
    fast = np.floor(spots.fast)[:, None].astype(int) + fast
    slow = np.floor(spots.slow)[:, None].astype(int) + slow
    x, y = fast + 0.5 - spots.fast[:, None], slow + 0.5 - spots.slow[:, None]
    inverse = np.linalg.inv(spots.covariance)
    distance = inverse[:, 0, 0, None] * x * x + 2 * inverse[:, 0, 1, None] * x * y + inverse[:, 1, 1, None] * y * y
    return fast, slow, distance <= SPOT_SIGMAS**2


def integrate(image, good, spots, panels):
    """Photons within the ellipse of each spot, and which of the spots touch no edge of a panel, bad pixel or other spot."""
    fast, slow, within = spot_pixels(spots)
    width = image.shape[1]
    edges = np.array([panel.window for panel in panels])[spots.panel]
    on = (slow >= edges[:, :1]) & (slow < edges[:, 1:2]) & (fast >= edges[:, 2:3]) & (fast < edges[:, 3:])
    place = np.where(on, slow * width + fast, 0)
    claims = np.bincount(place[within & on], minlength=image.size)
    whole = ~(within & ~on).any(axis=1)
    alone = ~(within & on & (claims[place] > 1)).any(axis=1)
    sound = ~(within & on & ~good.ravel()[place]).any(axis=1)
    photons = np.where(within & on, image.ravel()[place], 0.0).sum(axis=1)
    return photons, whole & alone & sound


def merge(sweep, model, sigmas):
    """The sums over all complete frames, and the share of the observations that had to be left out."""
    merged, left, seen = Merged(len(model.hkl)), 0, 0
    gain = 1.0 if sweep.expected else float(sweep.parameter("noise.gain"))
    pedestal = 0.0 if sweep.expected else float(sweep.parameter("noise.pedestal"))
    for slot in sweep.complete():
        spots = model.predict(slot, SPOT_SIGMAS)
        if spots.index.size == 0:
            continue
        raw = sweep.frame(slot)
        good = sweep.good & (raw >= 0) & (raw <= sweep.greatest_good)
        photons, usable = integrate((raw.astype(float) - pedestal) / gain, good, spots, model.panels)
        wanted = spots.nearest < sigmas
        chosen = wanted & usable
        merged.add(spots.index[chosen], photons[chosen], spots.photons[chosen])
        seen, left = seen + int(wanted.sum()), left + int((wanted & ~usable).sum())
    return merged, left / max(seen, 1)


def read_structure_factors(lines, name):
    """Miller indices and F of a text with a line each h k l F; more columns are not used."""
    rows = [line.split()[:4] for line in lines if line.strip() and not line.lstrip().startswith(("#", "!"))]
    try:
        table = np.array(rows, float)
    except ValueError:
        table = np.empty(0)
    if table.ndim != 2 or table.shape[1] != 4 or (table[:, :3] != np.rint(table[:, :3])).any():
        raise UserError(f"{name} is not a text of lines h k l F; write one with other tools and give it as "
                        "--structure-factors")
    return table[:, :3].astype(int), table[:, 3]


def is_text_list(contents):
    """Whether bytes are lines h k l F and nothing else; MTZ, CIF, SHELX and lists with named columns are not."""
    try:
        read_structure_factors(contents.decode().splitlines(), "")
    except (UnicodeDecodeError, UserError):
        return False
    return True


def chosen_columns(sweep):
    """The parameters by which the run read its structure factors, for `tessera describe`."""
    names = ("cell", "space_group", "shelx_hklf", "ignore_file_cell", *("structure_factor_" + name for name in
             ("format", "columns", "label", "block", "duplicates")))
    rows = ((name, sweep.file.get(f"{PARAMETERS}/crystal.{name}")) for name in names)
    return [f"--crystal.{name}={text(row.attrs['user_text'])}" for name, row in rows if row is not None and row.attrs["given"]]


def expanded(sweep, path, name):
    """A file of another form, as `tessera describe` reads and expands it to P 1."""
    program = shutil.which(os.environ.get("TESSERA", "tessera"))
    remedy = f"`tessera describe {name} --hkl OUT.hkl` writes it as a text for --structure-factors"
    if program is None:
        raise UserError(f"{name} is not a text of lines h k l F, and there is no tessera in PATH to read it; {remedy}")
    with tempfile.TemporaryDirectory() as folder:
        listed = os.path.join(folder, "listed.hkl")
        done = subprocess.run([program, "describe", path, "--hkl", listed, *chosen_columns(sweep)], capture_output=True, text=True)
        if done.returncode != 0:
            raise UserError(f"{name} cannot be read: {done.stderr.strip()}; {remedy}")
        with open(listed) as file:
            return read_structure_factors(file, name)


def truth(sweep, given):
    """The structure factors of the run, as (Miller indices, F): from a file, or from the copy that the run file keeps."""
    if given is not None:
        if not os.path.isfile(given):
            raise UserError(f"there is no file {given}")
        with open(given, "rb") as file:
            contents, name = file.read(), given
    else:
        copy = sweep.file.get(INPUT + "/data")
        if copy is None:
            raise UserError(f"{sweep.path} keeps no copy of its structure factors: give them as --structure-factors FILE")
        value = np.empty((), dtype=copy.dtype)
        copy.id.read(h5py.h5s.ALL, h5py.h5s.ALL, value, mtype=copy.id.get_type())  # as it is: [()] refuses opaque bytes
        contents, name = value.tobytes(), text(sweep.file[INPUT + "/file_name"])
        contents = contents if copy.dtype.kind == "V" else contents.rstrip(b"\0")  # the end of a string
    if is_text_list(contents):
        return read_structure_factors(contents.decode().splitlines(), name)
    with tempfile.NamedTemporaryFile(suffix="_" + os.path.basename(name)) as file:
        file.write(contents)
        file.flush()
        return expanded(sweep, file.name, name)


def true_squares(sweep, model, given):
    """F^2 of the reflections of the model, NaN where the input has none, with the run's scale and B factor."""
    hkl, amplitude = truth(sweep, given)
    most = np.abs(np.concatenate([hkl, model.hkl])).max(axis=0)
    key = np.ravel_multi_index((model.hkl + most).T, 2 * most + 1)
    table = np.full(np.prod(2 * most + 1), np.nan)
    table[np.ravel_multi_index((hkl + most).T, 2 * most + 1)] = amplitude
    scale, b_m2 = (float(sweep.parameter(f"crystal.{name}")) for name in ("structure_factor_scale", "b_factor"))
    return (table[key] * scale * np.exp(-b_m2 * 1e20 * model.inverse_spacing**2 / 4)) ** 2


def correlation(a, b):
    """Pearson's, or NaN for fewer than three pairs."""
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 2 else math.nan


def shell_rows(spacing, merged, true, count):
    """For shells of equally many reflections: the widest and least spacing, reflections, correlation, scale, R factor."""
    order = np.argsort(-spacing)
    rows = []
    for part in [*np.array_split(order, count), order]:
        if part.size:
            scale = merged[part].sum() / true[part].sum() if true[part].sum() > 0 else math.nan
            residual = np.abs(merged[part] - scale * true[part]).sum() / merged[part].sum()
            rows.append((spacing[part[0]], spacing[part[-1]], part.size, correlation(merged[part], true[part]), scale, residual))
    return rows


def draw(output, rows, merged, true, name):
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6), dpi=100)
    positive = (merged > 0) & (true > 0)
    left.loglog(true[positive], merged[positive], ".", markersize=2, color="tab:blue")
    ends = np.array([true[positive].min(), true[positive].max()])
    left.loglog(ends, ends, "-", color="tab:red", linewidth=0.8)
    left.set_xlabel("F² that went in")
    left.set_ylabel("F² merged from the frames")
    left.set_title(f"{os.path.basename(name)}: {len(true)} reflections, correlation {rows[-1][3]:.5f}")
    middle = [0.5 * (1 / row[0] ** 2 + 1 / row[1] ** 2) for row in rows[:-1]]
    right.plot(middle, [row[3] for row in rows[:-1]], "o-", label="correlation")
    right.plot(middle, [row[4] for row in rows[:-1]], "s--", label="scale, merged / input")
    right.set_xticks(middle, [f"{1 / math.sqrt(m):.2f}" for m in middle])
    right.set_xlabel("resolution of the shell (Å)")
    right.set_ylim(0, max(1.1, 1.05 * np.nanmax([row[4] for row in rows[:-1]])))
    right.grid(alpha=0.3)
    right.legend(loc="lower left")
    right.set_title("shells of resolution")
    figure.tight_layout()
    figure.savefig(output, format="png")
    plt.close(figure)


def write_merged(path, model, merged, chosen):
    """Text with a line h k l F^2 sigma observations; sigma is of photon counting."""
    with open(path, "w") as file:
        for i in np.flatnonzero(chosen):
            square = merged.photons[i] / merged.unit_photons[i]
            sigma = math.sqrt(max(merged.photons[i], 1.0)) / merged.unit_photons[i]
            file.write("%d %d %d %.6g %.4g %d\n" % (*model.hkl[i], square, sigma, merged.observations[i]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE.nxs")
    parser.add_argument("--output", metavar="PNG", help="default: FILE_merged.png beside the file")
    parser.add_argument("--merged", metavar="TEXT", help="also write h k l F^2 sigma observations, a line each")
    parser.add_argument("--structure-factors", metavar="HKL",
                        help="what went in: a text h k l F, or MTZ, CIF ... that tessera reads (default: the copy that the file keeps)")
    parser.add_argument("--images", choices=("data", "expected"), default="data",
                        help="which images: those of /entry/data, or the expected photons beside counts")
    parser.add_argument("--d-min", type=float, default=0.0, metavar="A", help="least spacing in angstrom (default: all)")
    parser.add_argument("--sigmas", type=float, default=2.5, metavar="S",
                        help="use spots up to S standard deviations from the Ewald sphere (default 2.5)")
    parser.add_argument("--shells", type=int, default=8, metavar="N", help="of resolution (default 8)")
    arguments = parser.parse_args()
    if arguments.d_min < 0 or not 0 < arguments.sigmas <= SPOT_SIGMAS or arguments.shells < 1:
        parser.error(f"--d-min must be positive, --sigmas at most {SPOT_SIGMAS:g}, --shells at least 1")
    output = arguments.output or os.path.splitext(arguments.file)[0] + "_merged.png"
    check_outputs(filter(None, [output, arguments.merged]), list(filter(None, [arguments.file, arguments.structure_factors])))
    with Sweep(arguments.file, arguments.images) as sweep:
        model = SpotModel(sweep, arguments.d_min)
        true = true_squares(sweep, model, arguments.structure_factors)
        merged, left = merge(sweep, model, arguments.sigmas)
        chosen = merged.observations > 0
        known = chosen & np.isfinite(true)
        if known.sum() < 3:
            raise UserError(f"{int(chosen.sum())} reflections were seen, {int(known.sum())} of them in the input: "
                            "too few to compare")
        spacing = 1 / model.inverse_spacing[known]
        squares = merged.photons[known] / merged.unit_photons[known]
        if not ((squares > 0) & (true[known] > 0)).any():
            raise UserError(f"no spot of the {int(known.sum())} reflections seen holds a photon: there is nothing to merge")
        rows = shell_rows(spacing, squares, true[known], arguments.shells)
        draw(output, rows, squares, true[known], arguments.file)
        if arguments.merged:
            write_merged(arguments.merged, model, merged, chosen)
    print(f"{'d from':>8} {'d to':>8} {'number':>8} {'correlation':>12} {'scale':>8} {'R':>8}")
    for row in rows[:-1]:
        print("%8.3f %8.3f %8d %12.5f %8.4f %8.4f" % row)
    print("%8s %8s %8d %12.5f %8.4f %8.4f" % ("all", "", *rows[-1][2:]))
    print(f"{merged.observations.sum()} observations, {100 * left:.2f} % of the spots left out: edges, bad pixels, overlaps")
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))

#!/usr/bin/env python3
"""Compares two NXmx files frame by frame: images and labels. Exit code 1 where they differ by more than the limits.

Needs h5py and numpy (and matplotlib installed). Frames are paired by their number in the sweep; a pair is in memory at a time.
Prints for each frame the correlation of the pixels, the ratio of the sums, TEST over REFERENCE, and the largest relative error of
the pixels above the floor, then the largest difference of each label. Frames that are complete in one file alone are named.
"""
import argparse
import math
import sys

from tessera_file import FRAMES, PROGRAM, Sweep, UserError, frames_text, panels_of, run, wavelength_angstrom
import numpy as np  # after tessera_file, which says what is missing

LABELS = ("ub_matrix", "fluence", "phi0", "crystal_N", "seed", "noise_seed")


def compare_images(reference, test, good, floor):
    """Correlation, ratio of the sums, and largest relative error of two images."""
    a, b = reference[good].astype(float), test[good].astype(float)
    sums = b.sum() / a.sum() if a.sum() != 0 else (1.0 if b.sum() == 0 else math.inf)
    spread = a.std() * b.std()
    if spread > 0:
        correlation = float(((a - a.mean()) * (b - b.mean())).mean() / spread)
    else:
        correlation = 1.0 if np.array_equal(a, b) else 0.0
    strong = a > floor * max(a.max(initial=0), 0)
    error = np.abs(b[strong] - a[strong]) / a[strong]
    return correlation, float(sums), float(error.max(initial=0))


def label_differences(reference, test, pairs):
    """(name, largest difference relative to the largest value) of the labels of all pairs, and of the geometry."""
    found = []
    for name in LABELS:
        if f"{FRAMES}/{name}" in reference.file and f"{FRAMES}/{name}" in test.file:
            found.append((name, reference.column(name)[pairs[:, 0]], test.column(name)[pairs[:, 1]]))
    found.append(("wavelength", *(np.array([wavelength_angstrom(s.file, slot) for slot in slots])
                                  for s, slots in zip((reference, test), pairs.T))))
    panels = [[panel.geometry for panel in panels_of(s.file)] for s in (reference, test)]
    for part, name in enumerate(("corner", "fast step", "slow step")):
        found.append((name, *([geometry[part] for geometry in of_file] for of_file in panels)))
    rows = []
    for name, a, b in found:
        a, b = np.asarray(a, float), np.asarray(b, float)
        scale = max(np.nanmax(np.abs(a)), np.nanmax(np.abs(b)))
        worst = np.nanmax(np.abs(a - b)) if a.shape == b.shape else math.inf
        rows.append((name, worst / scale if scale > 0 else 0.0))
    return rows


def paired(reference, test):
    """Slots [n][2] of frames that are complete in both files; and the numbers that one alone has."""
    places = [{int(s.numbers[slot]): slot for slot in s.complete()} for s in (reference, test)]
    both = sorted(places[0].keys() & places[1].keys())
    if not both:
        raise UserError(f"{reference.path} and {test.path} have no frame in common")
    alone = sorted(places[0].keys() ^ places[1].keys())
    return np.array([[p[number] for p in places] for number in both]), alone


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference", metavar="REFERENCE.nxs")
    parser.add_argument("test", metavar="TEST.nxs")
    parser.add_argument("--images", choices=("data", "expected"), default="data",
                        help="which images: those of /entry/data, or the expected photons beside counts")
    parser.add_argument("--min-correlation", type=float, default=0.999999, metavar="R", help="of each frame (0.999999)")
    parser.add_argument("--max-sum-error", type=float, default=1e-4, metavar="E", help="|ratio of the sums - 1| (1e-4)")
    parser.add_argument("--max-relative-error", type=float, default=math.inf, metavar="E",
                        help="of a pixel above the floor (not checked)")
    parser.add_argument("--max-label-error", type=float, default=1e-9, metavar="E",
                        help="of a label, relative to its largest value (1e-9)")
    parser.add_argument("--floor", type=float, default=1e-6, metavar="F",
                        help="relative errors are of pixels above F x the greatest of the frame (1e-6)")
    parser.add_argument("--quiet", action="store_true", help="print only the frames beyond a limit, and the summary")
    arguments = parser.parse_args()
    failed = 0
    with Sweep(arguments.reference, arguments.images) as reference, Sweep(arguments.test, arguments.images) as test:
        if reference.images.shape[1:] != test.images.shape[1:]:
            raise UserError("%s has frames of %d x %d pixels, %s of %d x %d: they cannot be compared"
                            % (reference.path, *reference.images.shape[1:], test.path, *test.images.shape[1:]))
        pairs, alone = paired(reference, test)
        good = reference.good & test.good
        worst = [math.inf, 0.0, 0.0]
        print(f"{'frame':>8} {'correlation':>14} {'sum ratio':>12} {'rel. error':>11}")
        for slots in pairs:
            found = compare_images(reference.frame(slots[0]), test.frame(slots[1]), good, arguments.floor)
            bad = not (found[0] >= arguments.min_correlation and abs(found[1] - 1) <= arguments.max_sum_error
                       and found[2] <= arguments.max_relative_error)
            failed += bad
            worst = [min(worst[0], found[0]), max(worst[1], abs(found[1] - 1)), max(worst[2], found[2])]
            if bad or not arguments.quiet:
                print("%8d %14.10f %12.8f %11.3g%s" % (reference.numbers[slots[0]], *found, "  beyond" if bad else ""))
        print("   worst %14.10f %12.3g %11.3g  (sum ratio: distance from 1)" % tuple(worst))
        for name, error in label_differences(reference, test, pairs):
            bad = not error <= arguments.max_label_error
            failed += bad
            print(f"label    {name:<12} {error:.3g}{'  beyond' if bad else ''}")
    if alone:
        print(f"{PROGRAM}: complete in one file alone: frames {frames_text(alone)}", file=sys.stderr)
    print(f"{len(pairs)} frames compared, " + (f"{failed} values beyond the limits" if failed else "all within the limits"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run(main))

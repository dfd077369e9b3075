#!/usr/bin/env bash
# crystal.blocks: N blocks are the sum of N single crystals in one background, 1e-6, by every kernel; their integrated intensities are those
# of the kinematic theory for N times the volume, derived in numpy; a crystal whose size is given in um gets the number proposed.
set -u
. "$SOURCE/tests/support/case.sh"
/usr/bin/python3 - "$TESSERA" << 'P' || fail "blocks"
import re
import subprocess
import sys
import h5py
import numpy as np

program, runs = sys.argv[1], [0]

def run(*arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout

def images(*arguments):
    """expected photons [frame][slow][fast], and what was printed"""
    runs[0] += 1
    name = "run%d.nxs" % runs[0]
    said = run("simulate", *arguments, "--output", name)
    with h5py.File(name) as file:
        return file["/entry/data/data"][()].astype(float), said

def close(a, b, tolerance, what):
    off = np.abs(a - b).max() / np.abs(b).max()
    print("%-36s off by %.2g" % (what, off))
    assert b.max() > 0 and off <= tolerance, what

# Seven single crystals that lie alike, in one background.
usual = ["--crystal.cell=61,72,83", "--crystal.default_f=120", "--crystal.cells=9", "--crystal.misset=17,-33,58", "--detector.distance=90",
         "--detector.pixel_size=0.4", "--detector.fast_pixels=120", "--detector.slow_pixels=110", "--crystal.mosaic_spread=0.4",
         "--crystal.mosaic_domains=3", "--sampling.oversample=2"]
with open("seven.csv", "w") as rows:
    rows.write("frame,weight\n" + 7 * "0,1\n")
for what, options in [("float64", ["--run.precision=float64"]), ("float32", ["--run.precision=float32"]),
                      ("by reflections", ["--crystal.shape=gauss"])]:
    for background in (0, 30):
        case = usual + options + ["--background.size=%g" % background]
        one, _ = images(*case)
        seven, _ = images(*case, "--sweep.kind=list", "--sweep.file=seven.csv")
        blocks, _ = images(*case, "--crystal.blocks=7")
        close(blocks, seven, 1e-6, "%s, background %g um" % (what, background))
        alone, _ = images(*case[:-1], "--crystal.blocks=7")
        if background == 0:
            close(blocks, 7 * one, 1e-6, "N times one")
        else:
            close(blocks - alone, one - alone / 7, 1e-6 * blocks.max() / one.max(), "the background as it was")

# Blocks that differ from frame to frame, and in a frame.
with open("blocks.csv", "w") as rows:
    rows.write("frame,weight,crystal.blocks\n0,2,3\n0,1,4\n1,1,1\n")
swept, _ = images(*usual, "--background.size=30", "--sweep.kind=list", "--sweep.file=blocks.csv")
close(swept[0], images(*usual, "--background.size=30", "--crystal.blocks=10")[0][0], 1e-6, "2 x 3 + 4 blocks in a frame")
close(swept[1], images(*usual, "--background.size=30")[0][0], 1e-6, "one block in the next")

# The kinematic integral. Photons = Phi r_e^2 P |F|^2 x the integral of |F_latt|^2 over solid angle and share of the turn. Over a reciprocal
# cell, of volume 1/V, |F_latt|^2 integrates to the number of cells, and a turn by dphi sweeps d^3s = dOmega / lambda^2 |(m x s) . k| dphi.
cell, hkl, wavelength, factor = np.array([61.0, 72.0, 83.0]), np.array([5, 4, 9]), 1.3, 321.0
misset, fluence, blocks, cells = np.radians([17, -33, 58]), 1e26, 12345.5, np.array([150, 130, 110])

def turn(axis, angle):
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross

axes, beam, spindle = np.eye(3), np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
fixed = turn(axes[2], misset[2]) @ turn(axes[1], misset[1]) @ turn(axes[0], misset[0]) @ (hkl / cell)

def excess(phi):
    return np.linalg.norm(beam / wavelength + turn(spindle, phi) @ fixed) - 1 / wavelength

phis = np.linspace(0, 2 * np.pi, 2001)
values = np.array([excess(phi) for phi in phis])
place = np.nonzero(values[:-1] * values[1:] < 0)[0][0]
low, high = phis[place:place + 2]
for _ in range(60):
    middle = (low + high) / 2
    low, high = (middle, high) if excess(low) * excess(middle) > 0 else (low, middle)
s = turn(spindle, low) @ fixed
k = wavelength * (beam / wavelength + s)
width, frames, kahn = np.radians(0.05), 24, 0.7
electric, magnetic = spindle, np.cross(beam, spindle)
polarization = (1 + (k @ beam) ** 2 - kahn * ((k @ electric) ** 2 - (k @ magnetic) ** 2)) / 2
thomson = 2.8179403262e-15 ** 2
expected = fluence * thomson * polarization * factor ** 2 * blocks * cells.prod() * wavelength ** 2 \
    / (cell.prod() * width * abs(np.cross(spindle, s) @ k))
with open("one.hkl", "w") as lines:
    lines.write("%d %d %d %g\n" % (*hkl, factor))
for shape in ("gauss", "tophat"):
    series, _ = images("--crystal.cell=61,72,83", "--crystal.structure_factors=one.hkl", "--crystal.cells=150,130,110", "--crystal.misset=17,-33,58",
                       "--crystal.shape=" + shape, "--crystal.blocks=12345.5", "--beam.wavelength=1.3", "--beam.fluence=1e26",
                       "--beam.polarization=0.7", "--sweep.kind=rotation", "--sweep.width=0.05", "--sweep.count=%d" % frames,
                       "--sweep.start=%.9f" % (np.degrees(low) - 0.05 * frames / 2), "--detector.distance=100",
                       "--detector.pixel_size=0.1", "--detector.fast_pixels=2400", "--detector.slow_pixels=2400")
    print("%s: %.6g photons, %.6g by the integral" % (shape, series.sum(), expected))
    assert abs(series.sum() / expected - 1) < 2e-3, shape

# 20 um: the proposal has as many cells, and takes few sub-pixels.
large = ["--crystal.cell=61,72,83", "--crystal.default_f=10", "--detector.pixel_size=0.075", "--detector.distance=150",
         "--detector.fast_pixels=2070", "--detector.slow_pixels=2167"]
said = run("plan", *large, "--crystal.size=0.02", "--output=large.nxs")
proposed = re.search(r"--crystal.size=0 (--crystal.cells=(\d+),(\d+),(\d+)) (--crystal.blocks=(\S+)),", said)
assert proposed, said
of_block = np.array([float(n) for n in proposed.group(2, 3, 4)])
wanted = np.prod(np.ceil(200000 / cell))
assert abs(of_block.prod() * float(proposed[6]) / wanted - 1) < 1e-5, said
said = run("plan", *large, "--crystal.size=0", proposed[1], proposed[5], "--output=large.nxs")
oversample = int(re.search(r"(\d+) x \d+ sub-pixels", said)[1])
assert 10 <= oversample <= 20 and "blocks of them" in said and "coherent block" not in said, said
P

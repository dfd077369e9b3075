#!/usr/bin/python3
"""Random experiments, rendered with the automatic choice of sub-pixels and spindle angles and with one four times finer.

    sampling.py TESSERA INPUTS COUNT SEED [FIRST]

STEPS in the environment is the most steps of the finer run (1e8); VERBOSE=1 prints a line for each experiment.

A frame of which most pixels are beyond the last reflection does not count. The sum of a series must agree within 1e-3 and its brightest pixel within 1 %; where a choice is at its cap (64 sub-pixels,
10000 angles) within the error that the note says. A failing experiment is printed as complete commands. Exit code 1 when one fails.
"""
import math
import os
import re
import subprocess
import sys
import tempfile

import h5py
import numpy

SUM_MOST, BRIGHTEST_MOST = 1e-3, 1e-2
STEPS_MOST = float(os.environ.get("STEPS", "1e8"))


class Experiment:
    """Parameters of a run, in the order in which they were drawn."""

    def __init__(self, number, seed, inputs):
        self.random = numpy.random.default_rng([seed, number])
        self.inputs = inputs
        self.parameters = {}
        self.crystal()
        self.beam()
        self.detector()
        self.exposure()

    def chance(self, share):
        return self.random.random() < share

    def between(self, low, high):
        """Evenly over the logarithm."""
        return float("%.4g" % math.exp(self.random.uniform(math.log(low), math.log(high))))

    def word(self, words):
        return str(self.random.choice(words))

    def set(self, name, value):
        if isinstance(value, (list, tuple)):
            value = ",".join("%.6g" % x for x in value)
        self.parameters[name] = str(value)

    def crystal(self):
        if self.chance(0.25):
            self.set("crystal.structure_factors", os.path.join(self.inputs, "2erl_1p8A_C2.mtz"))
            lengths = [53.91, 23.1, 23.11]
        else:
            lengths = [self.between(15, 90) for _ in range(3)]
            angles = [90, 90, 90] if self.chance(0.5) else [self.random.uniform(75, 118) for _ in range(3)]
            self.set("crystal.cell", lengths + angles)
            self.set("crystal.default_f", 100)
        common = self.between(4, 40)
        cells = [max(3, round(common * 50 / x * (1 if self.chance(0.6) else self.between(0.5, 2)))) for x in lengths]
        self.set("crystal.cells", cells)
        self.longest = max(n * x for n, x in zip(cells, lengths))
        shape = self.word(["square", "gauss", "round", "tophat", "ellipsoid"])
        self.set("crystal.shape", shape)
        if shape != "square":
            self.set("crystal.spot_model", self.word(["per_axis", "isotropic"]))
            if self.chance(0.3):
                self.set("crystal.spot_sharpness", self.between(0.5, 4))
        self.terms = 1
        if self.chance(0.5):
            width = self.between(0.02, 1.5)
            anisotropic = self.chance(0.4)
            self.set("crystal.mosaic_spread", [width, self.between(0.02, 1), 0] if anisotropic else width)
            self.terms *= int(self.random.integers(2, 9))
            self.set("crystal.mosaic_domains", self.terms)
            if not anisotropic and self.chance(0.3):
                self.set("crystal.mosaic_model", "cap")

    def beam(self):
        self.wavelength = self.between(0.3, 2.5)
        kind = self.word(["one", "one", "band", "spectrum", "divergence"])
        if kind == "spectrum":
            energies = sorted(12398.42 / self.wavelength * self.random.uniform(0.97, 1.03, 4))
            self.spectrum = ["%.6f %.3g" % (energy, self.random.random() + 0.1) for energy in energies]
            self.set("beam.spectrum", "spectrum.txt")
            self.terms *= 4
        else:
            self.spectrum = None
            self.set("beam.wavelength", self.wavelength)
        if kind == "band":
            self.set("beam.dispersion", self.between(0.05, 3))
            self.set("beam.dispersion_steps", 3)
            self.terms *= 3
        if kind == "divergence":
            self.set("beam.divergence_horizontal", self.between(0.1, 5))
            self.terms *= 2

    def detector(self):
        self.pixels = int(self.random.integers(20, 56))
        fringes = self.between(0.08, 6)  # across a pixel
        distance = self.between(10, 400)
        pixel = fringes * self.wavelength * distance / self.longest
        if pixel * self.pixels > 3 * distance:
            pixel = 3 * distance / self.pixels
        self.set("detector.convention", self.word(["mosflm", "denzo", "adxv", "xds", "dials", "custom"]))
        self.set("detector.pivot", self.word(["beam", "sample"]))
        self.set("detector.distance", distance)
        self.set("detector.pixel_size", "%.5g" % pixel)
        swing = float("%.4g" % (self.random.uniform(-120, 120) if self.chance(0.5) else self.random.uniform(-30, 30)))
        if self.parameters["detector.pivot"] == "beam":
            swing = max(-75.0, min(75.0, swing))
        if self.chance(0.8):
            self.set("detector.twotheta", swing)
        if self.chance(0.4):
            self.set("detector.rotation", [self.random.uniform(-25, 25) for _ in range(3)])
        if self.chance(0.1) and abs(swing) < 30:
            self.set("detector.curved", "true")
        if self.chance(0.15):
            self.set("detector.sensor_thickness", "%.3g" % (0.5 * pixel))
            self.set("detector.sensor_attenuation", "%.3g" % pixel)

    def exposure(self):
        self.rotates = self.chance(0.5)
        self.set("crystal.misset", [self.random.uniform(0, 360) for _ in range(3)])
        self.set("sweep.kind", "rotation" if self.rotates else "random")
        # a fraction to several times the angle that the crystal's size alone gives a spot
        self.width = self.between(0.3, 60) * math.degrees(self.wavelength / self.longest)
        if self.rotates:
            self.set("sweep.width", "%.4g" % self.width)

    def resize(self, pixels):
        self.pixels = pixels
        self.set("detector.fast_pixels", pixels)
        self.set("detector.slow_pixels", pixels)

    def command(self, program, more):
        words = [program, "simulate"] + ["--%s=%s" % x for x in self.parameters.items()] + more
        return words + ["--run.precision=float64", "--quiet", "--overwrite"]


class NothingThere(Exception):
    """No reflection is as far out as the detector."""


class ListEnds(Exception):
    """Most pixels are beyond the last reflection: |F| ends there in a step, which no number of samples hits."""


class TooCostly(Exception):
    """The finer run has more than STEPS steps."""


def run(words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode == 2 and "none of its" in done.stderr:
        raise NothingThere
    if done.returncode != 0:
        raise RuntimeError("exit code %d: %s\n%s" % (done.returncode, " ".join(words), done.stderr))
    return done.stdout + done.stderr


def images(path):
    with h5py.File(path) as file:
        return file["/entry/data/data"][:].astype(float)


def choices(experiment, program, more):
    """What is chosen automatically: sub-pixels, angles, terms; and what is said of it."""
    words = experiment.command(program, more)
    words[1] = "plan"
    text = run([x for x in words if x not in ("--quiet", "--overwrite")] + ["--verbose"])
    terms = re.search(r"terms +(\d+) sources x (\d+) phi steps x (\d+) mosaic", text)
    sub = int(re.search(r"(\d+) x \d+ sub-pixels", text).group(1))
    return sub, int(terms.group(2)), int(terms.group(1)) * int(terms.group(2)) * int(terms.group(3)), text


def aim(experiment, program):
    """The part of a sweep in which the brightest pixel is."""
    more = ["--sampling.oversample=2", "--sampling.phi_steps=1", "--sweep.count=60", "--output", "probe.nxs"]
    brightest = images_of(experiment, program, more, "probe.nxs").max(axis=(1, 2))
    if not brightest.max() > 0:
        return None
    if not experiment.rotates:
        return ["--sweep.count=60", "--frames=%d:%d" % (brightest.argmax(), brightest.argmax() + 1)]
    middle = experiment.width * (brightest.argmax() + 0.5)
    frames = int(experiment.random.integers(3, 7))
    experiment.set("sweep.start", "%.5g" % (middle - experiment.width * frames / 2))
    return ["--sweep.count=%d" % frames]


def images_of(experiment, program, more, path):
    run(experiment.command(program, more))
    return images(path)


def try_one(number, seed, program, inputs):
    experiment = Experiment(number, seed, inputs)
    experiment.resize(experiment.pixels)
    if experiment.spectrum:
        with open("spectrum.txt", "w") as file:
            file.write("\n".join(experiment.spectrum) + "\n")
    more = aim(experiment, program)
    if more is None:
        return None
    sub, angles, terms, text = choices(experiment, program, more)
    expected = [float(x) / 100 for x in re.findall("most that is selected automatically; .*expect ([-+.e0-9]+) %", text)]
    frames = 1 if not experiment.rotates else int(more[0].split("=")[1])
    finer = 16.0 * (4 if experiment.rotates and angles > 1 else 1)
    reflections = "reflection by reflection" in text
    if sub * sub * terms * frames * finer * experiment.pixels**2 > STEPS_MOST * (20 if reflections else 1):
        raise TooCostly
    fine_angles = ["--sampling.phi_steps=%d" % (4 * angles)] if experiment.rotates else []
    auto = more + ["--output", "auto.nxs"]
    fine = more + ["--sampling.oversample=%d" % (4 * sub)] + fine_angles + ["--output", "fine.nxs"]
    a, b = images_of(experiment, program, auto, "auto.nxs"), images_of(experiment, program, fine, "fine.nxs")
    if not b.max() > 0:
        return None
    if "crystal.structure_factors" in experiment.parameters and (b == 0).mean() > 0.5:
        raise ListEnds
    brightest = abs(a.flat[b.argmax()] / b.max() - 1)
    summed = abs(a.sum() / b.sum() - 1)
    commands = [" ".join(experiment.command(program, x)) for x in (auto, fine)]
    return summed, brightest, sum(expected), sub, angles, experiment, commands


def main():
    program, inputs, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    number, worst = int(sys.argv[5]) if len(sys.argv) > 5 else 0, {}
    tried = costly = ends = capped = failed = 0
    verbose = "VERBOSE" in os.environ
    while tried < count:
        try:
            result = try_one(number, seed, program, inputs)
        except NothingThere:
            result = None
        except TooCostly:
            result, costly = None, costly + 1
        except ListEnds:
            result, ends = None, ends + 1
        number += 1
        if result is None:
            continue
        summed, brightest, expected, sub, angles, experiment, commands = result
        tried += 1
        shape = experiment.parameters["crystal.shape"]
        if verbose:
            print(number - 1, shape, "rotation" if experiment.rotates else "still", "cap: %.2g" % expected if expected else "", sub, angles,
                  experiment.terms, "%.1e %.2f%%" % (summed, 100 * brightest), flush=True)
        capped += expected > 0
        if expected and summed <= expected + SUM_MOST and brightest <= expected + BRIGHTEST_MOST:
            continue
        key = shape, "rotation" if experiment.rotates else "still"
        worst[key] = [max(x) for x in zip(worst.get(key, (0, 0)), (summed, brightest))]
        if summed > SUM_MOST or brightest > BRIGHTEST_MOST:
            failed += 1
            print("FAILED: experiment %d: sum off by %.2g, brightest pixel by %.2g, %d-fold and %d angles\n%s\n%s" %
                  (number - 1, summed, brightest, sub, angles, *commands), flush=True)
    for key in sorted(worst):
        print("%-7s %-9s sum off by at most %.1e, brightest pixel by %.2f %%" % (*key, worst[key][0], 100 * worst[key][1]))
    print("%d experiments, %d of them at a cap, %d failed; %d more were too costly, %d beyond the last reflection" %
          (tried, capped, failed, costly, ends))
    return 1 if failed else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        sys.argv[1], sys.argv[2] = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
        os.chdir(folder)
        code = main()
        os.chdir(here)
    sys.exit(code)

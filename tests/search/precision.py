#!/usr/bin/python3
"""Random experiments, rendered with run.precision=auto and in float64.

    precision.py TESSERA INPUTS COUNT SEED [FIRST]

COUNT is how many of them auto renders in float32. FORCE=float32 in the environment takes that for auto; VERBOSE=1 prints a line
for each. What docs/physics.md promises under "How exact it is" is asked for. A failing experiment is printed as complete commands.
Exit code 1 when one fails.
"""
import os
import sys
import tempfile

import numpy

from sampling import Experiment, NothingThere, images, run

SUM_MOST, PIXEL_MOST = 1e-5, 1e-4
FORCED = os.environ.get("FORCE")


class Precise(Experiment):
    """Those of the search for sampling, with what makes single precision difficult."""

    def __init__(self, number, seed, inputs):
        super().__init__(number, seed, inputs)
        self.extremes()

    def extremes(self):
        p = self.parameters
        self.lengths = [float(x) for x in p.get("crystal.cell", "54,23,23").split(",")[:3]]
        if self.chance(0.3):
            p["crystal.cells"] = str(self.cells())
        if p["crystal.shape"] != "square":
            p.pop("crystal.spot_sharpness", None)
            if self.chance(0.5):
                self.set("crystal.spot_sharpness", self.between(1e-3, 1e3))
        if "crystal.structure_factors" in p:
            self.set("crystal.interpolate", self.word(["on", "off", "auto"]))
            if self.chance(0.3):
                self.scale_factors("crystal.structure_factor_scale", 1)
        elif self.chance(0.3):
            self.scale_factors("crystal.default_f", 100)
        if "crystal.cell" in p and self.chance(0.2):
            angles = [self.random.uniform(40, 75) if self.chance(0.5) else self.random.uniform(112, 119) for _ in range(3)]
            self.set("crystal.cell", p["crystal.cell"].split(",")[:3] + [90.0, angles[0], 90.0])
        if self.chance(0.5):
            p["detector.pixel_size"] = "%.5g" % (float(p["detector.pixel_size"]) * self.between(0.1, 4))
        if self.chance(0.3):
            self.set("detector.distance", self.between(5, 5000))
        if self.chance(0.3):
            self.set("crystal.misset", [0, 0, 0])
        self.set("sweep.kind", "random" if self.chance(0.5) else "still")
        p.pop("sweep.width", None)
        self.set("sampling.phi_steps", 1)
        self.set("sampling.oversample", int(self.random.integers(1, 4)))
        self.set("sampling.tolerance", 0)
        self.set("detector.fast_pixels", int(self.between(2, 500)))
        self.set("detector.slow_pixels", int(self.between(2, 500)))
        if self.chance(0.15):
            self.between_spots()
        elif self.chance(0.9):
            self.wide()

    def wide(self):
        """A detector that sees a few spots to many of a crystal about as large as single precision can do."""
        edge = max(int(self.parameters["detector.%s_pixels" % x]) for x in ("fast", "slow"))
        angle = self.between(0.3, 3) / edge
        self.set("detector.pixel_size", "%.5g" % (float(self.parameters["detector.distance"]) * angle))
        fudge = max(float(self.parameters.get("crystal.spot_sharpness", 1)), 1)
        index = max(self.lengths) / self.wavelength * 16.5 * angle + 0.5
        phase = self.between(1e-6, 8e-5)
        self.set("crystal.cells", [max(3, min(2000, round(phase * 2**24 / (3 * index * fudge**0.5) * self.between(0.5, 1)))) for _ in range(3)])

    def between_spots(self):
        """As many steps as a real image in so small a part of one that perhaps no spot is there."""
        self.set("crystal.cells", int(self.between(20, 400)))
        self.set("detector.pixel_size", "%.5g" % (float(self.parameters["detector.distance"]) * self.between(1e-6, 1e-3)))
        edge = self.random.integers(150, 400)
        self.set("detector.fast_pixels", edge)
        self.set("detector.slow_pixels", edge)
        self.set("sampling.oversample", 1 + int(1100 / edge / self.terms**0.5))

    def scale_factors(self, name, usual):
        """Far from usual, and as much light as makes up for it: the file keeps photons in single precision."""
        value = self.between(1e-26, 1e18)
        self.set(name, value)
        self.set("beam.fluence", "%.4g" % min(1.26e29 * (usual / value) ** 2, 1e60))

    def cells(self):
        if self.chance(0.3):
            return int(self.random.integers(1, 5))
        return int(self.between(3, 3000))

    def set(self, name, value):
        if isinstance(value, list):
            value = ",".join(x if isinstance(x, str) else "%.6g" % x for x in value)
        self.parameters[name] = str(value)

    def words(self, program, precision, output):
        words = [program, "simulate"] + ["--%s=%s" % x for x in self.parameters.items()]
        return words + ["--run.precision=" + precision, "--overwrite", "--output", output]


def try_one(number, seed, program, inputs):
    experiment = Precise(number, seed, inputs)
    if experiment.spectrum:
        with open("spectrum.txt", "w") as file:
            file.write("\n".join(experiment.spectrum) + "\n")
    automatic = experiment.words(program, FORCED or "auto", "auto.nxs")
    exact = experiment.words(program, "float64", "exact.nxs")
    try:
        text = run(automatic)
    except NothingThere:
        return None
    except RuntimeError as error:
        if "exit code 2" not in str(error):
            raise
        return None  # an image of zeros, or a cell that cannot be
    if not FORCED and "kernel: float32" not in text:
        return None
    run(exact)
    a, b = images("auto.nxs"), images("exact.nxs")
    if not numpy.isfinite(a).all() or not b.max() > 1e-30:  # the file itself holds no smaller photons
        return (numpy.inf, numpy.inf, automatic, exact) if b.max() > 1e-30 else None
    return abs(a.sum() / b.sum() - 1), abs(a - b).max() / b.max(), automatic, exact


def main():
    program, inputs, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    number, tried, failed, worst = int(sys.argv[5]) if len(sys.argv) > 5 else 0, 0, 0, (0, 0)
    while tried < count:
        result = try_one(number, seed, program, inputs)
        number += 1
        if result is None:
            continue
        summed, pixel, *commands = result
        tried += 1
        worst = max(worst[0], summed), max(worst[1], pixel)
        if "VERBOSE" in os.environ:
            print(number - 1, "%.1e %.1e" % (summed, pixel), flush=True)
        if not (summed <= SUM_MOST and pixel <= PIXEL_MOST):
            failed += 1
            print("FAILED: experiment %d: sum off by %.2g, a pixel by %.2g of the brightest\n%s\n%s" %
                  (number - 1, summed, pixel, *(" ".join(x) for x in commands)), flush=True)
    print("%d of %d experiments in float32: sum off by at most %.1e, a pixel by %.1e of the brightest, %d failed" %
          (tried, number, *worst, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        sys.argv[1], sys.argv[2] = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
        os.chdir(folder)
        code = main()
        os.chdir(here)
    sys.exit(code)

#!/usr/bin/env python3
"""What output.printout_pixel and --trace-pixel say of the last step at a pixel is what docs/physics.md says.

usage: last_step.py TESSERA
Random experiments with mosaic domains of the native laws, in which the crystal turns. Exit code: 0 all agree, 1 some do not.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

import oracle
import random_experiments
import run


def panel_at(case, slow, fast):
    """the panel that has this pixel in frame 0, or None"""
    options = next(iter(oracle.crystals_of_frame(oracle.Options(case.options, case.folder), 0)))[0]
    for panel in oracle.panels_of(options, oracle.laboratory_axes(options)):
        if all(first <= at < first + pixels for first, at, pixels in zip(panel.first, (slow, fast), panel.shape)):
            return panel
    return None


def last_step(case, slow, fast):
    """h, k, l and the vectors a, b, c (A) by the oracle, of the first crystal of frame 0"""
    base = oracle.Options(case.options, case.folder)
    options, turn, ub, _ = next(iter(oracle.crystals_of_frame(base, 0)))
    axes = oracle.laboratory_axes(options)
    panel = panel_at(case, slow, fast)
    sensor = oracle.Sensor(options, panel)
    reciprocal = ub if ub is not None else oracle.reciprocal_of_crystal(base, options, turn)
    phi = oracle.spindle_angles(options, 0)[-1:]
    cell = oracle.lattices(options, reciprocal, axes, phi)[-1]
    pixel = np.array([slow - panel.first[0]]), np.array([fast - panel.first[1]])
    places = list(oracle.sub_pixels(int(options.number('sampling.oversample', 1)), pixel, panel.size))
    position = panel.positions(*places[-1], sensor.depth(sensor.layers - 1))
    incident, wavelength, _ = oracle.sources(options, axes, 0)[-1]
    return cell @ (oracle.unit(position)[0] - incident) / wavelength, cell * 1e10


def check(tessera, case, slow, fast):
    done = subprocess.run([tessera, 'simulate', *case.arguments(), '--output=x.nxs', '--output.printout_pixel=%d,%d' % (fast, slow),
                           '--trace-pixel=%d,%d' % (slow, fast), '--trace-file=x.json'],
                          cwd=case.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        return done.stdout
    miller, cell = last_step(case, slow, fast)
    found = re.search(r'hkl= (\S+) (\S+) (\S+) ', done.stdout)
    if not found:
        return 'nothing is printed: ' + done.stdout
    printed = [float(word) for word in found.groups()]
    rows = [[float(word) for word in re.search(r'^%s: (.*)$' % axis, done.stdout, re.M).group(1).split()] for axis in 'XYZ']
    with open(os.path.join(case.folder, 'x.json')) as file:
        traced = json.load(file)['pixels'][0]['steps_list'][-1]['hkl']
    if not np.allclose(printed, miller, atol=2e-6) or not np.allclose(np.array(rows).T, cell, atol=2e-7):
        return 'printed hkl %s, the oracle %s' % (printed, miller)
    if not np.allclose(traced, miller, rtol=1e-11, atol=1e-11):
        return 'traced hkl %s, the oracle %s' % (traced, miller)
    return None


def main():
    failed, checked, number = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        while checked < 12:
            case = run.Case('%d' % number, *random_experiments.experiment(99, number))
            number += 1
            if int(case.options.get('crystal.mosaic_domains', '1')) < 2 or 'detector.roi' in case.options or 'detector.mask' in case.options:
                continue
            case.write_files(os.path.join(folder, case.name))
            if panel_at(case, 2, 5) is None:
                continue
            complaint = check(sys.argv[1], case, 2, 5)
            if complaint:
                print('FAILED: %s\n%s' % (complaint, case.command()))
                failed += 1
            checked += 1
    print('%d of %d failed' % (failed, checked))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

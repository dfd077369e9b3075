#!/usr/bin/env python3
"""Renders experiments with tessera and compares each image with the oracle's.

usage: run.py TESSERA [--seed N] [--count N] [--only K] [--cases FOLDER] [--mistakes] [--keep FOLDER]
  --seed N       of the random experiments (a new one if it is left out; it is printed)
  --count N      how many (100)
  --only K       experiment K alone
  --cases FOLDER stored experiments, *.json, which come first
  --mistakes     then plants mistakes in the oracle, each of which must show
  --keep FOLDER  where a failing experiment is written to (.), ready to be moved to tests/oracle/cases/
Exit code: 0 all agree, 1 some do not, 2 something is wrong with the test itself.
"""
import argparse
import base64
import glob
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

import mistakes
import oracle
import random_experiments

# What an image may differ by. Pixels are kept as float32, 6e-8; the rest is the rounding of Miller indices.
OF_PIXEL, OF_BRIGHTEST, LEAST = 2e-7, 2e-9, 2e-38
# What docs/physics.md, "How exact it is", allows float32 where `auto` takes it, and where it was asked for against advice; below the
# share of the most that a pixel can have, float32 has no numbers.
OF_PIXEL_FLOAT32, OF_BRIGHTEST_FLOAT32, OF_BRIGHTEST_ILL_ADVISED, OF_MOST_FLOAT32 = 2e-3, 2e-6, 1e-2, 1e-36


class Case:
    def __init__(self, name, options, files):
        self.name, self.options, self.files = name, options, files
        self.folder = self.image = self.photons = self.most = None
        self.float32 = self.ill_advised = False

    def arguments(self):
        return ['--%s=%s' % pair for pair in self.options.items()]

    def text(self):
        files = {name: contents if isinstance(contents, str) else {'base64': base64.b64encode(contents).decode()}
                 for name, contents in self.files.items()}
        return json.dumps({'options': self.options, 'files': files}, indent=1) + '\n'

    def write_files(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        for name, contents in self.files.items():
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(contents.encode() if isinstance(contents, str) else contents)

    def command(self):
        """for a shell, with the files that it needs"""
        lines = ['cd "$(mktemp -d)"']
        for name, contents in self.files.items():
            data = contents.encode() if isinstance(contents, str) else contents
            lines.append("base64 -d >%s <<'END'\n%sEND" % (name, base64.encodebytes(data).decode()))
        return '\n'.join(lines + [' '.join(shlex.quote(word) for word in ['tessera', 'simulate', *self.arguments(), '--output=x.nxs'])])


def stored_case(path):
    with open(path) as file:
        stored = json.load(file)
    files = {name: contents if isinstance(contents, str) else base64.b64decode(contents['base64'])
             for name, contents in stored['files'].items()}
    return Case(os.path.basename(path), stored['options'], files)


def simulate(tessera, case):
    """the images; None and a complaint when the program does not make them"""
    output = os.path.join(case.folder, 'x.nxs')
    done = subprocess.run([tessera, 'simulate', *case.arguments(), '--output=x.nxs', '--overwrite'], cwd=case.folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode == 2 and 'none of its' in done.stdout:  # an image that is 0 everywhere is refused
        case.image = np.zeros(1)
        return None
    if done.returncode != 0:
        return 'exit code %d: %s' % (done.returncode, done.stdout.strip()[-600:])
    asked = case.options.get('run.precision', 'auto')
    # a note tells what frame 0 takes
    uniform = not {'sweep.matrix', 'sweep.draw'} & set(case.options) and ('kernel: float64, ' in done.stdout or 'kernel: reflections, ' in done.stdout and 'background by float32' not in done.stdout)
    case.float32 = asked == 'float32' or (asked == 'auto' and not uniform)
    case.ill_advised = 'float64 is advised' in done.stdout
    with h5py.File(output, 'r') as file:
        case.image = file['entry/data/data'][()].astype(float)
    os.remove(output)
    return None


def difference(case):
    """None, or where the image is not what the oracle says"""
    if case.image.shape == (1,) and not case.photons.any():
        return None
    if case.image.shape != case.photons.shape:
        return 'images are %s, the oracle has %s' % (case.image.shape, case.photons.shape)
    brightest = case.photons.max(axis=(1, 2), keepdims=True)
    of_pixel, of_brightest = OF_PIXEL, OF_BRIGHTEST
    if case.float32:
        of_pixel, of_brightest = OF_PIXEL_FLOAT32, OF_BRIGHTEST_ILL_ADVISED if case.ill_advised else OF_BRIGHTEST_FLOAT32
    more = of_pixel * case.photons + of_brightest * brightest + LEAST + case.float32 * OF_MOST_FLOAT32 * case.most
    less = more + left_out(case)
    excess = case.image - case.photons
    wrong = ~((excess <= more) & (-excess <= less))
    if not wrong.any():
        return None
    frame, slow, fast = np.unravel_index(np.argmax(np.abs(excess) / np.maximum(brightest, LEAST)), excess.shape)
    return ('%d of %d pixels, the worst by %.3g of the brightest: frame %d, slow %d, fast %d has %.9g photons, the oracle %.9g; '
            'sum %.9g, the oracle %.9g' % (wrong.sum(), wrong.size, abs(excess[frame, slow, fast]) / max(brightest[frame, 0, 0], LEAST),
                                           frame, slow, fast, case.image[frame, slow, fast], case.photons[frame, slow, fast],
                                           case.image.sum(), case.photons.sum()))


def left_out(case):
    """what a pixel may lack, as a spot's tail was not computed"""
    return float(case.options.get('sampling.tolerance', '1e-9')) * case.most * (case.options.get('crystal.shape') == 'gauss')


def worst(case):
    """greatest difference of a pixel beyond that, over the brightest"""
    brightest = case.photons.max(axis=(1, 2), keepdims=True)
    excess = case.image - case.photons
    return (np.maximum(excess, -excess - left_out(case)) / np.maximum(brightest, LEAST)).max()


def render(case):
    case.photons, case.most = oracle.render(case.options, case.folder)


def report(case, complaint, keep):
    path = os.path.join(keep, 'failed-%s.json' % case.name.replace(' ', '-'))
    with open(path, 'w') as file:
        file.write(case.text())
    print('FAILED: %s: %s\n%s\n  (kept as %s; in tests/oracle/cases/ it is rendered by every run)' %
          (case.name, complaint, case.command(), path), flush=True)


def shows(case, renderer, options):
    """whether the image differs from that of a wrong oracle, or the oracle cannot even make one"""
    right = case.photons, case.most
    try:
        case.photons, case.most = renderer.render(options, case.folder)
        return difference(case) is not None
    except Exception:  # whatever a mistake leads to
        return True
    finally:
        case.photons, case.most = right


def plant(cases):
    """plants mistakes until each has shown in some case; returns the number of those that do not"""
    missed, planted = 0, 0
    for name in mistakes.parameters(cases):
        concerned = [case for case in cases if name in case.options]
        planted += 1
        if not any(shows(case, oracle, mistakes.without(case.options, name)) for case in concerned):
            print('FAILED: nobody would see that %s is ignored' % name)
            missed += 1
    for what, wrong, option in mistakes.oracles(oracle.__file__):
        planted += 1
        if not any(shows(case, wrong, case.options) for case in cases if option is None or option in case.options):
            print('FAILED: nobody would see %s' % what)
            missed += 1
    print('%d of %d planted mistakes were seen' % (planted - missed, planted))
    return missed


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('tessera')
    parser.add_argument('--seed', type=int)
    parser.add_argument('--count', type=int, default=100)
    parser.add_argument('--only', type=int)
    parser.add_argument('--cases')
    parser.add_argument('--mistakes', action='store_true')
    parser.add_argument('--keep', default='.')
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**9)
    # Random123's known answer for Philox4x64-10
    assert oracle.philox((0, 0, 0, 0), (0, 0)) == [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    numbers = range(given.count) if given.only is None else [given.only]
    cases = [stored_case(path) for path in sorted(glob.glob(os.path.join(given.cases, '*.json')))] if given.cases else []
    stored = len(cases)
    cases += [Case('%d of seed %d' % (number, seed), *random_experiments.experiment(seed, number)) for number in numbers]
    failed, precise, coarse, dark, started = 0, 0.0, 0.0, 0, time.time()
    with tempfile.TemporaryDirectory() as folder:
        for place, case in enumerate(cases):
            case.write_files(os.path.join(folder, str(place)))
            complaint = simulate(given.tessera, case)
            if complaint is None:
                render(case)
                complaint = difference(case)
            if complaint is not None:
                report(case, complaint, given.keep)
                failed += 1
            if complaint is not None or case.image.ndim < 3:
                continue
            dark += not case.photons.any()
            if case.float32 and not case.ill_advised:
                coarse = max(coarse, worst(case))
            elif not case.float32:
                precise = max(precise, worst(case))
        print('seed %d: %d stored and %d random experiments, %d failed, %d dark; worst pixel over the brightest %.2g in float64, '
              '%.2g in float32; %.0f s' % (seed, stored, len(cases) - stored, failed, dark, precise, coarse, time.time() - started))
        if given.mistakes and failed == 0:
            failed += plant([case for case in cases if case.image.ndim == 3 and case.photons.any()])
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

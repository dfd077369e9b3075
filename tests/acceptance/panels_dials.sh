#!/bin/bash
# DIALS opens files of detectors of many panels and finds every pixel where the geometry's file has it, to 1e-9 mm: 64 panels in two
# levels of groups, CSPAD, Jungfrau, a detector with gaps; from .expt, .geom and NXmx. Our own reader finds them in the file too.
# Environment: SOURCE (the project), TESSERA (the program). Needs DIALS (jobs/packages.sh full).
set -u -o pipefail
: "${SOURCE:?}" "${TESSERA:?}"
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1
$python "$SOURCE/tests/support/make_geometries.py" . || exit 2
cat >look.py <<'P'
import json, subprocess, sys
import numpy as np
from dxtbx.model.experiment_list import ExperimentListFactory
tessera, failed = sys.argv[1], 0
for name, case in json.load(open('expected.json')).items():
    options = [o.replace('--detector.axes', '--detector.panel_axes') for o in case.get('options', [])]
    if '--detector.panel_axes=exact' in options:
        continue  # DIALS takes only axes at right angles
    done = subprocess.run([tessera, 'simulate', '--detector.panels=' + name, '--crystal.cell=50', '--crystal.default_f=1', '--crystal.cells=2',
                           '--beam.energy=9500', '--sampling.oversample=1', '--run.tile=512', '--output=x.nxs', '--overwrite', '--quiet', *options],
                          capture_output=True, text=True)
    if done.returncode != 0:
        print(name, options, done.stderr)
        failed += 1
        continue
    detector = ExperimentListFactory.from_filenames(['x.nxs'])[0].detector
    by_place = {tuple(first): (pixels, points) for first, pixels, points in case['panels'].values()}
    worst = len(detector) - len(by_place)
    # what dxtbx calls a panel is the module's path: our number, in the order of the geometry's file
    digits = len(str(len(detector) - 1))
    names = ['module_%0*d' % (digits, i) for i in range(len(detector))] if len(detector) > 1 else ['module']
    if [panel.get_name().rsplit('/', 1)[1] for panel in detector] != names:
        print(name, 'panels in another order:', [panel.get_name() for panel in detector][:12])
        failed += 1
    for panel, (first, pixels, points) in zip(detector, case['panels'].values()):
        if tuple(panel.get_image_size()) != tuple(pixels):
            worst = 1e9
        for f, s, *place in points:
            here = np.array(panel.get_lab_coord((f * panel.get_pixel_size()[0], s * panel.get_pixel_size()[1])))
            worst = max(worst, np.abs(here - place).max())
    print('%-16s %3d panels, worst %.2g mm' % (name, len(detector), worst))
    failed += worst > 1e-9
    again = subprocess.run([tessera, 'describe', '--geometry', 'x.nxs'], capture_output=True, text=True)
    if again.returncode != 0 or '%d panel' % len(detector) not in again.stdout:
        print(name, 'our own reader:', again.stdout[:300], again.stderr)
        failed += 1
print('%d failed' % failed if failed else 'all passed')
sys.exit(1 if failed else 0)
P
$python look.py "$TESSERA" 2>&1 | tee log
[ "$(tail -n 1 log)" = 'all passed' ]

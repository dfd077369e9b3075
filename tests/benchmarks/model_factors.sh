#!/usr/bin/env bash
# How long the structure factors of a model take by direct summation, against cctbx's `direct`, one thread each, in turns; prints the
# ratio of the medians and the largest difference, never fails. The figures are in docs/performance.md.
# Environment: TESSERA, MODEL (a PDB file; pymol-data's tut/1hpv.pdb), RESOLUTION (2), PAIRS (5). Needs cctbx (jobs/packages.sh dials).
set -u
TESSERA=${TESSERA:-tessera} model=${MODEL:-/usr/share/pymol/data/tut/1hpv.pdb} resolution=${RESOLUTION:-2} pairs=${PAIRS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ ! -e "$model" ] || ! /usr/bin/python3 -c 'import iotbx.pdb' 2> /dev/null; then
    echo "not without $model and cctbx"
    exit 0
fi
export OMP_NUM_THREADS=1
/usr/bin/python3 - "$TESSERA" "$model" "$resolution" "$pairs" "$work" << 'P'
import os, resource, statistics, subprocess, sys, time
import numpy as np
import iotbx.pdb, iotbx.mtz
program, model, resolution, pairs, work = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
structure = iotbx.pdb.input(model).xray_structure_simple()
structure.scattering_type_registry(table="wk1995")
def ours(number, at):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([program, "describe", model, "--crystal.model_dispersion=false", "--crystal.resolution=%g" % at, "--mtz", "%s/%d.mtz" % (work, number)],
                   check=True, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
def theirs():
    before = time.process_time()
    f = structure.structure_factors(d_min=resolution, algorithm="direct").f_calc()
    return time.process_time() - before, f
here, there = [], []
for pair in range(pairs):
    if pair % 2:
        here.append(ours(pair, resolution))
    seconds, f = theirs()
    there.append(seconds)
    if not pair % 2:
        here.append(ours(pair, resolution))
start = statistics.median(ours(100 + i, 20) for i in range(3))  # reading, writing, and hardly a reflection
mine = iotbx.mtz.object("%s/0.mtz" % work).crystals()[-1].datasets()[-1]
columns = {a.info().labels[0]: a for a in iotbx.mtz.object("%s/0.mtz" % work).as_miller_arrays()}
a, b = columns["FC"].map_to_asu().common_sets(f.map_to_asu())
a, b = np.abs(np.array(a.data())), np.abs(np.array(b.data()))
ours_s, theirs_s = statistics.median(here), statistics.median(there)
print("%d reflections of %d atoms: tessera %.3g s of CPU time (%.3g s without start and files), cctbx direct %.3g s: %.1f times as fast; largest difference %.1g of the largest F"
      % (f.size(), structure.scatterers().size(), ours_s, ours_s - start, theirs_s, theirs_s / ours_s, np.abs(a - b).max() / b.max()))
P

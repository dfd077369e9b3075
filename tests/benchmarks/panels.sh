#!/bin/bash
# What many panels cost: CPU time of a frame of 16 Mpx in 256 panels, side by side or one after the other, against one panel of the same
# size, in pairs of one run. At most 2 % more. And the import of 10000 stills of 64 panels: under 10 s and 1 GiB.
# Environment: SOURCE (the project), TESSERA (the program), STEPS ("100": of a pixel).
set -u -o pipefail
: "${SOURCE:?}" "${TESSERA:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
export OMP_NUM_THREADS=1
${PYTHON:-/usr/bin/python3} - <<'P'
import copy, json, os, resource, subprocess, sys
sys.path.insert(0, os.environ["SOURCE"] + "/tests/support")
import numpy as np
from make_geometries import FACING, Panel, dials_detector, experiments, pose, rotation

EDGE, PIXEL, MANY, PAIRS, MOST = 4096, 0.075, 9, 4, 1.02


def write(name, across, stacked=False):
    edge = EDGE // across
    panels = [Panel(f"p{i}_{j}", pose(FACING, [PIXEL * (EDGE / 2 - edge * j), PIXEL * (EDGE / 2 - edge * i), -150.0]), (edge, edge),
                    (PIXEL, PIXEL), (0, edge * (across * i + j)) if stacked else (edge * j, edge * i))
              for i in range(across) for j in range(across)]
    detector = dials_detector(panels, {}, offsets=True)
    for panel in detector["panels"]:
        panel["thickness"] = 0.0
    with open(name, "w") as file:
        json.dump(experiments(detector), file)


def user_seconds(geometry, frames, steps):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([os.environ["TESSERA"], "simulate", "--detector.panels=" + geometry, "--crystal.cell=70,80,90,90,90,90",
                    "--crystal.default_f=10", "--crystal.cells=10", "--beam.wavelength=1.2", "--sweep.kind=random",
                    f"--sweep.count={frames}", "--sampling.oversample=1", "--sampling.tolerance=0", "--crystal.mosaic_spread=0.3",
                    f"--crystal.mosaic_domains={steps}", "--output=x.nxs", "--overwrite", "--quiet"], check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


failed = 0
write("one.expt", 1)
write("side.expt", 16)
write("stacked.expt", 16, True)
names = "one.expt", "side.expt", "stacked.expt"
for steps in map(int, os.environ.get("STEPS", "100").split()):
    many = max(2, MANY * 10 // steps + 1)
    least = {}
    for _ in range(PAIRS):
        for name in names:
            for frames in (1, many):
                least[name, frames] = min(least.get((name, frames), 1e9), user_seconds(name, frames, steps))
    frame = {name: (least[name, many] - least[name, 1]) / (many - 1) for name in names}
    for name in names[1:]:
        ratio = frame[name] / frame["one.expt"]
        failed += not ratio <= MOST
        print(f"{steps} steps, {name}: {frame[name]:.4f} s of a frame, one panel {frame['one.expt']:.4f} s, ratio {ratio:.4f}; "
              f"{least[name, 1] - frame[name]:.3f} s for the file, once")

draw = np.random.default_rng(1)
write("grid.expt", 8)
stills = json.load(open("grid.expt"))
shot, count = stills["experiment"][0], 10000
stills["imageset"] = [dict(stills["imageset"][0], single_file_indices=[i]) for i in range(count)]
stills["beam"] = [dict(stills["beam"][0], wavelength=1.2 + 1e-3 * draw.normal()) for i in range(count)]
axes = np.diag([50.0, 60, 70])
stills["crystal"] = [{"__id__": "crystal", "space_group_hall_symbol": " P 1", "ML_half_mosaicity_deg": 0.05, "ML_domain_size_ang": 1000.0,
                      **dict(zip(("real_space_a", "real_space_b", "real_space_c"), (axes @ rotation(draw.normal(size=3) * 60)).tolist()))}
                     for i in range(count)]
stills["experiment"] = [dict(shot, beam=i, imageset=i, crystal=i) for i in range(count)]
json.dump(stills, open("stills.expt", "w"))
done = subprocess.run(["/usr/bin/env", "time", "-f", "%e %M", os.environ["TESSERA"], "import", "stills.expt", "--output", "stills.yaml"],
                      capture_output=True, text=True)
seconds, kib = map(float, done.stderr.split()[-2:])
failed += not (done.returncode == 0 and "10000 with 10000 crystals" in done.stdout and seconds < 10 and kib < 2**20)
print(f"import of 10000 stills: {seconds:.2f} s, {kib / 1024:.0f} MiB")
print(f"{failed} failed" if failed else "all passed")
sys.exit(failed > 0)
P

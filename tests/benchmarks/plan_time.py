"""How near `tessera plan` comes to the CPU time of runs of twelve kinds.

    plan_time.py TESSERA SOURCE [NAME ...]

Plans each run, renders it, and prints both CPU times and their ratio. Exit code 1 when a ratio is outside 1/1.5 to 1.5.
With TIMES=N in the environment there are N times as many frames and mosaic domains, so that plan can try a part only.
Files go to the current folder and are removed again. Both use one thread unless OMP_NUM_THREADS says otherwise; times under
0.2 s are not judged, as starting varies by that.
"""
import os
import re
import resource
import subprocess
import sys

MOST, TOO_SHORT_S = 1.5, 0.2
COMMON = """--crystal.structure_factors={golden}/2erl_P1.hkl --crystal.cell=53.91,23.10,23.10,90,110.4,90
 --crystal.misset=10,20,30 --beam.wavelength=1.2 --beam.fluence=1e26 --detector.distance=100 --crystal.cells=12,28,28"""
SMALL = "--detector.pixel_size=0.2 --detector.fast_pixels=500 --detector.slow_pixels=500 --sampling.oversample=2"
MEDIUM = "--detector.pixel_size=0.1 --detector.fast_pixels=1000 --detector.slow_pixels=1000 --sampling.oversample=2"
RUNS = {
    "rotation": "--sweep.kind=rotation --sweep.width=0.5 --sweep.count=40 --sampling.phi_steps=10 --crystal.shape=gauss "
    "--crystal.mosaic_spread=0.1 --crystal.mosaic_domains=20 --background.size=100 " + SMALL,
    "SASE still with background": "--sweep.kind=random --sweep.count=4 --beam.dispersion=0.5 --beam.dispersion_steps=50 "
    "--background.size=5 --output.images=counts " + MEDIUM,
    "matrix over sizes": "--sweep.kind=matrix --sweep.matrix=crystal.cells=4,8,16,32,64,128 --sampling.phi_steps=1 "
    "--crystal.mosaic_spread=0.2 --crystal.mosaic_domains=20 " + SMALL,
    "Eiger 16M": "--detector.pixel_size=0.075 --detector.fast_pixels=4148 --detector.slow_pixels=4362 "
    "--sampling.oversample=1 --crystal.shape=gauss --background.size=100 --output.images=counts",
    "N in the hundreds": "--crystal.cells=300 --sweep.kind=random --sweep.count=4 --crystal.mosaic_spread=0.1 "
    "--crystal.mosaic_domains=10 " + MEDIUM,
    "tricubic": "--crystal.interpolate=on --crystal.cells=5 --crystal.mosaic_spread=0.5 --crystal.mosaic_domains=5 " + SMALL,
    "thick sensor": "--detector.sensor_material=Si --detector.sensor_thickness=450 --detector.sensor_layers=4 "
    "--crystal.mosaic_spread=0.2 --crystal.mosaic_domains=10 --sweep.count=3 --sweep.kind=random " + SMALL,
    "several crystals": "--sweep.kind=random --sweep.count=6 --sweep.crystals=5 --crystal.mosaic_spread=0.2 "
    "--crystal.mosaic_domains=10 --background.size=100 " + SMALL,
    "gauss by reflections": "--crystal.shape=gauss --sweep.kind=random --sweep.count=10 --crystal.mosaic_spread=0.3 "
    "--crystal.mosaic_domains=50 " + MEDIUM,
    "square in float32": "--run.precision=float32 --sampling.tolerance=0 --crystal.mosaic_spread=0.3 "
    "--crystal.mosaic_domains=100 --sweep.count=2 --sweep.kind=random " + MEDIUM,
    "float64": "--run.precision=float64 --sampling.tolerance=0 --crystal.mosaic_spread=0.3 --crystal.mosaic_domains=20 " + SMALL,
    "point spread": "--detector.psf=gauss --detector.psf_fwhm=0.3 --output.images=counts --sweep.kind=random --sweep.count=5 "
    "--background.size=100 " + MEDIUM,
}


def run(arguments):
    """CPU seconds of a command, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stdout}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main():
    tessera, source, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    times = int(os.environ.get("TIMES", "1"))
    bad = 0
    print(f"{'run':<28} {'planned':>9} {'taken':>9} {'ratio':>6} {'plan itself':>12}")
    for name in names or RUNS:
        words = (COMMON.format(golden=source + "/golden/inputs") + " " + RUNS[name]).split()
        words = [word for i, word in enumerate(words)
                 if word.split("=")[0] not in {later.split("=")[0] for later in words[i + 1 :]}]
        words = [re.sub(r"(sweep.count=|mosaic_domains=)(\d+)", lambda n: n[1] + str(int(n[2]) * times), word) for word in words]
        words += ["--overwrite", "--output", "plan_time.nxs"]
        itself_s, said = run([tessera, "plan", *words])
        taken_s, _ = run([tessera, "simulate", *words, "--quiet"])
        os.remove("plan_time.nxs")
        planned_s = float(re.search(r"^time .*CPU time \((\S+) s\)", said, re.M).group(1))
        ratio = planned_s / taken_s
        judged = taken_s > TOO_SHORT_S or planned_s > TOO_SHORT_S
        is_bad = judged and not 1 / MOST <= ratio <= MOST
        bad += is_bad
        print(f"{name:<28} {planned_s:9.3f} {taken_s:9.3f} {ratio:6.2f} {itself_s:12.2f}{'  OUTSIDE' if is_bad else ''}",
              flush=True)
    if os.path.exists("plan_time.nxs.progress.json"):
        os.remove("plan_time.nxs.progress.json")
    sys.exit(bad > 0)


main()

#!/bin/bash
# From atoms to anomalous differences: 1HPV with two atoms of iron, a rotation at the peak of their K edge and one below it, integrated by
# DIALS. The differences of Bijvoet mates are those of cctbx for the model, so that their sign, the edge and the laboratory's handedness
# are right.
# Environment: SOURCE (the project), TESSERA (the program); FRAMES (20; long 180) of a degree. Needs DIALS and pymol-data (jobs/packages.sh full).
set -u -o pipefail
. "$SOURCE/tests/support/case.sh"
frames=${FRAMES:-20}
pdb=/usr/share/pymol/data/tut/1hpv.pdb
if [ ! -e $pdb ]; then
    echo "not without $pdb (pymol-data)"
    exit 0
fi
python=${PYTHON:-/usr/bin/python3}
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1 NPROC=2
look() { $python "$SOURCE/tests/acceptance/anomalous_pipeline.py" "$@"; }
look model $pdb model.pdb || exit 2
crystal=(--crystal.model=model.pdb --crystal.resolution=2.4 --crystal.f000=0 --crystal.shape=gauss
    "--crystal.cells=16,16,12" "--crystal.misset=10,20,30" --crystal.mosaic_spread=0.1 --crystal.mosaic_domains=12)
detector=(--detector.distance=120 --detector.pixel_size=0.2 --detector.fast_pixels=1024 --detector.slow_pixels=1024)
process() { # process NAME: import to integration
    dials.import "$1.nxs" output.experiments=imported.expt &&
        dials.find_spots imported.expt nproc=2 output.reflections=strong.refl &&
        dials.index imported.expt strong.refl indexing.known_symmetry.space_group=P61 \
            "indexing.known_symmetry.unit_cell=63.4,63.4,83.8,90,90,120" output.experiments=indexed.expt output.reflections=indexed.refl &&
        dials.refine indexed.expt indexed.refl output.experiments=refined.expt output.reflections=refined.refl &&
        dials.integrate refined.expt refined.refl nproc=2 prediction.d_min=2.6 output.experiments=integrated.expt output.reflections=integrated.refl
}
for case in "peak 7130 0.95" "below 7000 0.5"; do
    read -r name energy least <<< "$case"
    "$TESSERA" simulate "${crystal[@]}" "${detector[@]}" --beam.energy="$energy" --beam.polarization=0.999 --beam.fluence=3e30 --background.size=0.05 \
        --sampling.oversample=2 --sampling.phi_steps=20 --sweep.kind=rotation --sweep.width=1 --sweep.count="$frames" --output.images=counts --quiet \
        --output "$name.nxs" || fail "$name: exit code $?"
    process "$name" > "$name.log" 2>&1 || fail "$name: $(tail -n 20 "$name.log")"
    look compare "$TESSERA" "$energy" model.pdb integrated.expt integrated.refl "$least" || fail "$name: anomalous differences"
done
finish

#!/bin/bash
# DIALS processes images of detectors of many panels and finds the crystals that made them: a rotation and stills on 64 panels in eight
# groups; and the round trip: what DIALS refines of our images is imported, and makes the same images again.
# Environment: SOURCE (the project), TESSERA (the program), STILLS (10) of 64 panels, IMAGES (36) of the round trip on 8 panels of
# PANEL ("256 128 0.2": pixels along fast and slow, mm). Needs DIALS (jobs/packages.sh full).
set -u -o pipefail
: "${SOURCE:?}" "${TESSERA:?}"
python=${PYTHON:-/usr/bin/python3}
here=$SOURCE/tests/acceptance
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NPROC=1
$python "$here/panels_pipeline.py" model && $python "$here/panels_pipeline.py" grid || exit 2

size=("--crystal.cells=20,17,14")
common=(--crystal.structure_factors="$work/model.mtz" --crystal.shape=gauss --crystal.mosaic_domains=30 --sampling.oversample=2
    --beam.fluence=1e27 --background.size=0.08 --output.images=both --quiet)
on_grid=("$TESSERA" simulate --detector.panels="$work/grid.expt" --beam.wavelength=1.0 --beam.polarization=0.98 "${size[@]}" "${common[@]}")

rotation() {
    "${on_grid[@]}" "--crystal.misset=10,20,30" --crystal.mosaic_spread=0.06 --sweep.kind=rotation --sweep.width=0.5 --sweep.count=20 \
        --sampling.phi_steps=10 --output case.nxs &&
        env MIN_INDEXED=99 MAX_ANGLE=0.01 MAX_OFFSET=0.02 MAX_CELL=0.01 MIN_CC=0.995 bash "$here/check_nxmx_dials.sh" case.nxs case.nxs "$PWD/dials"
}
again() { # again EXPT MOSAIC OPTION...: imports what DIALS has made of case.nxs, renders it, and compares
    local expt=$1 mosaic=$2
    shift 2
    "$TESSERA" import "$expt" --output again.yaml "${size[@]}" --crystal.mosaic_spread="$mosaic" &&
        "$TESSERA" simulate again.yaml "${common[@]}" "$@" --output again.nxs &&
        $python "$here/panels_pipeline.py" back case.nxs again.nxs | tee figures
}
holds() { # holds FIGURE OP LIMIT
    awk -v name="$1" -v limit="$3" '$2 == name { exit !($3 '"$2"' limit) } ' figures && grep -q " $1 " figures && return
    echo "FAIL  $1 is not $2 $3"
    return 1
}
stills() {
    "${on_grid[@]}" --crystal.mosaic_spread=0.08 --sweep.kind=random --sweep.count="${STILLS:-10}" --sweep.seed=7 --output case.nxs &&
        env MIN_RATE=1 MAX_CELL=0.05 MAX_ANGLE=0.02 MAX_OFFSET=0.02 bash "$here/check_nxmx_dials.sh" case.nxs case.nxs "$PWD/dials" &&
        again dials/*_integrated.expt 0.08 && holds median_correlation '>=' 0.99 && holds median_angle_deg '<=' 0.02
}
# The frame of the laboratory is the detector's and the beam's: where both may lean, so may all crystals.
round_trip() {
    read -r -a panel <<< "${PANEL:-256 128 0.2}"
    local refinement=(beam.fix=all detector.fix=orientation crystal.orientation.smoother.interval_width_degrees=8)
    $python "$here/panels_pipeline.py" scan "${IMAGES:-36}" "${panel[@]}" &&
        "$TESSERA" import scan.expt --output case.yaml "${size[@]}" --crystal.mosaic_spread=0.12 &&
        "$TESSERA" simulate case.yaml "${common[@]}" --sampling.phi_steps=10 --output case.nxs &&
        dials.import case.nxs && grep -q 'sweep: *1' dials.import.log &&
        dials.find_spots imported.expt nproc=1 && dials.index imported.expt strong.refl space_group=P1 beam.fix=all &&
        dials.refine indexed.expt indexed.refl "${refinement[@]}" && dials.integrate refined.expt refined.refl nproc=1 &&
        again integrated.expt 0.12 --sampling.phi_steps=10 && holds least_correlation '>=' 0.99 && holds median_angle_deg '<=' 0.005
}

cases='rotation stills round_trip'
for name in $cases; do
    mkdir "$name"
    (cd "$name" && cp ../model.mtz . && $name > log 2>&1 && : > passed) &
    [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n
done
wait
failures=0
for name in $cases; do
    echo "== $name"
    grep '^PASS\|^FAIL\|^FIGURE .*_\(correlation\|angle_deg\) ' "$name/log"
    [ -e "$name/passed" ] && continue
    failures=$((failures + 1))
    tail -n 40 "$name/log"
done
echo "$((3 - failures)) of 3 cases passed"
[ $failures = 0 ]

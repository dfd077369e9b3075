#!/usr/bin/env bash
# A MOSFLM matrix is divided by the wavelength that is in use: that of a spectrum or of sources, or crystal.matrix_wavelength;
# without any it is refused. The matrices here are those of a cube of 60 A, so that the cell and the image are known.
set -u
. "$SOURCE/tests/support/case.sh"
matrix() { awk -v l="$1" 'BEGIN { for (i = 0; i < 3; i++) printf "%.15g %.15g %.15g\n", i == 0 ? l / 60 : 0, i == 1 ? l / 60 : 0, i == 2 ? l / 60 : 0 }'; }
wave() { awk -v e="$1" 'BEGIN { printf "%.15g", 12398.419843320026 / e }'; }
common=(--crystal.default_f=10 --crystal.cells=4 --detector.pixel_size=2 --detector.fast_pixels=20 --detector.slow_pixels=20
    --sampling.oversample=1 --run.precision=float64 --detector.sensor_material=CdTe --detector.sensor_thickness=100)
image() { # image NAME ARGUMENT...
    local name=$1
    shift
    "$TESSERA" simulate "${common[@]}" "$@" --output "$name.nxs" --quiet 2> err || fail "$name: $(cat err)"
}
is_cube() { # is_cube NAME WAVELENGTH ARGUMENT...: with matrix.mat, as with the cell; and the wavelength that plan prints
    local name=$1 angstrom=$2
    shift 2
    "$TESSERA" plan "${common[@]}" --crystal.matrix=matrix.mat "$@" > plan 2> err || fail "$name: $(cat err)"
    grep -q 'a,b,c 60 60 60 A' plan || fail "$name: $(grep crystal plan)"
    grep -q "wavelength $angstrom A" plan || fail "$name: $(grep beam plan)"
    image matrix --crystal.matrix=matrix.mat "$@"
    image cell "--crystal.cell=60" "${@/--crystal.matrix_wavelength*/--sweep.seed=1}"
    "$TESSERA" compare --max-sum-error 1e-9 --max-relative-error 1e-6 matrix.nxs cell.nxs > out 2>&1 || fail "$name: $(cat out)"
    rm matrix.nxs cell.nxs
}
printf '9400 1\n9600 3\n' > spectrum.txt
mean=$(awk -v a="$(wave 9400)" -v b="$(wave 9600)" 'BEGIN { printf "%.15g", (a + 3 * b) / 4 }')
matrix "$mean" > matrix.mat
is_cube spectrum "$(printf %.6g "$mean")" --beam.spectrum=spectrum.txt
printf -- '-10 0 0 1 1.2e-10\n-10 0 0.01 3 1.4e-10\n' > sources.txt
matrix 1.35 > matrix.mat
is_cube sources 1.35 --beam.sources=sources.txt
matrix "$(wave 9000)" > matrix.mat
is_cube energy "$(printf %.6g "$(wave 9000)")" --beam.energy=9000
matrix 0.9 > matrix.mat
is_cube given 1.35 --beam.sources=sources.txt --crystal.matrix_wavelength=0.9
is_cube "not that of the beam" 1.2 --beam.wavelength=1.2 --crystal.matrix_wavelength=0.9

for other in "" --sweep.kind=matrix\ --sweep.matrix=beam.wavelength=1,1.1; do
    code=0
    # shellcheck disable=SC2086
    "$TESSERA" plan "${common[@]}" --crystal.matrix=matrix.mat $other > out 2> err || code=$?
    [ $code = 2 ] && grep -q 'matrix.mat.*give crystal.matrix_wavelength' err || fail "no wavelength: $code $(cat err)"
done
printf -- '-10 0 0 1\n' > bare.txt
code=0
"$TESSERA" plan "${common[@]}" --crystal.matrix=matrix.mat --beam.sources=bare.txt > out 2> err || code=$?
[ $code = 2 ] && grep -q 'give crystal.matrix_wavelength' err || fail "sources without wavelengths: $code $(cat err)"
"$TESSERA" plan "${common[@]}" --crystal.cell=60 --beam.sources=bare.txt --beam.wavelength=1.3 > out 2>&1 || fail "$(cat out)"
code=0
"$TESSERA" plan "${common[@]}" --crystal.cell=60 --beam.sources=sources.txt --beam.wavelength=1.3 > out 2> err || code=$?
[ $code = 2 ] && grep -q 'beam.wavelength (command line) and .*sources.txt' err || fail "two wavelengths: $code $(cat err)"
# nanoBragg takes its -lambda, or 1 A
matrix 1 > matrix.mat
for crystal in "-mat matrix.mat" "-cell 60 60 60 90 90 90"; do
    # shellcheck disable=SC2086
    "$TESSERA" nanobragg $crystal -default_F 10 -detpixels 8 -pixel 2 -nopgm -nonoise -intfile /dev/null \
        -floatfile "${crystal%% *}.bin" -sourcefile sources.txt > out 2> err || fail "nanobragg: $(cat err)"
done
"$TESSERA" compare --max-relative-error 1e-6 ./-mat.bin ./-cell.bin > out 2>&1 || fail "nanoBragg's matrix: $(cat out)"
finish

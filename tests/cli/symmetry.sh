#!/usr/bin/env bash
# Where a choice breaks the symmetry of a lattice, the run says so or is refused with a remedy.
set -u
. "$SOURCE/tests/support/case.sh"
hexagonal=(--crystal.cell="60,60,60,90,90,120" --crystal.default_f=10 --detector.fast_pixels=8 --detector.slow_pixels=8)
cubic=(--crystal.cell=60 --crystal.default_f=10 --detector.fast_pixels=8 --detector.slow_pixels=8)

says() { # says PATTERN ARGUMENT...: a run of one small frame
    local pattern=$1
    shift
    "$TESSERA" simulate "$@" --overwrite --output said.nxs > said 2>&1 || fail "$*: $(cat said)"
    tr -s ' \n' ' ' < said | grep -Eq -- "$pattern" || fail "no \"$pattern\": $* said $(cat said)"
}
is_silent() { # is_silent PATTERN ARGUMENT...
    local pattern=$1
    shift
    "$TESSERA" simulate "$@" --overwrite --output said.nxs > said 2>&1 || fail "$*: $(cat said)"
    ! tr -s ' \n' ' ' < said | grep -Eq -- "$pattern" || fail "\"$pattern\" without reason: $* said $(cat said)"
}

# per_axis is not round in oblique cells; isotropic has no proportions
for shape in round gauss tophat; do
    says "$shape are not round in this oblique cell.*isotropic" "${hexagonal[@]}" --crystal.cells=6 --crystal.shape=$shape
    is_silent spot_law "${hexagonal[@]}" --crystal.cells=6 --crystal.shape=$shape --crystal.spot_model=isotropic
    is_silent spot_law "${cubic[@]}" --crystal.cells="6,9,4" --crystal.shape=$shape
    says 'ball of the same volume, 446.7 A across' "${cubic[@]}" --crystal.cells="6,9,4" --crystal.shape=$shape --crystal.spot_model=isotropic
done
is_silent spot_law "${hexagonal[@]}" --crystal.cells=6
is_silent spot_law "${hexagonal[@]}" --crystal.cells=6 --crystal.shape=gauss --crystal.spot_model=nanobragg

# left-handed axes: refused where a program reads them, with two ways out
refused() { # refused PATTERN ARGUMENT...
    local pattern=$1 got=0
    shift
    "$TESSERA" simulate "$@" --overwrite --output refused.nxs > refused 2>&1 || got=$?
    [ $got = 2 ] || fail "exit code $got, not 2: $*"
    grep -Eq -- "$pattern" refused || fail "no \"$pattern\": $* said $(cat refused)"
}
small=(--beam.wavelength=1 --detector.fast_pixels=24 --detector.slow_pixels=24 --detector.pixel_size=1 --crystal.cells=4 --run.precision=float64 --crystal.interpolate=off)
printf '0.02 0 0.001\n0.002 0.025 0\n0 0.003 0.03\n' > right.mat # columns a* b* c*
awk '{ print -$1, $2, $3 }' right.mat > left.mat
awk '{ print -$1, -$2, -$3 }' left.mat > negated.mat
awk 'BEGIN { for (h = -9; h <= 9; h++) for (k = -9; k <= 9; k++) for (l = -9; l <= 9; l++) print h, k, l, 50 + (7 * h + 5 * k + 3 * l) % 13 }' > pairs.hkl
awk '{ print -$1, -$2, -$3, $4 }' pairs.hkl > mates.hkl
matrix=(--crystal.structure_factors=pairs.hkl "${small[@]}")
refused 'left.mat: a\*, b\*, c\* are left-handed.*negate all nine numbers' "${matrix[@]}" --crystal.matrix=left.mat
echo ub_11,ub_12,ub_13,ub_21,ub_22,ub_23,ub_31,ub_32,ub_33 | tee right.csv > left.csv
tr '\n' ' ' < right.mat | sed 's/ $//; s/ /,/g' >> right.csv
tr '\n' ' ' < left.mat | sed 's/ $//; s/ /,/g' >> left.csv
refused 'left.csv:2: a\*, b\*, c\* are left-handed' "${matrix[@]}" --sweep.kind=list --sweep.file=left.csv
says 'in [0-9]' "${matrix[@]}" --sweep.kind=list --sweep.file=right.csv --output.float_file=list.bin
says 'in [0-9]' "${matrix[@]}" --crystal.matrix=right.mat --output.float_file=right.bin
"$TESSERA" compare right.bin list.bin --max-relative-error 1e-9 > compared || fail "the list is not the matrix: $(cat compared)"
# negated, every spot stays and has its mate's structure factor
says 'are left-handed: F' "${matrix[@]}" --crystal.matrix=left.mat --crystal.left_handed=accept --output.float_file=left.bin
says 'in [0-9]' "${small[@]}" --crystal.structure_factors=mates.hkl --crystal.matrix=negated.mat --output.float_file=mended.bin
"$TESSERA" compare left.bin mended.bin --max-relative-error 1e-6 > compared || fail "negated, left.mat is another lattice: $(cat compared)"
! "$TESSERA" compare right.bin left.bin > compared || fail "left.mat has the image of right.mat"
# nanoBragg takes them as they are, and so do the run files that it writes
"$TESSERA" nanobragg -mat left.mat -lambda 1 -hkl pairs.hkl -N 4 -detpixels 24 -pixel 1 -nopgm -nonoise -intfile i.img -floatfile nanobragg.bin \
    -yaml again.yaml > nanobragg.log 2>&1 || fail "nanobragg -mat left.mat: $(cat nanobragg.log)"
tr -s ' \n' ' ' < nanobragg.log | grep -q 'are left-handed: F' || fail "nanobragg says nothing of left-handed axes: $(cat nanobragg.log)"
"$TESSERA" simulate again.yaml --output.float_file=again.bin --overwrite --output again.nxs > again.log 2>&1 || fail "again.yaml: $(cat again.log)"
cmp nanobragg.bin again.bin || fail "again.yaml renders another image"

# cells of frames keep the symmetry by which the structure factors are equivalent
awk 'BEGIN { for (h = 0; h <= 9; h++) for (k = 0; k <= h; k++) for (l = 0; l <= 6; l++) if (h + k + l > 0) print h, k, l, 50 + (7 * h + 5 * k + 3 * l) % 13 }' > tetragonal.hkl
tetragonal=(--crystal.structure_factors=tetragonal.hkl --crystal.space_group="P 4 2 2" --crystal.cell="60,60,45" --crystal.cells=5
    --detector.fast_pixels=24 --detector.slow_pixels=24 --detector.pixel_size=2 --sweep.count=3 --run.precision=float64)
monoclinic=(--crystal.structure_factors="$inputs/2erl_1p8A_C2.mtz" --crystal.cell="53.91,23.1,23.1,90,110.4,90" --crystal.cells=5 --detector.fast_pixels=24 --detector.slow_pixels=24
    --detector.pixel_size=2 --detector.distance=60 --sweep.count=3)
for draw in 'crystal.cell[0]=normal(60,0.1)' 'crystal.cell[1]=uniform(60.1,61)' 'crystal.cell[0]=normal(60,1);crystal.cell[1]=normal(60,1)'; do
    refused 'frame [0-2] of the sweep: its cell .* has not the symmetry P 4 2 2 .*crystal.cell\[1\]=same\(crystal.cell\[0\]\)' \
        "${tetragonal[@]}" --sweep.kind=random --sweep.draw="$draw"
done
for draw in 'crystal.cell[3]=normal(90,0.5)' 'crystal.cell[4]=uniform(89,91)' 'crystal.cell[5]=uniform(90.1,91)'; do
    refused 'frame [0-2] of the sweep: its cell .* has not the symmetry P 4 2 2' "${tetragonal[@]}" --sweep.kind=random --sweep.draw="$draw"
done
printf 'crystal.cell[0],crystal.cell[1]\n60,60\n61,61\n61,61.1\n' > cells.csv
refused 'frame 2 of the sweep: its cell 61,61.1,45' "${tetragonal[@]}" --sweep.kind=list --sweep.file=cells.csv
refused 'frame 1 of the sweep: its cell 61,60,45' "${tetragonal[@]}" --sweep.count=2 --sweep.kind=matrix --sweep.matrix='crystal.cell[0]=60,61'
{ echo ub_11,ub_12,ub_13,ub_21,ub_22,ub_23,ub_31,ub_32,ub_33; echo 0.0166667,0,0,0,0.0166667,0,0,0,0.0222222; echo 0.0166667,0,0,0,0.0172,0,0,0,0.0222222; } > strained.csv
refused 'frame 1 of the sweep: its cell .* has not the symmetry P 4 2 2' "${tetragonal[@]}" --sweep.count=2 --sweep.kind=list --sweep.file=strained.csv
refused 'has not the symmetry C2 of' "${monoclinic[@]}" --sweep.kind=random --sweep.draw='crystal.cell[3]=uniform(91,92)'
says 'in [0-9]' "${monoclinic[@]}" --sweep.kind=random --sweep.draw='crystal.cell[0]=normal(54,0.2);crystal.cell[4]=normal(110,0.5)'
says 'in [0-9]' "${tetragonal[@]}" --sweep.kind=random --sweep.draw='crystal.cell[2]=normal(45,0.5)'
says 'in [0-9]' "${tetragonal[@]}" --sweep.kind=random --sweep.draw='crystal.cell[0]=normal(60,1)' --crystal.ignore_file_cell=true
says 'in [0-9]' "${tetragonal[@]}" --sweep.count=2 --sweep.kind=matrix --sweep.matrix='crystal.cell[0]=60,61' --sweep.draw='crystal.cell[1]=same(crystal.cell[0])'
says 'in [0-9]' "${tetragonal[@]}" --sweep.kind=random --sweep.draw='crystal.cell[0]=normal(60,1);crystal.cell[1]=same(crystal.cell[0])'
for i in 0 1; do
    h5dump --no-compact-subset -y -w 1 -d "/entry/simulation/frames/crystal.cell[$i]" said.nxs | grep -E '^ *[0-9]' > edge$i
done
cmp edge0 edge1 || fail "same() is not the same: $(cat edge0 edge1)"
[ "$(sort -u edge0 | wc -l)" = 3 ] || fail "not three cells: $(cat edge0)"
for bad in 'crystal.cell[1]=same(crystal.cell[0])' 'crystal.cell[0]=normal(60,1);crystal.cell[1]=same(crystal.cel[0])' \
    'crystal.cell[0]=normal(60,1);beam.wavelength=same(crystal.cell[0])' 'crystal.cell[0]=normal(60,1);crystal.cell[1]=same()'; do
    refused 'same\(\)|no parameter' "${tetragonal[@]}" --sweep.kind=random --sweep.draw="$bad"
done
finish

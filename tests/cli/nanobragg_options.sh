#!/usr/bin/env bash
# `tessera nanobragg` takes every option of nanoBragg's help and source, exactly as it is spelled there, and refuses
# misspelled ones with a suggestion.
set -u
. "$SOURCE/tests/support/case.sh"
cp "$SOURCE"/golden/inputs/{2erl_lam1.2.mat,full7.hkl,src_unit7.txt,header_80x64.img,mask_72.img} .
printf '0 2.5\n0.1 2\n0.3 1\n' > water.stol

# Every name that nanoBragg.c compares its arguments with or prints as help, spelled out where it takes the beginning.
names='-img -mask -Na -Nb -Nc -N -cell -misset -samplesize -sample_size -sample_thick -sample_x -sample_width -sample_y
    -width -sample_heigh -sample_height -sample_z -heigh -height -xtalsize -xtal_size -xtal_thick -xtal_x -xtal_width
    -xtal_y -xtal_heigh -xtal_height -xtal_z -density -sample_den -sample_density -MW -molec -molecular_weight -Xbeam
    -Ybeam -Xclose -Yclose -ORGX -ORGY -pivot -mosflm -xds -adxv -denzo -dials -fdet_vector -sdet_vector -odet_vector
    -beam_vector -polar_vector -spindle_axis -twotheta_axis -pix0_vector -distance -close_distance -detector_abs
    -detector_absorb -detector_thick -detector_thicksteps -thicksteps -twotheta -detector_rotx -detector_roty
    -detector_rotz -detsize -detsize_f -detsize_s -detpixels -detpixels_f -detpixels_x -detpixels_s -detpixels_y
    -curved_det -pixel -point_pixel -polar -nopolar -oversample_thick -oversample_polar -oversample_omega -oversample
    -roi -lambda -wave -energy -fluence -flux -exposure -beamsize -mosaic -mosaici -mosaicity -mosaic_spr
    -mosaic_spread -mosaic_dom -mosaic_domains -dispersion -dispsteps -dispstep -divergence -hdivrange -vdivrange -hdiv
    -vdiv -hdivstep -hdivsteps -vdivstep -vdivsteps -divsteps -round_div -square_div -adc -phi -osc -phistep -phisteps
    -dmin -mat -hkl -default_F -dump -stolout -stol -4stol -Q -sourcefile -floatfile -floatimage -intfile -intimage
    -pgmfile -pgmimage -noisefile -noiseimage -nonoise -nopgm -scale -pgmscale -coherent -printout -noprogress
    -progress -interpolate -nointerpolate -round_xtal -square_xtal -gauss_xtal -binary_spots -tophat_spots -fudge
    -printout_pixel -seed -mosaic_seed -misset_seed -water -source_dist -source_distance'

# The help has them all, and what it has beyond is ours.
"$TESSERA" nanobragg -help > help.txt || fail "-help ends with an error"
sed -n 's/^  \(-[^ ]*\) .*/\1/p' help.txt | sort -u > listed
# shellcheck disable=SC2086 # words
printf '%s\n' $names -nxs -yaml | sort -u > wanted
diff wanted listed > difference || fail "the help's options (>) differ from nanoBragg's (<): $(cat difference)"

# Each is fed once at least, in groups that go together.
: > fed
feed() { # feed OPTION...: with a crystal and a small detector where the options do not give them
    local word got=0
    for word in "$@"; do case $word in -4stol) echo "$word" ;; -[0-9.]*) ;; -*) echo "$word" ;; esac; done >> fed
    timeout 100 "$TESSERA" nanobragg "$@" > out 2> err || got=$?
    [ $got = 0 ] || fail "exit code $got: $* ($(grep tessera: err))"
}
cell='-cell 50 50 50 90 90 90 -default_F 10'
small='-detpixels 8 -distance 50 -nopgm -nonoise -noprogress'
# shellcheck disable=SC2086 # words
{
    feed $cell $small -Na 3 -Nb 4 -Nc 5 -lambda 1.2 -Xbeam 0.4 -Ybeam 0.5 -mosflm -fluence 1e28 -beamsize 0.1
    feed $cell $small -N 3 -wave 1.2 -Xbeam 0.4 -Ybeam 0.5 -denzo -flux 1e20 -exposure 2 -beamsize 0.05
    feed $cell $small -flux 0 -fluence 1e20
    feed $cell $small -samplesize 0.00001 -adxv -energy 12000 -misset 10 20 30 -misset_seed 3 -polar 0.9
    feed $cell $small -sample_size 0.00001 -xds -ORGX 4 -ORGY 5 -pivot beam -twotheta 5 -misset random -nopolar
    feed $cell $small -xtalsize 0.00001 -dials -Xclose 0.4 -Yclose 0.3 -detector_rotx 1 -detector_roty 2 -detector_rotz 3
    feed $cell $small -xtal_size 0.00001 -sample_thick 0.00001 -sample_width 0.00001 -sample_heigh 0.00001
    feed $cell $small -sample_x 0.00001 -sample_y 0.00001 -sample_z 0.00001 -sample_height 0.00001 -point_pixel
    feed $cell $small -xtal_thick 0.00001 -xtal_width 0.00001 -xtal_heigh 0.00001 -xtal_height 0.00001
    feed $cell $small -xtal_x 0.00001 -xtal_y 0.00001 -xtal_z 0.00001 -width 0.00001 -heigh 0.00001 -height 0.00001
    feed $cell $small -density 1 -sample_den 1 -sample_density 1 -MW 18 -molec 18 -molecular_weight 18 -coherent \
        -stolout a.stol -dispstep 0.1 -hdiv 1 -vdiv 1 -source_dist 10 -source_distance 10
    feed $cell $small -fdet_vector 0 0 1 -sdet_vector 0 -1 0 -odet_vector 1 0 0 -beam_vector 1 0 0 -polar_vector 0 0 1 \
        -spindle_axis 0 0 1 -twotheta_axis 0 0 -1 -pix0_vector 0.05 0.0004 -0.0004
    feed $cell -close_distance 50 -detsize 1 -detsize_f 0.9 -detsize_s 0.8 -pixel 0.1 -nopgm -nonoise -curved_det
    feed $cell -distance 50 -detpixels_f 8 -detpixels_s 9 -detector_abs 100 -detector_thick 50 -detector_thicksteps 3 \
        -oversample_thick -oversample_polar -oversample_omega -oversample 2 -nopgm -nonoise
    feed $cell -distance 50 -detpixels_x 8 -detpixels_y 9 -detector_absorb 100 -detector_thick 50 -thicksteps 3 -nopgm -nonoise
    feed $cell $small -mosaic 1 -mosaic_dom 3 -mosaic_seed 5 -dispersion 1 -dispsteps 2 -round_xtal -fudge 1.1
    feed $cell $small -mosaici 1 -mosaic_domains 3 -divergence 1 -divsteps 2 -round_div -square_xtal
    feed $cell $small -mosaicity 1 -hdivrange 1 -hdivsteps 3 -vdivrange 1 -vdivsteps 3 -square_div -gauss_xtal
    feed $cell $small -mosaic_spr 1 -hdivrange 1 -hdivstep 0.5 -vdivrange 1 -vdivstep 0.5 -binary_spots
    feed $cell $small -mosaic_spread 1 -tophat_spots -phi 5 -osc 1 -phisteps 3 -roi 1 5 2 6
    feed $cell $small -phi 5 -osc 1 -phistep 0.5 -dmin 3 -water 1 -progress
    feed $cell $small -water 1 -stol water.stol
    feed $cell $small -water 1 -4stol water.stol
    feed $cell $small -water 1 -Q water.stol
    feed $small -mat 2erl_lam1.2.mat -lambda 1.2 -N 3 -hkl full7.hkl -default_F 3 -interpolate -dump dump.bin
    feed $small -mat 2erl_lam1.2.mat -lambda 1.2 -N 3 -dump dump.bin -default_F 3 -nointerpolate
    feed $cell $small -sourcefile src_unit7.txt -printout_pixel 3 4
    feed $cell $small -printout -floatfile a.bin -intfile a.img -pgmfile a.pgm -noisefile an.img -scale 2 -adc 30 -seed 4
    feed $cell $small -floatimage b.bin -intimage b.img -pgmimage b.pgm -pgmscale 3 -noiseimage bn.img
    feed $cell -img header_80x64.img -nopgm -nonoise
    feed $cell -mask mask_72.img -distance 50 -nopgm -nonoise
}
sort -u fed > fed_once
# shellcheck disable=SC2086 # words
printf '%s\n' $names | sort -u | comm -23 - fed_once > unfed
[ ! -s unfed ] || fail "never fed: $(tr '\n' ' ' < unfed)"
[ -z "$(find . -name 'Fdump*')" ] || fail "an Fdump.bin was written without being asked for"

# What nanoBragg ignores is said to have no effect.
# shellcheck disable=SC2086 # words
"$TESSERA" nanobragg $cell $small -density 1 -coherent > out || fail "idle options are taken"
for option in -density -coherent; do
    grep -q "^note: $option: does nothing" out || fail "no note on $option"
done

# Misspelled ones fail, with the nearest name; nanoBragg takes any name that holds a known one.
refused() { # refused PATTERN OPTION...
    local pattern=$1 got=0
    shift
    # shellcheck disable=SC2086 # words
    "$TESSERA" nanobragg $cell $small "$@" > out 2> err || got=$?
    [ $got = 2 ] || fail "exit code $got, not 2: $*"
    grep -q -- "$pattern" err || fail "no \"$pattern\" for $*: $(cat err)"
}
refused 'did you mean "-lambda"' -lamda 1.2
refused 'did you mean "-mosaic_seed"' -mosaic_sed 5
refused 'did you mean "-misset_seed"' -misset_see 5
refused 'did you mean "-nopgm"' -nopmg
refused 'did you mean "-coherent"' -coherant
refused 'did you mean "-distance"' -distances 100
refused 'no option "-my-lambda-x"' -my-lambda-x 1.2
refused 'no option "stray"' stray
refused '-roi needs 4 values' -roi 1 2 3
refused '-lambda needs 1 value' -lambda
refused 'beam.wavelength is "red"' -lambda red
finish

#!/usr/bin/env bash
# What people type by mistake gets a message that names what they meant; help fits 80 columns, its first page 20 lines.
set -u
. "$SOURCE/tests/support/case.sh"
answers() { # answers PATTERN ARGUMENT...: refused, with a message that matches
    local pattern=$1
    shift
    "$TESSERA" "$@" > out 2> err
    [ $? = 2 ] || fail "$*: not refused: $(cat out err)"
    grep -q -- "$pattern" err || fail "$*: \"$(cat err)\" does not say \"$pattern\""
}
of_yaml() { # of_yaml PATTERN TEXT: a run file of that text, as printf takes it
    # shellcheck disable=SC2059 # the text has escapes
    printf "$2" > run.yaml
    answers "$1" plan run.yaml
}

# values
answers 'crystal.cells is "10,10"; it must be 3 numbers separated by commas, or one for all' plan --crystal.cells=10,10
for cells in '10 10 10' '10;10;10' 10x10x10; do
    answers "cells is \"$cells\"; it must be 3 numbers separated by commas" plan "--crystal.cells=$cells"
done
answers 'wavelength is "1,0"; it must be one number; the decimal sign is a point: 1.0' plan --beam.wavelength=1,0
of_yaml 'run.yaml:2: .* the decimal sign is a point: 1.0' 'beam:\n  wavelength: 1,0\n'
of_yaml 'run.yaml:2: crystal.cells is "10,10"; it must be 3 numbers' 'crystal:\n  cells: [10, 10]\n'

# names, as others call them
while read -r wrong right; do
    answers "did you mean \"$right\"" plan "--$wrong=1"
done << 'END'
crystal.mosaicity crystal.mosaic_spread
sweep.step sweep.width
sweep.frames sweep.count
crystal.wavelength beam.wavelength
detector.camera_length detector.distance
detector.beam_center detector.beam_centre
beam.bandwidth beam.dispersion
crystal.unit_cell crystal.cell
detector.pixel detector.pixel_size
END
answers 'did you mean "--crystal.mosaic_spread=VALUE"' plan --mosaicity=1
answers 'did you mean "--verbose"' plan -v
answers 'did you mean "--output"' plan -o x.nxs
of_yaml 'did you mean "crystal.mosaic_spread"' 'crystal:\n  mosaicity: 1\n'

# YAML
of_yaml 'run.yaml:2: a tab; YAML takes only blanks' 'beam:\n\twavelength: 1\n'
of_yaml 'run.yaml:3: its indent is not that of the line above' 'beam:\n  wavelength: 1\n   fluence: 1\n'
of_yaml 'run.yaml:3: its indent is that of no line above' 'beam:\n  wavelength: 1\n fluence: 1\n'
of_yaml 'run.yaml:2: .*In a run file it stands below "beam:", indented' 'beam:\nwavelength: 1\n'
of_yaml 'holds "wavelength=1"; .* a colon and a blank' 'beam:\n  wavelength=1\n'
of_yaml 'holds "wavelength:1"; .* a colon and a blank' 'beam:\n  wavelength:1\n'

# kinds of files
printf 'II*\0\10\0\0\0' > x.tif
printf '\211PNG\r\n\032\n\0\0' > x.png
answers 'x.tif is a TIFF image' simulate x.tif --output out.nxs
answers 'x.tif is a TIFF image' describe x.tif
answers 'x.png is a PNG image' plan --crystal.structure_factors=x.png --crystal.cell=10,10,10,90,90,90
answers 'names no format that is written; it must be .img (SMV), .cbf' export x.nxs --output x.tif
answers 'is a run file; .tessera plan run.yaml' describe run.yaml

# the version and help, however they are asked for
for word in --version -V -v version; do
    "$TESSERA" "$word" | grep -q '^tessera [0-9]' || fail "$word prints no version"
done
for words in --help -h help; do
    "$TESSERA" "$words" | grep -q '^  tessera simulate ' || fail "$words prints no help"
done
"$TESSERA" plan -h | cmp -s - <("$TESSERA" help plan) || fail "help plan is not plan -h"
[ "$("$TESSERA" --help | wc -l)" -le 20 ] || fail "the first page has more than 20 lines"
for page in --help $("$TESSERA" --help | sed -n 's/^  tessera \([a-z]*\) .*/\1/p' | sort -u); do
    "$TESSERA" "$page" --help > page
    [ "$(wc -l < page)" -gt 5 ] || fail "help of $page has $(wc -l < page) lines"
    [ -z "$(awk 'length > 79' page)" ] || fail "help of $page is wider than 80 columns: $(awk 'length > 79' page)"
done
for section in $("$TESSERA" --parameters-markdown | sed -n 's/^## //p') all; do
    "$TESSERA" simulate --help "$section" > page || fail "no help of $section"
    [ -z "$(awk 'length > 79' page)" ] || fail "help of $section is wider than 80 columns: $(awk 'length > 79' page)"
    [ "$section" = all ] || "$TESSERA" simulate --help | grep -q "^  $section *[a-z]" || fail "simulate --help does not say what $section is"
done
finish

#!/usr/bin/env bash
# run_divergent_case.sh ID FILE SLOW,FAST "FIGURE ..." [NANOBRAGG'S ARGUMENT ...]
# Renders one case where nanoBragg is wrong, with nanoBragg's own arguments. The image must be the `correct` one of
# the file, and as far from the `image` of nanoBragg as the manifest says: FIGUREs are one_minus_corr,
# sum_ratio_minus_1, max_rel and rms_rel. The precision that is chosen automatically keeps its bound. For the environment see render.sh.
set -eu
. "$(dirname "$0")/render.sh"
id=$1 file=$2 shape=$3
read -r -a expected <<< "$4"
shift 4
render "$id" 1 "$@"
"$TESSERA" compare "$file:correct" float.bin --shape "$shape" --max-one-minus-correlation 1e-12 \
    --max-sum-error 1e-7 --max-relative-error 2e-6 || fail "$id: the image is not the correct one"

# 2e-6 of a pixel moves no figure by more than 1e-3 of itself; 1e-12 is for figures that are zero but for rounding.
"$TESSERA" compare "$file:image" float.bin --shape "$shape" --json > nanobragg.json 2> nanobragg.log &&
    fail "$id: the image is nanoBragg's"
place=0
for name in one_minus_correlation sum_error max_relative_error rms_relative_error; do
    found=$(grep -o "\"$name\":[^,}]*" nanobragg.json | head -n 1 | cut -d: -f2)
    awk -v found="$found" -v expected="${expected[place]}" 'BEGIN {
        distance = found - expected; size = expected < 0 ? -expected : expected
        if (distance < 0) distance = -distance
        exit !(found != "" && distance <= 1e-3 * size + 1e-12) }' ||
        fail "$id: against nanoBragg's image $name is $found, not ${expected[place]}"
    echo "against nanoBragg's image: $name $found"
    place=$((place + 1))
done
check_precision "$id" "$shape" "$@"
rm float.bin int.img

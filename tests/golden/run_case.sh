#!/usr/bin/env bash
# run_case.sh ID RANKS FILE SLOW,FAST SCALE ONE_MINUS_CORRELATION SUM MAX_RELATIVE RMS_RELATIVE [ANCESTOR'S ARGUMENT ...]
# Renders one stored case with the ancestor's own arguments and compares it with the stored image.
# Needs TESSERA (the program), GOLDEN (the folder of the cases) and MPIEXEC (mpiexec with its flags).
# The working folder is private to the case: the caller makes it, we empty it.
set -eu
id=$1 ranks=$2 file=$3 shape=$4 scale=$5 one_minus_correlation=$6 sum=$7 max_relative=$8 rms_relative=$9
shift 9

fail() {
    echo "golden case $id on $ranks rank(s): $1" >&2
    exit 1
}

launch=()
if [ "$ranks" -gt 1 ]; then
    read -r -a launch <<< "$MPIEXEC"
    launch+=(-n "$ranks")
fi

rm -rf work && mkdir work && cd work
for argument in "$@"; do
    if [ -f "$GOLDEN/inputs/$argument" ]; then cp "$GOLDEN/inputs/$argument" .; fi
done

code=0
"${launch[@]}" "$TESSERA" nanobragg "$@" -nopgm -noprogress -floatfile float.bin -intfile int.img -nonoise \
    > run.log 2>&1 || code=$?
[ "$code" -eq 0 ] || { cat run.log; fail "the program ended with exit code $code"; }
[ -f float.bin ] || { cat run.log; fail "there is no float.bin"; }

"$TESSERA" compare "$file" float.bin --shape "$shape" --scale-reference "$scale" \
    --max-one-minus-correlation "$one_minus_correlation" --max-sum-error "$sum" \
    --max-relative-error "$max_relative" --max-rms-error "$rms_relative" \
    || fail "the image is outside its tolerance"

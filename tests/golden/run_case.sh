#!/usr/bin/env bash
# run_case.sh ID RANKS FILE SCALE ONE_MINUS_CORRELATION SUM MAX_RELATIVE RMS_RELATIVE [ANCESTOR'S ARGUMENT ...]
# Renders one stored case with the ancestor's own arguments and compares it with the stored image.
# Needs TESSERA (the program), GOLDEN (the folder of the cases) and MPIEXEC (mpiexec with its flags).
# The working folder is private to the case: the caller makes it, we empty it.
set -eu
id=$1 ranks=$2 file=$3 scale=$4 one_minus_correlation=$5 sum=$6 max_relative=$7 rms_relative=$8
shift 8

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

"${launch[@]}" "$TESSERA" nanobragg "$@" -nopgm -noprogress -floatfile float.bin -intfile int.img -nonoise \
    > run.log 2>&1 || { cat run.log; fail "the program ended with exit code $?"; }
[ -f float.bin ] || { cat run.log; fail "there is no float.bin"; }

slow_fast=$(sed -n 's/.*"shape":\(\[[0-9,]*\]\).*/\1/p' <<< "$("$TESSERA" compare "$file" "$file" --json)" | tr -d '[]')
"$TESSERA" compare "$file" float.bin --shape "$slow_fast" --scale-reference "$scale" \
    --max-one-minus-correlation "$one_minus_correlation" --max-sum-error "$sum" \
    --max-relative-error "$max_relative" --max-rms-error "$rms_relative" \
    || fail "the image is outside its tolerance"
